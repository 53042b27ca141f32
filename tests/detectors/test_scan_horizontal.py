"""scan_horizontal: sweeps are found at their thresholds, busy and reflected traffic is not."""

from __future__ import annotations

import random

import pytest

from detectors.addresses import ip_bytes, ip_text
from detectors.catalogue.scan_horizontal import DETECTOR
from tests.detectors.conftest import ACK, RST, SYN, T0, Traffic


def _sweep(traffic: Traffic, hosts: int, *, src: str = "10.0.0.66", step: float = 1.0, alive: bool = True) -> None:
    for n in range(hosts):
        (traffic.refused if alive else traffic.unanswered)(n * step, src, f"10.1.0.{n + 1}", 445)


def test_known_servers_that_are_down(traffic: Traffic) -> None:
    """Thirty servers of the site that answered for months and refuse today are an outage; strangers are a sweep."""
    for n in range(30):
        known = {"ip_proto": 6, "dst_port": 445, "answered": 9, "first_ts": T0, "last_ts": T0}
        traffic.remember("edge", src_ip=ip_bytes("10.0.0.66"), dst_ip=ip_bytes(f"10.1.0.{n + 1}"), **known)
    _sweep(traffic, 30)
    assert traffic.run(DETECTOR) == []
    _sweep(traffic, 60)
    (alert,) = traffic.run(DETECTOR)
    assert alert["target_count"] == 30


def test_tenfold_is_another_alert(traffic: Traffic) -> None:
    """A burst that grew from twenty-five to two hundred and fifty hosts is told anew."""
    ids = []
    for hosts in (25, 60, 250):
        one = Traffic()
        for n in range(hosts):
            one.refused(n, "10.0.0.66", f"10.1.0.{n + 1}", 445)
        ids.append(one.run(DETECTOR)[0]["alert_id"])
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(("hosts", "alerts"), [(24, 0), (25, 1)])
def test_threshold_of_live_hosts(traffic: Traffic, hosts: int, alerts: int) -> None:
    """Twenty-five refusing hosts alert, twenty-four do not."""
    _sweep(traffic, hosts)
    assert len(traffic.run(DETECTOR)) == alerts


@pytest.mark.parametrize(("live", "dark", "alerts"), [(7, 2, 0), (7, 3, 1), (6, 3, 0)])
def test_three_dark_hosts_lower_the_threshold_to_ten(traffic: Traffic, live: int, dark: int, alerts: int) -> None:
    """Ten hosts suffice when three of them never sent a packet."""
    _sweep(traffic, live)
    for n in range(dark):
        traffic.unanswered(n, "10.0.0.66", f"10.9.0.{n + 1}", 445)
    assert len(traffic.run(DETECTOR)) == alerts


@pytest.mark.parametrize(("hosts", "alerts"), [(8, 0), (9, 1)])
def test_only_dark_hosts(traffic: Traffic, hosts: int, alerts: int) -> None:
    """Nine dark hosts alert, eight do not."""
    _sweep(traffic, hosts, alive=False)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert found[0]["target_count"] == hosts
        assert "9 of them never sent a packet" in found[0]["evidence_en"]


def test_answering_somebody_else_is_not_dark(traffic: Traffic) -> None:
    """Hosts that talk to others while silent to the source are alive; nine of them stay below the threshold."""
    _sweep(traffic, 9, alive=False)
    for n in range(9):
        traffic.add(n, "10.0.0.5", f"10.1.0.{n + 1}", 443)
    assert traffic.run(DETECTOR) == []


def test_udp_without_reply_counts_and_icmp_unreachable_is_no_reply(traffic: Traffic) -> None:
    """UDP probes without answer are failures, also when routers answer by ICMP."""
    for n in range(25):
        traffic.udp(n, "10.0.0.66", f"10.1.0.{n + 1}", 161, answered=False)
        icmp = {"ip_proto": 1, "dst_pkts": 0, "src_flags_first": None, "src_port": None, "dst_port": None}
        traffic.add(n, f"10.1.0.{n + 1}", "10.0.0.66", 0, **icmp)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["target_count"], alert["target_port"], alert["ip_proto"]) == (25, 161, 17)
    assert "0 of them never sent" in alert["evidence_en"]


def test_half_open_scan_of_open_ports_counts(traffic: Traffic) -> None:
    """SYN, SYN/ACK, RST without data is a probe although the port is open."""
    for n in range(25):
        flags = {"src_tcp_flags": SYN | RST, "dst_tcp_flags": SYN | ACK, "dst_pkts": 1, "conn_state": "RSTOS0"}
        traffic.unanswered(n, "10.0.0.66", f"10.1.0.{n + 1}", 80, **flags)
    assert len(traffic.run(DETECTOR)) == 1


def test_backscatter_never_alerts(traffic: Traffic) -> None:
    """A flooded server that answers spoofed addresses sends SYN/ACK and RST only."""
    for n in range(200):
        flags = SYN | ACK if n % 2 else RST | ACK
        row = {"src_flags_first": flags, "src_tcp_flags": flags, "conn_state": "OTH"}
        traffic.unanswered(n * 0.1, "203.0.113.9", f"10.1.{n // 200}.{n % 200 + 1}", 80, **row)
    assert traffic.run(DETECTOR) == []


def test_flipped_row_without_packets_of_its_source_is_no_probe(traffic: Traffic) -> None:
    """A reflected reply whose receiver was declared source has sent nothing."""
    for n in range(60):
        traffic.udp(n, "10.0.0.66", f"203.0.113.{n + 1}", 161, answered=False, src_pkts=0, dst_pkts=1)
    assert traffic.run(DETECTOR) == []


def test_busy_client_behind_nat(traffic: Traffic) -> None:
    """Thirty dead servers among three hundred are normal for a whole office behind one address."""
    for n in range(300):
        traffic.add(n, "10.0.0.1", f"198.51.{n // 200}.{n % 200 + 1}", 443)
    for n in range(30):
        traffic.unanswered(n * 9, "10.0.0.1", f"203.0.113.{n + 1}", 443)
    assert traffic.run(DETECTOR) == []


def test_dns_resolver(traffic: Traffic) -> None:
    """A recursive resolver asks hundreds of servers, of which some never answer."""
    for n in range(400):
        traffic.udp(n * 0.5, "10.0.0.53", f"198.51.{n // 200}.{n % 200 + 1}", 53, answered=n % 10 != 0)
    assert traffic.run(DETECTOR) == []


def test_resolver_without_ipv6(traffic: Traffic) -> None:
    """A resolver without a working IPv6 path asks the root servers in vain, also from its link-local address."""
    for n in range(13):
        traffic.udp(n, "2001:db8::53", f"2001:500:{n + 1}::53", 53, answered=False)
    for n in range(40):
        traffic.udp(n, "fe80::1", f"2001:500:{n + 1}::53", 53, answered=False)
    assert traffic.run(DETECTOR) == []


def test_hosts_that_answered_before_do_not_count(traffic: Traffic) -> None:
    """A client whose servers all went down at once is not scanning."""
    for n in range(30):
        traffic.add(n, "10.0.0.66", f"10.1.0.{n + 1}", 445)
        traffic.refused(400 + n, "10.0.0.66", f"10.1.0.{n + 1}", 445)
    assert traffic.run(DETECTOR) == []


def test_multicast_and_broadcast_are_no_hosts(traffic: Traffic) -> None:
    """Announcements to groups get no answer by design."""
    for n in range(40):
        traffic.udp(n, "10.0.0.66", f"239.255.255.{n + 1}", 1900, answered=False)
        traffic.udp(n, "10.0.0.66", f"ff02::{n + 1}", 1900, answered=False)
    assert traffic.run(DETECTOR) == []


def test_scanner_role_is_exempt(traffic: Traffic) -> None:
    """A monitoring host of the site policy raises nothing; its neighbour does."""
    _sweep(traffic, 25, src="10.0.0.66")
    _sweep(traffic, 25, src="10.0.0.67")
    traffic.role("10.0.0.66", "monitor")
    assert [ip_text(row["actor_ip"]) for row in traffic.run(DETECTOR)] == ["10.0.0.67"]


def test_slower_than_the_window_is_silent(traffic: Traffic) -> None:
    """Hosts further apart than the window never add up (that is scan_slow's case)."""
    _sweep(traffic, 40, step=13.0)
    assert traffic.run(DETECTOR) == []


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_sliding_count_against_a_naive_one(traffic: Traffic, seed: int) -> None:
    """At random times and targets the alert appears exactly when a naive sliding window reaches the threshold."""
    chance = random.Random(seed)
    probes = sorted((chance.uniform(0, 3000), chance.randrange(60)) for _ in range(260))
    for second, host in probes:
        traffic.refused(second, "10.0.0.66", f"10.1.0.{host + 1}", 445)
    peak = max(len({h for s, h in probes if second - 300 <= s <= second}) for second, _ in probes)
    assert traffic.run(DETECTOR, {"min_hosts": peak}) != []
    assert traffic.run(DETECTOR, {"min_hosts": peak + 1}) == []


def test_one_alert_per_sweep_however_long(traffic: Traffic) -> None:
    """A sweep of 300 hosts is one alert with the full count and saturated confidence, not one per power of ten."""
    for n in range(300):
        traffic.refused(n * 0.5, "10.0.0.66", f"10.1.{n // 200}.{n % 200 + 1}", 445)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["target_count"], alert["confidence"], alert["flow_count"]) == (300, 0.95, 300)
    assert len(alert["flow_uids"]) == 200


def test_sweeps_hours_apart_are_two_alerts(traffic: Traffic) -> None:
    """A pause longer than the gap starts a new alert with its own id."""
    _sweep(traffic, 25)
    for n in range(25):
        traffic.refused(7200 + n, "10.0.0.66", f"10.1.0.{n + 1}", 445)
    assert len({row["alert_id"] for row in traffic.run(DETECTOR)}) == 2


def test_many_services_of_one_source_are_rolled_up(traffic: Traffic) -> None:
    """Twenty swept services are ten alerts and one for the rest."""
    for port in range(20):
        for n in range(25):
            traffic.refused(n, "10.0.0.66", f"10.1.0.{n + 1}", 1000 + port)
    found = traffic.run(DETECTOR)
    assert len(found) == 11
    assert sum("10 more services" in row["evidence_en"] for row in found) == 1


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same conversations give the same alerts in any order, twice, or cut into buckets."""
    _sweep(traffic, 30)
    _sweep(traffic, 30, src="10.0.0.68", alive=False)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=7) == expected
    assert traffic.twice().run(DETECTOR) == expected


def test_outside_and_inside(traffic: Traffic) -> None:
    """A sweep from outside is low and active scanning, from inside medium and discovery."""
    _sweep(traffic, 25, src="203.0.113.9")
    _sweep(traffic, 25, src="10.0.0.66")
    severity = {ip_text(row["actor_ip"]): (row["severity"], row["attack"]) for row in traffic.run(DETECTOR)}
    assert severity["203.0.113.9"] == ("low", ["T1595.001", "T1046"])
    assert severity["10.0.0.66"] == ("medium", ["T1046", "T1018"])
