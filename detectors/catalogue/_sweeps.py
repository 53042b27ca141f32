"""From many asked targets to an alert: the frame that the sweeps by ICMP, ARP and names fill."""

from __future__ import annotations

from typing import Any, Final

from detectors.addresses import ip_text
from detectors.alerts import Finding, span_s, when
from detectors.catalogue._scans import hosts_text
from detectors.model import Detector, Param, Text
from store.schema import Severity

Row = dict[str, Any]
"""One burst: src_ip, hosts, silent, start_ts, end_ts, flows, uids, examples."""

GAP: Final = Param(3600, "s", 300, 86400, "a burst after a longer pause is another alert", "Zeek suppress_for 1 h")

BURST_SQL: Final = """
    min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT flow_uid) AS flows,
    list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids"""


def finding(
    detector: Detector,
    row: Row,
    *,
    key: tuple[str, ...],
    severity: Severity,
    threshold: float,
    title: Text,
    evidence: Text,
    display_filter: str,
    attack: tuple[str, ...] | None = None,
    **said: object,
) -> Finding:
    """Return the alert of one burst; the sentence is given actor, hosts, silent, seconds, start and examples."""
    actor = ip_text(row["src_ip"])
    values = {
        "actor": actor,
        "hosts": row["hosts"],
        "silent": row.get("silent", 0),
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
        "examples": hosts_text(row.get("examples") or (), 3),
        **said,
    }
    return Finding(
        key=(actor, *key),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=severity,
        confidence=detector.confidence.of(row["hosts"], min(row["hosts"], threshold)),
        title=title.fill(**values),
        evidence=evidence.fill(**values),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter,
        actor=row["src_ip"],
        target_count=row["hosts"],
        attack=attack,
    )
