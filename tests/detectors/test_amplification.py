"""amplification: victims of reflection and reflectors of the site are found; answers to questions are not."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.amplification import DETECTOR
from tests.detectors.conftest import ACK, SYN, Traffic, at

VICTIM, OURS = "10.0.0.5", "10.0.0.53"


def _run(traffic: Traffic, *, buckets: int = 1) -> list[dict[str, Any]]:
    """Run over the conversations and the same rows as flows."""
    traffic.records["flow"] = [{"flow_uid": row["root_uid"], **row} for row in traffic.conversations]
    return traffic.run(DETECTOR, buckets=buckets)


def _reflected(traffic: Traffic, servers: int, packets: int = 20, *, victim: str = VICTIM) -> None:
    for n in range(servers):
        traffic.udp(
            n * 0.01, victim, f"203.0.{n // 200}.{n % 200 + 1}", 161, answered=True, src_pkts=0, dst_pkts=packets,
            src_bytes_payload=0, dst_bytes_payload=packets * 1000, dst_bytes_ip=packets * 1028, src_bytes_ip=0,
        )  # fmt: skip


@pytest.mark.parametrize(("servers", "severity"), [(19, []), (20, ["medium"]), (600, ["high"])])
def test_victim(traffic: Traffic, servers: int, severity: list[str]) -> None:
    """Twenty servers that answer what nobody asked are a reflected flood."""
    _reflected(traffic, servers)
    found = _run(traffic)
    assert [row["severity"] for row in found] == severity
    if servers == 20:
        assert "20 servers (UDP port 161) sent 10.0.0.5 400 answers" in found[0]["evidence_en"]
        assert "20 台服务器" in found[0]["evidence_zh"]
        assert found[0]["target_ip"] == ip_bytes(VICTIM)


def test_syn_ack_reflection(traffic: Traffic) -> None:
    """SYN/ACKs of three hundred web servers that were not called are a reflected flood."""
    for n in range(300):
        row = {"src_flags_first": SYN | ACK, "src_tcp_flags": SYN | ACK, "src_port": 443, "src_bytes_payload": 0}
        traffic.unanswered(n * 0.01, f"203.0.113.{n % 250 + 1}", VICTIM, 700 + n, **row)
    (alert,) = _run(traffic)
    assert "servers (TCP port 443)" in alert["evidence_en"]


def test_management_station(traffic: Traffic) -> None:
    """A station that asks a thousand agents is answered by them; late answers to its own questions are no attack."""
    for n in range(1000):
        traffic.udp(n * 0.01, VICTIM, f"203.0.{n // 200}.{n % 200 + 1}", 161, answered=True, dst_pkts=5)
    _reflected(traffic, 900)
    assert _run(traffic) == []


def test_reflector(traffic: Traffic) -> None:
    """Our server that sends a stranger fifty times what came in its name is to be repaired."""
    for n in range(60):
        traffic.udp(n * 0.1, "198.51.100.7", OURS, 123, answered=True, src_bytes_payload=8, dst_bytes_payload=4800)
    (alert,) = _run(traffic)
    assert alert["title_en"] == "Our server 10.0.0.53 amplifies port 123 traffic"
    assert "answered 60 requests on port 123 in the name of 198.51.100.7 with 600 times" in alert["evidence_en"]
    assert "600 倍" in alert["evidence_zh"]


def test_public_name_server(traffic: Traffic) -> None:
    """A public name server whose answers are thrice the questions is doing its work, and so is one for our hosts."""
    for n in range(500):
        traffic.udp(n * 0.1, "198.51.100.7", OURS, 53, answered=True, src_bytes_payload=40, dst_bytes_payload=130)
        traffic.udp(n * 0.1, VICTIM, OURS, 53, answered=True, src_bytes_payload=40, dst_bytes_payload=4000)
    assert _run(traffic) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same packets give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert _run(traffic) == []
    _reflected(traffic, 40)
    _reflected(traffic, 30, victim="10.0.0.6")
    expected = _run(traffic)
    assert len(expected) == 2
    assert _run(traffic.shuffled()) == _run(traffic.twice()) == _run(traffic, buckets=3) == expected
    assert at(0) == expected[0]["ts_start"]
