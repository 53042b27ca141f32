"""mining: Stratum, names of pools, and the pace of shares; reading about coins is information."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.catalogue.mining import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, POOL = "10.0.0.7", "203.0.113.66"
SHARES: dict[str, object] = {
    "duration_s": 3600.0,
    "src_data_pkts": 60,
    "dst_data_pkts": 90,
    "src_bytes_payload": 60 * 180,
    "dst_bytes_payload": 90 * 400,
}


def _looks_up(traffic: Traffic, name: str, *answers: str) -> None:
    traffic.record("dns", 0, ACTOR, "10.0.0.53", service="dns", qtype=1, query=name, answers=list(answers))


def _one(traffic: Traffic) -> dict[str, Any]:
    (alert,) = traffic.run(DETECTOR)
    return alert


def test_stratum_on_any_port(traffic: Traffic) -> None:
    """The content is proof; with the name of a pool besides it is high."""
    traffic.add(5, ACTOR, POOL, 7001, app_proto="stratum", **SHARES)
    assert _one(traffic)["severity"] == "medium"
    _looks_up(traffic, "xmr-eu1.nanopool.org", POOL)
    alert = _one(traffic)
    assert alert["severity"] == "high"
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert all(part in text for part in ("nanopool.org:7001", "60", "180", "Stratum"))


def test_hidden_shares_by_their_pace(traffic: Traffic) -> None:
    """TLS on a port of pools for an hour, a small message a minute."""
    traffic.add(5, ACTOR, POOL, 14444, app_proto="tls", **SHARES)
    alert = _one(traffic)
    assert alert["severity"] == "medium"
    assert "pace of shares" in alert["evidence_en"]


@pytest.mark.parametrize(
    "columns",
    [
        {"duration_s": 300.0},
        {"src_bytes_payload": 9_000_000},
        {"src_data_pkts": 3000},
        {"dst_bytes_payload": 9_000_000},
    ],
)
def test_other_work_on_such_a_port(traffic: Traffic, columns: dict[str, object]) -> None:
    """A short visit, an upload, a chat and a download on the same port are no mining."""
    traffic.add(5, ACTOR, POOL, 3333, **(SHARES | columns))
    assert traffic.run(DETECTOR) == []


def test_an_own_service_on_such_a_port(traffic: Traffic) -> None:
    """Inside the site the pace proves nothing."""
    traffic.add(5, ACTOR, "10.0.0.99", 8888, **SHARES)
    assert traffic.run(DETECTOR) == []


def test_a_name_alone(traffic: Traffic) -> None:
    """A look-up is information, the web page of a pool low, a pool's port with its name medium."""
    _looks_up(traffic, "www.nicehash.com", "198.51.100.9")
    assert _one(traffic)["severity"] == "info"
    traffic.add(5, ACTOR, POOL, 443, app_proto="tls", server_name="www.nicehash.com")
    assert _one(traffic)["severity"] == "low"
    traffic.add(9, ACTOR, POOL, 3353, app_proto="tls", server_name="daggerhashimoto.nicehash.com")
    assert sorted(alert["severity"] for alert in traffic.run(DETECTOR)) == ["low", "medium"]


def test_names_that_only_end_alike(traffic: Traffic) -> None:
    """A domain that ends in the letters of a pool's is another domain."""
    _looks_up(traffic, "notnanopool.org", "198.51.100.9")
    traffic.add(5, ACTOR, POOL, 443, app_proto="tls", server_name="myf2pool.com")
    assert traffic.run(DETECTOR) == []


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    _looks_up(traffic, "pool.supportxmr.com", "203.0.113.1")
    for n in range(6):
        traffic.add(n, f"10.0.0.{n}", f"203.0.113.{n % 3 + 1}", 3333, app_proto="stratum", **SHARES)
    once = traffic.run(DETECTOR)
    assert len(once) == 7
    assert once == traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR)
    assert once == traffic.twice().run(DETECTOR) == traffic.run(DETECTOR, buckets=3)
