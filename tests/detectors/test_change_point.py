"""change_point: the day of a lasting change is found; noise, single days and outages are not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detectors.catalogue._changes import change_points, cusum_alarm
from detectors.catalogue.change_point import DETECTOR
from store.schema import TREND_HOUR
from tests.detectors.conftest import Traffic
from tests.detectors.weeks import START_S, office

CHANGE_DAY = 25
"""Day from MONDAY on: Friday 2026-03-27."""


def _step(host: str, hour: int) -> float:
    return 6.0 if host == "10.0.0.1" and hour >= 24 * CHANGE_DAY else 1.0


def test_the_day_of_a_change_is_named(traffic: Traffic) -> None:
    """Six-fold traffic from a Friday on: that Friday, and that it stayed, in both languages."""
    found = office(traffic, 6, _step).run(DETECTOR)
    (alert,) = [row for row in found if row["actor_ip"] is not None]
    assert alert["severity"] == "info"
    assert "host 10.0.0.1: the behaviour changed on 2026-03-27 and stayed (17 days so far)" in alert["evidence_en"]
    assert "bytes per day from 229 MB to 1.33 GB" in alert["evidence_en"]
    assert "主机 10.0.0.1：行为自 2026-03-27 起改变并持续至今（已 17 天）：日流量由 229 MB 变为" in alert["evidence_zh"]
    details = json.loads(alert["details"])
    assert (details["stayed"], details["measure"]) == (True, "bytes")
    assert details["noticed"][:10] >= "2026-03-27"
    assert len(details["values"]) == 42


def test_upload_and_night_together_are_low(traffic: Traffic) -> None:
    """A host that begins to upload at night changes in two measures at once: a slow intrusion would look like it."""
    office(traffic, 7)
    for day in range(28, 49):
        for hour in range(5):
            row = {"src_bytes_payload": 10**9, "dst_bytes_payload": 1000}
            traffic.add(START_S + (24 * day + hour) * 3600, "10.0.0.1", "203.0.113.9", 443, app_proto="tls", **row)
    (alert,) = [row for row in traffic.run(DETECTOR) if row["actor_ip"] is not None]
    assert alert["severity"] == "low"
    assert "2026-03-30 and stayed" in alert["evidence_en"]
    assert "share of upload from 5 % to" in alert["evidence_en"]
    assert "share of the night" in alert["evidence_en"]


def test_a_change_that_went_back_is_told_once(traffic: Traffic) -> None:
    """Ten days at another level are one finding with its end, not two."""
    level = lambda host, hour: 6.0 if host == "10.0.0.1" and 480 <= hour < 720 else 1.0  # noqa: E731
    found = [row for row in office(traffic, 6, level).run(DETECTOR) if row["actor_ip"] is not None]
    assert len(found) == 1
    assert "changed on 2026-03-22 for 10 days, until 2026-04-01" in found[0]["evidence_en"]


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_weeks_are_silent(traffic: Traffic, seed: int) -> None:
    """Working days, weekends and noise are no change."""
    assert office(traffic, 8, seed=seed, hosts=[f"10.0.0.{n}" for n in range(1, 4)]).run(DETECTOR) == []


def test_three_wild_days_are_no_change(traffic: Traffic) -> None:
    """What does not last a week is volume_seasonality's."""
    assert office(traffic, 6, lambda _, hour: 50.0 if 600 <= hour < 672 else 1.0).run(DETECTOR) == []


def test_a_week_without_the_sensor_is_no_change(traffic: Traffic) -> None:
    """Days that were not seen are left out; a change behind them is told with how many were missing."""

    def gap(_: str, hour: int) -> float:
        return 0.0 if 504 <= hour < 672 else 1.0

    def both(host: str, hour: int) -> float:
        return gap(host, hour) * (6.0 if host == "10.0.0.1" and hour >= 672 else 1.0)

    assert office(Traffic(), 6, gap).run(DETECTOR) == []
    (alert,) = [row for row in office(traffic, 7, both).run(DETECTOR) if row["actor_ip"] is not None]
    assert "changed on 2026-03-30" in alert["evidence_en"]
    assert "7 days not seen" in alert["evidence_en"]


def test_a_holiday_week_of_everybody_is_told_of_the_site(traffic: Traffic) -> None:
    """When the whole site is nearly idle for a week, hosts are not listed one by one."""
    quiet = lambda _, hour: (0.1 if hour % 12 == 0 else 0.0) if 504 <= hour < 672 else 1.0  # noqa: E731
    office(traffic, 6, quiet)
    for hour in range(6 * 168):
        traffic.add(START_S + 3600 * hour + 5, "10.0.0.8", "10.0.0.9", 22, app_proto="ssh")
    assert all(row["actor_ip"] is None or b"\x08" not in row["actor_ip"] for row in traffic.run(DETECTOR))


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same days give the same alerts in any order, twice, or cut into buckets."""
    office(traffic, 6, _step)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 3
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected


def test_empty_tables(traffic: Traffic) -> None:
    """Nothing in, nothing out."""
    assert traffic.run(DETECTOR) == []
    assert set(DETECTOR.needs["trend_hour"]) == {column.name for column in TREND_HOUR.stored()}


@pytest.mark.parametrize("seed", range(6))
def test_the_partition_is_that_of_pelt(seed: int) -> None:
    """On series with a known change the cuts are those of ruptures' PELT with the same cost, part size and penalty."""
    ruptures = pytest.importorskip("ruptures")
    rng = np.random.default_rng(seed)
    steps = rng.choice([0.0, 2.5, -3.0], size=4)
    days = np.concatenate([rng.normal(step, 1, 25) for step in steps])
    level = np.clip(days - np.median(days), -8, 8)
    penalty = 3 * float(np.log(len(days)))
    peer = ruptures.Pelt(model="l2", min_size=7, jump=1).fit(level).predict(pen=penalty)
    assert list(change_points(days, 7, penalty)) == peer[:-1]


def test_cusum_notices_soon_and_seldom() -> None:
    """A step of 1.5 sigma is noticed within two weeks; a hundred quiet days mostly pass."""
    rng = np.random.default_rng(4)
    quiet = [cusum_alarm(rng.normal(0, 1, 100), 30) for _ in range(200)]
    assert sum(day is not None for day in quiet) < 120
    noticed = [cusum_alarm(np.r_[rng.normal(0, 1, 30), rng.normal(1.5, 1, 30)], 30) for _ in range(50)]
    assert all(day is not None and day < 45 for day in noticed)
