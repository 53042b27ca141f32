"""sweep_icmp: pings of many hosts are found, monitoring is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.sweep_icmp import DETECTOR
from tests.detectors.conftest import T0, Traffic

SOURCE = "10.0.0.66"


def _ping(traffic: Traffic, second: float, target: str, *, answered: bool, source: str = SOURCE) -> None:
    traffic.add(
        second, source, target, 0, ip_proto=1, icmp_type=8, src_pkts=1, dst_pkts=int(answered), dst_port=None,
        src_port=None, duration_s=0.01,
    )  # fmt: skip


@pytest.mark.parametrize(("live", "dark", "severity"), [(24, 0, []), (25, 0, ["low"]), (7, 3, ["medium"]), (8, 2, [])])
def test_threshold(traffic: Traffic, live: int, dark: int, severity: list[str]) -> None:
    """Twenty-five live hosts, or ten of which three are silent, alert."""
    for n in range(live):
        _ping(traffic, n, f"10.1.0.{n + 1}", answered=True)
    for n in range(dark):
        _ping(traffic, n, f"10.2.0.{n + 1}", answered=False)
    found = traffic.run(DETECTOR)
    assert [row["severity"] for row in found] == severity
    if dark == 3:
        assert "sent ICMP requests to 10 hosts within 6 s" in found[0]["evidence_en"]
        assert "; 3 of them never sent a packet" in found[0]["evidence_en"]
        assert "其中 3 台从未发过任何报文" in found[0]["evidence_zh"]


def test_from_outside_is_weather(traffic: Traffic) -> None:
    """A sweep from outside is low."""
    for n in range(60):
        _ping(traffic, n, f"10.1.0.{n + 1}", answered=False, source="203.0.113.9")
    assert [(row["severity"], row["attack"]) for row in traffic.run(DETECTOR)] == [("low", ["T1595.001"])]


def test_monitoring(traffic: Traffic) -> None:
    """Hosts that answer round after round are monitored; so are those the memory knows."""
    for rounds in range(15):
        for n in range(60):
            _ping(traffic, rounds * 60 + n * 0.5, f"10.1.0.{n + 1}", answered=True)
    for n in range(40):
        traffic.remember(
            "edge", src_ip=ip_bytes(SOURCE), dst_ip=ip_bytes(f"10.3.0.{n + 1}"), ip_proto=1, answered=9,
            first_ts=T0 - timedelta(days=9), last_ts=T0,
        )  # fmt: skip
        _ping(traffic, n, f"10.3.0.{n + 1}", answered=True)
    assert traffic.run(DETECTOR) == []


def test_unreachable_messages(traffic: Traffic) -> None:
    """A router that reports two hundred unreachable hosts asks nothing."""
    for n in range(200):
        traffic.add(n, SOURCE, f"10.1.0.{n + 1}", 0, ip_proto=1, icmp_type=3, dst_pkts=0, dst_port=None)
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same pings give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(40):
        _ping(traffic, n, f"10.1.0.{n + 1}", answered=False)
        _ping(traffic, n, f"10.1.0.{n + 1}", answered=False, source="10.0.0.67")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
