"""Who makes a server log in to itself? Coercion (PetitPotam, PrinterBug, DFSCoerce, ShadowCoerce), of D24.

Some calls take a path on another host, and the server logs in there with its machine account: whoever waits there may
pass the login on. Where the calls are hidden by encryption, what remains is that a server which was just logged in to
at once begins to log in backwards, again and again, and is refused: it was never meant to get in.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_BACK_SQL: Final = """
WITH forward AS (
    SELECT sender_ip AS actor, receiver_ip AS target, min(ts) AS first_ts, list(DISTINCT ts) AS moments FROM smb
    WHERE command IN ('session_setup', 'transform', 'create') GROUP BY ALL
),
backward AS (
    SELECT DISTINCT n.flow_uid, n.ts, n.sender_ip AS target, n.receiver_ip AS actor, n.outcome, first_ts FROM ntlm AS n
    JOIN forward ON forward.target = n.sender_ip AND forward.actor = n.receiver_ip
    WHERE n.sender_ip <> n.receiver_ip AND ("user" IS NULL OR ends_with("user", '$')) AND len(list_filter(moments,
        lambda m: m <= n.ts AND epoch_us(n.ts) - epoch_us(m) <= $within * 1e6)) > 0
)
SELECT actor, target, min(ts) AS start_ts, max(ts) AS end_ts, count(*) AS logins,
    count(*) FILTER (outcome = 'ok') AS ok,
    list(DISTINCT flow_uid ORDER BY flow_uid) AS uids
FROM backward GROUP BY ALL ORDER BY actor, target
"""
"""Logins of machine accounts, or of accounts not shown, back to whoever just logged in."""

_FIRST_SQL: Final = "SELECT receiver_ip AS actor, sender_ip AS target, min(ts) AS ts FROM ntlm GROUP BY ALL"

_TITLE: Final = Text("{target} asked to log in to {actor}", "{actor} 诱使 {target} 向其登录")
_TITLE_BACK: Final = Text("{target} made to log in to {actor}", "{actor} 迫使 {target} 向其登录")
_EVIDENCE: Final = Text(
    "{actor} called {operations} on {target} at {start}, which makes a server log in to a host of the caller's choice;"
    " {logins} login(s) of {target} at {actor} followed within {within} s.",
    "{actor} 于 {start} 在 {target} 上调用 {operations}，可使服务器向调用者指定的主机登录；"
    "{within} 秒内 {target} 向 {actor} 登录 {logins} 次。",
)
_EVIDENCE_BACK: Final = Text(
    "Within {within} s of a session from {actor}, {target} tried to log in to {actor} {logins} times with its own"
    " account from {start} on, all without success; a server has no reason to.",
    "{actor} 与 {target} 建立会话后 {within} 秒内，{target} 自 {start} 起以自身账号向 {actor} 登录 {logins} 次，"
    "均未成功；服务器没有理由这样做。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find calls that coerce a login, and logins that only coercion explains.

    Args:
        tables: ``dce_rpc``, ``smb``, ``ntlm``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and target.
    """
    alerts = AlertRows(DETECTOR)
    back = _backwards(tables, params)
    seen = set()
    for one in rpc.episodes(tables, rpc.calls(tables, "coercion"), params["gap"]):
        answer = back.get((one.sender, one.receiver))
        is_near = answer is not None and answer["end_ts"] >= one.start
        seen.add((one.sender, one.receiver))
        alerts.add(_called(one, answer if is_near else None, params))
    for pair, row in back.items():
        if pair not in seen and row["logins"] >= params["min_logins"] and not row["ok"]:
            alerts.add(_only_back(row, params))
    return alerts.table()


def _backwards(tables: Tables, params: Params) -> dict[tuple[bytes, bytes], dict[str, Any]]:
    inputs = {name: tables[name] for name in ("smb", "ntlm")}
    found = rows(_BACK_SQL, inputs, {"within": params["within"]})
    firsts = {(row["actor"], row["target"]): row["ts"] for row in rows(_FIRST_SQL, {"ntlm": tables["ntlm"]})}
    # A pair that logged in backwards before it was ever called needs no coercion.
    return {
        (row["actor"], row["target"]): row for row in found if firsts[row["actor"], row["target"]] >= row["start_ts"]
    }


def _called(one: rpc.Episode, answer: dict[str, Any] | None, params: Params) -> Finding:
    return rpc.finding(
        [one],
        severity=Severity.HIGH if answer else Severity.MEDIUM,
        confidence=DETECTOR.confidence.at_saturation if answer else DETECTOR.confidence.at_threshold,
        title=_TITLE_BACK if answer else _TITLE,
        evidence=_EVIDENCE,
        attack=DETECTOR.attack,
        succeeded=answer is not None,
        logins=answer["logins"] if answer else 0,
        within=f"{params['within']:g}",
    )


def _only_back(row: dict[str, Any], params: Params) -> Finding:
    actor, target = ip_text(row["actor"]), ip_text(row["target"])
    said = {"actor": actor, "target": target, "logins": row["logins"], "within": f"{params['within']:g}"}
    return Finding(
        key=(actor, target, "backwards"),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.MEDIUM,
        confidence=DETECTOR.confidence.at_threshold,
        title=_TITLE_BACK.fill(actor=actor, target=target),
        evidence=_EVIDENCE_BACK.fill(start=when(row["start_ts"]), **said),
        flow_uids=row["uids"],
        flow_count=len(row["uids"]),
        display_filter=display_filter(actor=row["actor"], target=row["target"], extra="(smb || smb2 || http)"),
        actor=row["actor"],
        target=row["target"],
        ip_proto=6,
    )


DETECTOR: Final = Detector(
    id="forced_login",
    version=1,
    title=Text("Server made to log in to an attacker", "迫使服务器登录"),
    question=Text("Who makes a server log in to itself?", "谁迫使服务器向自己登录？"),
    needs={
        **rpc.NEEDS,
        "smb": ("flow_uid", "ts", "sender_ip", "receiver_ip", "command"),
        "ntlm": ("flow_uid", "ts", "sender_ip", "receiver_ip", "user", "outcome"),
    },
    partition_by={**rpc.PARTITION, "smb": "sender_ip", "ntlm": "receiver_ip"},
    params={
        "gap": rpc.GAP,
        "within": Param(
            60, "s", 1, 3600, "the server logs in at once, and repeats for some seconds", "PetitPotam traces"
        ),
        "min_logins": Param(
            5, "logins", 2, 1000, "one or two backward logins happen between servers", "own; PetitPotam traces: 20"
        ),
    },
    attack=("T1187",),
    severity=Severity.HIGH,
    impact=85,
    confidence=Confidence(0.65, 0.92, 2),
    innocent=(
        CREDENTIALED_SCAN,
        Text(
            "A print server that notifies its clients: the call is the same, but the account is let in.",
            "向客户端发通知的打印服务器：调用相同，但账号会被接受。",
        ),
        Text(
            "Remote use of encrypted files, or administration of a DFS root, both rare.",
            "远程使用加密文件或管理 DFS 根，两者都少见。",
        ),
    ),
    next_steps=NEXT,
    source="detectors.md D24; CVE-2021-36942; MS-EFSR, MS-RPRN, MS-DFSNM, MS-FSRVP",
    run=run,
    roles_exempt=("scanner",),
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc", "ntlm"),
)
