"""Alerts of other tools become alerts of ours, grouped, one step milder."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.catalogue.suricata_alert import DETECTOR
from tests.detectors.conftest import Traffic

OUT, HOME = "203.0.113.9", "10.0.0.5"


def _alert(traffic: Traffic, second: float, sid: str, priority: int | None, **columns: object) -> bytes:
    given = {
        "engine": "suricata",
        "rule_id": sid,
        "rule_name": f"ET rule {sid}",
        "category": "A Network Trojan was detected",
        "severity_given": priority,
        "receiver_port": 80,
        "ip_proto": 6,
        "action": "allowed",
    }
    sender, receiver = str(columns.pop("sender", OUT)), str(columns.pop("receiver", HOME))
    return traffic.record("foreign_alert", second, sender, receiver, **(given | columns))


def _levels(alerts: list[dict[str, Any]]) -> list[str]:
    return sorted(str(row["severity"]) for row in alerts)


@pytest.mark.parametrize(("priority", "level"), [(1, "medium"), (2, "low"), (3, "info"), (None, "info")])
def test_priority_tells_the_severity(traffic: Traffic, priority: int | None, level: str) -> None:
    """A single rule makes no more than medium."""
    _alert(traffic, 0, "2024001", priority)
    assert _levels(traffic.run(DETECTOR)) == [level]


def test_same_rule_and_pair_is_one_alert_with_its_numbers(traffic: Traffic) -> None:
    """A hundred repetitions are one alert; the sentence has the numbers in both languages."""
    for second in range(100):
        _alert(traffic, second, "2024001", 1)
    (row,) = traffic.run(DETECTOR)
    assert "rule 2024001" in row["evidence_en"]
    assert "100 time(s)" in row["evidence_en"]
    assert "203.0.113.9 -> 10.0.0.5" in row["evidence_en"]
    assert "100 次" in row["evidence_zh"]
    assert "优先级 1" in row["evidence_zh"]
    assert row["flow_count"] == 100
    assert row["severity"] == "medium"


def test_days_are_apart(traffic: Traffic) -> None:
    """The same rule on another day is another alert."""
    _alert(traffic, 0, "2024001", 1)
    _alert(traffic, 86_400, "2024001", 1)
    assert len(traffic.run(DETECTOR)) == 2


def test_two_grave_rules_corroborate(traffic: Traffic) -> None:
    """Two rules of priority 1 between the same hosts on one day are high, and say so."""
    _alert(traffic, 0, "2024001", 1)
    _alert(traffic, 9, "2024002", 1)
    rows = traffic.run(DETECTOR)
    assert {row["severity"] for row in rows} == {"high"}
    assert "2 different rules of priority 1" in rows[0]["evidence_en"]


def test_other_pairs_and_blocked_ones_do_not_corroborate(traffic: Traffic) -> None:
    """Two hosts with one rule each stay medium; so does what the engine stopped."""
    _alert(traffic, 0, "2024001", 1)
    _alert(traffic, 9, "2024002", 1, receiver="10.0.0.6")
    _alert(traffic, 10, "2024003", 1, receiver="10.0.0.7", action="blocked")
    _alert(traffic, 11, "2024004", 1, receiver="10.0.0.7", action="blocked")
    assert set(_levels(traffic.run(DETECTOR))) == {"medium"}


def test_notices_are_low_or_informational(traffic: Traffic) -> None:
    """A scan notice is low; a certificate that does not validate is none of our business."""
    zeek = {"engine": "zeek", "category": "Scan", "rule_name": "Scan::Address_Scan", "action": None}
    _alert(traffic, 0, "Scan::Address_Scan", None, **zeek)
    _alert(traffic, 1, "SSL::Invalid_Server_Cert", None, **(zeek | {"category": "SSL"}))
    assert _levels(traffic.run(DETECTOR)) == ["info", "low"]


def test_technique_of_the_rule_is_kept(traffic: Traffic) -> None:
    """ATT&CK ids that our map knows; others are left out."""
    _alert(traffic, 0, "1", 1, technique="T1046")
    _alert(traffic, 1, "2", 2, technique="T9999")
    assert sorted(row["attack"] for row in traffic.run(DETECTOR)) == [[], ["T1046"]]


def test_authorised_scanner_is_exempt(traffic: Traffic) -> None:
    """The role scanner quiets it."""
    _alert(traffic, 0, "2024001", 1)
    traffic.role(OUT, "scanner")
    assert traffic.run(DETECTOR) == []


def test_nothing_of_nothing(traffic: Traffic) -> None:
    """An empty table gives no alert."""
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """Shuffled, doubled or cut by sender, the same alerts come out."""
    for number in range(30):
        _alert(traffic, number, f"20240{number % 4}", 1 + number % 3, sender=f"203.0.113.{number % 5}")
    expected = traffic.run(DETECTOR)
    assert len(expected) > 5
    assert traffic.run(DETECTOR) == expected
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
