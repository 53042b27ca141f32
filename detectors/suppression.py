"""Which alerts a person asked not to see: rules against alerts, pure and by event time alone.

An alert is never altered or dropped here. A rule holds for alerts that ended on its last day or before, whenever the
question is asked: an expired rule hides nothing new and goes on hiding what it hid, so that evaluating old data again
gives the same incidents on any day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from detectors import registry
from detectors.addresses import in_ranges
from detectors.model import Detector, is_role_proof

NAMED_SHARE: Final = 0.5
"""Least share (0..1) of an alert's flows that must carry a name before names decide: a scan of 200 addresses, one of
which sent a harmless name, must not vanish with it (own)."""

_DOMAIN: Final = "domain:"
_ASN: Final = "asn:"

Range = tuple[bytes, bytes]
"""First and last address."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A suppression as the alerts see it; every condition that is not None must hold."""

    number: int
    expires: date
    address: Range | None = None
    side: str = "any"
    name: str | None = None
    asn: int | None = None
    detector: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Host names that an alert's flows sent or asked for, and how many of its flows did."""

    names: frozenset[str]
    named: int
    flows: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rules need beside the alerts: names by alert id, AS numbers and roles by address."""

    names: Mapping[str, Names] = field(default_factory=dict)
    asn: Mapping[bytes, int] = field(default_factory=dict)
    roles: Mapping[str, Sequence[Range]] = field(default_factory=dict)


def hidden(
    alerts: Iterable[Mapping[str, Any]],
    rules: Sequence[Rule],
    around: Surroundings,
    *,
    detectors: Mapping[str, Detector] | None = None,
) -> dict[str, int]:
    """Return the alerts that a rule hides: alert id to the number of the first rule that does.

    Args:
        alerts: rows with alert_id, detector, ts_end, actor_ip, target_ip, indicators.
        rules: in the order they were made.
        around: names, AS numbers and roles.
        detectors: by id; the catalogue when None. A detector that is not in it counts by its id.
    """
    known = registry() if detectors is None else detectors
    found = {}
    for alert in alerts:
        rule = next((rule for rule in rules if _hides(rule, alert, around, known)), None)
        if rule is not None:
            found[str(alert["alert_id"])] = rule.number
    return found


def _hides(rule: Rule, alert: Mapping[str, Any], around: Surroundings, known: Mapping[str, Detector]) -> bool:
    conditions = (rule.address, rule.name, rule.asn, rule.detector, rule.role)
    if alert["ts_end"].date() > rule.expires or all(condition is None for condition in conditions):
        return False
    return (
        (rule.detector is None or rule.detector == alert["detector"])
        and (rule.address is None or _at_address(rule.address, rule.side, alert))
        and (rule.role is None or _has_role(rule.role, alert, around, known))
        and (rule.asn is None or _in_as(rule.asn, alert, around))
        and (rule.name is None or _has_name(rule.name, alert, around.names.get(alert["alert_id"])))
    )


def _ends(alert: Mapping[str, Any], side: str = "any") -> list[bytes]:
    columns = {"actor": ("actor_ip",), "target": ("target_ip",)}.get(side, ("actor_ip", "target_ip"))
    return [alert[column] for column in columns if alert[column] is not None]


def _at_address(wanted: Range, side: str, alert: Mapping[str, Any]) -> bool:
    return any(in_ranges(address, [wanted]) for address in _ends(alert, side))


def _has_role(role: str, alert: Mapping[str, Any], around: Surroundings, known: Mapping[str, Detector]) -> bool:
    """Tell whether the actor has the role and the detector is one that a role may quiet."""
    detector = known.get(alert["detector"])
    family = (detector.family or detector.id) if detector else str(alert["detector"])
    return (
        not is_role_proof(family)
        and alert["actor_ip"] is not None
        and in_ranges(alert["actor_ip"], around.roles.get(role, ()))
    )


def _in_as(asn: int, alert: Mapping[str, Any], around: Surroundings) -> bool:
    marks = {mark.removeprefix(_ASN).lstrip("ASas") for mark in alert["indicators"] if mark.startswith(_ASN)}
    return str(asn) in marks or any(around.asn.get(address) == asn for address in _ends(alert))


def _has_name(suffix: str, alert: Mapping[str, Any], seen: Names | None) -> bool:
    """Tell whether all names of an alert end in ``suffix``: those it names itself, else those of most of its flows."""
    own = [mark.removeprefix(_DOMAIN) for mark in alert["indicators"] if mark.startswith(_DOMAIN)]
    if own:
        return all(is_under(name, suffix) for name in own)
    if seen is None or not seen.names or seen.named < NAMED_SHARE * seen.flows:
        return False
    return all(is_under(name, suffix) for name in seen.names)


def is_under(name: str, suffix: str) -> bool:
    """Tell whether a host name is ``suffix`` or lies below it, whole labels only."""
    one, other = name.rstrip(".").lower(), suffix.strip(".").lower()
    return one == other or one.endswith(f".{other}")
