"""rpc_discovery: many machines asked are a survey, many questions to one a console, few of both a logon."""

from __future__ import annotations

import pytest
from invariance import steady

from detectors.catalogue.rpc_discovery import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR = "10.1.0.5"
SAMR = (
    *("SamrEnumerateUsersInDomain", "SamrEnumerateGroupsInDomain", "SamrEnumerateAliasesInDomain"),
    *("SamrGetMembersInAlias", "SamrGetMembersInGroup", "SamrQueryDisplayInformation"),
    *("SamrQueryDisplayInformation2", "SamrQueryDisplayInformation3"),
)


def _ask(traffic: Traffic, second: float, target: str, interface: str, operation: str) -> None:
    traffic.record(
        "dce_rpc", second, ACTOR, target, receiver_port=445, interface=interface, operation=operation, outcome="ok"
    )


@pytest.mark.parametrize(("hosts", "alerts"), [(4, 0), (5, 1)])
def test_sessions_of_many_hosts(traffic: Traffic, hosts: int, alerts: int) -> None:
    """Five machines asked who is logged in within five minutes alert, four do not."""
    for n in range(hosts):
        _ask(traffic, n * 20, f"10.1.0.{20 + n}", "srvsvc", "NetrSessionEnum")
    found = steady(traffic, traffic.shuffled(), DETECTOR)
    assert [row["severity"] for row in found] == ["medium"] * alerts
    if found:
        assert "asked 5 host(s) for users, sessions or shares within 80 s" in found[0]["evidence_en"]
        assert "向 5 台主机查询用户、会话或共享，共 5 种查询" in found[0]["evidence_zh"]


def test_one_host_asked_much_is_a_console(traffic: Traffic) -> None:
    """An administrator's console reads the directory: informational, a whole reading low."""
    for n, operation in enumerate(SAMR[:6]):
        _ask(traffic, n, "10.1.0.1", "samr", operation)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "info"
    for n, (interface, operation) in enumerate(
        [("samr", SAMR[6]), ("samr", SAMR[7]), ("srvsvc", "NetrShareEnum"), ("lsarpc", "LsarEnumerateAccounts")]
    ):
        _ask(traffic, 10 + n, "10.1.0.1", interface, operation)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "low"


def test_logon_scripts(traffic: Traffic) -> None:
    """A machine that asks its servers for their shares, again and again."""
    for n in range(60):
        _ask(traffic, n * 30, f"10.1.0.{n % 3}", "srvsvc", "NetrShareEnum")
    assert traffic.run(DETECTOR) == []


def test_inventory_has_a_role(traffic: Traffic) -> None:
    """The monitoring system asks everybody."""
    for n in range(30):
        _ask(traffic, n, f"10.1.0.{20 + n}", "wkssvc", "NetrWkstaUserEnum")
    traffic.role(ACTOR, "monitor")
    assert traffic.run(DETECTOR) == []
