"""remote_dcom: the call is told with who, whom and what; administration, failures and other calls are not accused."""

from __future__ import annotations

from datetime import timedelta

from invariance import steady

from detectors.addresses import ip_bytes
from detectors.catalogue.remote_dcom import DETECTOR
from tests.detectors.conftest import T0, Traffic

ADMIN, TARGET = "10.1.0.5", "10.1.0.9"


def _call(traffic: Traffic, second: float, operation: str, *, target: str = TARGET, outcome: str = "ok") -> None:
    traffic.record(
        "dce_rpc",
        second,
        ADMIN,
        target,
        receiver_port=49700,
        interface="IDispatch",
        operation=operation,
        outcome=outcome,
    )


def test_call_is_told(traffic: Traffic) -> None:
    """One call is one alert, whatever the order, and says who did what to whom."""
    _call(traffic, 5, "Invoke")
    (alert,) = steady(traffic, traffic.shuffled(), DETECTOR)
    assert alert["severity"] == "medium"
    assert "called methods of an automation object on 10.1.0.9 1 time(s)" in alert["evidence_en"]
    assert "调用 10.1.0.9 上自动化对象的方法 1 次" in alert["evidence_zh"]


def test_other_calls_and_faults_are_no_finding(traffic: Traffic) -> None:
    """Reading is not running, and a call that the target refused did nothing."""
    _call(traffic, 5, "GetIDsOfNames")
    _call(traffic, 6, "Invoke", outcome="exception")
    assert traffic.run(DETECTOR) == []


def test_administration_has_a_role(traffic: Traffic) -> None:
    """What the monitoring system does all day raises nothing."""
    _call(traffic, 5, "Invoke")
    traffic.role(ADMIN, "monitor")
    assert traffic.run(DETECTOR) == []


def test_long_standing_pairs_are_low(traffic: Traffic) -> None:
    """Two machines that have worked together like this for three weeks are told at low, with the days."""
    _call(traffic, 5, "Invoke")
    traffic.remember(
        "edge",
        src_ip=ip_bytes(ADMIN),
        dst_ip=ip_bytes(TARGET),
        ip_proto=6,
        dst_port=135,
        first_ts=T0 - timedelta(days=22),
        last_ts=T0 - timedelta(days=1),
        days=15,
        answered=40,
    )
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "low"
    assert "for 21 days" in alert["evidence_en"]


def test_many_targets_are_told_together(traffic: Traffic) -> None:
    """Beyond ten targets of one source the rest is one alert."""
    for n in range(14):
        _call(traffic, n, "Invoke", target=f"10.1.0.{20 + n}")
    found = steady(traffic, traffic.shuffled(), DETECTOR)
    assert sorted(row["target_count"] for row in found) == [1] * 10 + [4]
