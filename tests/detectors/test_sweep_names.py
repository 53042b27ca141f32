"""sweep_names: reverse look-ups of a whole network are found; servers that look up their callers are not."""

from __future__ import annotations

import pytest

from detectors.catalogue.sweep_names import DETECTOR
from tests.detectors.conftest import Traffic

SOURCE, RESOLVER = "10.0.0.66", "10.1.0.53"


def _ptr(traffic: Traffic, second: float, net: str, host: int, *, known: bool = False, source: str = SOURCE) -> None:
    traffic.record(
        "dns", second, source, RESOLVER, service="dns", has_query=True, has_response=True, qtype=12,
        query=f"{host}.{net}.in-addr.arpa", rcode=0 if known else 3,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "step", "severity"),
    [(9, 0.1, []), (10, 0.1, ["info"]), (60, 0.05, ["medium"]), (199, 15, []), (200, 15, ["low"])],
)
def test_threshold(traffic: Traffic, names: int, step: float, severity: list[str]) -> None:
    """Ten names of one network in two seconds, or two hundred in an hour, alert; dozens of unknown ones are medium."""
    for n in range(names):
        _ptr(traffic, n * step, "0.1.10", n + 1)
    found = traffic.run(DETECTOR)
    assert [row["severity"] for row in found] == severity
    if names == 60:
        assert "asked for the names of 60 addresses of 10.1.0.0/24 within 2.95 s" in found[0]["evidence_en"]
        assert "10.1.0.0/24 中 60 个地址的名称" in found[0]["evidence_zh"]


def test_mail_and_log_servers(traffic: Traffic) -> None:
    """Callers from all over the world, and colleagues now and then, are looked up by servers."""
    for n in range(400):
        _ptr(traffic, n * 0.1, f"{n % 250}.{n % 99}.{n % 200 + 1}", 7)
        _ptr(traffic, n * 30, "0.1.10", n % 150)
    assert traffic.run(DETECTOR) == []


def test_callers_of_a_public_network(traffic: Traffic) -> None:
    """A log server that looks up two hundred and fifty callers of one network outside is informational."""
    for n in range(250):
        _ptr(traffic, n * 6, "7.51.198", n + 1)
        _ptr(traffic, n * 6, "999.7777.5", n + 1, source="10.0.0.67")
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info", "info"]


@pytest.mark.parametrize(("hosts", "severity"), [(24, []), (25, ["medium"])])
def test_netbios_status(traffic: Traffic, hosts: int, severity: list[str]) -> None:
    """Status questions to twenty-five hosts that do not answer are a sweep."""
    for n in range(hosts):
        row = {"service": "netbios-ns", "qtype": 33, "query": "*", "has_query": True, "has_response": False}
        traffic.record("dns", n, SOURCE, f"10.1.0.{n + 1}", **row)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == severity


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same questions give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(40):
        _ptr(traffic, n * 0.1, "0.1.10", n + 1)
        _ptr(traffic, n * 0.1, "0.1.10", n + 1, source="10.0.0.67")
    traffic.role("10.0.0.68", "resolver")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
