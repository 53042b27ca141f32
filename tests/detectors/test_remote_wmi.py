"""remote_wmi: the call is told with who, whom and what; administration, failures and other calls are not accused."""

from __future__ import annotations

from remote_calls import Way

from detectors.catalogue.remote_wmi import DETECTOR
from tests.detectors.conftest import Traffic

WAY = Way(DETECTOR, "IWbemServices", runs="ExecMethod", reads="ExecQuery")


def test_call_is_told(traffic: Traffic) -> None:
    """One call is one alert, whatever the order, and says who did what to whom."""
    alert = WAY.told(traffic)
    assert "called 1 WMI method(s) on 10.1.0.9" in alert["evidence_en"]
    assert "调用 WMI 方法 1 次" in alert["evidence_zh"]


def test_other_calls_and_faults_are_no_finding(traffic: Traffic) -> None:
    """Reading is not running, and a call that the target refused did nothing."""
    WAY.reading_and_faults_are_silent(traffic)


def test_administration_has_a_role(traffic: Traffic) -> None:
    """What the monitoring system does all day raises nothing."""
    WAY.a_role_is_silent(traffic)


def test_long_standing_pairs_are_low(traffic: Traffic) -> None:
    """Two machines that have worked together like this for three weeks are told at low, with the days."""
    WAY.long_standing_pairs_are_low(traffic)


def test_many_targets_are_told_together(traffic: Traffic) -> None:
    """Beyond ten targets of one source the rest is one alert."""
    WAY.many_targets_are_told_together(traffic)
