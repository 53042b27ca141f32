"""rogue_server: servers that came beside the known ones are found; redundant pairs and ordinary hosts are not."""

from __future__ import annotations

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.rogue_server import DETECTOR
from tests.detectors.conftest import Traffic

KNOWN, ROGUE, ROUTER = "10.0.0.2", "10.0.0.66", "10.0.0.1"
MASK = 0xFFFFFF00


def _offer(traffic: Traffic, second: float, server: str, *, router: str = ROUTER, dns: str = "10.1.0.53") -> None:
    traffic.record(
        "dhcp", second, server, "255.255.255.255", msg_type=2, server_ip=ip_bytes(server), subnet_mask=MASK,
        assigned_ip=ip_bytes(f"10.0.0.{int(second) % 90 + 100}"), client_mac=int(second).to_bytes(6, "big"),
        router_ip=ip_bytes(router), dns_servers=[dns],
    )  # fmt: skip


def test_second_dhcp_server(traffic: Traffic) -> None:
    """A newcomer that names itself as router is high; the sentence has both offers."""
    for n in range(10):
        _offer(traffic, n * 60, KNOWN)
    _offer(traffic, 500, ROGUE, router=ROGUE, dns=ROGUE)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["actor_ip"]) == ("high", ip_bytes(ROGUE))
    assert "offered 1 clients router 10.0.0.66 and name servers 10.0.0.66" in alert["evidence_en"]
    assert "10.0.0.2 offers 10 clients" in alert["evidence_en"]
    assert "下发网关 10.0.0.66" in alert["evidence_zh"]


def test_redundant_pair(traffic: Traffic) -> None:
    """Two servers that hand out the same are a pair; of another network, another matter."""
    for n in range(10):
        _offer(traffic, n * 60, KNOWN)
        _offer(traffic, n * 60 + 1, "10.0.0.3")
    traffic.record(
        "dhcp", 300, "10.5.0.2", "255.255.255.255", msg_type=2, server_ip=ip_bytes("10.5.0.2"), subnet_mask=MASK,
        assigned_ip=ip_bytes("10.5.0.9"), client_mac=b"\x02" * 6, router_ip=ip_bytes("10.5.0.1"), dns_servers=[],
    )  # fmt: skip
    assert traffic.run(DETECTOR) == []


def test_pair_with_different_settings_from_the_start(traffic: Traffic) -> None:
    """Two servers seen at once that differ are informational: nothing says which is rogue."""
    for n in range(5):
        _offer(traffic, n * 60, KNOWN)
        _offer(traffic, n * 60 + 1, "10.0.0.3", dns="10.1.0.54")
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


@pytest.mark.parametrize(("names", "severity"), [(2, []), (3, ["high"])])
def test_responder(traffic: Traffic, names: int, severity: list[str]) -> None:
    """A host that answers for three names answers for others."""
    for n in range(names):
        traffic.record(
            "dns", n, f"10.0.0.{n + 20}", ROGUE, service="llmnr", has_response=True, query=f"fileserv{n}", qtype=1,
            answers=[ROGUE], rcode=0,
        )  # fmt: skip
    found = traffic.run(DETECTOR)
    assert [row["severity"] for row in found] == severity
    if found:
        assert "answered for 3 different names (fileserv0, fileserv1, fileserv2) over LLMNR" in found[0]["evidence_en"]
        assert "3 个不同的主机名" in found[0]["evidence_zh"]


def test_hosts_with_their_own_name(traffic: Traffic) -> None:
    """A hundred hosts that answer for themselves, a name server that is asked, and registrations, are ordinary."""
    for n in range(100):
        row = {"has_response": True, "qtype": 1, "answers": ["10.0.0.9"], "rcode": 0}
        traffic.record("dns", n, "10.0.0.9", f"10.0.1.{n}", service="llmnr", query=f"pc{n}", **row)
        traffic.record("dns", n, "10.0.0.9", "10.0.0.5", service="netbios-ns", query=f"pc{n}", has_query=True, **row)
        row |= {"qtype": 32, "opcode": 5}
        traffic.record("dns", n, "10.0.0.9", f"10.0.1.{n}", service="netbios-ns", query=f"pc{n}", **row)
    assert traffic.run(DETECTOR) == []


def test_ipv6_routers(traffic: Traffic) -> None:
    """A router that comes later with another prefix is told; one with the same prefix is redundancy."""
    for second, router, prefix in (
        (0, "fe80::1", "2001:db8:1::/64"),
        (300, "fe80::2", "2001:db8:1::/64"),
        (600, "fe80::66", "2001:db8:666::/64"),
    ):
        traffic.record(
            "ndp", second, router, "ff02::1", icmp_type=134, prefixes=[prefix], dns_servers=[], router_lifetime_s=1800
        )
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["actor_ip"]) == ("low", ip_bytes("fe80::66"))


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same messages give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(10):
        _offer(traffic, n * 60, KNOWN)
        traffic.record(
            "dns", n, f"10.0.0.{n + 20}", ROGUE, service="llmnr", has_response=True, query=f"fileserv{n}", qtype=1,
            answers=[ROGUE], rcode=0,
        )  # fmt: skip
    _offer(traffic, 500, ROGUE, router=ROGUE, dns=ROGUE)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
