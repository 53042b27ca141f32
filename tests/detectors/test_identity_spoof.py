"""identity_spoof: two living claimants of one address are found; failovers, leases and probes are not."""

from __future__ import annotations

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.identity_spoof import DETECTOR
from tests.detectors.conftest import Traffic

VICTIM, GATEWAY = "10.0.0.9", "10.0.0.1"
OLD, NEW = bytes.fromhex("00aabbcc0001"), bytes.fromhex("b827eb000002")


def _arp(traffic: Traffic, second: float, ip: str, mac: bytes, *, op: int = 2, target: str = "10.0.0.2") -> None:
    traffic.record("arp", second, ip, target, arp_op=op, sender_mac=mac, target_ip=ip_bytes(target))


def _ask(traffic: Traffic, second: float, ip: str, asker: str) -> None:
    mac = b"\x02" + ip_bytes(asker)[-4:] + b"\x01"
    traffic.record("arp", second, asker, ip, arp_op=1, sender_mac=mac, target_ip=ip_bytes(ip))


def _run(traffic: Traffic, *, buckets: int = 1) -> list[dict[str, object]]:
    traffic.records["arp_site"] = traffic.records.get("arp", [])
    result: list[dict[str, object]] = traffic.run(DETECTOR, buckets=buckets)
    return result


def _spoof(traffic: Traffic, ip: str = VICTIM, *, every: float = 2) -> None:
    _arp(traffic, 0, ip, OLD)
    for n in range(30):
        _arp(traffic, 20 + n * every, ip, NEW)
    traffic.add(5, ip, "10.0.0.2", 443, src_mac=OLD, duration_s=100)


def test_conflict(traffic: Traffic) -> None:
    """A second device that announces the address again and again, while the first lives, is high."""
    _spoof(traffic)
    (alert,) = _run(traffic)
    assert alert["severity"] == "high"
    assert "held by 00:aa:bb:cc:00:01, was claimed by b8:27:eb:00:00:02" in str(alert["evidence_en"])
    assert "(30 times, 30 of them unasked, 30 per minute, by ARP)" in str(alert["evidence_en"])
    assert "30 次，其中 30 次为主动宣告" in str(alert["evidence_zh"])


def test_single_claim_and_gateway(traffic: Traffic) -> None:
    """One unasked claim is medium; on an address that everybody asks for it is high."""
    for ip in (VICTIM, GATEWAY):
        _arp(traffic, 0, ip, OLD)
        _arp(traffic, 10, ip, NEW)
        traffic.add(1, ip, "10.0.0.2", 443, src_mac=OLD, duration_s=100)
    for n in range(6):
        _ask(traffic, 60 + n, GATEWAY, f"10.0.0.{n + 20}")
    found = {row["target_ip"]: row["severity"] for row in _run(traffic)}
    assert found == {ip_bytes(VICTIM): "medium", ip_bytes(GATEWAY): "high"}


@pytest.mark.parametrize("mac", ["00005e000101", "00000c07ac05", "02bf0a000001"])
def test_virtual_addresses(traffic: Traffic, mac: str) -> None:
    """VRRP, HSRP and load balancing move an address on purpose."""
    _spoof(traffic)
    rows = traffic.records["arp"]
    traffic.records["arp"] = [r | {"sender_mac": bytes.fromhex(mac)} if r["sender_mac"] == NEW else r for r in rows]
    assert _run(traffic) == []


def test_lease_and_failover(traffic: Traffic) -> None:
    """An address that passes on, the old device being silent since, is a lease; of a gateway it is informational."""
    traffic.add(0, VICTIM, "10.0.0.2", 443, src_mac=OLD, duration_s=50)
    _arp(traffic, 0, VICTIM, OLD)
    _arp(traffic, 60, VICTIM, NEW)
    traffic.add(61, VICTIM, "10.0.0.2", 443, src_mac=NEW, duration_s=500)
    assert _run(traffic) == []
    for n in range(6):
        _ask(traffic, 200 + n, VICTIM, f"10.0.0.{n + 20}")
    (alert,) = _run(traffic)
    assert alert["severity"] == "info"
    assert "silent since" in str(alert["evidence_en"])


def test_probes_and_proxies(traffic: Traffic) -> None:
    """Probes for a free address claim nothing; a router that answers for hosts behind it was asked."""
    for n in range(30):
        _arp(traffic, n, "0.0.0.0", NEW, op=1, target=VICTIM)
        _ask(traffic, n + 0.1, f"10.0.5.{n}", "10.0.0.2")
        _arp(traffic, n + 0.11, f"10.0.5.{n}", NEW)
        _arp(traffic, n + 0.5, f"10.0.5.{n}", OLD, op=1, target=GATEWAY)
        traffic.add(0, f"10.0.5.{n}", "10.0.0.2", 443, src_mac=OLD, duration_s=100)
    assert [row for row in _run(traffic) if row["severity"] != "info"] == []


def test_neighbour_advertisements(traffic: Traffic) -> None:
    """The same over IPv6: unsolicited advertisements that override a living neighbour."""
    ip = "2001:db8::9"
    for second, mac, asked in ((0, OLD, True), (30, NEW, False), (31, NEW, False), (60, OLD, True)):
        traffic.record(
            "ndp", second, ip, "ff02::1", icmp_type=136, target_ip=ip_bytes(ip), link_mac=mac, is_solicited=asked,
            is_override=True,
        )  # fmt: skip
    (alert,) = _run(traffic)
    assert alert["severity"] == "medium"
    assert "by NDP" in str(alert["evidence_en"])


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same packets give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert _run(traffic) == []
    _spoof(traffic)
    _spoof(traffic, "10.0.0.10", every=60)
    expected = _run(traffic)
    assert len(expected) == 2
    assert _run(traffic.shuffled()) == _run(traffic.twice()) == _run(traffic, buckets=3) == expected
