"""long_connection: hours are summed per pair, open connections too; only what nothing explains is an alert."""

from __future__ import annotations

import json
from typing import Any

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.long_connection import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, FAR = "10.0.0.7", "203.0.113.66"
HOUR = 3600.0


def _looks_up(traffic: Traffic) -> None:
    for n in range(8):
        row = {"service": "dns", "qtype": 1, "query": f"h{n}.example.org", "answers": [f"192.0.2.{n}"]}
        traffic.record("dns", n, ACTOR, "10.0.0.53", **row)


def _one(traffic: Traffic) -> dict[str, Any]:
    (alert,) = traffic.run(DETECTOR)
    return alert


@pytest.mark.parametrize(("hours", "alerts"), [(0.9, 0), (1.0, 1)])
def test_threshold(traffic: Traffic, hours: float, alerts: int) -> None:
    """RITA's base is an hour."""
    traffic.add(0, ACTOR, FAR, 4444, duration_s=hours * HOUR)
    assert len(traffic.run(DETECTOR)) == alerts


def test_durations_add_up_and_open_ones_count(traffic: Traffic) -> None:
    """Three connections of two hours, one of them open, are six hours: RITA's score of the sum."""
    _looks_up(traffic)
    for n in range(3):
        traffic.add(n * 2 * HOUR, ACTOR, FAR, 4444, duration_s=2 * HOUR, is_closed=n < 2)
    alert = _one(traffic)
    details = json.loads(alert["details"])
    assert (details["total_s"], details["open"], details["threat"]) == (6 * HOUR, 1, 0.5)
    assert alert["severity"] == "medium"
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert all(part in text for part in ("3", "203.0.113.66:4444", " 6 ", " 2 "))
    assert "1 still open" in alert["evidence_en"]


@pytest.mark.parametrize("case", ["inside", "named", "imap", "role", "short"])
def test_explained_ones_are_information(traffic: Traffic, case: str) -> None:
    """Inside the site, to a named server, mail that waits, a server with a role, one evening: information."""
    _looks_up(traffic)
    row: dict[str, object] = {"duration_s": 9 * HOUR}
    if case == "named":
        row |= {"app_proto": "tls", "server_name": "mail.vendor.example"}
    if case == "imap":
        row |= {"app_proto": "imap"}
    if case == "short":
        row |= {"duration_s": 1.5 * HOUR}
    if case == "role":
        traffic.role(FAR, "backup")
    traffic.add(0, ACTOR, "10.0.0.99" if case == "inside" else FAR, 443, **row)
    assert _one(traffic)["severity"] == "info"


def test_polls_of_stations_and_many_short_ones(traffic: Traffic) -> None:
    """A poll of a station is long by design; many short connections are not one long one."""
    traffic.add(0, ACTOR, "10.0.0.99", 2404, duration_s=20 * HOUR, app_proto="iec104")
    for n in range(200):
        traffic.add(n * 60, ACTOR, FAR, 443, duration_s=50)
    assert traffic.run(DETECTOR) == []


def test_typing_is_told(traffic: Traffic) -> None:
    """Tiny packets at the pace of fingers are said to be typed."""
    uid = traffic.add(0, ACTOR, FAR, 443, duration_s=5 * HOUR)
    shape = {"src_len_mean": 36.0, "src_iat_mean": 400000.0, "src_data_pkts": 500, "src_ip": ip_bytes(ACTOR)}
    traffic.record("flow", 0, ACTOR, FAR, flow_uid=uid, **shape)
    alert = _one(traffic)
    assert "Somebody types" in alert["evidence_en"]
    assert "人工键入" in alert["evidence_zh"]


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing."""
    _looks_up(traffic)
    for n in range(6):
        traffic.add(n * HOUR, ACTOR, f"203.0.113.{n % 2 + 1}", 4444, duration_s=2 * HOUR)
        traffic.add(n * HOUR, "10.0.0.8", "203.0.113.9", 4444, duration_s=HOUR)
    once = traffic.run(DETECTOR)
    assert len(once) == 3
    assert once == traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR)
    assert once == traffic.twice().run(DETECTOR) == traffic.run(DETECTOR, buckets=3)


def test_nothing_and_unknown_columns(traffic: Traffic) -> None:
    """No rows, and rows that know next to nothing, do no harm."""
    assert traffic.run(DETECTOR) == []
    traffic.add(0, ACTOR, FAR, 443, duration_s=5 * HOUR, dst_port=None, dst_home=None, is_closed=None)
    assert len(traffic.run(DETECTOR)) <= 1
