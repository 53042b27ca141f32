"""anonymiser: ways out are noted for everybody and are findings where there is no honest use."""

from __future__ import annotations

import pytest

from detectors.catalogue.anonymiser import DETECTOR
from tests.detectors.conftest import Traffic

OUT = "203.0.113.9"


def _severities(traffic: Traffic) -> list[str]:
    return [str(row["severity"]) for row in traffic.run(DETECTOR)]


@pytest.mark.parametrize(
    ("columns", "port", "product"),
    [
        ({"app_proto": "openvpn"}, 1194, "OpenVPN"),
        ({"app_proto": "wireguard", "ip_proto": 17}, 51820, "WireGuard"),
        ({"app_proto": "socks"}, 1080, "SOCKS"),
        ({"app_proto": "tls", "server_name": "relay-1.net.anydesk.com"}, 443, "AnyDesk"),
        ({"app_proto": "tls", "server_name": "tunnel.us.ngrok.com"}, 443, "ngrok"),
        ({"app_proto": "tls", "server_name": "dns.google"}, 443, "Google Public DNS"),
        ({"app_proto": "tls"}, 853, "DNS over TLS"),
        ({"app_proto": None, "ip_proto": 47}, 0, "GRE"),
    ],
)
def test_products_are_noted(traffic: Traffic, columns: dict[str, object], port: int, product: str) -> None:
    """Each product is told by protocol, name or port, and is a matter of policy by itself."""
    traffic.add(0, "10.0.0.66", OUT, port, **columns)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "info"
    assert product in alert["evidence_en"]
    assert product in alert["evidence_zh"]


def test_sentence_has_the_numbers(traffic: Traffic) -> None:
    """The evidence counts conversations, hosts and bytes."""
    for n in range(4):
        traffic.add(n * 60, "10.0.0.66", f"203.0.113.{n + 1}", 443, app_proto="tls", server_name="relay.anydesk.com")
    (alert,) = traffic.run(DETECTOR)
    assert "in 4 conversation(s) with 4 host(s)" in alert["evidence_en"]
    assert "1.2 kB out" in alert["evidence_en"]
    assert "4 次会话" in alert["evidence_zh"]


def test_from_a_zone_of_controllers(traffic: Traffic) -> None:
    """Remote access out of a control zone is medium once tried and high once used."""
    told = {"app_proto": "tls", "server_name": "router.teamviewer.com", "src_zone": "ot-control"}
    traffic.add(0, "10.0.0.66", OUT, 443, **told)
    traffic.add(0, "10.0.0.67", OUT, 443, **told, dst_bytes_payload=50_000)
    found = traffic.run(DETECTOR)
    assert sorted(row["severity"] for row in found) == ["high", "medium"]
    assert all("T0822" in row["attack"] for row in found)


def test_from_a_server(traffic: Traffic) -> None:
    """A domain controller has no business with a tunnel service."""
    traffic.add(0, "10.0.0.66", OUT, 443, app_proto="tls", server_name="connect.ngrok-agent.com")
    traffic.role("10.0.0.66", "domain_controller")
    assert _severities(traffic) == ["medium"]


def test_shape_of_tor(traffic: Traffic) -> None:
    """A certificate of invented names as Tor makes it is medium; one that merely looks alike is nothing."""
    traffic.add(0, "10.0.0.66", OUT, 9001, app_proto="tls", server_name="www.axslhtfqq.com")
    names = {"cert_subject": "CN=www.hkkch64skp7am.net", "cert_issuer": "CN=www.rtp4ztl2x.com"}
    traffic.record("tls", 0, "10.0.0.66", OUT, receiver_port=9001, **names)
    traffic.add(0, "10.0.0.67", "203.0.113.8", 443, app_proto="tls", server_name="www.example.com")
    names = {"cert_subject": "CN=www.example.net,O=Example", "cert_issuer": "CN=Public CA"}
    traffic.record("tls", 0, "10.0.0.67", "203.0.113.8", receiver_port=443, **names)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["attack"]) == ("medium", ["T1090.003", "T1572"])


def test_connect_through_a_proxy_outside(traffic: Traffic) -> None:
    """CONNECT that a server outside granted is a proxy; one that it refused is not."""
    for n, status in enumerate((200, 405)):
        traffic.add(n, "10.0.0.66", f"203.0.113.{n + 1}", 8080, app_proto="http")
        told = {"method": "CONNECT", "status_code": status}
        traffic.record("http", n, "10.0.0.66", f"203.0.113.{n + 1}", receiver_port=8080, **told)
    (alert,) = traffic.run(DETECTOR)
    assert "203.0.113.1" in alert["evidence_en"]


def test_inside_the_site_is_nothing(traffic: Traffic) -> None:
    """A private network between own hosts, and questions to the own resolver over TLS, leave nothing."""
    traffic.add(0, "10.0.0.66", "10.0.0.1", 1194, app_proto="openvpn")
    traffic.add(0, "10.0.0.66", "10.0.0.53", 853, app_proto="tls")
    assert traffic.run(DETECTOR) == []


def test_ports_of_other_protocols_are_nothing(traffic: Traffic) -> None:
    """A port alone says nothing where another protocol was recognised or nobody answered."""
    traffic.add(0, "10.0.0.66", OUT, 7070, app_proto="rtsp")
    traffic.unanswered(1, "10.0.0.66", OUT, 5938)
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same conversations give the same alerts in any order, twice, or cut into buckets."""
    for n in range(6):
        traffic.add(n, f"10.0.0.{n + 1}", OUT, 1194, app_proto="openvpn")
        traffic.add(n, f"10.0.0.{n + 1}", f"203.0.113.{n + 1}", 443, app_proto="tls", server_name="a.anydesk.com")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 12
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    assert traffic.twice().run(DETECTOR) == expected
