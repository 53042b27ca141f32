"""Who sends passwords that anybody on the way can read? Detector D35 of detectors.md, a matter of hygiene.

Once per user, server, protocol and day. The secret is never shown: the parsers keep a keyed hash of it at most.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, capped, display_filter, when
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_READABLE: Final = ("password", "basic", "plain", "login", "community", "mysql_clear_password")
"""Names of login methods that carry the secret itself (Base64 hides nothing: RFC 4616, RFC 7617)."""

_ADMINS: Final = (
    *("root", "admin", "administrator", "sa", "sys", "system", "superuser", "toor", "operator", "engineer", "enable"),
)
"""Accounts that by custom command the machine."""

_PUBLIC: Final = ("anonymous", "ftp", "guest")
"""Accounts whose password is no secret (RFC 1635)."""

_OT_PORTS: Final = (102, 502, 2404, 4840, 20000, 44818, 47808)

_SQL: Final = f"""
WITH home AS (
    SELECT dst_ip AS server_ip, src_ip AS client_ip, bool_or(coalesce(src_home, FALSE)) AS client_home,
        bool_or(coalesce(dst_home, FALSE)) AS server_home
    FROM conversation GROUP BY ALL
),
controller AS (SELECT DISTINCT dst_ip AS server_ip FROM conversation WHERE dst_port IN {_OT_PORTS} AND dst_pkts > 0),
told AS (
    SELECT DISTINCT service, client_ip, server_ip, server_port, coalesce("user", '') AS account,
        lower(login_method) AS method, outcome, ts, flow_uid
    FROM logins WHERE lower(coalesce("user", '')) NOT IN {_PUBLIC}
        AND (lower(login_method) IN {_READABLE} OR (login_method IS NULL AND service IN ('telnet', 'rlogin')))
)
SELECT service, server_ip, account, date_trunc('day', ts) AS day, min(server_port) AS port, min(client_ip) AS client_ip,
    count(DISTINCT client_ip) AS clients, count(DISTINCT flow_uid) AS logins, bool_or(outcome = 'ok') AS ok,
    any_value(method ORDER BY method) AS method, min(ts) AS start_ts, max(ts) AS end_ts,
    bool_or(coalesce(client_home, TRUE) <> coalesce(server_home, TRUE)) AS crossing,
    server_ip IN (SELECT server_ip FROM controller) AS is_ot,
    list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
FROM told LEFT JOIN home USING (client_ip, server_ip)
GROUP BY service, server_ip, account, day ORDER BY start_ts, server_ip, service, account
"""

_TITLE: Final = Text("Readable {service} password for {target}", "{target} 的 {service} 口令明文传输")
_EVIDENCE: Final = Text(
    "{actor}{more} logged in to {service} of {target}:{port} as {account} with a readable secret ({method}) {logins}"
    " times on {day}, first at {start}{marks}. The secret itself is not shown.",
    "{actor}{more} 于 {day} 以账号 {account} 用可读的凭据（{method}）登录 {target}:{port} 的 {service} 共 {logins} 次，"
    "首次在 {start}{marks}。凭据本身不予显示。",
)
_CROSSING: Final = Text("; it crosses the border of the site", "；流量越过单位边界")
_ADMIN: Final = Text("; the account is an administrator's", "；账号为管理员账号")
_OT: Final = Text("; the server is a controller", "；服务器为工控设备")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find logins whose secret is readable on the wire.

    Args:
        tables: ``logins`` and ``conversation``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (user, server, protocol) and day; of a server with more users than ``max_users`` the first.
    """
    alerts = AlertRows(DETECTOR)
    seen: dict[tuple[object, ...], int] = {}
    for row in rows(_SQL, {"logins": tables["logins"], "conversation": tables["conversation"]}):
        group = (row["server_ip"], row["service"], row["day"])
        seen[group] = seen.get(group, 0) + 1
        if seen[group] <= params["max_users"]:
            alerts.add(_finding(row))
    return alerts.table()


def _severity(row: dict[str, Any]) -> Severity:
    """Information as a rule; low across the border, of an administrator or to a controller; two of these are medium.

    Only a login that the server accepted shows a secret that is worth something.
    """
    marks = sum((bool(row["crossing"]), row["account"].lower() in _ADMINS, bool(row["is_ot"])))
    severity = (Severity.INFO, Severity.LOW, Severity.MEDIUM, Severity.MEDIUM)[marks]
    return severity if row["ok"] else capped(severity, Severity.INFO)


def _finding(row: dict[str, Any]) -> Finding:
    actor, target, service = ip_text(row["client_ip"]), ip_text(row["server_ip"]), row["service"].upper()
    marks = [text for text, is_so in _marks(row) if is_so]
    others = row["clients"] - 1
    more = Text(f" and {others} more", f" 等 {others + 1} 台主机") if others else Text("", "")
    said = {
        "actor": actor,
        "target": target,
        "service": service,
        "port": row["port"],
        "account": row["account"] or "-",
        "method": row["method"] or "typed",
        "logins": row["logins"],
        "day": f"{row['day']:%Y-%m-%d}",
        "start": when(row["start_ts"]),
    }
    return Finding(
        key=(service, target, row["account"], f"{row['day']:%Y-%m-%d}"),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=_severity(row),
        confidence=DETECTOR.confidence.at_saturation if row["ok"] else DETECTOR.confidence.at_threshold,
        title=_TITLE.fill(service=service, target=target),
        evidence=Text(
            _EVIDENCE.en.format(more=more.en, marks="".join(m.en for m in marks), **said),
            _EVIDENCE.zh.format(more=more.zh, marks="".join(m.zh for m in marks), **said),
        ),
        flow_uids=row["uids"],
        flow_count=row["logins"],
        display_filter=display_filter(actor=row["client_ip"], target=row["server_ip"]),
        actor=row["client_ip"],
        target=row["server_ip"],
        target_port=row["port"],
        attack=("T1040", "T1552") + (("T0859",) if row["is_ot"] else ()),
    )


def _marks(row: dict[str, Any]) -> tuple[tuple[Text, bool], ...]:
    return (
        (_CROSSING, bool(row["crossing"])),
        (_ADMIN, row["account"].lower() in _ADMINS),
        (_OT, bool(row["is_ot"])),
    )


DETECTOR: Final = Detector(
    id="cleartext_credentials",
    version=1,
    title=Text("Readable password", "口令明文传输"),
    question=Text("Who sends passwords that anybody on the way can read?", "谁在发送途中任何人都能读到的口令？"),
    needs={
        "logins": (
            *("flow_uid", "ts", "service", "client_ip", "server_ip", "server_port", "user", "login_method", "outcome"),
        ),
        "conversation": ("src_ip", "dst_ip", "dst_port", "dst_pkts", "src_home", "dst_home"),
    },
    partition_by={"logins": "server_ip", "conversation": "dst_ip"},
    blind_without=("logins",),
    params={
        "max_users": Param(
            20, "users", 1, 10000, "per server, protocol and day: the repair is the same", "own: one screen"
        ),
    },
    attack=("T1040", "T1552"),
    severity=Severity.INFO,
    impact=40,
    confidence=Confidence(0.6, 0.9, 1),
    innocent=(
        Text(
            "An old device that knows no encryption; replace it or fence it in.", "不支持加密的老旧设备：请更换或隔离。"
        ),
        Text("A public account such as anonymous.", "anonymous 等公开账号。"),
    ),
    next_steps=next_steps("logins"),
    source="detectors.md D35; RFC 4616, RFC 7617",
    run=run,
    family="hygiene",
)
