"""admin_share_exec: carried over and run within ten minutes on one target; either alone is another detector's."""

from __future__ import annotations

import pytest
from invariance import steady

from detectors.catalogue.admin_share_exec import DETECTOR
from tests.detectors.conftest import Traffic

ACTOR, TARGET = "10.1.0.5", "10.1.0.9"


def _write(traffic: Traffic, second: float, target: str = TARGET) -> None:
    traffic.record(
        "smb",
        second,
        ACTOR,
        target,
        receiver_port=445,
        command="create",
        share="//pc9/ADMIN$",
        file_name="x.exe",
        action="created",
        bytes_written=9000,
        nt_status=0,
    )


def _run(traffic: Traffic, second: float, interface: str = "svcctl", operation: str = "RCreateServiceW") -> None:
    traffic.record(
        "dce_rpc",
        second,
        ACTOR,
        TARGET,
        receiver_port=445,
        interface=interface,
        operation=operation,
        outcome="ok",
    )


@pytest.mark.parametrize(
    ("interface", "operation"),
    [("svcctl", "RCreateServiceW"), ("atsvc", "NetrJobAdd"), ("IWbemServices", "ExecMethod")],
)
def test_both_on_one_target(traffic: Traffic, interface: str, operation: str) -> None:
    """The rule of BZAR, for services, tasks and WMI."""
    _write(traffic, 10)
    _run(traffic, 500, interface, operation)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert (alert["severity"], alert["succeeded"]) == ("high", True)
    assert (
        f"wrote //pc9/ADMIN$/x.exe to 10.1.0.9 and within 490 s called {interface} {operation}" in alert["evidence_en"]
    )
    assert "并在 490 秒内调用" in alert["evidence_zh"]


def test_too_far_apart(traffic: Traffic) -> None:
    """A file of the morning and a service of the afternoon have nothing to do with each other."""
    _write(traffic, 10)
    _run(traffic, 700)
    assert traffic.run(DETECTOR) == []


def test_on_two_targets(traffic: Traffic) -> None:
    """A file here and a service there."""
    _write(traffic, 10, "10.1.0.77")
    _run(traffic, 20)
    assert traffic.run(DETECTOR) == []


def test_software_distribution_has_a_role(traffic: Traffic) -> None:
    """The update server does both all day."""
    _write(traffic, 10)
    _run(traffic, 20)
    traffic.role(ACTOR, "update_server")
    assert traffic.run(DETECTOR) == []
