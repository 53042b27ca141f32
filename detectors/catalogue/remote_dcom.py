"""Who drives programs on another machine through DCOM? One of the ways of D24 of detectors.md.

Office, the shell and the management console let others call them by automation (IDispatch Invoke), also to start
programs. Between machines that is rare today.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import ADMINISTRATION, CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("Object on {target} driven through DCOM by {actor}", "{actor} 经 DCOM 驱动 {target} 上的对象")
_EVIDENCE: Final = Text(
    "{actor} called methods of an automation object on {target} {calls} time(s) ({operations}) within {seconds} s from"
    " {start} on.",
    "{actor} 自 {start} 起 {seconds} 秒内调用 {target} 上自动化对象的方法 {calls} 次（{operations}）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find such calls from one machine to another.

    Args:
        tables: ``dce_rpc``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    return rpc.told(DETECTOR, tables, params, "dcom", usual=Severity.MEDIUM, title=_TITLE, evidence=_EVIDENCE)


DETECTOR: Final = Detector(
    id="remote_dcom",
    version=1,
    title=Text("Object driven through DCOM on another machine", "经 DCOM 远程驱动程序"),
    question=Text("Who drives programs on another machine through DCOM?", "谁经 DCOM 驱动别的机器上的程序？"),
    needs=rpc.NEEDS,
    partition_by=rpc.PARTITION,
    params={"gap": rpc.GAP, "known_days": rpc.KNOWN_DAYS, "max_alerts": rpc.MAX_ALERTS},
    attack=("T1021.003",),
    severity=Severity.MEDIUM,
    impact=60,
    confidence=Confidence(0.55, 0.75, 10),
    innocent=(ADMINISTRATION, CREDENTIALED_SCAN),
    next_steps=NEXT,
    source="detectors.md D24; MS-OAUT 3.1.4; MS-DCOM",
    run=run,
    roles_exempt=rpc.ADMIN_ROLES,
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
