"""beacon_slow: calls of hours to weeks over 90 days are found at any jitter; people at work are not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.beacon_slow import DETECTOR
from tests.detectors.conftest import Traffic, at

DAY = 86400.0
HISTORY = 90
ACTOR = "10.0.0.7"
HOURS = (6, 12, 24, 168)
JITTERS = (0.0, 0.2, 0.5, 0.9)
SEEDS = 5


def remember_calls(traffic: Traffic, src: str, dst: str, moments: list[float], port: int = 443) -> None:
    """Put calls (seconds of the built capture, before it negative) into the memory or, from 0 on, into the range."""
    days: dict[datetime, list[datetime]] = {}
    for moment in sorted(moments):
        when = at(moment)
        if moment >= 0:
            traffic.add(moment, src, dst, port, src_bytes_payload=900)
        else:
            days.setdefault(when.replace(hour=0, minute=0, second=0, microsecond=0), []).append(when)
    key = {"src_ip": ip_bytes(src), "dst_ip": ip_bytes(dst), "ip_proto": 6, "dst_port": port}
    for day, times in days.items():
        sums = {"conversations": len(times), "answered": len(times), "src_bytes": 900 * len(times), "dst_bytes": 0}
        hours = int(np.bitwise_or.reduce([1 << time.hour for time in times]))
        span = {"first_ts": times[0], "last_ts": times[-1]}
        traffic.remember("edge_day", day=day, hours=hours, **key, **span, **sums)


def regular(hours: float, jitter: float, chance: np.random.Generator) -> list[float]:
    """Return the moments of a beacon over the history and the range of one day."""
    period = hours * 3600
    pauses = period * (1 + jitter * chance.uniform(-1, 1, int((HISTORY + 2) * DAY / period) + 20))
    moments = np.cumsum(pauses) - HISTORY * DAY
    last = float(moments[moments < 0.9 * DAY][-1])
    # The last call falls into the range, which is what makes the edge be judged.
    return [float(m) + (0.5 * DAY - last if last < 0 else 0.0) for m in moments[moments < 0.9 * DAY]]


def diurnal(rate: float, chance: np.random.Generator) -> list[float]:
    """Return the moments at which a person at work uses a service: working days, around noon."""
    count = int(chance.poisson(rate * HISTORY))
    days = chance.integers(-HISTORY, 1, count)
    moments = (days + np.clip(chance.normal(13, 2.5, count), 7, 20) / 24) * DAY - 8 * 3600
    working = [float(m) for m in moments if at(float(m)).weekday() < 5]
    return [*working, 0.2 * DAY]


def _office(traffic: Traffic, hosts: int = 60) -> None:
    """Fill a range of a day with an office that goes elsewhere."""
    for n in range(hosts):
        traffic.add(n, f"10.0.1.{n}", "198.51.100.7", 443)
    traffic.add(0.95 * DAY, "10.0.1.1", "198.51.100.7", 443)


def _looks_up(traffic: Traffic, client: str) -> None:
    for n in range(8):
        row = {"service": "dns", "qtype": 1, "query": f"h{n}.example.org", "answers": [f"192.0.2.{n}"]}
        traffic.record("dns", n, client, "10.0.0.53", **row)


def _graves(traffic: Traffic) -> dict[str, dict[str, Any]]:
    return {alert["title_en"].split()[0]: alert for alert in traffic.run(DETECTOR) if alert["severity"] != "info"}


def test_table_of_periods_and_jitters(traffic: Traffic) -> None:
    """Beacons of 6 h, 12 h, 1 d and 7 d with 0 to 90 % jitter: at least 95 % are found; RITA analyses none as high."""
    _office(traffic)
    cases = {}
    for h, hours in enumerate(HOURS):
        for j, jitter in enumerate(JITTERS):
            for seed in range(SEEDS):
                src = f"10.{h + 1}.{j}.{seed + 1}"
                cases[src] = (hours, jitter)
                moments = regular(hours, jitter, np.random.default_rng((h, j, seed)))
                remember_calls(traffic, src, f"203.0.{10 * h + j}.{seed + 1}", moments, port=8443)
                _looks_up(traffic, src)
    found = _graves(traffic)
    missed = [case for src, case in cases.items() if src not in found]
    assert len(missed) <= 0.05 * len(cases), missed
    peers = [json.loads(alert["details"])["rita_24h"] for alert in found.values()]
    assert all(score is None or score < 0.5 for score in peers)


def test_people_at_work_are_not_beacons(traffic: Traffic) -> None:
    """Two hundred diurnal pairs to addresses without a name, half a use to forty a day, raise nothing above info."""
    _office(traffic)
    for r, rate in enumerate((0.5, 2, 8, 40)):
        for n in range(50):
            src, chance = f"10.{r + 1}.0.{n + 1}", np.random.default_rng((9, r, n))
            remember_calls(traffic, src, f"203.0.{r}.{n + 1}", diurnal(rate, chance))
            _looks_up(traffic, src)
    assert _graves(traffic) == {}


def _beacon(traffic: Traffic, *, dst: str = "203.0.113.9", **columns: object) -> None:
    _office(traffic)
    moments = regular(24, 0.1, np.random.default_rng(5))
    remember_calls(traffic, ACTOR, dst, [m for m in moments if m < 0])
    traffic.add(0.4 * DAY, ACTOR, dst, 443, **columns)


def test_rare_named_destination_without_marks(traffic: Traffic) -> None:
    """A daily call of one host among sixty to a named server is medium: nobody else goes there, for 90 days."""
    _beacon(traffic, app_proto="tls", server_name="cdn.evil.example")
    alert = _graves(traffic)[ACTOR]
    assert alert["severity"] == "medium"
    assert "rare" in alert["context"]


def test_few_hosts_and_no_mark_is_information(traffic: Traffic) -> None:
    """With few hosts nobody knows what is rare."""
    moments = regular(24, 0.1, np.random.default_rng(5))
    remember_calls(traffic, ACTOR, "203.0.113.9", [m for m in moments if m < 0])
    traffic.add(0.4 * DAY, ACTOR, "203.0.113.9", 443, app_proto="tls", server_name="cdn.evil.example")
    assert [alert["severity"] for alert in traffic.run(DETECTOR)] == ["info"]


@pytest.mark.parametrize("case", ["common", "role", "inside", "ntp"])
def test_regular_by_design(traffic: Traffic, case: str) -> None:
    """What half of the hosts do, a server with a role, a neighbour, and time service raise nothing above info."""
    dst = "10.0.0.200" if case == "inside" else "203.0.113.9"
    _beacon(traffic, dst=dst, app_proto="ntp" if case == "ntp" else None)
    _looks_up(traffic, ACTOR)
    if case == "common":
        for n in range(40):
            traffic.add(n, f"10.0.1.{n}", dst, 443)
    if case == "role":
        traffic.role(dst, "update_server")
    assert _graves(traffic) == {}


def test_short_memory_is_not_assessed(traffic: Traffic) -> None:
    """Two days of history are less than the shortest scale."""
    remember_calls(traffic, ACTOR, "203.0.113.9", [-(n + 1) * 3600.0 for n in range(40)])
    traffic.add(60, ACTOR, "203.0.113.9", 443)
    assert traffic.run(DETECTOR) == []


def test_the_sentence_has_the_numbers(traffic: Traffic) -> None:
    """Calls, days, period and both scores stand in both sentences."""
    _beacon(traffic, app_proto=None)
    _looks_up(traffic, ACTOR)
    alert = _graves(traffic)[ACTOR]
    calls = json.loads(alert["details"])["times"]
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert "203.0.113.9:443" in text
        assert str(len(calls)) in text
        assert any(day in text for day in ("24 h", "24 小时", "24.1 h", "24.1 小时", "23.9 h", "23.9 小时"))
    assert "not analysed at all" in alert["evidence_en"]
    assert "不予分析" in alert["evidence_zh"]


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing."""
    _beacon(traffic, app_proto=None)
    _looks_up(traffic, ACTOR)
    remember_calls(traffic, "10.0.0.8", "203.0.113.8", regular(168, 0, np.random.default_rng(1)))
    once = traffic.run(DETECTOR)
    assert len(once) == 2
    assert once == traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR)
    assert once == traffic.twice().run(DETECTOR) == traffic.run(DETECTOR, buckets=3)
    assert at(0) + timedelta(days=1) > once[0]["ts_end"]
