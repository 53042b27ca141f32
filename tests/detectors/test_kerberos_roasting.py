"""kerberos_roasting: tickets collected to be cracked are found, a working day is not."""

from __future__ import annotations

import pytest

from detectors.catalogue.kerberos_roasting import DETECTOR
from tests.detectors.conftest import Traffic

CLIENT, KDC = "10.0.0.66", "10.1.0.1"
AES, RC4 = 18, 23


def _tgs(traffic: Traffic, second: float, service: str, etype: int = RC4, client: str = CLIENT) -> None:
    traffic.record(
        "kerberos", second, client, KDC, exchange="TGS", user="ann", service_name=service, is_success=True,
        ticket_etype=etype,
    )  # fmt: skip


def _login(traffic: Traffic, second: float, user: str, *, preauth: bool, offered: list[int], ticket: int = AES) -> None:
    traffic.record(
        "kerberos", second, CLIENT, KDC, exchange="AS", user=user, service_name="krbtgt/A", is_success=True,
        has_preauth=preauth, offered_etypes=offered, ticket_etype=ticket,
    )  # fmt: skip


@pytest.mark.parametrize(("services", "severity"), [(9, []), (10, ["medium"]), (20, ["high"])])
def test_kerberoasting(traffic: Traffic, services: int, severity: list[str]) -> None:
    """Ten RC4 tickets for different services in ten minutes alert, nine do not."""
    for n in range(services):
        _tgs(traffic, n * 5, f"MSSQLSvc/db{n}")
    found = traffic.run(DETECTOR)
    assert [row["severity"] for row in found] == severity
    if found:
        assert found[0]["attack"] == ["T1558.003"]
        assert f"RC4 tickets for {services} services (MSSQLSvc/db0," in found[0]["evidence_en"]
        assert f"取得 {services} 个服务的 RC4 票据" in found[0]["evidence_zh"]


def test_working_day(traffic: Traffic) -> None:
    """Fifty AES tickets, and RC4 tickets for one service asked for all day, are work."""
    for n in range(50):
        _tgs(traffic, n * 5, f"HTTP/web{n}", AES)
        _tgs(traffic, n * 60, "cifs/old")
        _login(traffic, n * 60, "ann", preauth=True, offered=[18, 17, 23])
    assert traffic.run(DETECTOR) == []


def test_roasting_of_accounts(traffic: Traffic) -> None:
    """Three accounts that answer without pre-authentication alert; one old device does not."""
    _login(traffic, 0, "scanner1", preauth=False, offered=[23], ticket=RC4)
    assert traffic.run(DETECTOR) == []
    for n in range(2):
        _login(traffic, n, f"svc{n}", preauth=False, offered=[23], ticket=RC4)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["attack"], alert["severity"]) == (["T1558.004"], "medium")


def test_login_by_hash(traffic: Traffic) -> None:
    """A proven login that offers RC4 alone where tickets are AES comes from a hash; in an RC4 domain it does not."""
    _login(traffic, 0, "old", preauth=True, offered=[23], ticket=RC4)
    assert traffic.run(DETECTOR) == []
    _login(traffic, 1, "ann", preauth=True, offered=[23])
    (alert,) = traffic.run(DETECTOR)
    assert (alert["attack"], alert["severity"]) == (["T1550.002"], "medium")
    assert "as ann, offering RC4 alone" in alert["evidence_en"]


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same requests give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(12):
        _tgs(traffic, n * 5, f"MSSQLSvc/db{n}")
        _tgs(traffic, n * 5, f"MSSQLSvc/db{n}", client="10.0.0.67")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
