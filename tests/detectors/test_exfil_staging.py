"""exfil_staging: collected inside, then pushed out at about that size; either alone is work."""

from __future__ import annotations

import pytest
from campaigns import RARE, benign_office, staging, upload, workstation
from invariance import steady

from detectors.catalogue.exfil_staging import DETECTOR

OFFICE = benign_office(13, 30, 30)
THIEF = workstation(22)


@pytest.mark.parametrize("remembered", [False, True])
@pytest.mark.parametrize(("delay_h", "packed"), [(8, 1.0), (30, 0.6), (60, 0.35)])
def test_chain_is_found(delay_h: float, packed: float, *, remembered: bool) -> None:
    """At once or after two days, packed or not."""
    site = OFFICE + staging(1, THIEF, day=24.1, delay_h=delay_h, packed=packed)
    (alert,) = (site.remembered(21) if remembered else site).run(DETECTOR)
    assert alert["severity"] == "high"
    assert alert["lost_bytes"] == pytest.approx(2e9 * packed, rel=0.02)
    assert f"to {RARE}" in alert["evidence_en"]
    assert f"向 {RARE} 外传" in alert["evidence_zh"]


def test_office_is_quiet() -> None:
    """A month of file servers, databases and uploads raises nothing."""
    assert OFFICE.run(DETECTOR) == []


def test_collecting_alone_is_work() -> None:
    """A large copy inside that goes nowhere, and a push a week later."""
    assert (OFFICE + staging(1, THIEF, day=15.1, delay_h=24 * 8)).run(DETECTOR) == []


def test_push_of_another_size() -> None:
    """Ten times what was collected came from elsewhere."""
    assert (OFFICE + staging(1, THIEF, volume=100_000_000, day=24.1, packed=10)).run(DETECTOR) == []


def test_push_alone_is_another_detector() -> None:
    """A film of one's own."""
    assert (OFFICE + upload(1, THIEF, 2_000_000_000, day=25.4)).run(DETECTOR) == []


def test_backup_has_a_role() -> None:
    """A backup collects at night and sends to a cloud."""
    assert (OFFICE + staging(1, "10.0.0.60", volume=40_000_000_000, day=24.1)).run(DETECTOR) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = (OFFICE + staging(1, THIEF, day=24.1)).between(15, 30)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
