"""beacon: regular calls are scored as RITA scores them; what makes an alert are marks of the destination."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from detectors.catalogue.beacon import DETECTOR
from tests.detectors.conftest import T0, Traffic, at

ACTOR = "10.0.0.7"
EVIL = "203.0.113.66"


def _beacon(
    traffic: Traffic, calls: int = 60, period: float = 60, jitter: float = 0.1, dst: str = EVIL, **columns: object
) -> list[bytes]:
    chance, moment, uids = random.Random(7), 5.0, []
    row = {"app_proto": "tls", "src_bytes_ip": 1200, "src_bytes_payload": 700}
    for _ in range(calls):
        uids.append(traffic.add(moment, ACTOR, dst, 443, **(row | columns)))
        moment += period * (1 + jitter * chance.uniform(-1, 1))
    return uids


def _handshakes(traffic: Traffic, uids: list[bytes], **columns: object) -> None:
    for n, uid in enumerate(uids):
        traffic.record("tls", 60 * n, ACTOR, EVIL, flow_uid=uid, receiver_port=443, **columns)


def _lookups(traffic: Traffic, client: str = ACTOR, answers: tuple[str, ...] = ()) -> None:
    """Let a client look up names with success, the last one leading to ``answers``."""
    for n in range(8):
        given = list(answers) if n == 7 else [f"198.51.100.{n}"]
        row = {"service": "dns", "qtype": 1, "query": f"host{n}.example.org", "answers": given}
        traffic.record("dns", n * 0.1, client, "10.0.0.53", **row)


def _one(traffic: Traffic) -> dict[str, Any]:
    (alert,) = traffic.run(DETECTOR)
    return alert


def test_regular_calls_to_a_named_server_are_information(traffic: Traffic) -> None:
    """Sixty calls a minute apart to a server with a name and a proper certificate prove nothing."""
    uids = _beacon(traffic, server_name="api.vendor.example")
    _handshakes(traffic, uids, server_name="api.vendor.example", is_self_signed=False, cert_issuer="CN=Public CA")
    alert = _one(traffic)
    assert alert["severity"] == "info"
    assert alert["indicators"] == []
    assert "polls looks the same" in alert["evidence_en"]


@pytest.mark.parametrize("mark", ["self_signed", "own_authority", "raw_address", "odd_port", "unknown_protocol"])
def test_one_mark_makes_it_medium(traffic: Traffic, mark: str) -> None:
    """Each mark of the destination alone makes a beacon that people look at."""
    name = None if mark in {"raw_address", "unknown_protocol"} else "cdn.evil.example"
    if mark == "unknown_protocol":
        _lookups(traffic, answers=(EVIL,))
        _beacon(traffic, app_proto=None)
    else:
        port = 6606 if mark == "odd_port" else 443
        uids = _beacon(traffic, server_name=name, dst_port=port)
        issuer = {"own_authority": "CN=CA,DC=evil,DC=example", "self_signed": "CN=localhost"}.get(mark, "CN=Public CA")
        _handshakes(traffic, uids, server_name=name, is_self_signed=mark == "self_signed", cert_issuer=issuer)
    alert = _one(traffic)
    assert alert["severity"] == "medium"
    assert json.loads(alert["details"])["marks"] == [mark]
    assert "What sets it apart" in alert["evidence_en"]
    assert "可疑之处" in alert["evidence_zh"]


def test_two_marks_over_a_day_make_it_high_and_little_data_caps_it(traffic: Traffic) -> None:
    """Two indicators that agree are high on a day of data, at most medium on an hour."""
    _lookups(traffic)
    _beacon(traffic, calls=280, period=300, app_proto=None, dst_port=4444)
    assert _one(traffic)["severity"] == "high"
    short = Traffic()
    _lookups(short)
    _beacon(short, calls=60, app_proto=None)
    assert (_one(short)["severity"], _one(short)["short_mode"]) == ("medium", True)


def test_the_sentence_has_the_numbers(traffic: Traffic) -> None:
    """Calls, period, size and score stand in both sentences, sub-scores and series in the details."""
    _lookups(traffic)
    _beacon(traffic, jitter=0, app_proto=None)
    alert = _one(traffic)
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert all(part in text for part in ("60", EVIL, "1200", "203.0.113.66:443"))
    details = json.loads(alert["details"])
    assert details["period_s"] == 60
    assert sum(details["calls_per_bin"]) == 60
    assert sum(details["pauses"]) == 59
    assert details["score"] == pytest.approx(1.0, abs=0.05)
    assert alert["attack"] == ["T1095", "T1571"]


@pytest.mark.parametrize("proto", ["ntp", "dns", "modbus", "snmp", "stun"])
def test_protocols_made_to_repeat_themselves(traffic: Traffic, proto: str) -> None:
    """Time, names, polls and keep-alives are no beacons."""
    _beacon(traffic, app_proto=proto)
    assert traffic.run(DETECTOR) == []


def test_a_person_browsing(traffic: Traffic) -> None:
    """Bursts of requests with long pauses are not regular."""
    chance, moment = random.Random(3), 0.0
    for _ in range(120):
        size = chance.randrange(400, 90000)
        traffic.add(moment, ACTOR, EVIL, 443, app_proto="tls", server_name="www.news.example", src_bytes_ip=size)
        moment += chance.choice((0.1, 0.3, 1, 2, 5, 200, 900))
    assert traffic.run(DETECTOR) == []


def test_internal_polling_is_information(traffic: Traffic) -> None:
    """Inside the site regular calls of an unknown protocol are what control systems do all day."""
    _beacon(traffic, dst="10.0.0.99", app_proto=None)
    assert _one(traffic)["severity"] == "info"


def test_half_of_the_hosts_do_it(traffic: Traffic) -> None:
    """What half of thirty hosts call is software of the site, whatever its marks."""
    _lookups(traffic)
    _beacon(traffic, app_proto=None)
    for n in range(30):
        traffic.add(n, f"10.0.1.{n}", EVIL if n % 2 else "198.51.100.7", 443)
    assert _one(traffic)["severity"] == "info"


def test_roles(traffic: Traffic) -> None:
    """A monitoring host is left out; a destination with the role of an update server is information."""
    _lookups(traffic)
    _beacon(traffic, app_proto=None)
    traffic.role(EVIL, "update_server")
    assert _one(traffic)["severity"] == "info"
    traffic.role(ACTOR, "monitor")
    assert traffic.run(DETECTOR) == []


def test_a_server_that_never_answers_is_low(traffic: Traffic) -> None:
    """A client that retries a dead server is regular too."""
    _lookups(traffic)
    for n in range(40):
        traffic.unanswered(30.0 * n, ACTOR, EVIL, 4444, src_bytes_ip=60)
    assert traffic.run(DETECTOR) == [] or _one(traffic)["severity"] in {"info", "low"}


def test_a_swarm_has_no_names(traffic: Traffic) -> None:
    """A host with dozens of nameless peers swarms: that no name led to one of them is no mark."""
    _lookups(traffic)
    _beacon(traffic, app_proto=None, ip_proto=17)
    for n in range(40):
        traffic.udp(n, ACTOR, f"192.0.2.{n + 1}", 6881, answered=True)
    assert _one(traffic)["severity"] == "info"


def test_one_name_on_many_addresses(traffic: Traffic) -> None:
    """A host name behind a content network is one destination."""
    for n in range(40):
        row = {"app_proto": "tls", "server_name": "cdn.evil.example", "src_bytes_ip": 900}
        traffic.add(60.0 * n, ACTOR, f"203.0.113.{n % 5 + 1}", 443, **row)
    assert _one(traffic)["target_count"] == 5


def test_first_seen_lately_by_one_host_only(traffic: Traffic) -> None:
    """With a memory of months, a named server that is new and rare is worth a look."""
    _beacon(traffic, server_name="cdn.evil.example", calls=300, period=280)
    for n in range(60):
        traffic.add(n, f"10.0.1.{n}", "198.51.100.7", 443)
    at_least = {"src_ip": None, "dst_ip": None, "ip_proto": 6, "dst_port": 443, "days": 1}
    traffic.remember("edge", first_ts=at(-90 * 86400), last_ts=at(-3600), **at_least)
    assert _one(traffic)["severity"] == "medium"
    assert {"new", "rare"} <= set(_one(traffic)["context"])


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing."""
    _lookups(traffic)
    _beacon(traffic, app_proto=None)
    uids = _beacon(traffic, dst="203.0.113.80", server_name="b.example", period=40)
    _handshakes(traffic, uids, server_name="b.example", is_self_signed=True, cert_issuer="CN=x")
    once = traffic.run(DETECTOR)
    assert len(once) == 2
    assert once == traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR)
    assert once == traffic.twice().run(DETECTOR) == traffic.run(DETECTOR, buckets=3)


def test_nothing_and_unknown_columns(traffic: Traffic) -> None:
    """No rows, and rows that know next to nothing, give nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(20):
        traffic.add(60.0 * n, ACTOR, EVIL, 443, dst_port=None, app_proto=None, src_bytes_ip=None, dst_home=None)
    assert [alert["severity"] for alert in traffic.run(DETECTOR)] in ([], ["medium"])
    assert at(0) == T0
