"""How grave an incident is: stages, kinds of behaviour, what needs no accumulation (detectors.md 4, 5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from detectors._group import Alert
from detectors.alerts import capped
from detectors.attack import Technique, techniques
from detectors.model import SEVERITY_RANK, Detector
from detectors.scoring import level
from store.schema import Severity

SCAN_FAMILY: Final = "scan"
MASTER_FAMILY: Final = "ics_master"
FUNCTION_FAMILY: Final = "ics_function"

BONUS_PER_STEP: Final = 10.0
"""Points for every step of the stage chain beyond the first (detectors.md 5.3)."""

_INDUSTRIAL: Final = frozenset({MASTER_FAMILY, FUNCTION_FAMILY})
_LAST_STAGE: Final = 9
"""Order of impact, impair-process-control and inhibit-response-function in rules/attack_map.csv."""

_BY_RANK: Final = {rank: severity for severity, rank in SEVERITY_RANK.items()}


def stages(group: Sequence[Alert], attack_map: Mapping[str, Technique]) -> list[frozenset[int]]:
    """Return the stages in time order; alerts of the same moment are one act and give one link."""
    moments: dict[object, set[int]] = {}
    for alert in group:
        orders = moments.setdefault(alert["ts_start"], set())
        orders |= {technique.order for technique in techniques(alert["attack"], attack_map)}
    return [frozenset(orders) for orders in moments.values()]


def kind(alert: Alert, known: Mapping[str, Detector], attack_map: Mapping[str, Technique]) -> str:
    """Return the kind of behaviour; the two industrial detectors see the same commands, so only recon differs."""
    family = family_of(alert, known)
    if family not in _INDUSTRIAL:
        return family
    latest = max((technique.order for technique in techniques(alert["attack"], attack_map)), default=0)
    return "ics control" if latest >= _LAST_STAGE else "ics preparation"


def severity_of(
    group: Sequence[Alert],
    score: float,
    steps: int,
    known: Mapping[str, Detector],
    attack_map: Mapping[str, Technique],
) -> tuple[Severity, bool]:
    """Return the incident's severity and whether it is direct.

    The level of the score, but never above its strongest alert, or one step above when two kinds of behaviour form a
    chain; purely industrial incidents that are not direct end at medium, because nothing signed says who may command
    (detectors.md note 5). A direct incident is at least what makes it direct.
    """
    strongest = max(SEVERITY_RANK[Severity(alert["severity"])] for alert in group)
    kinds = {kind(alert, known, attack_map) for alert in group}
    ceiling = min(strongest + int(steps >= 2 and len(kinds) >= 2), SEVERITY_RANK[Severity.CRITICAL])
    severity = capped(level(score), _BY_RANK[ceiling])
    floor = _floor(group, known)
    if floor is not None:
        return max(severity, floor, key=SEVERITY_RANK.__getitem__), True
    if all(family_of(alert, known) in _INDUSTRIAL for alert in group):
        severity = capped(severity, Severity.MEDIUM)
    return severity, False


def bonus(group: Sequence[Alert], steps: int, known: Mapping[str, Detector]) -> float:
    """Return the points for a chain of stages; one that crosses from office to control system counts double."""
    sides = {family_of(alert, known).startswith("ics") for alert in group}
    return BONUS_PER_STEP * max(0, steps - 1) * (2 if len(sides) == 2 else 1)


def _floor(group: Sequence[Alert], known: Mapping[str, Detector]) -> Severity | None:
    """Return the least severity of an incident that needs no accumulation, None for all others.

    A guessed password, a function of class 95, and an undeclared master with a second indicator by the same station: a
    dangerous function, a scan, or a new link address (which the detector itself rates high). One indicator makes high,
    two make critical. Source: detectors.md 4 and note 5.
    """
    floors = [
        Severity(alert["severity"])
        for alert in group
        if (alert["succeeded"] and family_of(alert, known) == "access")
        or (family_of(alert, known) in (FUNCTION_FAMILY, MASTER_FAMILY) and _at_least_high(alert))
    ]
    for alert in group:
        if family_of(alert, known) == MASTER_FAMILY:
            own = [other for other in group if other["actor_ip"] == alert["actor_ip"]]
            indicators = (
                any(family_of(other, known) == FUNCTION_FAMILY and _at_least_high(other) for other in own),
                any(family_of(other, known) == SCAN_FAMILY for other in own),
                _at_least_high(alert),
                any(other["succeeded"] and other["target_ip"] == alert["actor_ip"] for other in group),
            )
            if any(indicators):
                floors.append(Severity.CRITICAL if sum(indicators) >= 2 else Severity.HIGH)
    return max(floors, key=SEVERITY_RANK.__getitem__, default=None)


def _at_least_high(alert: Alert) -> bool:
    return SEVERITY_RANK[Severity(alert["severity"])] >= SEVERITY_RANK[Severity.HIGH]


def family_of(alert: Alert, known: Mapping[str, Detector]) -> str:
    """Return the family of the alert's detector, its id when it declares none."""
    detector = known.get(alert["detector"])
    return (detector.family or detector.id) if detector else str(alert["detector"])
