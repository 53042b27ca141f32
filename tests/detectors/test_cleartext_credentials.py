"""cleartext_credentials: readable passwords are listed once a day, graver where they cross a border or open much."""

from __future__ import annotations

import pytest

from detectors.catalogue.cleartext_credentials import DETECTOR
from tests.detectors.conftest import Traffic

CLIENT, SERVER, OUTSIDE = "10.0.0.66", "10.1.0.1", "203.0.113.9"


def _login(
    traffic: Traffic,
    second: float,
    *,
    server: str = SERVER,
    user: str | None = "ann",
    ok: bool = True,
    login_method: str | None = "password",
) -> None:
    traffic.add(second, CLIENT, server, 21, app_proto="ftp")
    traffic.login(second, CLIENT, server, ok=ok, user=user, login_method=login_method)


def test_once_per_user_server_protocol_and_day(traffic: Traffic) -> None:
    """Ten logins a day on two days are two informational alerts with their number."""
    for n in range(20):
        _login(traffic, n // 10 * 86400 + n)
    found = traffic.run(DETECTOR)
    assert [row["severity"] for row in found] == ["info", "info"]
    assert (
        "10.0.0.66 logged in to FTP of 10.1.0.1:21 as ann with a readable secret (password) 10 times on"
        in (found[0]["evidence_en"])
    )
    assert "以账号 ann 用可读的凭据（password）登录 10.1.0.1:21 的 FTP 共 10 次" in found[0]["evidence_zh"]


@pytest.mark.parametrize(
    ("row", "severity"),
    [
        ({}, "info"),
        ({"user": "root"}, "low"),
        ({"server": OUTSIDE}, "low"),
        ({"server": OUTSIDE, "user": "admin"}, "medium"),
        ({"server": OUTSIDE, "user": "admin", "ok": False}, "info"),
    ],
)
def test_severity(traffic: Traffic, row: dict[str, object], severity: str) -> None:
    """Across the border or of an administrator is low, both medium; a refused password opened nothing."""
    _login(traffic, 0, **row)  # type: ignore[arg-type]
    assert [alert["severity"] for alert in traffic.run(DETECTOR)] == [severity]


def test_controller(traffic: Traffic) -> None:
    """A readable password of a station that speaks an industrial protocol is low and says so."""
    traffic.add(0, "10.0.0.7", SERVER, 502)
    _login(traffic, 1)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["attack"]) == ("low", ["T1040", "T1552", "T0859"])
    assert "the server is a controller" in alert["evidence_en"]


@pytest.mark.parametrize("method", ["ntlm", "digest", "cram-md5", "kerberos", "tls", "usm", None])
def test_what_cannot_be_read(traffic: Traffic, method: str | None) -> None:
    """Proofs without the secret, and public accounts, are no finding."""
    _login(traffic, 0, login_method=method)
    _login(traffic, 1, user="anonymous")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same logins give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    for n in range(30):
        _login(traffic, n, server=f"10.1.0.{n % 3 + 1}", user=f"u{n % 4}")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 12
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected


def test_many_users_of_one_server(traffic: Traffic) -> None:
    """Twenty users of a mail server are enough to see that it takes readable passwords."""
    for n in range(60):
        _login(traffic, n, user=f"u{n}")
    assert len(traffic.run(DETECTOR)) == 20
