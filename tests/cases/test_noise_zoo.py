"""The noise zoo: forty nuisances that every network has; none may wake a person.

An alert at medium or above makes an incident. What is left of them stands in ``KNOWN`` with its reason.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from zoo.all import NUISANCES, day_of

from detectors import registry
from detectors.engine import arrow_source, run_all
from detectors.model import SEVERITY_RANK
from store.schema import Severity

KNOWN: Final[dict[tuple[str, str], str]] = {}
"""(nuisance, detector) to the reason why an alert at medium or above is right, or not yet avoided."""


def alerts_of(name: str) -> list[dict[str, Any]]:
    """Return what all detectors say of a nuisance."""
    traffic = day_of(name).traffic
    needs = {table for detector in registry().values() for table in detector.needs}
    alerts, _ = run_all(arrow_source(traffic.all_tables(*needs)), traffic.policy())
    found: list[dict[str, Any]] = alerts.to_pylist()
    return found


@pytest.mark.parametrize("name", sorted(NUISANCES))
def test_nuisance_wakes_nobody(name: str) -> None:
    """No alert at medium or above, save those listed."""
    loud = [
        (alert["detector"], alert["severity"], alert["evidence_en"])
        for alert in alerts_of(name)
        if SEVERITY_RANK[Severity(alert["severity"])] >= SEVERITY_RANK[Severity.MEDIUM]
        and (name, alert["detector"]) not in KNOWN
    ]
    assert loud == []
