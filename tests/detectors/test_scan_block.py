"""scan_block: a few services on a few hosts are found, dead servers and the neighbours' cases are not."""

from __future__ import annotations

import pytest

from detectors.catalogue.scan_block import DETECTOR
from tests.detectors.conftest import Traffic

SCANNER = "10.0.0.66"
PORTS = (22, 88, 135, 139, 389, 445, 3389)


@pytest.mark.parametrize(("pairs", "alerts"), [(14, 0), (15, 1)])
def test_threshold(traffic: Traffic, pairs: int, alerts: int) -> None:
    """Fifteen failing pairs of three hosts alert, fourteen do not."""
    spots = [(host, port) for port in PORTS for host in range(3)]
    for n, (host, port) in enumerate(spots[:pairs]):
        traffic.unanswered(n * 0.2, SCANNER, f"10.1.0.{host + 1}", port)
    assert len(traffic.run(DETECTOR)) == alerts


def test_client_that_retries_its_dead_servers(traffic: Traffic) -> None:
    """A laptop away from its domain asks the same ports of the same servers again and again."""
    for n in range(90):
        traffic.unanswered(n * 2, SCANNER, f"10.1.0.{n % 3 + 1}", PORTS[n % 7])
    assert traffic.run(DETECTOR) == []


def test_one_host_is_not_a_block(traffic: Traffic) -> None:
    """Ports of a single host are scan_vertical's."""
    for port in range(30):
        traffic.unanswered(port, SCANNER, "10.1.0.1", 100 + port)
    assert traffic.run(DETECTOR) == []


def test_one_service_is_not_a_block(traffic: Traffic) -> None:
    """One service on many hosts is scan_horizontal's."""
    for host in range(24):
        traffic.unanswered(host, SCANNER, f"10.1.0.{host + 1}", 445)
    assert traffic.run(DETECTOR) == []


def test_mostly_working_client(traffic: Traffic) -> None:
    """A client that reaches most of what it tries is no scanner."""
    for n in range(60):
        traffic.add(n, SCANNER, f"10.2.0.{n + 1}", 443)
    for n in range(16):
        traffic.unanswered(n, SCANNER, f"10.1.0.{n % 3 + 1}", PORTS[n % 6])
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same conversations give the same alerts in any order, twice, or cut into buckets."""
    for source in ("10.0.0.66", "10.0.0.67"):
        for n in range(21):
            traffic.refused(n, source, f"10.1.0.{n % 3 + 1}", PORTS[n // 3])
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=4) == expected
    assert len(traffic.twice().run(DETECTOR)) == 2
