"""netlogon_abuse: storms of authentications are found and a password set after them told; ordinary channels are not."""

from __future__ import annotations

import pytest

from detectors.catalogue.netlogon_abuse import DETECTOR
from tests.detectors.conftest import Traffic

CLIENT, SERVER = "10.0.0.66", "10.1.0.1"


def _call(traffic: Traffic, second: float, operation: str, client: str = CLIENT) -> None:
    traffic.record("dce_rpc", second, client, SERVER, interface="netlogon", operation=operation, opnum=26)


def _storm(traffic: Traffic, tries: int, client: str = CLIENT) -> None:
    for n in range(tries):
        _call(traffic, n * 0.3, "NetrServerReqChallenge", client)
        _call(traffic, n * 0.3 + 0.1, "NetrServerAuthenticate3", client)


@pytest.mark.parametrize(("tries", "alerts"), [(9, 0), (10, 1)])
def test_threshold(traffic: Traffic, tries: int, alerts: int) -> None:
    """Ten authentications alert, nine do not; the sentence has the numbers."""
    _storm(traffic, tries)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert (found[0]["severity"], found[0]["succeeded"]) == ("high", False)
        assert "sent 10 NetrServerAuthenticate calls to 10.1.0.1" in found[0]["evidence_en"]
        assert "发送 10 次 NetrServerAuthenticate" in found[0]["evidence_zh"]


def test_password_set_is_critical(traffic: Traffic) -> None:
    """A password set after the storm is an intrusion."""
    _storm(traffic, 30)
    _call(traffic, 12, "NetrServerPasswordSet2")
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"], alert["attack"]) == ("critical", True, ["T1210", "T1078"])
    assert "NetrServerPasswordSet2 at 2026-03-02 08:00:12 UTC" in alert["evidence_en"]


def test_ordinary_channels(traffic: Traffic) -> None:
    """Two hundred computers that set up a channel each, one that does so hourly and changes its password, are quiet."""
    for n in range(200):
        _storm(traffic, 2, f"10.2.0.{n + 1}")
    for n in range(48):
        _call(traffic, n * 3600, "NetrServerAuthenticate3", "10.3.0.1")
    _call(traffic, 7000, "NetrServerPasswordSet2", "10.3.0.1")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same calls give the same alert in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    _storm(traffic, 12)
    _storm(traffic, 15, "10.0.0.67")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
