"""netlogon_bypass: many tries are an attack, a password set after them a breach; machines that start are neither."""

from __future__ import annotations

import pytest
from invariance import steady

from detectors.catalogue.netlogon_bypass import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, DC = "10.1.0.5", "10.1.0.1"


def _call(traffic: Traffic, second: float, operation: str, actor: str = ACTOR) -> None:
    traffic.record(
        "dce_rpc", second, actor, DC, receiver_port=49700, interface="netlogon", operation=operation, outcome="ok"
    )


@pytest.mark.parametrize(("tries", "alerts"), [(9, 0), (10, 1)])
def test_threshold(traffic: Traffic, tries: int, alerts: int) -> None:
    """Ten tries alert, nine do not."""
    for n in range(tries):
        _call(traffic, n * 0.1, "NetrServerAuthenticate3")
    found = steady(traffic, traffic.shuffled(), DETECTOR)
    assert len(found) == alerts
    if found:
        assert (found[0]["severity"], found[0]["succeeded"]) == ("high", False)
        assert "10 times within 0.9 s" in found[0]["evidence_en"]
        assert "发起 Netlogon 认证 10 次" in found[0]["evidence_zh"]


def test_password_set_is_the_breach(traffic: Traffic) -> None:
    """What follows the tries makes it critical."""
    for n in range(30):
        _call(traffic, n * 0.1, "NetrServerAuthenticate3")
    _call(traffic, 4, "NetrServerPasswordSet2")
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"]) == ("critical", True)
    assert alert["evidence_en"].endswith("It then set a machine account's password.")


def test_machines_that_start_and_renew_their_passwords(traffic: Traffic) -> None:
    """Twenty machines authenticate in the morning, and some change their passwords, as they do every month."""
    for n in range(20):
        _call(traffic, n * 3, "NetrServerAuthenticate3", f"10.1.1.{n}")
        _call(traffic, n * 3 + 1, "NetrServerPasswordSet2", f"10.1.1.{n}")
    assert traffic.run(DETECTOR) == []


def test_retries_over_a_day(traffic: Traffic) -> None:
    """A machine that lost its trust tries every quarter of an hour: no burst."""
    for n in range(90):
        _call(traffic, n * 900, "NetrServerAuthenticate3")
    assert traffic.run(DETECTOR) == []
