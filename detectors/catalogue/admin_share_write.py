"""Who carries programs to another machine over an administrative share? Of D24 of detectors.md.

C$ and ADMIN$ show whole disks to administrators. A program written there is a tool being carried over: by software
distribution, or by an intruder who will run it.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, capped, display_filter, when
from detectors.catalogue import _rpc as rpc
from detectors.catalogue import _shares as shares
from detectors.catalogue._rpc_texts import ADMINISTRATION, NEXT
from detectors.model import Confidence, Detector, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("Program carried to {target} by {actor}", "{actor} 向 {target} 投送程序")
_TITLE_MANY: Final = Text("Programs carried to {hosts} hosts by {actor}", "{actor} 向 {hosts} 台主机投送程序")
_EVIDENCE: Final = Text(
    "{actor} wrote {files} program(s) of {bytes} bytes in all over administrative shares to {hosts} host(s), from"
    " {start} on: {names}.",
    "{actor} 自 {start} 起经管理共享向 {hosts} 台主机写入 {files} 个程序，共 {bytes} 字节：{names}。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find programs written to C$ or ADMIN$ of other machines.

    Args:
        tables: ``smb`` and ``edge_before``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and target; those beyond ``max_alerts`` of a source in one.
    """
    found = [row for row in shares.writes(tables) if row["is_program"]]
    known = rpc.known_pairs(tables, [(row["sender_ip"], row["receiver_ip"]) for row in found])
    alerts, limit = AlertRows(DETECTOR), int(params["max_alerts"])
    for _, own in groupby(found, key=lambda row: row["sender_ip"]):
        pairs = [list(rows) for _, rows in groupby(own, key=lambda row: row["receiver_ip"])]
        pairs.sort(key=lambda rows: (rows[0]["ts"], rows[0]["receiver_ip"]))
        for rows in pairs[:limit]:
            alerts.add(_finding([rows], known, params))
        if pairs[limit:]:
            alerts.add(_finding(pairs[limit:], known, params))
    return alerts.table()


def _finding(pairs: list[list[dict[str, Any]]], known: dict[tuple[bytes, bytes], float], params: Params) -> Finding:
    rows = sorted((row for pair in pairs for row in pair), key=lambda row: (row["ts"], row["flow_uid"]))
    first, is_one = rows[0], len(pairs) == 1
    actor, target = ip_text(first["sender_ip"]), ip_text(first["receiver_ip"])
    is_known = all(known.get((p[0]["sender_ip"], p[0]["receiver_ip"]), 0) >= params["known_days"] for p in pairs)
    title = _TITLE if is_one else _TITLE_MANY
    said = {"actor": actor, "hosts": len(pairs), "files": len(rows), "names": shares.files_text(rows)}
    return Finding(
        key=(actor, target if is_one else "further hosts"),
        ts_start=first["ts"],
        ts_end=rows[-1]["ts"],
        severity=capped(Severity.MEDIUM, Severity.LOW) if is_known else Severity.MEDIUM,
        confidence=DETECTOR.confidence.of(len(rows), 1),
        title=title.fill(actor=actor, target=target, hosts=len(pairs)),
        evidence=_EVIDENCE.fill(start=when(first["ts"]), bytes=sum(row["written"] for row in rows), **said),
        flow_uids=[row["flow_uid"] for row in rows],
        flow_count=len({row["flow_uid"] for row in rows}),
        display_filter=display_filter(
            actor=first["sender_ip"], target=first["receiver_ip"] if is_one else None, extra="(smb || smb2)"
        ),
        actor=first["sender_ip"],
        target=first["receiver_ip"] if is_one else None,
        target_port=first["receiver_port"] if is_one else None,
        target_count=len(pairs),
        ip_proto=6,
    )


DETECTOR: Final = Detector(
    id="admin_share_write",
    version=1,
    title=Text("Program carried over an administrative share", "经管理共享投送程序"),
    question=Text(
        "Who carries programs to other machines over administrative shares?", "谁经管理共享向别的机器投送程序？"
    ),
    needs={"smb": shares.COLUMNS, "edge_before": rpc.EDGE_COLUMNS},
    partition_by={"smb": "sender_ip", "edge_before": "src_ip"},
    params={"known_days": rpc.KNOWN_DAYS, "max_alerts": rpc.MAX_ALERTS},
    attack=("T1570", "T1021.002"),
    severity=Severity.MEDIUM,
    impact=60,
    confidence=Confidence(0.6, 0.8, 10),
    innocent=(ADMINISTRATION,),
    next_steps=NEXT,
    source="detectors.md D24; mitre-attack/bzar",
    run=run,
    roles_exempt=(*rpc.ADMIN_ROLES, "backup"),
    family="lateral",
    blind_without=("smb",),
)
