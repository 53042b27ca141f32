"""scan_vertical: enumerations of one host are found at the threshold, odd but ordinary traffic is not."""

from __future__ import annotations

import pytest

from detectors.catalogue.scan_vertical import DETECTOR
from tests.detectors.conftest import ACK, FIN, Traffic

SCANNER, VICTIM = "10.0.0.66", "10.1.0.1"


def _stealth(traffic: Traffic, second: float, port: int, flags: int, **columns: int) -> None:
    traffic.unanswered(second, SCANNER, VICTIM, port, src_flags_first=flags, src_tcp_flags=flags, **columns)


@pytest.mark.parametrize(("ports", "alerts"), [(14, 0), (15, 1)])
def test_threshold(traffic: Traffic, ports: int, alerts: int) -> None:
    """Fifteen refused ports alert, fourteen do not."""
    for port in range(ports):
        traffic.refused(port, SCANNER, VICTIM, 1000 + port)
    assert len(traffic.run(DETECTOR)) == alerts


@pytest.mark.parametrize(("ports", "alerts"), [(7, 0), (8, 1)])
@pytest.mark.parametrize("flags", [0, FIN, 41, ACK])
def test_stealth_ports_count_twice(traffic: Traffic, flags: int, ports: int, alerts: int) -> None:
    """Eight ports tried with NULL, FIN, XMAS or bare ACK packets weigh sixteen."""
    for port in range(ports):
        _stealth(traffic, port, 1000 + port, flags)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert "8 with stealth flags" in found[0]["evidence_en"]


def test_server_caught_midstream_is_no_ack_scan(traffic: Traffic) -> None:
    """A server whose keep-alives to many client ports open the capture is not scanning."""
    for port in range(40):
        _stealth(traffic, port, 50000 + port, ACK, src_port=8530)
    assert traffic.run(DETECTOR) == []


def test_udp_scan(traffic: Traffic) -> None:
    """Unanswered UDP to fifteen ports is an enumeration."""
    for port in range(15):
        traffic.udp(port, SCANNER, VICTIM, 100 + port, answered=False)
    (alert,) = traffic.run(DETECTOR)
    assert alert["display_filter"] == "ip.addr == 10.0.0.66 && ip.addr == 10.1.0.1 && udp"


def test_traceroute(traffic: Traffic) -> None:
    """Traceroute walks ninety high UDP ports by design."""
    for port in range(90):
        traffic.udp(port * 0.1, SCANNER, VICTIM, 33434 + port, answered=False)
    assert traffic.run(DETECTOR) == []


def test_replies_captured_in_one_direction(traffic: Traffic) -> None:
    """UDP answers to many client ports, seen without their questions, are not an enumeration."""
    for port in range(60):
        traffic.udp(port, SCANNER, VICTIM, 40000 + port, answered=False, src_port=27015)
    assert traffic.run(DETECTOR) == []


def test_passive_ftp(traffic: Traffic) -> None:
    """Data connections to changing ports succeed and are no failures."""
    for port in range(50):
        traffic.add(port, SCANNER, VICTIM, 30000 + port)
    assert traffic.run(DETECTOR) == []


def test_retries_of_few_ports(traffic: Traffic) -> None:
    """A client that tries three dead ports a hundred times knows what it wants."""
    for n in range(100):
        traffic.unanswered(n, SCANNER, VICTIM, 5000 + n % 3)
    assert traffic.run(DETECTOR) == []


def test_port_reuse_changes_nothing(traffic: Traffic) -> None:
    """A scan from one source port is as good as one from many."""
    for port in range(20):
        traffic.unanswered(port, SCANNER, VICTIM, 1000 + port, src_port=56715)
    assert len(traffic.run(DETECTOR)) == 1


def test_many_victims_are_rolled_up(traffic: Traffic) -> None:
    """A source that enumerates thirty hosts raises ten alerts and one for the rest."""
    for host in range(30):
        for port in range(20):
            traffic.refused(host, SCANNER, f"10.1.0.{host + 1}", 1000 + port)
    found = traffic.run(DETECTOR)
    assert len(found) == 11
    assert max(row["target_count"] for row in found) == 20


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same conversations give the same alerts in any order, twice, or cut into buckets."""
    for host in range(5):
        for port in range(20):
            traffic.refused(port, f"10.0.0.{host + 60}", VICTIM, 1000 + port)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 5
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=5) == expected
    assert traffic.twice().run(DETECTOR) == expected


def test_monitoring_role_is_exempt(traffic: Traffic) -> None:
    """The site policy's monitoring host may enumerate."""
    for port in range(20):
        traffic.refused(port, SCANNER, VICTIM, 1000 + port)
    traffic.role(SCANNER, "monitor")
    assert traffic.run(DETECTOR) == []
