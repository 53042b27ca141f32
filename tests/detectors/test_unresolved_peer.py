"""unresolved_peer: an address that no look-up led to, judged only where look-ups are seen."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.catalogue.unresolved_peer import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, FAR = "10.0.0.7", "203.0.113.66"
BIG = {"src_bytes_payload": 900, "dst_bytes_payload": 5000}


def _looks_up(traffic: Traffic, names: int = 8, client: str = ACTOR, answers: tuple[str, ...] = ()) -> None:
    traffic.udp(0, client, "10.0.0.53", 53, answered=True, app_proto="dns")
    for n in range(names):
        given = list(answers) if answers and n == names - 1 else [f"192.0.2.{n}"]
        row = {"service": "dns", "qtype": 1, "query": f"h{n}.example.org", "answers": given}
        traffic.record("dns", n, client, "10.0.0.53", **row)


def _one(traffic: Traffic) -> dict[str, Any]:
    (alert,) = traffic.run(DETECTOR)
    return alert


def test_an_unknown_protocol_to_it_is_medium(traffic: Traffic) -> None:
    """No name led there and nobody knows what is spoken: two things that agree."""
    _looks_up(traffic)
    traffic.add(4000, ACTOR, FAR, 4444, **BIG)
    alert = _one(traffic)
    assert alert["severity"] == "medium"
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert all(part in text for part in (FAR, "5900", "4444", "24"))


def test_alone_it_is_information(traffic: Traffic) -> None:
    """TLS to an address without a name and without anything else odd."""
    _looks_up(traffic)
    uid = traffic.add(4000, ACTOR, FAR, 443, app_proto="tls", **BIG)
    traffic.record("tls", 4000, ACTOR, FAR, flow_uid=uid, cert_issuer="CN=Public CA", is_self_signed=False)
    assert _one(traffic)["severity"] == "info"


@pytest.mark.parametrize("case", ["looked up", "grace", "blind", "small", "named", "inside", "stun", "shared", "swarm"])
def test_what_is_no_finding(traffic: Traffic, case: str) -> None:
    """Looked up, too early, no look-ups seen, too small, named, inside, by design, used by many, one of a swarm."""
    _looks_up(traffic, 2 if case == "blind" else 8, answers=(FAR,) if case == "looked up" else ())
    row: dict[str, object] = dict(BIG)
    row |= {"dst_bytes_payload": 10} if case == "small" else {}
    row |= {"server_name": "x.example"} if case == "named" else {}
    row |= {"app_proto": "stun"} if case == "stun" else {}
    traffic.add(600 if case == "grace" else 4000, ACTOR, "10.0.0.9" if case == "inside" else FAR, 4444, **row)
    traffic.add(5000, "10.0.0.9", "198.51.100.7", 443, server_name="y.example")
    for n in range(40):
        if case == "shared":
            traffic.add(n, f"10.0.1.{n}", FAR, 443)
        if case == "swarm":
            traffic.udp(n, ACTOR, f"192.0.3.{n}", 6881, answered=True)
    assert traffic.run(DETECTOR) == []


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for client in ("10.0.0.7", "10.0.0.8", "10.0.0.9"):
        _looks_up(traffic, client=client)
        traffic.add(4000, client, FAR, 4444, **BIG)
    once = traffic.run(DETECTOR)
    assert len(once) == 3
    assert once == traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR)
    assert once == traffic.twice().run(DETECTOR) == traffic.run(DETECTOR, buckets=3)
