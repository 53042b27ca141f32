"""dormant_wakeup: sleepers that push, sweep or enter are told; holidays and old web sites are not."""

from __future__ import annotations

import pytest
from campaign_tables import Campaign, address, conversations, micros_of
from campaigns import FILE_SERVER, RARE, benign_office, dormant, workstation
from invariance import steady

from detectors.catalogue.dormant_wakeup import DETECTOR

OFFICE = benign_office(20, 25, 60)
SPARE = "10.0.1.250"


def _loud(site: Campaign) -> list[str]:
    return [row["severity"] for row in site.run(DETECTOR) if row["severity"] != "info"]


@pytest.mark.parametrize("remembered", [False, True])
def test_edge_that_sleeps_and_pushes(*, remembered: bool) -> None:
    """A desktop that pushes again after 45 days to where nobody else does."""
    site = OFFICE + dormant(1, workstation(9), silent_days=45, up=900_000)
    (alert,) = (site.remembered(40) if remembered else site).run(DETECTOR)
    assert (alert["severity"], alert["indicators"]) == ("medium", [f"dst:{RARE}"])
    assert f"had not spoken with {RARE}" in alert["evidence_en"]
    assert "46 days" in alert["evidence_en"] or "45 days" in alert["evidence_en"]
    assert "天未与" in alert["evidence_zh"]


def test_machine_that_wakes_and_enters() -> None:
    """A spare machine that comes back and opens Remote Desktop to six others."""
    site = OFFICE + dormant(1, SPARE, dst=FILE_SERVER, port=445, silent_days=45)
    start = [micros_of(48.45) + n * 1_000_000 for n in range(6)]
    hosts = [address(workstation(n)) for n in range(6)]
    site += Campaign(conversations("enter", start, address(SPARE), hosts, 3389, 50_000, 90_000, 60.0))
    (alert,) = [row for row in site.run(DETECTOR) if row["severity"] == "medium"]
    assert "reached" in alert["evidence_en"]
    assert "administrative services" in alert["evidence_en"]


def test_holiday_is_informational() -> None:
    """A machine that is back and asks its file server."""
    site = OFFICE + dormant(1, SPARE, dst=FILE_SERVER, port=445, silent_days=45)
    assert [row["severity"] for row in site.run(DETECTOR)] == ["info"]


def test_old_web_sites() -> None:
    """People return to a site after weeks, and read."""
    site = OFFICE + dormant(1, workstation(9), silent_days=45, up=2000)
    assert _loud(site) == []
    assert _loud(OFFICE) == []


def test_two_weeks_are_a_holiday() -> None:
    """Shorter silences are none."""
    assert _loud(OFFICE + dormant(1, workstation(9), silent_days=20, up=900_000)) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE + dormant(1, workstation(9), silent_days=45, up=900_000)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
