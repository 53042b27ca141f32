"""Who plants a scheduled task on another machine? One of the ways of D24 of detectors.md.

A task runs any program under any account, now or later; atexec and many intruders use it.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import ADMINISTRATION, CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("Scheduled task planted on {target} by {actor}", "{actor} 在 {target} 上创建或启动计划任务")
_EVIDENCE: Final = Text(
    "{actor} registered or started a scheduled task on {target} ({operations}; {calls} calls within"
    " {seconds} s from {start} on).",
    "{actor} 自 {start} 起 {seconds} 秒内在 {target} 上注册或启动计划任务（{operations}；共 {calls} 次调用）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find such calls from one machine to another.

    Args:
        tables: ``dce_rpc``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    return rpc.told(DETECTOR, tables, params, "task", usual=Severity.MEDIUM, title=_TITLE, evidence=_EVIDENCE)


DETECTOR: Final = Detector(
    id="remote_task",
    version=1,
    title=Text("Scheduled task planted from another machine", "远程创建计划任务"),
    question=Text("Who plants a scheduled task on another machine?", "谁在别的机器上创建计划任务？"),
    needs=rpc.NEEDS,
    partition_by=rpc.PARTITION,
    params={"gap": rpc.GAP, "known_days": rpc.KNOWN_DAYS, "max_alerts": rpc.MAX_ALERTS},
    attack=("T1053.005", "T1021.002"),
    severity=Severity.MEDIUM,
    impact=65,
    confidence=Confidence(0.65, 0.8, 10),
    innocent=(ADMINISTRATION, CREDENTIALED_SCAN),
    next_steps=NEXT,
    source="detectors.md D24; mitre-attack/bzar; MS-TSCH",
    run=run,
    roles_exempt=rpc.ADMIN_ROLES,
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
