"""host_outlier: a host that is unlike its peers in many ways is a lead; groups that are all alike are silent."""

from __future__ import annotations

import json
import random

import pytest

from detectors.addresses import ip_text
from detectors.catalogue._host_features import NAMES, tails
from detectors.catalogue.host_outlier import DETECTOR
from store.schema import HOST_DAY
from tests.detectors.conftest import Traffic
from tests.detectors.weeks import START_S

DAY = 86400


def _peers(traffic: Traffic, days: int, hosts: int = 30, seed: int = 3) -> None:
    """Add office days of many clients: a few dozen conversations with a handful of servers."""
    for number in range(hosts):
        noise = random.Random(f"{seed}-{number}")
        for day in range(days):
            for _ in range(noise.randint(12, 30)):
                second = START_S + day * DAY + noise.uniform(7, 18) * 3600
                server = f"198.51.100.{noise.randint(1, 6)}"
                size = int(noise.lognormvariate(10, 1))
                row = {"src_bytes_payload": size // 10, "dst_bytes_payload": size, "app_proto": "tls"}
                traffic.add(second, f"10.0.0.{number + 1}", server, 443, server_name="www.example.com", **row)


def _odd_day(traffic: Traffic, day: int, host: str = "10.0.0.5") -> None:
    """Let a host contact two hundred neighbours for administration at night and load a lot outside."""
    for number in range(200):
        second = START_S + day * DAY + 3600 + number * 20
        traffic.refused(second, host, f"10.0.{1 + number // 100}.{number % 100 + 1}", 3389)
    for number in range(3):
        row = {"src_bytes_payload": 4 * 10**8, "dst_bytes_payload": 1000, "duration_s": 7000.0}
        traffic.add(START_S + day * DAY + 9000 + number, host, "203.0.113.9", 8899, **row)


def test_a_host_unlike_its_peers_is_a_lead(traffic: Traffic) -> None:
    """The odd host of the odd day, informational, with its five rarest numbers beside those of its peers."""
    _peers(traffic, 3)
    _odd_day(traffic, 2)
    (alert,) = traffic.run(DETECTOR)
    assert ip_text(alert["actor_ip"]) == "10.0.0.5"
    assert alert["severity"] == "info"
    assert alert["confidence"] <= 0.5
    assert "10.0.0.5 on 2026-03-04 differs from the 30 hosts of its group (clients) most in: " in alert["evidence_en"]
    assert "bytes at night (00-06 UTC) 1.2e+09 (peers 0)" in alert["evidence_en"]
    assert "its own days before are not known" in alert["evidence_en"]
    assert "10.0.0.5 在 2026-03-04 与同组（客户端）30 台主机差异最大的是" in alert["evidence_zh"]
    details = json.loads(alert["details"])
    assert len(details["features"]) == 5
    assert details["features"]["out_night"] == [1200003000.0, 0.0]


def test_own_history_confirms_or_excuses(traffic: Traffic) -> None:
    """A host that is like that every day is no news; one that became so is."""
    _peers(traffic, 10)
    for day in range(10):
        _odd_day(traffic, day, "10.0.0.7")
    _odd_day(traffic, 9, "10.0.0.5")
    found = traffic.run(DETECTOR)
    late = [row for row in found if row["ts_start"].day >= 9]
    assert [ip_text(row["actor_ip"]) for row in late if "unlike its own" in row["evidence_en"]] == ["10.0.0.5"]
    assert "unlike its own 9 days before, too" in late[-1]["evidence_en"]


@pytest.mark.parametrize("seed", range(3))
def test_ordinary_days_are_silent(traffic: Traffic, seed: int) -> None:
    """Hosts that differ by noise only raise nothing."""
    _peers(traffic, 3, seed=seed)
    assert traffic.run(DETECTOR) == []


def test_one_odd_number_is_not_enough(traffic: Traffic) -> None:
    """A large download alone is another detector's matter."""
    _peers(traffic, 3)
    traffic.add(START_S + 2 * DAY + 40000, "10.0.0.5", "198.51.100.1", 443, app_proto="tls", dst_bytes_payload=10**10)
    assert traffic.run(DETECTOR) == []


def test_few_hosts_are_no_group_and_roles_are_exempt(traffic: Traffic) -> None:
    """Nineteen hosts are not compared; a scanner of the site policy is its own kind."""
    few = Traffic()
    _peers(few, 2, hosts=15)
    _odd_day(few, 1)
    assert [row for row in few.run(DETECTOR) if b"\x0a\x00\x00" in row["actor_ip"]] == []
    _peers(traffic, 2)
    _odd_day(traffic, 1)
    traffic.role("10.0.0.5", "scanner")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same host-days give the same alerts in any order, twice, or cut into buckets."""
    _peers(traffic, 3)
    _odd_day(traffic, 2)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 1
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    traffic.records["host_day"] = traffic.derived("host_day").to_pylist() * 2
    assert traffic.run(DETECTOR) == expected


def test_every_feature_is_a_column(traffic: Traffic) -> None:
    """What is compared is what the lake makes; nothing in, nothing out."""
    assert set(NAMES) == {column.name for column in HOST_DAY.stored()} - {"peer_group", "host_ip", "day"}
    assert traffic.run(DETECTOR) == []


def test_tails_of_a_feature_that_is_mostly_zero() -> None:
    """Zero among zeros is common; the one that is not is rare."""
    import numpy as np  # noqa: PLC0415

    level = np.zeros((100, 1))
    level[7] = 5.0
    rare = tails(level)
    assert rare[7, 0] == pytest.approx(np.log(100))
    assert rare[0, 0] == 0.0
