"""remote_service: a service made, started and removed is a program run; one that stays is installed."""

from __future__ import annotations

import pytest
from invariance import steady

from detectors.catalogue.remote_service import DETECTOR
from tests.detectors.conftest import Traffic

ADMIN, TARGET = "10.1.0.5", "10.1.0.9"


def _call(traffic: Traffic, second: float, operation: str) -> None:
    traffic.record(
        "dce_rpc", second, ADMIN, TARGET, receiver_port=445, interface="svcctl", operation=operation, outcome="ok"
    )


@pytest.mark.parametrize(
    ("operations", "severity"),
    [
        (("RCreateServiceW", "RStartServiceW", "RDeleteService"), "high"),
        (("RCreateServiceA", "RStartServiceA"), "medium"),
        (("RCreateServiceWOW64W",), "medium"),
    ],
)
def test_severity_by_what_became_of_it(traffic: Traffic, operations: tuple[str, ...], severity: str) -> None:
    """What is removed again was there to run once."""
    for n, operation in enumerate(operations):
        _call(traffic, n, operation)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert alert["severity"] == severity
    assert alert["succeeded"] == (severity == "high")


def test_sentence_has_the_numbers(traffic: Traffic) -> None:
    """Both languages count what was created, started and deleted."""
    for n, operation in enumerate(("RCreateServiceW", "RStartServiceW", "RDeleteService")):
        _call(traffic, n, operation)
    (alert,) = traffic.run(DETECTOR)
    assert "created 1 service(s) on 10.1.0.9" in alert["evidence_en"]
    assert "started 1 and deleted 1 within 2 s" in alert["evidence_en"]
    assert "创建 1 个服务，2 秒内启动 1 个、删除 1 个" in alert["evidence_zh"]


@pytest.mark.parametrize("operation", ["RStartServiceW", "RQueryServiceStatus", "ROpenSCManagerW"])
def test_existing_services_are_administration(traffic: Traffic, operation: str) -> None:
    """Starting, stopping and asking what is there creates nothing."""
    _call(traffic, 1, operation)
    assert traffic.run(DETECTOR) == []


def test_deletion_much_later_is_another_matter(traffic: Traffic) -> None:
    """A service that is removed after an hour was installed, and then uninstalled."""
    _call(traffic, 1, "RCreateServiceW")
    _call(traffic, 4000, "RDeleteService")
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "medium"
