"""sweep_arp: who asks for every address is found; gateways, DHCP servers and probes are not."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.sweep_arp import DETECTOR
from tests.detectors.conftest import Traffic, mac_of

SOURCE, GATEWAY = "10.0.0.66", "10.0.0.1"


def _ask(traffic: Traffic, second: float, target: str, *, source: str = SOURCE, answered: bool = False) -> None:
    row = {"arp_op": 1, "sender_mac": mac_of(source), "target_ip": ip_bytes(target)}
    traffic.record("arp", second, source, target, **row)
    if answered:
        row = {"arp_op": 2, "sender_mac": mac_of(target), "target_ip": ip_bytes(source)}
        traffic.record("arp", second + 0.01, target, source, **row)


def _run(traffic: Traffic, *, buckets: int = 1) -> list[dict[str, Any]]:
    for name in ("arp", "ndp"):
        traffic.records[f"{name}_site"] = traffic.records.get(name, [])
    return traffic.run(DETECTOR, buckets=buckets)


@pytest.mark.parametrize(("hosts", "severity"), [(24, []), (25, ["low"]), (100, ["medium"])])
def test_threshold(traffic: Traffic, hosts: int, severity: list[str]) -> None:
    """Twenty-five addresses nobody answers for within a minute alert, a hundred are medium."""
    for n in range(hosts):
        _ask(traffic, n * 0.5, f"10.0.0.{n + 100}")
    for n in range(10):
        _ask(traffic, n, f"10.0.0.{n + 2}", answered=True)
    found = _run(traffic)
    assert [row["severity"] for row in found] == severity
    if hosts == 25:
        assert "asked for 25 addresses of its network that nobody answered for, within 12 s" in found[0]["evidence_en"]
        assert "10 others answered" in found[0]["evidence_en"]
        assert "另有 10 个有应答" in found[0]["evidence_zh"]


def test_live_network(traffic: Traffic) -> None:
    """A server that asks for two hundred clients that answer, or that speak, is at work."""
    for n in range(100):
        _ask(traffic, n * 0.2, f"10.0.0.{n + 100}", answered=True)
        _ask(traffic, n * 0.2, f"10.0.1.{n + 100}")
        traffic.add(n, f"10.0.1.{n + 100}", "10.1.0.1", 443)
    assert _run(traffic) == []


def test_gateway_and_dhcp_server(traffic: Traffic) -> None:
    """A gateway is asked for by everybody; a DHCP server tries addresses before it leases them; probes are no claim."""
    for n in range(100):
        _ask(traffic, n * 0.2, f"10.0.0.{n + 100}", source=GATEWAY)
        _ask(traffic, n * 0.2, f"10.0.0.{n + 100}", source="10.0.0.3")
        _ask(traffic, n * 0.2, f"10.0.0.{n + 100}", source="0.0.0.0")
    for n in range(6):
        _ask(traffic, 200 + n, GATEWAY, source=f"10.0.0.{n + 10}")
    traffic.record("dhcp", 1, "10.0.0.3", "10.0.0.77", msg_type=2)
    assert _run(traffic) == []


def test_neighbours(traffic: Traffic) -> None:
    """The same over IPv6."""
    for n in range(120):
        target = f"2001:db8::{n + 1:x}"
        traffic.record("ndp", n * 0.1, "2001:db8:1::66", "ff02::1:ff00:1", icmp_type=135, target_ip=ip_bytes(target))
    assert [row["severity"] for row in _run(traffic)] == ["medium"]


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same questions give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert _run(traffic) == []
    for n in range(40):
        _ask(traffic, n, f"10.0.0.{n + 100}")
        _ask(traffic, n, f"10.0.0.{n + 100}", source="10.0.0.67")
    expected = _run(traffic)
    assert len(expected) == 2
    assert _run(traffic.shuffled()) == _run(traffic.twice()) == _run(traffic, buckets=3) == expected
