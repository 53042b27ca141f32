"""Who carries something to another machine and runs it there? The rule of BZAR, D24 of detectors.md.

A file written to C$ or ADMIN$ and, within ten minutes, a call to the same machine that runs programs (service, task,
WMI). Either alone is weak; both together are how intruders and their tools move.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.alerts import Finding
from detectors.catalogue import _rpc as rpc
from detectors.catalogue import _shares as shares
from detectors.catalogue._rpc_texts import ADMINISTRATION, CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("Something carried to {target} and run there by {actor}", "{actor} 向 {target} 投送文件并远程执行")
_EVIDENCE: Final = Text(
    "{actor} wrote {files} to {target} and within {apart} s called {operations} there (from {start} on).",
    "{actor} 向 {target} 写入 {files}，并在 {apart} 秒内调用 {operations}（自 {start} 起）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs with a write to an administrative share and a call that runs programs close together.

    Args:
        tables: ``smb``, ``dce_rpc``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    written: dict[tuple[bytes, bytes], list[dict[str, Any]]] = {}
    for row in shares.writes(tables):
        written.setdefault((row["sender_ip"], row["receiver_ip"]), []).append(row)
    calls = [
        call
        for call in rpc.calls(tables, "service", "service_start", "wmi", "task")
        if (call["sender_ip"], call["receiver_ip"]) in written
    ]
    near = (
        (one, _near(one, written[one.sender, one.receiver], params["gap"]))
        for one in rpc.episodes(tables, calls, params["gap"])
    )
    found = [(one, files) for one, files in near if files]
    files = {id(one): own for one, own in found}
    return rpc.alerts(
        DETECTOR,
        [one for one, _ in found],
        int(params["max_alerts"]),
        one=lambda one: _finding([one], files[id(one)], params, None),
        rest=lambda others, where: _finding(others, [row for one in others for row in files[id(one)]], params, where),
    )


def _near(one: rpc.Episode, written: list[dict[str, Any]], gap_s: float) -> list[dict[str, Any]]:
    """Return what was written at most ``gap_s`` before or after a call of the episode."""
    return [row for row in written if min(_apart(call, row) for call in one.calls) <= gap_s]


def _apart(call: dict[str, Any], row: dict[str, Any]) -> float:
    return abs(float((call["ts"] - row["ts"]).total_seconds()))


def _finding(found: list[rpc.Episode], near: list[dict[str, Any]], params: Params, where: Text | None) -> Finding:
    apart = min(_apart(call, row) for one in found for call in one.calls for row in near)
    return rpc.finding(
        found,
        severity=rpc.severity(found, Severity.HIGH, params["known_days"]),
        confidence=DETECTOR.confidence.at_saturation,
        title=_TITLE,
        evidence=_EVIDENCE,
        attack=DETECTOR.attack,
        where=where,
        succeeded=True,
        files=shares.files_text(near),
        apart=f"{apart:.3g}",
    )


DETECTOR: Final = Detector(
    id="admin_share_exec",
    version=1,
    title=Text("Carried over and run", "投送并远程执行"),
    question=Text("Who carries something to another machine and runs it there?", "谁向别的机器投送文件并在其上执行？"),
    needs={**rpc.NEEDS, "smb": shares.COLUMNS},
    partition_by={**rpc.PARTITION, "smb": "sender_ip"},
    params={"gap": rpc.GAP, "known_days": rpc.KNOWN_DAYS, "max_alerts": rpc.MAX_ALERTS},
    attack=("T1021.002", "T1570", "T1569.002"),
    severity=Severity.HIGH,
    impact=80,
    confidence=Confidence(0.8, 0.9, 2),
    innocent=(ADMINISTRATION, CREDENTIALED_SCAN),
    next_steps=NEXT,
    source="detectors.md D24, 1.4; mitre-attack/bzar: both on one target within 10 min",
    run=run,
    roles_exempt=rpc.ADMIN_ROLES,
    rules=rpc.RULES,
    family="lateral",
    blind_without=("smb", "dce_rpc"),
)
