"""protocol_mismatch: a protocol on the wrong port is information, together with a mark of the destination an alert."""

from __future__ import annotations

from typing import Any

import pytest

from detectors.addresses import ip_bytes
from detectors.catalogue.protocol_mismatch import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, FAR = "10.0.0.7", "203.0.113.66"


def _call(
    traffic: Traffic, port: int, proto: str, *, basis: str = "parsed", dst: str = FAR, **columns: object
) -> bytes:
    row = {"app_proto": proto, "src_data_pkts": 4, "dst_data_pkts": 4}
    uid = traffic.add(len(traffic.conversations), ACTOR, dst, port, **(row | columns))
    traffic.record("flow", 0, ACTOR, dst, flow_uid=uid, src_ip=ip_bytes(ACTOR), app_basis=basis)
    return uid


def _one(traffic: Traffic) -> dict[str, Any]:
    (alert,) = traffic.run(DETECTOR)
    return alert


def test_tls_without_a_name_on_an_odd_port(traffic: Traffic) -> None:
    """A remote access tool: TLS on 7084, no name sent, a certificate signed by itself."""
    uid = _call(traffic, 7084, "tls")
    traffic.record("tls", 0, ACTOR, FAR, flow_uid=uid, is_self_signed=True, cert_issuer="CN=Server")
    alert = _one(traffic)
    assert alert["severity"] == "medium"
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert all(part in text for part in (FAR, "7084", "TLS", "Server"))
    assert "no name led to" in alert["evidence_en"]


@pytest.mark.parametrize("case", ["named", "inside", "common"])
def test_odd_ports_by_design(traffic: Traffic, case: str) -> None:
    """A named server with a proper certificate, a neighbour, and what the whole site uses are information."""
    dst = "10.0.0.99" if case == "inside" else FAR
    name = "panel.vendor.example" if case == "named" else None
    uid = _call(traffic, 7084, "tls", dst=dst, server_name=name)
    traffic.record("tls", 0, ACTOR, dst, flow_uid=uid, server_name=name, cert_issuer="CN=Public CA")
    if case == "common":
        for n in range(40):
            traffic.add(n, f"10.0.1.{n}", FAR, 443)
    assert _one(traffic)["severity"] == "info"


@pytest.mark.parametrize(("port", "proto"), [(443, "tls"), (8443, "tls"), (8080, "http"), (22, "ssh"), (587, "smtp")])
def test_usual_ports(traffic: Traffic, port: int, proto: str) -> None:
    """A protocol on a port of its own says nothing."""
    _call(traffic, port, proto)
    assert traffic.run(DETECTOR) == []


def test_a_shell_on_the_web_port_is_low(traffic: Traffic) -> None:
    """SSH on 443 to the outside wants to get through."""
    _call(traffic, 443, "ssh")
    assert _one(traffic)["severity"] == "low"


def test_content_that_is_not_the_ports(traffic: Traffic) -> None:
    """Both sides talk on 443, and it is not TLS; where names are looked up, no name led there."""
    for n in range(8):
        row = {"service": "dns", "qtype": 1, "query": f"h{n}.example.org", "answers": [f"192.0.2.{n}"]}
        traffic.record("dns", n, ACTOR, "10.0.0.53", **row)
    _call(traffic, 443, "tls", basis="port_guess")
    alert = _one(traffic)
    assert alert["severity"] == "medium"
    assert "is not TLS" in alert["evidence_en"]


@pytest.mark.parametrize("columns", [{"src_gap_bytes": 900}, {"src_flags_first": 16}, {"dst_bytes_payload": 0}])
def test_what_was_not_seen_whole_is_not_judged(traffic: Traffic, columns: dict[str, Any]) -> None:
    """Lost bytes, a flow caught midstream, and a silent side say nothing of the content."""
    _call(traffic, 443, "tls", basis="port_guess", **columns)
    assert traffic.run(DETECTOR) == []


def test_results_do_not_depend_on_order_duplicates_or_buckets(traffic: Traffic) -> None:
    """Permutation, duplicates, buckets and repetition change nothing; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(6):
        uid = _call(traffic, 7084, "tls", dst=f"203.0.113.{n % 3 + 1}")
        traffic.record("tls", n, ACTOR, FAR, flow_uid=uid, is_self_signed=True, cert_issuer="CN=Server")
    once = traffic.run(DETECTOR)
    assert len(once) == 3
    assert once == traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR)
    assert once == traffic.twice().run(DETECTOR) == traffic.run(DETECTOR, buckets=3)
