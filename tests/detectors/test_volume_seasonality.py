"""volume_seasonality: rises and drops out of the weekly habit are found; holidays, outages and new hosts are not."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from detectors.catalogue._season import TRAINING_H, judge
from detectors.catalogue.volume_seasonality import DETECTOR
from detectors.engine import assess
from tests.detectors.conftest import Traffic
from tests.detectors.weeks import MONDAY, START_S, office

FRIDAY_NIGHT = 600
"""Hour from MONDAY on: Friday of the fourth week, 00:00 UTC."""


def _rise(host: str, hour: int) -> float:
    return 60.0 if host == "10.0.0.1" and FRIDAY_NIGHT <= hour < FRIDAY_NIGHT + 4 else 1.0


def _gone(host: str, hour: int) -> float:
    return 0.0 if host == "10.0.0.1" and hour >= 610 else 1.0


def test_a_rise_at_night_is_found(traffic: Traffic) -> None:
    """Sixty-fold volume on a Friday night is one alert of the host, its service and the site, with the numbers."""
    found = office(traffic, 5, _rise).run(DETECTOR)
    assert sorted(json.loads(row["details"])["scope"] for row in found) == ["asset", "service", "site"]
    (alert,) = [row for row in found if row["actor_ip"] is not None]
    assert alert["severity"] == "low"
    assert alert["attack"] == ["T1498"]
    assert "host 10.0.0.1: bytes per hour above the habit" in alert["evidence_en"]
    assert "in 4 h from 2026-03-27 00:00:00 UTC to 2026-03-27 04:00:00 UTC" in alert["evidence_en"]
    assert "habit learnt over 25 days" in alert["evidence_en"]
    assert "主机 10.0.0.1：自 2026-03-27 00:00:00 UTC" in alert["evidence_zh"]
    assert "有 4 小时的每小时字节数高于该时段的周规律" in alert["evidence_zh"]
    details = json.loads(alert["details"])
    assert len(details["values"]) == len(details["low"]) == len(details["high"])
    assert max(v for v in details["values"] if v) > max(v for v in details["high"] if v) / 3


def test_a_drop_matters_too(traffic: Traffic) -> None:
    """A host that falls silent at noon of a working day is one alert for all the days that follow."""
    (alert,) = office(traffic, 5, _gone).run(DETECTOR)
    assert (alert["severity"], alert["attack"]) == ("low", ["T1489"])
    assert "host 10.0.0.1: bytes per hour below the habit" in alert["evidence_en"]
    assert "0 B, usual at least" in alert["evidence_en"]
    assert "低于该时段的周规律" in alert["evidence_zh"]


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_weeks_are_silent(traffic: Traffic, seed: int) -> None:
    """Office weeks with log-normal noise raise nothing."""
    assert office(traffic, 6, seed=seed, hosts=[f"10.0.0.{n}" for n in range(1, 4)]).run(DETECTOR) == []


def test_a_holiday_week_is_no_alert_of_a_host(traffic: Traffic) -> None:
    """A working week at the level of a weekend, everywhere, is at most a note about the site."""
    found = office(traffic, 6, lambda _, hour: 0.1 if 504 <= hour < 624 else 1.0).run(DETECTOR)
    assert all(row["severity"] == "info" and row["actor_ip"] is None for row in found)


def test_a_week_without_the_sensor_is_no_drop(traffic: Traffic) -> None:
    """Hours that no tap saw are unknown, not zero."""
    assert office(traffic, 6, lambda _, hour: 0.0 if 504 <= hour < 672 else 1.0).run(DETECTOR) == []


def test_one_of_two_taps_out_is_no_drop(traffic: Traffic) -> None:
    """While one tap is out, what it usually sees cannot be told from a drop."""
    office(traffic, 6, lambda host, hour: 0.0 if host == "10.0.0.1" and 504 <= hour < 672 else 1.0)
    for row in traffic.conversations:
        row["sensor_id"] = "west" if row["src_ip"].endswith(b"\x01") else "east"
    assert traffic.run(DETECTOR) == []


def test_a_weekly_backup_is_a_habit(traffic: Traffic) -> None:
    """Three hours each Sunday night are usual at that hour of the week."""
    office(traffic, 6)
    for week in range(6):
        for hour in range(3):
            traffic.add(
                START_S + (week * 168 + 145 + hour) * 3600, "10.0.0.9", "10.0.0.50", 445, src_bytes_payload=10**10
            )
    assert [row for row in traffic.run(DETECTOR) if row["severity"] != "info"] == []


def test_too_little_history_is_not_assessed(traffic: Traffic) -> None:
    """Two weeks teach; judging needs another day."""
    office(traffic, 2)
    assert traffic.run(DETECTOR) == []
    assert assess(DETECTOR, traffic.policy()["capture_span"])["status"] == "not_assessed"


def test_an_intruder_teaches_slowly() -> None:
    """A level that is odd is still odd after eight weeks of it; a level that drifts is followed."""
    rng = np.random.default_rng(1)
    values = np.exp(rng.normal(12, 0.3, (1, 20 * 168)))
    values[0, 12 * 168 :] *= 300
    judged = judge(values, np.array([0]), 0.5)
    assert np.median(judged.z[0, -168:]) > 5
    drift = np.exp(rng.normal(12, 0.3, (1, 20 * 168)) + np.linspace(0, 3, 20 * 168))
    assert np.abs(judge(drift, np.array([0]), 0.5).z[0, TRAINING_H:]).max() < 5


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same hours give the same alerts in any order, twice, or cut into buckets."""
    office(traffic, 5, _rise)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 3
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    rows = traffic.derived("trend_hour").to_pylist()
    traffic.records["trend_hour"] = rows * 2
    assert traffic.run(DETECTOR) == expected


def test_history_may_lie_before_the_range(traffic: Traffic) -> None:
    """Hours remembered from before teach as those of the range do, and are not judged again."""
    office(traffic, 5, _rise)
    rows = traffic.derived("trend_hour").to_pylist()
    cut = MONDAY.timestamp() + FRIDAY_NIGHT * 3600
    seen, expected = traffic.policy()["seen_hour"], traffic.run(DETECTOR)
    traffic.records["trend_hour"] = [row for row in rows if row["hour"].timestamp() >= cut]
    traffic.records["trend_hour_before"] = [row for row in rows if row["hour"].timestamp() < cut]
    tables = traffic.all_tables(*DETECTOR.needs)
    policy = {name: table for name, table in traffic.policy().items() if name != "seen_hour"}
    params = {name: param.default for name, param in DETECTOR.params.items()}
    found = DETECTOR.run({**policy, "seen_hour": seen, **tables}, params).to_pylist()
    assert {row["evidence_en"] for row in found} == {row["evidence_en"] for row in expected}


def test_empty_and_half_missing_tables(traffic: Traffic) -> None:
    """Nothing in, nothing out; a tap that never told its hours is a site that was not seen."""
    assert traffic.run(DETECTOR) == []
    office(traffic, 5, _rise)
    tables, policy = traffic.all_tables(*DETECTOR.needs), traffic.policy()
    params = {name: param.default for name, param in DETECTOR.params.items()}
    policy["seen_hour"] = policy["seen_hour"].slice(0, 0)
    assert DETECTOR.run({**policy, **tables}, params).num_rows == 0
    assert isinstance(tables["trend_hour"], pa.Table)
