"""strobe: as many connections as seconds; the threshold is lowered to keep the tests small."""

from __future__ import annotations

import pytest

from detectors.catalogue.strobe import DETECTOR
from tests.detectors.conftest import Traffic

FEW = {"min_calls": 100}


def _strobe(traffic: Traffic, calls: int = 120, dst: str = "203.0.113.9", **columns: object) -> None:
    for n in range(calls):
        traffic.add(n, "10.0.0.7", dst, 443, **columns)


@pytest.mark.parametrize(("calls", "alerts"), [(99, 0), (100, 1)])
def test_threshold(traffic: Traffic, calls: int, alerts: int) -> None:
    """The hundredth connection alerts; at the default threshold nothing here does."""
    _strobe(traffic, calls)
    assert len(traffic.run(DETECTOR, FEW)) == alerts
    assert traffic.run(DETECTOR) == []


def test_severity_and_sentence(traffic: Traffic) -> None:
    """Outside it is low, medium when known to be rare, inside information; the numbers are in both sentences."""
    _strobe(traffic)
    (alert,) = traffic.run(DETECTOR, FEW)
    assert alert["severity"] == "low"
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert all(part in text for part in ("120", "203.0.113.9", "443", "1 "))
    for n in range(60):
        traffic.add(n, f"10.0.1.{n}", "198.51.100.7", 443)
    assert [alert["severity"] for alert in traffic.run(DETECTOR, FEW)] == ["medium"]
    inside = Traffic()
    _strobe(inside, dst="10.0.0.99")
    assert [alert["severity"] for alert in inside.run(DETECTOR, FEW)] == ["info"]


@pytest.mark.parametrize("case", ["dns", "monitor", "spread"])
def test_lookalikes(traffic: Traffic, case: str) -> None:
    """A busy resolver, a monitoring host, and connections to many places are no strobe."""
    if case == "spread":
        for n in range(120):
            traffic.add(n, "10.0.0.7", f"203.0.113.{n + 1}", 443)
    else:
        _strobe(traffic, app_proto="dns" if case == "dns" else None)
    if case == "monitor":
        traffic.role("10.0.0.7", "monitor")
    assert traffic.run(DETECTOR, FEW) == []


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing; nothing gives nothing."""
    assert traffic.run(DETECTOR, FEW) == []
    _strobe(traffic)
    _strobe(traffic, dst="203.0.113.10")
    once = traffic.run(DETECTOR, FEW)
    assert len(once) == 2
    assert once == traffic.run(DETECTOR, FEW) == traffic.shuffled().run(DETECTOR, FEW)
    assert once == traffic.twice().run(DETECTOR, FEW) == traffic.run(DETECTOR, FEW, buckets=3)
