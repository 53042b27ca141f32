"""Who runs programs on another machine through WMI? One of the ways of D24 of detectors.md.

ExecMethod of IWbemServices starts any program (Win32_Process.Create) and leaves no file. A query is another
operation; an inventory that reads the registry through WMI uses this one, and has a role.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import ADMINISTRATION, CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("WMI method run on {target} by {actor}", "{actor} 经 WMI 在 {target} 上执行方法")
_EVIDENCE: Final = Text(
    "{actor} called {calls} WMI method(s) on {target} ({operations}) within {seconds} s from {start} on,"
    " as starting a program remotely does.",
    "{actor} 自 {start} 起 {seconds} 秒内在 {target} 上调用 WMI 方法 {calls} 次（{operations}），"
    "远程启动程序即是如此。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find such calls from one machine to another.

    Args:
        tables: ``dce_rpc``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    return rpc.told(DETECTOR, tables, params, "wmi", usual=Severity.MEDIUM, title=_TITLE, evidence=_EVIDENCE)


DETECTOR: Final = Detector(
    id="remote_wmi",
    version=1,
    title=Text("Method run through WMI on another machine", "经 WMI 远程执行方法"),
    question=Text("Who runs programs on another machine through WMI?", "谁经 WMI 在别的机器上执行程序？"),
    needs=rpc.NEEDS,
    partition_by=rpc.PARTITION,
    params={"gap": rpc.GAP, "known_days": rpc.KNOWN_DAYS, "max_alerts": rpc.MAX_ALERTS},
    attack=("T1047", "T1021.003"),
    severity=Severity.MEDIUM,
    impact=65,
    confidence=Confidence(0.6, 0.8, 10),
    innocent=(ADMINISTRATION, CREDENTIALED_SCAN),
    next_steps=NEXT,
    source="detectors.md D24; mitre-attack/bzar; MS-WMI",
    run=run,
    roles_exempt=rpc.ADMIN_ROLES,
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
