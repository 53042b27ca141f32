"""scan_slow: scanners far below every window are found, clients that fail sometimes are not."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue import scan_horizontal, scan_vertical
from detectors.catalogue.scan_slow import DETECTOR, steps
from detectors.model import effective_params
from tests.detectors.conftest import T0, Traffic

SCANNER = "10.0.0.66"
DAY = 86400.0


def _benign(traffic: Traffic, *, hosts: int, days: int, seed: int = 7) -> None:
    """Add hosts that open the same services daily and fail on a fifth of the new ones."""
    draw = random.Random(seed)
    for host in range(hosts):
        for day in range(days):
            for n in range(3):
                second = day * DAY + draw.uniform(0, DAY)
                target = f"10.1.{host % 4}.{draw.randrange(1, 60)}"
                add = traffic.unanswered if draw.random() < 0.15 and n == 0 else traffic.add
                add(second, f"10.0.1.{host + 1}", target, draw.choice((80, 443, 445)))


def _campaign(traffic: Traffic, *, period: float, probes: int, failures: float, seed: int = 1) -> None:
    draw = random.Random(seed)
    traffic.add(0, SCANNER, "10.1.0.1", 53)
    for n in range(probes):
        add = traffic.unanswered if draw.random() < failures else traffic.add
        add(3600 + n * period * draw.uniform(0.8, 1.2), SCANNER, f"10.7.{n // 200}.{n % 200 + 1}", 445)


@pytest.mark.parametrize(("period", "probes", "days"), [(900, 60, 1), (3600, 60, 3), (DAY, 30, 31)])
def test_slow_campaign_inside_benign_days(traffic: Traffic, period: float, probes: int, days: int) -> None:
    """One probe per quarter of an hour, hour or day is found, where window detectors see nothing."""
    _benign(traffic, hosts=20, days=days)
    _campaign(traffic, period=period, probes=probes, failures=0.95)
    found = traffic.run(DETECTOR)
    assert [row["actor_ip"] for row in found] == [ip_bytes(SCANNER)]
    assert (found[0]["severity"], found[0]["attack"]) == ("high" if probes > 40 else "medium", ["T1046", "T1018"])
    assert traffic.run(scan_horizontal.DETECTOR) == traffic.run(scan_vertical.DETECTOR) == []


@pytest.mark.parametrize(("rate", "limit"), [(0.95, 14), (0.8, 40)])
def test_contacts_until_the_alarm(traffic: Traffic, rate: float, limit: int) -> None:
    """A scanner that fails on 95 % is caught within a dozen contacts, whatever the period."""
    _campaign(traffic, period=3600, probes=limit, failures=rate)
    assert len(traffic.run(DETECTOR)) == 1


def test_no_benign_source_of_two_hundred_alerts(traffic: Traffic) -> None:
    """Two hundred first contacts of two hundred hosts that fail on a fifth: no alert."""
    draw = random.Random(2026)
    for host in range(200):
        for n in range(200):
            add = traffic.unanswered if draw.random() < 0.2 else traffic.add
            add(700 + n * 300, f"10.0.{host // 100}.{host % 100 + 1}", f"10.2.{n // 100}.{n % 100 + 1}", 443)
    assert traffic.run(DETECTOR) == []


def test_steps_are_those_of_the_specification() -> None:
    """A step is 1.386, so ten net failures reach 13.8."""
    failure, success, floor = steps(effective_params(DETECTOR, {}))
    assert (round(failure, 3), round(success, 3), round(floor, 2)) == (1.386, -1.386, -4.61)


def test_evidence_has_the_numbers(traffic: Traffic) -> None:
    """The sentence says contacts, failures, rate, start and score in both languages."""
    _campaign(traffic, period=3600, probes=12, failures=1.0)
    (alert,) = traffic.run(DETECTOR)
    assert "Of 12 first contacts of 10.0.0.66 (internal host), 12 failed (12 hosts, ports 445" in alert["evidence_en"]
    assert "(alarm at 13.8)" in alert["evidence_en"]
    assert "12 次首次联系中有 12 次失败" in alert["evidence_zh"]


def test_memory_counts(traffic: Traffic) -> None:
    """Eight failures of earlier months and two of today make ten; what is known is no first contact."""
    for n in range(8):
        traffic.remember(
            "edge",
            src_ip=ip_bytes(SCANNER),
            dst_ip=ip_bytes(f"10.8.0.{n + 1}"),
            ip_proto=6,
            dst_port=445,
            first_ts=T0 - timedelta(days=90 - n),
            last_ts=T0 - timedelta(days=90 - n),
            answered=0,
            conversations=1,
        )
    traffic.remember("asset_seen", ip=ip_bytes(SCANNER), first_ts=T0 - timedelta(days=90), last_ts=T0)
    for n in range(8):
        traffic.unanswered(n * 4000, SCANNER, f"10.8.0.{n + 1}", 445)
    assert traffic.run(DETECTOR) == []
    traffic.unanswered(50000, SCANNER, "10.8.0.20", 445)
    traffic.unanswered(60000, SCANNER, "10.8.0.21", 445)
    (alert,) = traffic.run(DETECTOR)
    assert "8 of them are remembered from before" in alert["evidence_en"]


def test_retries_of_dead_servers_are_one_contact_each(traffic: Traffic) -> None:
    """Five dead servers of a host list, asked for ever, are five failures."""
    for n in range(500):
        traffic.unanswered(700 + n * 600, SCANNER, f"10.1.0.{n % 5 + 1}", 161)
    assert traffic.run(DETECTOR) == []


def test_destinations_down_for_everybody(traffic: Traffic) -> None:
    """Twenty servers that worked in the morning and are silent since are an outage."""
    for n in range(20):
        traffic.add(n, "10.0.0.7", f"10.1.0.{n + 1}", 443)
        traffic.unanswered(5000 + n * 900, SCANNER, f"10.1.0.{n + 1}", 443)
    assert traffic.run(DETECTOR) == []


def test_roaming_laptop(traffic: Traffic) -> None:
    """A laptop that arrives asks for thirty servers of its home office, within minutes."""
    for n in range(30):
        traffic.unanswered(n * 15, SCANNER, f"10.9.0.{n + 1}", 445)
    traffic.add(700, SCANNER, "10.1.0.1", 443)
    assert traffic.run(DETECTOR) == []


def test_file_sharing_and_udp(traffic: Traffic) -> None:
    """Dead peers on ports of any number outside, and UDP without answer, are no scan."""
    for n in range(200):
        traffic.unanswered(n * 90, SCANNER, f"198.51.100.{n + 1}", 10000 + n * 37)
        traffic.udp(n * 90, SCANNER, f"10.3.0.{n + 1}", 161, answered=False)
        traffic.add(n * 90 + 1, SCANNER, f"203.0.113.{n + 1}", 443)
    assert traffic.run(DETECTOR) == []


def test_many_surfers_behind_one_address(traffic: Traffic) -> None:
    """A translator whose guests meet a dead server on every tenth visit is informational, an outward scan is not."""
    for n in range(600):
        add = traffic.unanswered if n % 10 == 0 else traffic.add
        add(1000 + n * 60, "10.0.5.1", f"203.0.113.{n % 100 + 1 if n % 10 else n // 10 + 101}", 443)
    traffic.add(0, SCANNER, "203.0.113.1", 443)
    for n in range(30):
        traffic.unanswered(1000 + n * 900, SCANNER, f"198.51.100.{n + 1}", 445)
    found = {row["actor_ip"]: row["severity"] for row in traffic.run(DETECTOR)}
    assert found == {ip_bytes("10.0.5.1"): "info", ip_bytes(SCANNER): "medium"}


def test_broken_ipv6(traffic: Traffic) -> None:
    """A host whose IPv6 leads nowhere fails on every site and gets there over IPv4."""
    for n in range(60):
        traffic.unanswered(n * 400, SCANNER, f"2001:db8::{n + 1:x}", 443)
        traffic.add(n * 400 + 1, SCANNER, f"203.0.113.{n + 1}", 443)
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same contacts give the same alert in any order, twice, or cut into buckets."""
    _benign(traffic, hosts=5, days=2)
    _campaign(traffic, period=900, probes=40, failures=0.9)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 1
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected


def test_role_and_empty(traffic: Traffic) -> None:
    """The authorised scanner raises nothing, and neither do empty tables."""
    assert traffic.run(DETECTOR) == []
    _campaign(traffic, period=900, probes=40, failures=0.9)
    traffic.role(SCANNER, "scanner")
    assert traffic.run(DETECTOR) == []
