"""Who breaks into the secure channel of a domain controller? The network side of CVE-2020-1472 (Zerologon).

A computer sets up its secure channel with one challenge and one authentication. Guessing a session key of zeros takes
256 tries on average, each a NetrServerReqChallenge and a NetrServerAuthenticate of its own, and a success is used to
set the controller's password.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._probes import episodes_sql
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_KEY: Final = "sender_ip, receiver_ip"

_SQL: Final = f"""
WITH call AS (
    SELECT DISTINCT sender_ip, receiver_ip, ts AS ts_start, flow_uid, opnum, operation FROM dce_rpc
    WHERE interface = 'netlogon' AND operation LIKE 'NetrServer%'
),
candidate AS (SELECT * FROM call WHERE operation LIKE 'NetrServerAuthenticate%'),
{episodes_sql(_KEY, "count(*) OVER burst AS tries", "tries >= $min_tries")},
burst AS (
    SELECT {_KEY}, episode, to_ts, count(*) AS tries, min(ts_start) AS start_ts, max(ts_start) AS end_ts,
        count(DISTINCT flow_uid) AS flows, list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
    FROM candidate JOIN episode USING ({_KEY}) WHERE ts_start BETWEEN from_ts AND to_ts GROUP BY ALL
)
SELECT burst.*, min(call.ts_start) AS set_ts, arg_min(call.operation, call.ts_start) AS set_by FROM burst
LEFT JOIN call ON call.sender_ip = burst.sender_ip AND call.receiver_ip = burst.receiver_ip
    AND call.operation LIKE '%PasswordSet%' AND call.ts_start BETWEEN start_ts AND end_ts + to_seconds($success_within)
GROUP BY ALL ORDER BY start_ts, {_KEY}
"""

_TITLE: Final = Text("Netlogon authentication storm by {actor}", "{actor} 对 {target} 大量尝试 Netlogon 认证")
_TITLE_IN: Final = Text(
    "Netlogon of {target} broken into by {actor} (Zerologon)", "{actor} 攻破 {target} 的 Netlogon（Zerologon）"
)
_EVIDENCE: Final = Text(
    "{actor} sent {tries} NetrServerAuthenticate calls to {target} within {seconds} s from {start} on; a computer needs"
    " one or two.{success}",
    "自 {start} 起 {seconds} 秒内，{actor} 向 {target} 发送 {tries} 次 NetrServerAuthenticate 调用；"
    "正常主机只需一两次。{success}",
)
_SET: Final = Text(
    " Then it set a password ({operation} at {moment}).", "随后设置了口令（{moment} 调用 {operation}）。"
)
_NOT_SET: Final = Text(" No password was set.", "未见设置口令。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find clients that authenticate to Netlogon again and again, and those that then set a password.

    Args:
        tables: ``dce_rpc``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (client, server) and burst.
    """
    alerts = AlertRows(DETECTOR)
    for row in rows(_SQL, {"dce_rpc": tables["dce_rpc"]}, params):
        alerts.add(_finding(row, params))
    return alerts.table()


def _finding(row: dict[str, Any], params: Params) -> Finding:
    actor, target = ip_text(row["sender_ip"]), ip_text(row["receiver_ip"])
    came_in = row["set_ts"] is not None
    success = _SET.fill(operation=row["set_by"], moment=when(row["set_ts"])) if came_in else _NOT_SET
    said = {
        "actor": actor,
        "target": target,
        "tries": row["tries"],
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
    }
    return Finding(
        key=(actor, target),
        ts_start=row["start_ts"],
        ts_end=max(row["end_ts"], row["set_ts"] or row["end_ts"]),
        severity=Severity.CRITICAL if came_in else Severity.HIGH,
        confidence=0.95 if came_in else DETECTOR.confidence.of(row["tries"], params["min_tries"]),
        title=(_TITLE_IN if came_in else _TITLE).fill(actor=actor, target=target),
        evidence=Text(_EVIDENCE.en.format(success=success.en, **said), _EVIDENCE.zh.format(success=success.zh, **said)),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["sender_ip"], target=row["receiver_ip"], extra="rpc_netlogon"),
        actor=row["sender_ip"],
        target=row["receiver_ip"],
        ip_proto=6,
        attack=("T1210", "T1078") if came_in else DETECTOR.attack,
        succeeded=came_in,
    )


DETECTOR: Final = Detector(
    id="netlogon_abuse",
    version=1,
    title=Text("Netlogon abuse", "Netlogon 滥用"),
    question=Text("Who breaks into a domain controller's secure channel?", "谁在攻击域控制器的安全通道？"),
    needs={"dce_rpc": ("flow_uid", "ts", "sender_ip", "receiver_ip", "interface", "opnum", "operation")},
    partition_by={"dce_rpc": "sender_ip"},
    window_s=300,
    params={
        "window": Param(300, "s", 10, 3600, "calls closer than this belong to one burst", "as the scan windows"),
        "gap": Param(3600, "s", 300, 86400, "a burst after a longer pause is another alert", "Zeek suppress_for 1 h"),
        "min_tries": Param(
            10,
            "calls",
            3,
            2000,
            "a computer authenticates once; Zerologon needs 256 on average, the shared captures show 21, 62 and 445",
            "Secura, Zerologon whitepaper (CVE-2020-1472); own for the number",
        ),
        "success_within": Param(3600, "s", 10, 86400, "a password set later is another matter", "as brute_force"),
    },
    attack=("T1210",),
    severity=Severity.HIGH,
    impact=90,
    confidence=Confidence(0.7, 0.95, 60),
    innocent=(
        Text(
            "Many computers behind one translated address; give it the role nat.",
            "多台计算机共用一个转换地址：请登记为 nat 角色。",
        ),
        Text("An authorised test for CVE-2020-1472.", "经授权的 CVE-2020-1472 检测。"),
    ),
    next_steps=next_steps("netlogon"),
    source="Secura, Zerologon (CVE-2020-1472); MS-NRPC 3.4.5.2",
    run=run,
    roles_exempt=("scanner", "nat"),
    family="access",
)
