"""Alerts as rows of ``store.schema.ALERT``: one builder for all detectors, deterministic ids, Wireshark filters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, is_v4
from detectors.model import SEVERITY_RANK, Detector, Text
from detectors.scoring import confidence as weighed
from store import schema
from store.schema import Severity

MAX_FLOW_UIDS: Final = 200
"""Flows named in one alert (schema: "at most 200"); the true number is in ``flow_count``."""

TCP: Final = 6
UDP: Final = 17
_PROTO_FIELD: Final = {TCP: "tcp", UDP: "udp"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a detector has to say about one actor: everything of an alert that its detector's metadata does not know.

    ``key`` is what makes the finding one thing (addresses, port, episode) and goes into the alert's id.
    ``attack`` defaults to the detector's techniques. ``confidence`` is the detector's own; ``context`` (names of
    ``scoring.WEIGHTS``) and ``baseline_days`` (age of the baseline it used) move it. ``indicators`` are rare marks as
    ``kind:value`` by which alerts of different hosts may be linked. ``lost_bytes``: payload that left the site by it.
    ``details``: the detector's own numbers, for people who ask how it came to its verdict, and for plots.
    """

    key: tuple[str, ...]
    ts_start: datetime
    ts_end: datetime
    severity: Severity
    confidence: float
    title: Text
    evidence: Text
    flow_uids: Sequence[bytes]
    flow_count: int
    display_filter: str
    actor: bytes | None = None
    target: bytes | None = None
    target_port: int | None = None
    target_count: int = 1
    ip_proto: int | None = None
    attack: tuple[str, ...] | None = None
    succeeded: bool = False
    context: tuple[str, ...] = ()
    baseline_days: float | None = None
    indicators: tuple[str, ...] = ()
    lost_bytes: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class AlertRows:
    """Collects findings of one detector and turns them into an ALERT table.

    The table is sorted by time and id, so that the order of ``add`` never shows. ``config_hash`` is empty and
    ``alert_id`` provisional until ``stamp`` binds them to a configuration.
    """

    def __init__(self, detector: Detector) -> None:
        """Start without findings for ``detector``."""
        self._detector = detector
        self._rows: list[dict[str, Any]] = []

    def add(self, finding: Finding) -> None:
        """Add one finding; flows beyond ``MAX_FLOW_UIDS`` are counted, not named."""
        detector = self._detector
        confidence = min(1.0, max(0.0, finding.confidence))
        if finding.context or finding.baseline_days is not None:
            confidence = weighed(confidence, finding.context, baseline_days=finding.baseline_days)
        self._rows.append(
            {
                "alert_id": _digest((detector.id, str(detector.version), *finding.key, finding.ts_start.isoformat())),
                "detector": detector.id,
                "detector_version": detector.version,
                "config_hash": "",
                "ts_start": finding.ts_start,
                "ts_end": finding.ts_end,
                "severity": finding.severity.value,
                "confidence": confidence,
                "score": detector.impact * confidence,
                "actor_ip": finding.actor,
                "target_ip": finding.target,
                "target_port": finding.target_port,
                "target_count": finding.target_count,
                "ip_proto": finding.ip_proto,
                "attack": list(detector.attack if finding.attack is None else finding.attack),
                "short_mode": False,
                "succeeded": finding.succeeded,
                "title_zh": finding.title.zh,
                "title_en": finding.title.en,
                "evidence_zh": finding.evidence.zh,
                "evidence_en": finding.evidence.en,
                "flow_uids": list(dict.fromkeys(bytes(uid) for uid in finding.flow_uids))[:MAX_FLOW_UIDS],
                "flow_count": finding.flow_count,
                "display_filter": finding.display_filter,
                "indicators": sorted(set(finding.indicators)),
                "context": sorted(set(finding.context)),
                "lost_bytes": finding.lost_bytes,
                "details": json.dumps(dict(finding.details), sort_keys=True, ensure_ascii=False),
            }
        )

    def table(self) -> pa.Table:
        """Return the findings as an ALERT table, sorted by start time and id, one row per alert id."""
        unique = {row["alert_id"]: row for row in self._rows}
        return alert_table(sorted(unique.values(), key=lambda row: (row["ts_start"], row["alert_id"])))


def alert_table(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """Return rows (dictionaries with every ALERT column) as an ALERT table."""
    return pa.Table.from_pylist(list(rows), schema=schema.ALERT.arrow(schema.ALERT.emitted()))


def stamp(alerts: pa.Table, config_hash: str, *, short_mode: bool) -> pa.Table:
    """Bind alerts to the configuration that found them.

    Args:
        alerts: ALERT table with provisional ids.
        config_hash: 16 hex digits; becomes part of every id.
        short_mode: mark the alerts as found on less data than the detector wants and cap them at medium.

    Returns:
        The same alerts with final ``alert_id``, ``config_hash``, ``short_mode`` and ``severity``.
    """
    rows = alerts.to_pylist()
    for row in rows:
        row["alert_id"] = _digest((row["alert_id"], config_hash))
        row["config_hash"] = config_hash
        row["short_mode"] = short_mode
        if short_mode and SEVERITY_RANK[Severity(row["severity"])] > SEVERITY_RANK[Severity.MEDIUM]:
            row["severity"] = Severity.MEDIUM.value
    return alert_table(sorted(rows, key=lambda row: (row["ts_start"], row["alert_id"])))


def empty_alerts() -> pa.Table:
    """Return an ALERT table without rows."""
    return schema.ALERT.arrow(schema.ALERT.emitted()).empty_table()


def display_filter(
    *,
    actor: bytes | None = None,
    target: bytes | None = None,
    ip_proto: int | None = None,
    target_port: int | None = None,
    extra: str = "",
) -> str:
    """Return a Wireshark display filter for the packets of a finding, both directions.

    Args:
        actor: who did it; matched as either end of the packet.
        target: to whom; matched likewise.
        ip_proto: 6 or 17 limits to TCP or UDP.
        target_port: port concerned; needs ``ip_proto``.
        extra: a further condition, already in filter syntax.
    """
    parts = [f"{'ip' if is_v4(a) else 'ipv6'}.addr == {ip_text(a)}" for a in (actor, target) if a is not None]
    field = _PROTO_FIELD.get(ip_proto or 0)
    if field and target_port is not None:
        parts.append(f"{field}.port == {target_port}")
    elif field:
        parts.append(field)
    if extra:
        parts.append(extra)
    return " && ".join(parts)


def when(moment: datetime) -> str:
    """Return a moment as text for evidence sentences, in UTC to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def span_s(start: datetime, end: datetime) -> float:
    """Return the seconds between two moments, never less than a microsecond (so that rates exist)."""
    return max((end - start).total_seconds(), 1e-6)


def capped(severity: Severity, ceiling: Severity) -> Severity:
    """Return the lower of two severities."""
    return severity if SEVERITY_RANK[severity] <= SEVERITY_RANK[ceiling] else ceiling


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
