"""directory_replication: who is no controller has no business with it; controllers replicate all day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from invariance import steady

from detectors.addresses import ip_bytes
from detectors.catalogue.directory_replication import DETECTOR
from tests.detectors.conftest import T0, Traffic

ACTOR, DC = "10.1.0.5", "10.1.0.1"


def _replicate(traffic: Traffic, second: float = 5, sender: str = ACTOR) -> None:
    traffic.record(
        "dce_rpc",
        second,
        sender,
        DC,
        receiver_port=49700,
        interface="drsuapi",
        operation="DRSGetNCChanges",
        outcome="ok",
    )


@pytest.mark.parametrize(("span", "severity"), [(30, "medium"), (4000, "critical")])
def test_stranger_replicates(traffic: Traffic, span: float, severity: str) -> None:
    """In an hour a controller would have been seen to serve somebody; in half a minute it might not."""
    traffic.add(0, "10.1.0.7", DC, 389)
    traffic.add(span, "10.1.0.7", DC, 389)
    _replicate(traffic)
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert alert["severity"] == severity
    assert "10.1.0.5 asked 10.1.0.1 1 time(s)" in alert["evidence_en"]
    assert "请求目录变更（DRSGetNCChanges）1 次" in alert["evidence_zh"]


def test_controllers_serve_others(traffic: Traffic) -> None:
    """Who answers LDAP is a controller."""
    traffic.add(0, "10.1.0.7", ACTOR, 389)
    _replicate(traffic)
    assert traffic.run(DETECTOR) == []


def test_controllers_by_role(traffic: Traffic) -> None:
    """The site policy says who is one."""
    traffic.role(ACTOR, "domain_controller")
    _replicate(traffic)
    assert traffic.run(DETECTOR) == []


def test_controllers_are_remembered(traffic: Traffic) -> None:
    """Who answered Kerberos last month is a controller."""
    _replicate(traffic)
    traffic.remember(
        "edge",
        src_ip=ip_bytes("10.1.0.7"),
        dst_ip=ip_bytes(ACTOR),
        ip_proto=6,
        dst_port=88,
        first_ts=T0 - timedelta(days=30),
        last_ts=T0 - timedelta(days=20),
        days=9,
        answered=9,
        dst_bytes=9000,
    )
    assert traffic.run(DETECTOR) == []
