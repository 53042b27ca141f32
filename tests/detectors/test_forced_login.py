"""forced_login: the call that coerces, the login that follows, and the login that only a hidden call explains."""

from __future__ import annotations

from invariance import steady

from detectors.catalogue.forced_login import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, SERVER = "10.1.0.5", "10.1.0.1"


def _coerce(traffic: Traffic) -> None:
    traffic.record(
        "dce_rpc", 5, ACTOR, SERVER, receiver_port=445, interface="efsrpc", operation="EfsRpcOpenFileRaw", outcome="ok"
    )


def _session(traffic: Traffic, second: float = 4) -> None:
    traffic.record("smb", second, ACTOR, SERVER, receiver_port=445, command="session_setup")


def _back(traffic: Traffic, second: float, user: str | None = "SRV$", outcome: str = "negative") -> None:
    traffic.record("ntlm", second, SERVER, ACTOR, receiver_port=445, service="smb", user=user, outcome=outcome)


def test_call_alone_is_medium(traffic: Traffic) -> None:
    """The call is there to coerce, whether it works or not."""
    _coerce(traffic)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert (alert["severity"], alert["succeeded"]) == ("medium", False)
    assert "called efsrpc EfsRpcOpenFileRaw on 10.1.0.1" in alert["evidence_en"]


def test_call_with_login_is_high(traffic: Traffic) -> None:
    """The server did what it was made to."""
    _session(traffic)
    _coerce(traffic)
    _back(traffic, 6)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert (alert["severity"], alert["succeeded"]) == ("high", True)
    assert "1 login(s) of 10.1.0.1 at 10.1.0.5 followed" in alert["evidence_en"]
    assert "60 秒内 10.1.0.1 向 10.1.0.5 登录 1 次" in alert["evidence_zh"]


def test_hidden_call_shows_in_the_logins(traffic: Traffic) -> None:
    """Encryption hides the call, not that the server then knocks again and again."""
    _session(traffic)
    for n in range(6):
        _back(traffic, 5 + n / 10)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert alert["severity"] == "medium"
    assert "tried to log in to 10.1.0.5 6 times" in alert["evidence_en"]


def test_servers_that_work_together(traffic: Traffic) -> None:
    """A server whose logins are accepted, or that came first, or that a person uses, is at work."""
    _session(traffic)
    for n in range(9):
        _back(traffic, 5 + n, outcome="ok")
    assert traffic.run(DETECTOR) == []


def test_logins_that_came_first(traffic: Traffic) -> None:
    """A server that failed to log in before it was ever called is misconfigured."""
    _back(traffic, 1)
    _session(traffic)
    for n in range(9):
        _back(traffic, 5 + n)
    assert traffic.run(DETECTOR) == []


def test_people_who_mistype(traffic: Traffic) -> None:
    """Two people at each other's shares, one with a forgotten password."""
    _session(traffic)
    for n in range(9):
        _back(traffic, 5 + n, user="ann")
    assert traffic.run(DETECTOR) == []
