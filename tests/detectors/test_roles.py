"""Roles proposed from traffic: each with its numbers in both languages, and what must not be proposed."""

from __future__ import annotations

import pytest

from detectors._role_evidence import MIN_DAYS, NEEDS
from detectors.addresses import ip_text
from detectors.roles import Proposal, propose
from detectors.rulefiles import load_rules
from tests.detectors.conftest import Traffic, at, form

DAY = 86400.0


def roles(traffic: Traffic) -> dict[tuple[str, str], Proposal]:
    """Return the proposals by address and role."""
    return {(ip_text(one.address), one.role): one for one in propose(traffic.all_tables(*NEEDS))}


def ntp(traffic: Traffic, server: str, clients: int) -> None:
    """Add answers of a time server."""
    for n in range(clients):
        columns = {"ntp_mode": 4, "mode_name": "server", "stratum": 2, "ntp_version": 4}
        traffic.record("ntp_site", n, server, f"10.0.1.{n}", **columns)


def dns(traffic: Traffic, client: str, server: str, *, offers: bool = True) -> None:
    """Add an answered question."""
    flags = {"service": "dns", "has_query": True, "has_response": True, "is_ra": offers, "is_rejected": False}
    traffic.record("dns_site", 1.0, client, server, query="example.com", **flags)


def http(traffic: Traffic, client: str, server: str, **columns: object) -> None:
    """Add an answered request."""
    traffic.record("http_site", 1.0, client, server, **{"method": "GET", "uri": "/", "status_code": 200, **columns})


def everything() -> Traffic:
    """Return a site in which each role is played once."""
    traffic = Traffic()
    ntp(traffic, "10.0.0.1", 3)
    for n in range(3):
        dns(traffic, f"10.0.1.{n}", "10.0.0.2")
        traffic.add(n, f"10.0.1.{n}", "10.0.0.3", 88, app_proto="kerberos")
        traffic.add(n, f"10.0.1.{n}", "10.0.0.3", 389, app_proto="ldap")
        http(traffic, f"10.0.1.{n}", "10.0.0.6", method="CONNECT", uri=f"www{n}.example.com:443")
        http(traffic, f"10.0.1.{n}", "10.0.0.9", user_agent="Debian APT-HTTP/1.3 (2.6.1)")
    dns(traffic, "10.0.0.2", "192.0.2.53", offers=False)
    for n in range(6):
        for turn in range(4):
            icmp = {"ip_proto": 1, "icmp_type": 8, "src_ttl_max": 64}
            traffic.udp(300.0 * turn + n, "10.0.0.4", f"10.0.2.{n}", 0, answered=True, **icmp)
    for day in range(MIN_DAYS):
        for n in range(25):
            traffic.refused(DAY * day + n, "10.0.0.5", f"10.0.3.{n}", 445)
        for n in range(2):
            volume = {"src_bytes_payload": 50_000_000, "dst_bytes_payload": 100_000}
            traffic.add(DAY * day + 60 * n, f"10.0.1.{n}", "10.0.0.8", 873, **volume)
    for n in range(12):
        traffic.add(n, "10.0.0.7", "192.0.2.80", 443, src_ttl_max=63)
        traffic.add(n, "10.0.0.7", "192.0.2.80", 443, src_ttl_max=127)
    return traffic


EXPECTED = {
    ("10.0.0.1", "ntp"): ("time requests of 3 hosts (stratum 2)", "3 台主机的校时请求（层级 2）"),
    ("10.0.0.2", "resolver"): ("of 3 hosts and itself asked 1 servers", "3 台主机的 DNS 查询，自身又查询了 1 台"),
    ("10.0.0.3", "domain_controller"): ("Kerberos of 3 hosts and LDAP of 3", "3 台主机的 Kerberos 和 3 台主机的 LDAP"),
    ("10.0.0.4", "monitor"): (
        "polled 6 hosts by ICMP echo or SNMP, 24 requests",
        "轮询 6 台主机，0.3 小时内 24 次请求",
    ),
    ("10.0.0.5", "scanner"): ("up to 25 hosts a day in vain, on 2 days", "有 2 天在探测主机而无结果，一天最多 25 台"),
    ("10.0.0.6", "proxy"): ("fetched 3 places of the web for 3 hosts", "3 台主机的请求代为访问 3 处网站"),
    ("10.0.0.7", "nat"): ("24 TCP conversations of 2 families", "1 跳或更远处有 2 类系统，共 24 个 TCP 会话"),
    ("10.0.0.8", "backup"): ("took in 200 MB of 2 hosts on 2 days", "2 天里从 2 台主机收入 200 MB"),
    ("10.0.0.9", "update_server"): ("update clients on 3 hosts", "3 台主机的更新客户端"),
}


def test_every_role_is_proposed_with_its_numbers() -> None:
    """Nine roles, each of the one address that plays it, told in both languages."""
    found = roles(everything())
    assert set(found) == set(EXPECTED)
    for key, (en, zh) in EXPECTED.items():
        assert en in found[key].reason.en
        assert zh in found[key].reason.zh
        assert 0 < found[key].confidence < 1
    assert {role for _, role in found} == {row["role"] for row in load_rules("roles.csv").to_pylist()}
    assert found["10.0.0.4", "monitor"].since == at(0)


def test_what_an_attacker_may_imitate_is_never_sure() -> None:
    """Scanners are proposed weakly and with the warning, however long they go on."""
    found = roles(everything())["10.0.0.5", "scanner"]
    assert found.confidence <= 0.5
    assert "an attacker looks the same" in found.reason.en


def test_order_and_repetition_of_rows_do_not_matter() -> None:
    """The same rows shuffled or twice give the same proposals."""
    once = propose(everything().all_tables(*NEEDS))
    assert propose(everything().shuffled().all_tables(*NEEDS)) == once
    assert propose(everything().twice().all_tables(*NEEDS)) == once


def test_nothing_comes_of_nothing() -> None:
    """Empty tables give no proposal and no error."""
    assert propose({name: form(name).empty_table() for name in NEEDS}) == ()


@pytest.mark.parametrize("kind", ["one client", "one day", "outside", "mostly silent"])
def test_weak_or_foreign_evidence_proposes_nothing(kind: str) -> None:
    """A single client, a single day, servers of others, and a sweep that nobody answers are no roles."""
    traffic = Traffic()
    if kind == "one client":
        ntp(traffic, "10.0.0.1", 1)
        dns(traffic, "10.0.1.1", "10.0.0.2")
        http(traffic, "10.0.1.1", "10.0.0.6", method="CONNECT")
    elif kind == "one day":
        for n in range(60):
            traffic.refused(n, "10.0.0.5", f"10.0.3.{n}", 445)
        volume = {"src_bytes_payload": 50_000_000, "dst_bytes_payload": 100_000}
        for n in range(5):
            traffic.add(n, f"10.0.1.{n}", "10.0.0.8", 873, **volume)
    elif kind == "outside":
        ntp(traffic, "192.0.2.1", 5)
        for n in range(5):
            dns(traffic, f"10.0.1.{n}", "192.0.2.53")
            http(traffic, f"10.0.1.{n}", "192.0.2.9", user_agent="Debian APT-HTTP/1.3")
    else:
        for n in range(20):
            for turn in range(4):
                icmp = {"ip_proto": 1, "icmp_type": 8}
                traffic.udp(300.0 * turn + n, "10.0.0.4", f"10.0.2.{n}", 0, answered=n < 5, **icmp)
    assert roles(traffic) == {}
