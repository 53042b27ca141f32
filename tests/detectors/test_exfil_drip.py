"""exfil_drip: five megabytes a day are found within the month; what an office sends every day is not."""

from __future__ import annotations

import pytest
from campaigns import RARE, benign_office, drip, upload, workstation
from invariance import steady

from detectors.catalogue.exfil_drip import DETECTOR

OFFICE = benign_office(12, 30, 60)
LEAK = workstation(21)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("weekends", [False, True])
def test_five_megabytes_a_day_by_day_thirty(seed: int, *, weekends: bool) -> None:
    """The target of the specification, with and without weekends."""
    site = (OFFICE + drip(seed, LEAK, from_day=20, days=30, weekends=weekends)).between(0, 50)
    (alert,) = site.run(DETECTOR)
    assert alert["severity"] == "medium"
    assert alert["lost_bytes"] > 90e6
    assert f"to {RARE} on {sum(weekends or (20 + n) % 7 < 5 for n in range(30))} of" in alert["evidence_en"]
    assert "累积超量于" in alert["evidence_zh"]


def test_found_from_the_memory() -> None:
    """A single day of range suffices when the memory holds the others."""
    site = (OFFICE + drip(1, LEAK, from_day=20, days=40)).remembered(59)
    (alert,) = site.run(DETECTOR)
    assert "on 40 of" in alert["evidence_en"]
    assert '"daily_up"' in alert["details"]


def test_a_long_leak_is_high() -> None:
    """Two hundred megabytes over more than a month."""
    (alert,) = (OFFICE + drip(1, LEAK, from_day=5, days=50)).run(DETECTOR)
    assert alert["severity"] == "high"


def test_office_is_quiet() -> None:
    """Two months of an office raise nothing."""
    assert OFFICE.run(DETECTOR) == []


def test_one_large_upload_is_another_matter() -> None:
    """A film sent once, and again a month later, is no steady leak."""
    site = OFFICE + upload(1, LEAK, 300_000_000, day=20.4) + upload(2, LEAK, 300_000_000, day=50.4)
    assert site.run(DETECTOR) == []


def test_telemetry_is_small() -> None:
    """Twenty kilobytes a day to a vendor of one machine."""
    assert (OFFICE + drip(1, LEAK, daily=20_000)).run(DETECTOR) == []


def test_three_hosts_are_a_service() -> None:
    """What three hosts send to every day is a service of the house."""
    site = OFFICE
    for n in range(3):
        site += drip(n, workstation(10 + n), days=30)
    assert site.run(DETECTOR) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = (OFFICE + drip(1, LEAK, from_day=20, days=40)).between(30, 60)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
