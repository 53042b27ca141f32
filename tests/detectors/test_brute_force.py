"""brute_force: guessing is found by replies and by shape, success is told, jobs and people are not accused."""

from __future__ import annotations

import pytest

from detectors.addresses import ip_text
from detectors.catalogue.brute_force import DETECTOR
from tests.detectors.conftest import Traffic

CLIENT, SERVER = "10.0.0.66", "10.1.0.1"


def _ssh(
    traffic: Traffic,
    second: float,
    *,
    src: int = 1744,
    dst: int = 1839,
    port: int = 22,
    seconds: float = 3.5,
    server: str = SERVER,
    app: str | None = "ssh",
) -> None:
    traffic.add(
        second, CLIENT, server, port, app_proto=app, duration_s=seconds, src_bytes_payload=src, dst_bytes_payload=dst
    )


@pytest.mark.parametrize(("tries", "alerts"), [(8, 0), (9, 1)])
def test_ftp_threshold(traffic: Traffic, tries: int, alerts: int) -> None:
    """Nine refused passwords alert, eight do not."""
    for n in range(tries):
        traffic.login(n * 3.1 + n * n * 0.1, CLIENT, SERVER, ok=False)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert "9 failed FTP logins" in found[0]["evidence_en"]
        assert "Accounts tried (1): bro." in found[0]["evidence_en"]
        assert (found[0]["severity"], found[0]["succeeded"]) == ("medium", False)


@pytest.mark.parametrize(("proto", "name"), [(6, "tcp"), (17, "udp")])
def test_transport_is_that_of_the_attempts(traffic: Traffic, proto: int, name: str) -> None:
    """Kerberos is asked over UDP and TCP: the filter of the alert finds the packets."""
    for n in range(12):
        uid = traffic.add(n * 3.1 + n % 4, CLIENT, SERVER, 88, ip_proto=proto, app_proto="kerberos")
        traffic.login(n * 3.1 + n % 4, CLIENT, SERVER, ok=False, port=88, service="kerberos", flow_uid=uid)
    (alert,) = traffic.run(DETECTOR)
    assert alert["ip_proto"] == proto
    assert alert["display_filter"].endswith(f"{name}.port == 88")


def test_ftp_success_is_told(traffic: Traffic) -> None:
    """A login after the failures is critical and named with time and account."""
    for n in range(12):
        traffic.login(n * 2.0 + n % 3, CLIENT, SERVER, ok=False, user=f"u{n % 4}")
    traffic.login(40, CLIENT, SERVER, ok=True, user="u2")
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"]) == ("critical", True)
    assert alert["evidence_en"].endswith("Login succeeded at 2026-03-02 08:00:40 UTC as u2.")
    assert alert["evidence_zh"].endswith("2026-03-02 08:00:40 UTC 登录成功，账号 u2。")


def test_typing_errors_in_a_long_session(traffic: Traffic) -> None:
    """Eight mistakes over an hour and then the right password is a person."""
    for n in range(8):
        traffic.login(n * 400, CLIENT, SERVER, ok=False)
    traffic.login(3600, CLIENT, SERVER, ok=True)
    assert traffic.run(DETECTOR) == []


def test_forgotten_password_is_no_intrusion(traffic: Traffic) -> None:
    """An account that the source used before its failures does not count as broken into."""
    traffic.login(0, CLIENT, SERVER, ok=True, user="ann")
    for n in range(10):
        traffic.login(100 + n * 7 + n * n, CLIENT, SERVER, ok=False, user="ann")
    traffic.login(300, CLIENT, SERVER, ok=True, user="ann")
    (alert,) = traffic.run(DETECTOR)
    assert not alert["succeeded"]


def test_fixed_period_of_one_account_is_hygiene(traffic: Traffic) -> None:
    """A job that fails every minute is low and said to be one."""
    for n in range(30):
        traffic.login(n * 60, CLIENT, SERVER, ok=False)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "low"
    assert "expired password" in alert["evidence_en"]


@pytest.mark.parametrize(("tries", "alerts"), [(8, 0), (9, 1)])
@pytest.mark.parametrize(("port", "app"), [(22, None), (902, "ssh"), (3389, None), (3390, "rdp")])
def test_shape_threshold(traffic: Traffic, port: int, app: str | None, tries: int, alerts: int) -> None:
    """Nine short sessions of one size alert, on the usual port or wherever the protocol is recognised."""
    for n in range(tries):
        _ssh(traffic, n * 4 + n % 3, port=port, app=app)
    found = traffic.run(DETECTOR)
    assert [row["target_port"] for row in found] == [port] * alerts


def test_shape_success(traffic: Traffic) -> None:
    """A session far larger than the failures, after them, is a success."""
    for n in range(20):
        _ssh(traffic, n * 10 + n % 4, seconds=9)
    _ssh(traffic, 220, src=3989, dst=474599, seconds=40)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"], alert["attack"]) == (
        "high",
        True,
        ["T1110.001", "T1078", "T1021.004"],
    )


def test_ordinary_sessions_have_no_common_shape(traffic: Traffic) -> None:
    """A person's sessions differ in length and size."""
    for n in range(40):
        _ssh(traffic, n * 30, src=2500 + n * 900, dst=3000 + n * n * 700, seconds=30 + n)
    assert traffic.run(DETECTOR) == []


def test_many_small_sessions_of_any_size(traffic: Traffic) -> None:
    """Sixty small sessions between one and five kilobytes are work, not one attempt repeated."""
    for n in range(60):
        _ssh(traffic, n * 25, src=500 + n * 33, dst=600 + n * 31)
    assert traffic.run(DETECTOR) == []


def test_refused_connections_are_no_logins(traffic: Traffic) -> None:
    """Sessions that end after the banner did not try a password."""
    for n in range(40):
        _ssh(traffic, n, src=24, dst=22, seconds=0.01)
    assert traffic.run(DETECTOR) == []


@pytest.mark.parametrize(("hosts", "alerts"), [(7, 0), (8, 1)])
def test_guesses_spread_over_hosts(traffic: Traffic, hosts: int, alerts: int) -> None:
    """Four guesses on each of eight hosts make thirty-two from one source."""
    for n in range(hosts * 4):
        _ssh(traffic, n * 5, server=f"10.1.0.{n % hosts + 1}")
    found = traffic.run(DETECTOR)
    assert [row["target_count"] for row in found] == [hosts] * alerts


@pytest.mark.parametrize(("tries", "alerts"), [(19, 0), (20, 1)])
def test_ftp_guesses_spread_over_hosts(traffic: Traffic, tries: int, alerts: int) -> None:
    """Twenty refused FTP passwords of one source alert although no server saw nine."""
    for n in range(tries):
        traffic.login(n * 5, CLIENT, f"10.1.0.{n % 5 + 1}", ok=False)
    assert len(traffic.run(DETECTOR)) == alerts


def test_monitoring_role_is_exempt(traffic: Traffic) -> None:
    """Checks over SSH from the monitoring host raise nothing."""
    for n in range(40):
        _ssh(traffic, n * 30)
    traffic.role(CLIENT, "monitor")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same attempts give the same alerts in any order, twice, or cut into buckets."""
    for n in range(15):
        _ssh(traffic, n * 4 + n % 3)
        traffic.login(n * 3 + n % 2, "10.0.0.67", SERVER, ok=False, user=f"u{n}")
    expected = traffic.run(DETECTOR)
    assert sorted(ip_text(row["actor_ip"]) for row in expected) == [CLIENT, "10.0.0.67"]
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=6) == expected
    assert traffic.twice().run(DETECTOR) == expected


@pytest.mark.parametrize("service", ["http", "imap", "kerberos", "mysql", "pop3", "smb", "telnet"])
def test_any_service_with_logins_is_judged(traffic: Traffic, service: str) -> None:
    """Who guesses at a service that only the view knows is found, and named by it."""
    for n in range(12):
        traffic.login(n * 2.0 + n % 3, CLIENT, SERVER, ok=False, user="root", port=9999, service=service)
    traffic.login(60, CLIENT, SERVER, ok=True, user="root", port=9999, service=service)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["target_port"]) == ("critical", 9999)
    assert f"12 failed {service.upper()} logins" in alert["evidence_en"]


def test_sizes_count_attempts_but_prove_nothing(traffic: Traffic) -> None:
    """Three SSH connections of three refused passwords each are nine attempts; sizes make a success high at most."""
    for n in range(3):
        second = n * 5.0 + n * n
        traffic.login(second, CLIENT, SERVER, ok=False, port=22, user=None, service="ssh", basis="size", attempts=3)
    traffic.login(60, CLIENT, SERVER, ok=True, port=22, user=None, service="ssh", basis="size")
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"]) == ("high", True)
    assert "9 failed SSH logins" in alert["evidence_en"]
    assert "sizes of the server's answers" in alert["evidence_en"]
    assert "服务器应答的长度" in alert["evidence_zh"]


def test_told_sessions_are_not_judged_again_by_shape(traffic: Traffic) -> None:
    """Sessions whose logins were accepted are no failures, however much alike they are."""
    for n in range(40):
        _ssh(traffic, n * 30.0)
        uid = traffic.conversations[-1]["flow_uids"][0]
        traffic.login(n * 30.0, CLIENT, SERVER, ok=True, service="ssh", port=22, user=None, basis="size", flow_uid=uid)
    assert traffic.run(DETECTOR) == []
