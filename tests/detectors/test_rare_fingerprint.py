"""rare_fingerprint: new marks on one of many hosts are found once there is a memory; releases and regulars are not."""

from __future__ import annotations

from datetime import timedelta

from detectors.catalogue.rare_fingerprint import DETECTOR
from tests.detectors.conftest import T0, Traffic

JA4 = "t13d1516h2_8daaf6152771_b186095e22b6"
NEW = "t12i3004h1_abcdefabcdef_123456123456"


def _hello(traffic: Traffic, client: str, ja4: str, second: float = 0, server: str = "203.0.113.9") -> None:
    traffic.record("tls", second, client, server, receiver_port=443, ja4=ja4)


def _population(traffic: Traffic, *, days: int = 60) -> None:
    """Make forty hosts that share a browser, and a memory of ``days`` that knows it."""
    for n in range(40):
        traffic.add(n, f"10.0.1.{n + 1}", "198.51.100.1", 443)
        _hello(traffic, f"10.0.1.{n + 1}", JA4, n)
    first, last = T0 - timedelta(days=days), T0 - timedelta(hours=1)
    traffic.remember("observable", kind="ja4", value=JA4, first_ts=first, last_ts=last, hosts=40)


def test_new_on_one_host(traffic: Traffic) -> None:
    """A client that one of forty hosts shows, never seen in 60 days, to one server, is low; the sentence says so."""
    _population(traffic)
    for n in range(5):
        _hello(traffic, "10.0.1.7", NEW, n * 100)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "low"
    assert alert["indicators"] == [f"ja4:{NEW}"]
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert "40" in text
        assert "60" in text
        assert NEW in text


def test_new_on_a_server(traffic: Traffic) -> None:
    """A domain controller on which a new client appears is medium."""
    _population(traffic)
    traffic.role("10.0.1.7", "domain_controller")
    for n in range(5):
        _hello(traffic, "10.0.1.7", NEW, n * 100)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["medium"]


def test_nothing_without_population_or_memory(traffic: Traffic) -> None:
    """In a small or first capture everything is rare and new: nothing is said."""
    for n in range(5):
        _hello(traffic, "10.0.1.7", NEW, n * 100)
    assert traffic.run(DETECTOR) == []
    _population(traffic, days=3)
    assert traffic.run(DETECTOR) == []


def test_release_of_a_browser(traffic: Traffic) -> None:
    """A new client on ten hosts is a release."""
    _population(traffic)
    for n in range(30):
        _hello(traffic, f"10.0.1.{n % 10 + 1}", NEW, n * 100)
    assert traffic.run(DETECTOR) == []


def test_old_regular_of_one_host(traffic: Traffic) -> None:
    """A rare client that the memory has known for weeks is nothing."""
    _population(traffic)
    first, last = T0 - timedelta(days=40), T0 - timedelta(days=1)
    traffic.remember("observable", kind="ja4", value=NEW, first_ts=first, last_ts=last, hosts=1)
    for n in range(5):
        _hello(traffic, "10.0.1.7", NEW, n * 100)
    assert traffic.run(DETECTOR) == []


def test_many_destinations_are_browsing(traffic: Traffic) -> None:
    """A new client that visits many servers is a person with a new program, not a channel."""
    _population(traffic)
    for n in range(9):
        _hello(traffic, "10.0.1.7", NEW, n * 100, server=f"203.0.113.{n + 1}")
    assert traffic.run(DETECTOR) == []


def test_tools_are_named(traffic: Traffic) -> None:
    """The default marks of tools are told: a scanner from inside low, from outside and scripts informational."""
    http = {"receiver_port": 80, "user_agent": "sqlmap/1.8#stable (https://sqlmap.org)"}
    traffic.record("http", 0, "10.0.0.66", "10.0.0.5", **http)
    traffic.record("http", 0, "203.0.113.5", "10.0.0.5", **(http | {"user_agent": "masscan/1.3"}))
    traffic.record("ssh", 0, "10.0.0.66", "10.0.0.5", receiver_port=22, client_banner="SSH-2.0-paramiko_3.4.0")
    found = {row["details"].split('"tool": "')[1].split('"')[0]: row["severity"] for row in traffic.run(DETECTOR)}
    assert found == {"sqlmap": "low", "masscan": "info", "Paramiko": "info"}


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same records give the same alerts in any order, twice, or cut into buckets."""
    _population(traffic)
    for host in range(4):
        for n in range(4):
            _hello(traffic, f"10.0.1.{host + 1}", f"{NEW[:-1]}{host}", n * 100)
    traffic.record("http", 0, "10.0.0.66", "10.0.0.5", receiver_port=80, user_agent="gobuster/3.6")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 5
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    assert traffic.twice().run(DETECTOR) == expected
