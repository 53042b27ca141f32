"""What every detector of remote execution through one DCE-RPC interface must do; each test file names its own calls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from invariance import steady

from detectors.addresses import ip_bytes
from detectors.model import Detector
from tests.detectors.conftest import T0, Traffic

ADMIN: Final = "10.1.0.5"
TARGET: Final = "10.1.0.9"


@dataclass(frozen=True)
class Way:
    """One way of running something elsewhere: its detector, the interface, a call that runs and one that reads."""

    detector: Detector
    interface: str
    runs: str
    reads: str

    def call(
        self, traffic: Traffic, second: float, operation: str, *, target: str = TARGET, outcome: str = "ok"
    ) -> None:
        """Add a call from the administrator's machine."""
        traffic.record(
            "dce_rpc",
            second,
            ADMIN,
            target,
            receiver_port=49700,
            interface=self.interface,
            operation=operation,
            outcome=outcome,
        )

    def told(self, traffic: Traffic) -> dict[str, Any]:
        """Return the one alert of one call, the same whatever the order; it is medium."""
        self.call(traffic, 5, self.runs)
        (alert,) = steady(traffic, traffic.shuffled(), self.detector)
        assert alert["severity"] == "medium"
        found: dict[str, Any] = alert
        return found

    def reading_and_faults_are_silent(self, traffic: Traffic) -> None:
        """Reading is not running, and a call that the target refused did nothing."""
        self.call(traffic, 5, self.reads)
        self.call(traffic, 6, self.runs, outcome="exception")
        assert traffic.run(self.detector) == []

    def a_role_is_silent(self, traffic: Traffic) -> None:
        """What the monitoring system does all day raises nothing."""
        self.call(traffic, 5, self.runs)
        traffic.role(ADMIN, "monitor")
        assert traffic.run(self.detector) == []

    def long_standing_pairs_are_low(self, traffic: Traffic) -> None:
        """Two machines that have worked together like this for three weeks are told at low, with the days."""
        self.call(traffic, 5, self.runs)
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
        (alert,) = traffic.run(self.detector)
        assert alert["severity"] == "low"
        assert "for 21 days" in alert["evidence_en"]

    def many_targets_are_told_together(self, traffic: Traffic) -> None:
        """Beyond ten targets of one source the rest is one alert."""
        for n in range(14):
            self.call(traffic, n, self.runs, target=f"10.1.0.{20 + n}")
        found = steady(traffic, traffic.shuffled(), self.detector)
        assert sorted(row["target_count"] for row in found) == [1] * 10 + [4]
