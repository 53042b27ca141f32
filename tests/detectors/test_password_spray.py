"""password_spray: few guesses on many accounts are found; people and gateways are not accused."""

from __future__ import annotations

import pytest

from detectors.catalogue.password_spray import DETECTOR
from tests.detectors.conftest import Traffic

CLIENT, SERVER = "10.0.0.66", "10.1.0.1"


def _spray(traffic: Traffic, accounts: int, *, each: int = 1, client: str = CLIENT, step: float = 1500) -> None:
    for n in range(accounts):
        for k in range(each):
            traffic.login(n * step + k, client, SERVER, ok=False, user=f"u{n:02}", service="smb", port=445)


@pytest.mark.parametrize(("accounts", "each", "alerts"), [(9, 1, 0), (10, 1, 1), (10, 4, 1), (10, 5, 0)])
def test_threshold(traffic: Traffic, accounts: int, each: int, alerts: int) -> None:
    """Ten accounts with up to four failures each in six hours alert."""
    _spray(traffic, accounts, each=each)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found and each == 1:
        assert "failed 10 SMB logins as 10 different accounts (u00, u01, u02, u03 …)" in found[0]["evidence_en"]
        assert "以 10 个不同账号" in found[0]["evidence_zh"]
        assert (found[0]["severity"], found[0]["succeeded"]) == ("medium", False)


def test_success(traffic: Traffic) -> None:
    """An account that gets in makes the spray an intrusion."""
    _spray(traffic, 20, step=60)
    traffic.login(1300, CLIENT, SERVER, ok=True, user="u07", service="smb", port=445)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"], alert["attack"]) == ("high", True, ["T1110.003", "T1078"])
    assert "u07 got in" in alert["evidence_en"]


def test_terminal_server(traffic: Traffic) -> None:
    """A gateway through which a hundred people log in and fifteen mistype is no sprayer."""
    for n in range(100):
        traffic.login(n * 60, CLIENT, SERVER, ok=True, user=f"p{n}", service="smb", port=445)
    _spray(traffic, 15, step=300)
    assert traffic.run(DETECTOR) == []


def test_one_person(traffic: Traffic) -> None:
    """Forty failures of one account are no spray."""
    for n in range(40):
        traffic.login(n * 60, CLIENT, SERVER, ok=False, user="ann")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same logins give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    _spray(traffic, 12)
    _spray(traffic, 14, client="10.0.0.67")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
