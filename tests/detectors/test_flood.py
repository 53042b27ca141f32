"""flood: hosts drowned by SYN, UDP, ICMP or slow requests are found within ten seconds; busy servers are not."""

from __future__ import annotations

import pytest

from detectors.catalogue.flood import DETECTOR
from tests.detectors.conftest import Traffic

TARGET, OURS = "10.0.0.5", "10.0.0.66"


def _outside(n: int) -> str:
    return f"203.0.{n // 250 % 250}.{n % 250 + 1}"


def _syn(traffic: Traffic, packets: int, *, target: str = TARGET, source: str | None = None) -> None:
    for n in range(packets):
        traffic.unanswered(1 + n * 8 / packets, source or _outside(n), target, 80, src_syn=1)


@pytest.mark.parametrize(("packets", "alerts"), [(1990, 0), (2000, 1)])
def test_syn_flood(traffic: Traffic, packets: int, alerts: int) -> None:
    """Two thousand half-open connections in ten seconds alert; the sentence has rate, sources and entropy."""
    _syn(traffic, packets)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert (found[0]["severity"], found[0]["actor_ip"], found[0]["target_port"]) == ("medium", None, 80)
        assert "200 packets per second reached 10.0.0.5 (port 80) from 2000 sources" in found[0]["evidence_en"]
        assert "100 % of the connections stayed half open" in found[0]["evidence_en"]
        assert "以每秒 200 个报文冲击" in found[0]["evidence_zh"]
        assert (found[0]["ts_start"] - traffic.conversations[0]["ts_start"]).total_seconds() == 0


def test_busy_server(traffic: Traffic) -> None:
    """Three thousand finished connections in ten seconds are business."""
    for n in range(3000):
        traffic.add(n * 0.003, _outside(n), TARGET, 443)
    assert traffic.run(DETECTOR) == []


def test_streams(traffic: Traffic) -> None:
    """Video and logs are one UDP stream of many packets without answer; a ping every second is monitoring."""
    traffic.udp(0, "10.0.0.7", TARGET, 5004, answered=False, src_pkts=900_000, duration_s=600)
    traffic.add(0, "10.0.0.8", TARGET, 0, ip_proto=1, icmp_type=8, src_pkts=600, dst_pkts=600, duration_s=600)
    assert traffic.run(DETECTOR) == []


def test_port_scan(traffic: Traffic) -> None:
    """Four thousand ports tried in nine seconds are a scan; packets that come back to the same ports are not."""
    for n in range(4000):
        traffic.unanswered(1 + n * 0.002, "203.0.113.9", TARGET, n + 1, src_syn=1)
        traffic.udp(1 + n * 0.002, "203.0.113.9", TARGET, n + 1, answered=False)
    assert traffic.run(DETECTOR) == []


def test_udp_and_icmp_floods(traffic: Traffic) -> None:
    """Many UDP sources, and one that pings at full speed, are floods."""
    for n in range(2500):
        traffic.udp(1 + n * 0.003, _outside(n), TARGET, 1000 + n % 400, answered=False)
    traffic.add(1, "203.0.113.9", "10.0.0.6", 0, ip_proto=1, icmp_type=8, src_pkts=9000, dst_pkts=0, duration_s=9)
    found = traffic.run(DETECTOR)
    assert sorted(row["title_en"] for row in found) == ["ICMP flood against 10.0.0.6", "UDP flood against 10.0.0.5"]


def test_our_host_takes_part(traffic: Traffic) -> None:
    """The flood that leaves the site names our host."""
    _syn(traffic, 2500, target="198.51.100.7", source=OURS)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["title_en"]) == ("high", "SYN flood against 198.51.100.7 by our host 10.0.0.66")
    assert "本单位主机 10.0.0.66" in alert["title_zh"]


def test_usual_rate(traffic: Traffic) -> None:
    """A host that takes a fifth of the flood at all times is not flooded by it."""
    for window in range(35):
        for n in range(500):
            traffic.unanswered(window * 10 + n * 0.01, _outside(n), TARGET, 80)
    for n in range(2200):
        traffic.unanswered(400 + n * 0.004, _outside(n), TARGET, 80)
    assert traffic.run(DETECTOR) == []


@pytest.mark.parametrize(("flows", "alerts"), [(99, 0), (100, 1)])
def test_slow_requests(traffic: Traffic, flows: int, alerts: int) -> None:
    """A hundred unanswered requests held open alert; as many idle sessions that were answered do not."""
    for n in range(flows):
        row = {"duration_s": 300.0, "src_bytes_payload": 900, "app_proto": "http"}
        traffic.add(n * 0.1, "203.0.113.9", TARGET, 80, dst_bytes_payload=0, **row)
        traffic.add(n * 0.1, "203.0.113.8", "10.0.0.9", 80, dst_bytes_payload=700, **row)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert "100 requests to 10.0.0.5 (port 80) were held open at once by 1 sources" in found[0]["evidence_en"]


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same packets give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    _syn(traffic, 2100)
    _syn(traffic, 2100, target="10.0.0.6")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
