"""tls_anomaly: tools' certificates and rare odd servers outside are findings, servers inside are a list."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from detectors.catalogue.tls_anomaly import DETECTOR
from tests.detectors.conftest import T0, Traffic, at

EVIL = "203.0.113.9"


def _hello(
    traffic: Traffic, client: str = "10.0.0.66", server: str = EVIL, second: float = 0, **columns: object
) -> None:
    told: dict[str, object] = {
        "receiver_port": 443,
        "version": "TLS 1.2",
        "cipher": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "server_name": "www.example.com",
        "cert_subject": "CN=www.example.com,O=Example",
        "cert_issuer": "CN=Public CA,O=Authority",
        "cert_not_before": T0 - timedelta(days=30),
        "cert_not_after": T0 + timedelta(days=60),
        "cert_key_alg": "RSA",
        "cert_key_bits": 2048,
        "is_self_signed": False,
        "cert_san": "www.example.com,example.com",
        "cert_san_count": 2,
        "cert_sha256": "ab" * 32,
    }
    traffic.record("tls", second, client, server, **(told | columns))


def _population(traffic: Traffic, hosts: int = 40) -> None:
    for n in range(hosts):
        traffic.add(n, f"10.0.1.{n + 1}", "198.51.100.1", 443)


def test_a_sound_server_is_nothing(traffic: Traffic) -> None:
    """A valid certificate with the right name and a modern suite raises nothing."""
    _hello(traffic)
    assert traffic.run(DETECTOR) == []


def test_default_certificates_of_tools(traffic: Traffic) -> None:
    """Certificates that implants and frameworks make by default are findings even in a small capture."""
    names: dict[str, Any] = {
        "cert_subject": "CN=AsyncRAT Server",
        "cert_issuer": "CN=AsyncRAT Server",
        "is_self_signed": True,
    }
    _hello(traffic, **names, server_name=None, cert_san=None, cert_san_count=None)
    _hello(
        traffic,
        server="203.0.113.10",
        cert_subject="CN=Major Cobalt Strike,OU=AdvancedPenTesting",
        cert_sha256="cd" * 32,
    )
    found = {row["severity"]: row for row in traffic.run(DETECTOR)}
    assert set(found) == {"high", "medium"}
    assert "AsyncRAT" in found["high"]["evidence_en"]
    assert "AsyncRAT 的默认证书" in found["high"]["evidence_zh"]
    assert found["high"]["indicators"] == [f"cert:{'ab' * 32}"]


@pytest.mark.parametrize(
    ("columns", "defect"),
    [
        ({"version": "TLS 1.0"}, "old_version"),
        ({"cipher": "TLS_RSA_WITH_RC4_128_SHA"}, "weak_cipher"),
        ({"cipher": "TLS_RSA_WITH_3DES_EDE_CBC_SHA"}, "weak_cipher"),
        ({"cipher": "TLS_RSA_WITH_NULL_SHA"}, "weak_cipher"),
        ({"cipher": "TLS_RSA_EXPORT_WITH_RC4_40_MD5"}, "weak_cipher"),
        ({"cert_key_bits": 1024}, "weak_key"),
        ({"cert_key_alg": "EC", "cert_key_bits": 192}, "weak_key"),
        ({"cert_not_after": T0 - timedelta(days=1)}, "expired"),
        ({"cert_not_before": T0 + timedelta(days=3)}, "not_yet_valid"),
        ({"cert_not_after": T0 + timedelta(days=3650)}, "long_validity"),
        ({"cert_not_after": T0 - timedelta(days=29)}, "short_validity"),
        ({"server_name": "bank.example.org"}, "name_differs"),
        ({"is_self_signed": True}, "self_signed"),
    ],
)
def test_each_defect(traffic: Traffic, columns: dict[str, Any], defect: str) -> None:
    """Every defect is told, and alone it is informational."""
    _hello(traffic, **columns)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "info"
    assert f'"{defect}"' in alert["details"]


def test_validity_is_judged_against_the_time_of_the_handshake(traffic: Traffic) -> None:
    """A certificate that expired since, but was valid when it was used, is sound."""
    _hello(traffic, cert_not_before=at(-86400 * 100), cert_not_after=at(3600))
    assert traffic.run(DETECTOR) == []


def test_rare_self_signed_server_outside(traffic: Traffic) -> None:
    """One host of forty that speaks to a self-signed server valid for ten years without a name: medium."""
    _population(traffic)
    odd: dict[str, Any] = {"is_self_signed": True, "server_name": None, "cert_not_after": T0 + timedelta(days=3650)}
    _hello(traffic, **odd, cert_subject="CN=localhost", cert_issuer="CN=localhost")
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "medium"
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert "41" not in text
        assert "203.0.113.9:443" in text
        assert "CN=localhost" in text
    assert "signed by itself" in alert["evidence_en"]


def test_appliance_inside_is_a_list_entry(traffic: Traffic) -> None:
    """A printer with a self-signed certificate of twenty years is informational however rare."""
    _population(traffic)
    _hello(traffic, server="10.0.9.9", is_self_signed=True, cert_not_after=T0 + timedelta(days=7300), server_name=None)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "info"
    assert "inside the site" in alert["evidence_en"]


def test_common_self_signed_server_outside(traffic: Traffic) -> None:
    """What many hosts use is no finding."""
    for n in range(30):
        traffic.add(n, f"10.0.1.{n + 1}", EVIL, 443)
        _hello(traffic, f"10.0.1.{n + 1}", is_self_signed=True, server_name=None)
    assert {row["severity"] for row in traffic.run(DETECTOR)} == {"info"}


def test_one_alert_a_day(traffic: Traffic) -> None:
    """A server and certificate are told once a day (Zeek: suppress_for 1 day)."""
    for n in range(48):
        _hello(traffic, second=n * 1800, is_self_signed=True)
    assert len(traffic.run(DETECTOR)) == 2


def test_national_transport_and_hidden_certificates(traffic: Traffic) -> None:
    """TLCP is not judged by rules of TLS, and TLS 1.3 without a visible certificate raises nothing."""
    _hello(traffic, is_tlcp=True, version="TLCP", is_self_signed=True)
    bare: dict[str, Any] = dict.fromkeys(
        ("cert_subject", "cert_issuer", "cert_not_before", "cert_not_after", "cert_sha256", "cert_san")
    )
    _hello(traffic, server="203.0.113.77", version="TLS 1.3", is_self_signed=None, cert_key_bits=None, **bare)
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same handshakes give the same alerts in any order, twice, or cut into buckets."""
    for n in range(5):
        _hello(traffic, server=f"203.0.113.{n + 1}", second=n, is_self_signed=True)
        _hello(traffic, "10.0.0.67", server=f"203.0.113.{n + 1}", second=n + 9, version="TLS 1.0")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 5
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    assert traffic.twice().run(DETECTOR) == expected
