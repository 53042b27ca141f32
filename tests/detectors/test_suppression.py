"""Suppression: which rule hides which alert, by event time, and what no rule may hide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from detectors import registry
from detectors.addresses import ip_bytes
from detectors.engine import arrow_source, run_all
from detectors.suppression import Names, Rule, Surroundings, hidden, is_under
from tests.detectors.conftest import Traffic

LAST = date(2027, 1, 31)


def alert(**columns: object) -> dict[str, Any]:
    """Return an alert of 10.0.0.9 towards 198.51.100.7."""
    row: dict[str, Any] = {
        "alert_id": "a",
        "detector": "scan_horizontal",
        "ts_end": datetime(2027, 1, 31, 23, 59, tzinfo=UTC),
        "actor_ip": ip_bytes("10.0.0.9"),
        "target_ip": ip_bytes("198.51.100.7"),
        "indicators": [],
    }
    return row | columns


rule = partial(Rule, 7, LAST)
"""Makes rule 7, in force up to LAST."""


def span(first: str, last: str) -> tuple[bytes, bytes]:
    """Return a closed range."""
    return ip_bytes(first), ip_bytes(last)


def is_hidden(one: dict[str, Any], by: Rule, around: Surroundings | None = None) -> bool:
    """Tell whether a single rule hides a single alert."""
    return hidden([one], [by], around or Surroundings()) == {"a": 7}


def test_an_address_is_either_end_or_the_side_named() -> None:
    """A network hides what it did and what was done to it, or one of the two."""
    target = span("198.51.100.0", "198.51.100.255")
    assert is_hidden(alert(), rule(address=target))
    assert is_hidden(alert(), rule(address=target, side="target"))
    assert not is_hidden(alert(), rule(address=target, side="actor"))
    assert not is_hidden(alert(target_ip=None), rule(address=target))


def test_all_conditions_must_hold() -> None:
    """A second condition narrows; a rule without any hides nothing."""
    actor = span("10.0.0.9", "10.0.0.9")
    assert is_hidden(alert(), rule(address=actor, detector="scan_horizontal"))
    assert not is_hidden(alert(), rule(address=actor, detector="beacon"))
    assert not is_hidden(alert(), rule())


def test_expiry_is_a_day_of_the_data() -> None:
    """What ended on the last day is hidden for ever, what ended a minute later never is."""
    by = rule(detector="scan_horizontal")
    assert is_hidden(alert(), by)
    assert not is_hidden(alert(ts_end=datetime(2027, 2, 1, 0, 0, tzinfo=UTC)), by)
    assert is_hidden(alert(ts_end=datetime(1999, 1, 1, tzinfo=UTC)), by)


def test_names_are_those_the_alert_states_else_those_of_its_flows() -> None:
    """Every name must lie under the suffix; one harmless name in a scan hides nothing."""
    by = rule(name="example.com")
    assert is_hidden(alert(indicators=["domain:example.com", "ja4:x"]), by)
    assert not is_hidden(alert(indicators=["domain:example.com", "domain:evil.net"]), by)
    some = {"a": Names(frozenset({"a.example.com", "b.example.com"}), 6, 10)}
    assert is_hidden(alert(), by, Surroundings(names=some))
    assert not is_hidden(alert(indicators=["domain:evil.net"]), by, Surroundings(names=some))
    assert not is_hidden(
        alert(), by, Surroundings(names={"a": Names(frozenset({"a.example.com", "evil.net"}), 10, 10)})
    )
    assert not is_hidden(alert(), by, Surroundings(names={"a": Names(frozenset({"a.example.com"}), 1, 200)}))
    assert not is_hidden(alert(), by)
    assert is_under("A.Example.com.", "example.COM")
    assert not is_under("notexample.com", "example.com")


def test_an_as_is_told_by_indicator_or_address() -> None:
    """The alert's own mark counts, else the AS numbers of both ends."""
    by = rule(asn=64500)
    assert is_hidden(alert(indicators=["asn:64500"]), by)
    assert is_hidden(alert(indicators=["asn:AS64500"]), by)
    assert is_hidden(alert(), by, Surroundings(asn={ip_bytes("198.51.100.7"): 64500}))
    assert not is_hidden(alert(), by, Surroundings(asn={ip_bytes("198.51.100.7"): 64501}))


def test_a_role_quiets_the_actor_but_never_industrial_or_zone_alerts() -> None:
    """The role is the actor's; alerts of families ics and zone stay, also those of detectors that are gone."""
    by, roles = rule(role="scanner"), {"scanner": [span("10.0.0.9", "10.0.0.9")]}
    assert is_hidden(alert(), by, Surroundings(roles=roles))
    assert not is_hidden(alert(actor_ip=ip_bytes("10.0.0.8")), by, Surroundings(roles=roles))
    for detector in ("ics_rogue_master", "ics_dangerous_function", "ics_of_yesterday", "zone_policy"):
        assert not is_hidden(alert(detector=detector), by, Surroundings(roles=roles))
    assert is_hidden(alert(detector="ics_rogue_master"), rule(detector="ics_rogue_master"))


def test_the_first_rule_made_is_the_one_told() -> None:
    """Two rules that hide the same alert: the older number stands."""
    rules = [Rule(3, LAST, detector="scan_horizontal"), Rule(7, LAST, detector="scan_horizontal")]
    assert hidden([alert()], rules, Surroundings()) == {"a": 3}


def test_the_engine_refuses_exemptions_of_industrial_and_zone_detectors(traffic: Traffic) -> None:
    """A detector of such a family with roles_exempt does not run at all; the message names it."""
    wrong = replace(registry()["ics_rogue_master"], roles_exempt=("scanner",))
    with pytest.raises(ValueError, match=r"ics_rogue_master.*allowed: none.*remove it"):
        run_all(arrow_source(traffic.tables()), traffic.policy(), detectors=[wrong])
    zone = replace(registry()["scan_horizontal"], family="zone_policy")
    with pytest.raises(ValueError, match="zone_policy"):
        run_all(arrow_source(traffic.tables()), traffic.policy(), detectors=[zone])
