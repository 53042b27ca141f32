"""Who asks machines for their users, sessions and shares? The discovery series of BZAR, D24 of detectors.md.

One such question is a logon script; the same question to five machines within five minutes is a survey of the network
(who is logged in where, which shares are open), the step before moving.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("Users and shares of {hosts} host(s) listed by {actor}", "{actor} 枚举 {hosts} 台主机的用户与共享")
_EVIDENCE: Final = Text(
    "{actor} asked {hosts} host(s) for users, sessions or shares within {seconds} s from {start} on: {asked} different"
    " questions ({operations}).",
    "{actor} 自 {start} 起 {seconds} 秒内向 {hosts} 台主机查询用户、会话或共享，共 {asked} 种查询（{operations}）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that ask many different things, or many hosts, within a few minutes.

    Args:
        tables: ``dce_rpc`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and burst.
    """
    alerts = AlertRows(DETECTOR)
    for _, own in groupby(rpc.calls(tables, "discovery"), key=lambda call: call["sender_ip"]):
        calls = sorted(own, key=lambda call: (call["ts"], call["receiver_ip"], call["operation"], call["flow_uid"]))
        for burst in _bursts(calls, params["window"]):
            if len(_asked(burst)) >= params["min_asked"]:
                alerts.add(_finding(burst, params))
    return alerts.table()


def _bursts(calls: list[dict[str, Any]], window_s: float) -> list[list[dict[str, Any]]]:
    """Cut calls at pauses longer than the window."""
    bursts: list[list[dict[str, Any]]] = []
    for call in calls:
        if not bursts or (call["ts"] - bursts[-1][-1]["ts"]).total_seconds() > window_s:
            bursts.append([])
        bursts[-1].append(call)
    return bursts


def _asked(burst: list[dict[str, Any]]) -> set[tuple[bytes, str]]:
    return {(call["receiver_ip"], call["operation"]) for call in burst}


def _finding(burst: list[dict[str, Any]], params: Params) -> Finding:
    actor, asked = ip_text(burst[0]["sender_ip"]), len(_asked(burst))
    hosts = sorted({call["receiver_ip"] for call in burst})
    start, end = burst[0]["ts"], burst[-1]["ts"]
    operations = ", ".join(sorted({call["operation"] for call in burst})[:5])
    said = {"actor": actor, "hosts": len(hosts), "asked": asked, "operations": operations}
    uids = list(dict.fromkeys(call["flow_uid"] for call in burst))
    return Finding(
        key=(actor,),
        ts_start=start,
        ts_end=end,
        severity=_severity(len(hosts), asked, params),
        confidence=DETECTOR.confidence.of(len(hosts), params["min_hosts"]),
        title=_TITLE.fill(actor=actor, hosts=len(hosts)),
        evidence=_EVIDENCE.fill(start=when(start), seconds=f"{(end - start).total_seconds():.3g}", **said),
        flow_uids=uids,
        flow_count=len(uids),
        display_filter=display_filter(actor=burst[0]["sender_ip"], extra="dcerpc"),
        actor=burst[0]["sender_ip"],
        target=hosts[0] if len(hosts) == 1 else None,
        target_count=len(hosts),
        ip_proto=6,
    )


def _severity(hosts: int, asked: int, params: Params) -> Severity:
    """Many hosts are a survey; many questions to one are an administrator's console, or the directory being read."""
    if hosts >= params["min_hosts"]:
        return Severity.MEDIUM
    return Severity.LOW if asked >= 2 * params["min_asked"] else Severity.INFO


DETECTOR: Final = Detector(
    id="rpc_discovery",
    version=1,
    title=Text("Survey of users, sessions and shares", "枚举用户、会话与共享"),
    question=Text("Who asks machines for their users, sessions and shares?", "谁在查询各机器的用户、会话与共享？"),
    needs={"dce_rpc": rpc.COLUMNS},
    partition_by={"dce_rpc": "sender_ip"},
    params={
        "window": Param(
            300, "s", 10, 3600, "questions closer than this belong to one survey", "mitre-attack/bzar: 5 min"
        ),
        "min_asked": Param(5, "questions", 2, 1000, "first step of the series 5, 10, 15 …", "mitre-attack/bzar"),
        "min_hosts": Param(5, "hosts", 2, 1000, "a client asks its servers, few of them", "mitre-attack/bzar: 5"),
    },
    attack=("T1087.002", "T1135", "T1033"),
    severity=Severity.MEDIUM,
    impact=45,
    confidence=Confidence(0.6, 0.9, 50),
    innocent=(
        CREDENTIALED_SCAN,
        Text(
            "A network browser or an inventory that asks every machine: give it the role monitor.",
            "逐台查询的网络浏览或资产盘点工具：请登记为 monitor 角色。",
        ),
    ),
    next_steps=NEXT,
    source="detectors.md D24, 1.4; mitre-attack/bzar discovery series",
    run=run,
    roles_exempt=("scanner", "monitor", "domain_controller"),
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
