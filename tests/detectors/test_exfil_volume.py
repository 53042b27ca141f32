"""exfil_volume: a large push to a place nobody else uses stands out of an office that uploads all day."""

from __future__ import annotations

import pytest
from campaigns import RARE, Campaign, benign_office, upload, workstation
from invariance import steady

from detectors.catalogue.exfil_volume import DETECTOR
from tests.detectors.conftest import Traffic

OFFICE = benign_office(11, 30, 30)
LEAK = workstation(20)


@pytest.mark.parametrize(("volume", "severity"), [(300e6, "medium"), (900e6, "high")])
@pytest.mark.parametrize("remembered", [False, True])
def test_push_is_found(volume: float, severity: str, *, remembered: bool) -> None:
    """Alone in the range, or against the memory of three weeks; the lost bytes are told."""
    site = OFFICE + upload(1, LEAK, int(volume), day=25.4)
    (alert,) = (site.remembered(21) if remembered else site).run(DETECTOR)
    assert (alert["severity"], alert["lost_bytes"]) == (severity, pytest.approx(volume, rel=0.01))
    assert f"10.0.1.30 sent {volume / 1e6:.0f} MB to {RARE}" in alert["evidence_en"]
    assert f"向 {RARE} 发送 {volume / 1e6:.0f} MB" in alert["evidence_zh"]
    assert alert["indicators"] == [f"dst:{RARE}"]
    assert '"hourly_up"' in alert["details"]


def test_office_is_quiet() -> None:
    """A month of sync, meetings, shared files and backups raises nothing."""
    assert OFFICE.run(DETECTOR) == []


def test_places_that_many_use_are_services() -> None:
    """The same push to where five hosts push is a service."""
    site: Campaign = OFFICE
    for n in range(5):
        site += upload(n, workstation(n + 5), 900_000_000, day=25.1 + n / 10)
    assert site.run(DETECTOR) == []


def test_a_habit_is_no_event() -> None:
    """Who sends as much every working day has done so before."""
    site: Campaign = OFFICE
    for day in range(14, 28):
        site += upload(1, LEAK, 700_000_000, day=day + 0.4)
    assert site.remembered(22).run(DETECTOR) == []


def test_backup_has_a_role() -> None:
    """A backup server that moves to another cloud."""
    site = OFFICE + upload(1, "10.0.0.60", 3_000_000_000, day=25.1)
    assert site.run(DETECTOR) == []


def test_downloads_and_calls_are_no_pushes(traffic: Traffic) -> None:
    """A gigabyte received, and one each way."""
    for n in range(30):
        traffic.add(n, f"10.0.1.{n + 1}", "203.0.113.9", 443)
    traffic.add(40, "10.0.1.1", "198.51.100.1", 443, src_bytes_payload=30_000_000, dst_bytes_payload=1_000_000_000)
    traffic.add(50, "10.0.1.2", "198.51.100.2", 443, src_bytes_payload=900_000_000, dst_bytes_payload=800_000_000)
    assert traffic.run(DETECTOR) == []


@pytest.mark.parametrize(("hosts", "severity"), [(5, "info"), (40, "medium")])
def test_short_captures(traffic: Traffic, hosts: int, severity: str) -> None:
    """Within an hour a push is judged against the capture's other pairs; among five hosts it is only noted."""
    for n in range(hosts):
        traffic.add(n, f"10.0.1.{n + 1}", "203.0.113.9", 443)
    traffic.add(50, "10.0.1.1", "198.51.100.1", 443, src_bytes_payload=900_000_000, dst_bytes_payload=9000)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert (alert["severity"], alert["short_mode"]) == (severity, True)


def test_long_transfer_is_spread_over_its_hours(traffic: Traffic) -> None:
    """A gigabyte over ten hours is a tenth of it in each."""
    for n in range(30):
        traffic.add(n, f"10.0.1.{n + 1}", "203.0.113.9", 443)
    traffic.add(
        50, "10.0.1.1", "198.51.100.1", 443, src_bytes_payload=1_000_000_000, dst_bytes_payload=9, duration_s=36_000.0
    )
    (alert,) = traffic.run(DETECTOR)
    assert "at most 100 MB in an hour" in alert["evidence_en"]


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE.between(21, 30) + upload(1, LEAK, 900_000_000, day=25.4)
    found = steady(site, site.shuffled(3), DETECTOR)
    assert [row["severity"] for row in found if row["severity"] != "info"] == ["high"]
