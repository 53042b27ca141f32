"""Who collects Kerberos tickets to crack, or uses a stolen key? Part of D06 of detectors.md.

Tickets for service accounts under RC4 (Kerberoasting) and replies without a proof of the key (AS-REP roasting) can be
cracked offline. A client that offers RC4 alone to a key distribution centre that issues AES tickets proves itself by
an NT hash: Windows offers AES first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._probes import distinct_sql
from detectors.catalogue._steps import next_steps, shown
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_KEY: Final = "kind, src_ip"

_ASKED: Final = """
asked AS (
    SELECT DISTINCT CASE WHEN exchange = 'TGS' THEN 'tgs' ELSE 'as' END AS kind, sender_ip AS src_ip,
        receiver_ip AS dst_ip, ts AS ts_start, flow_uid,
        CASE WHEN exchange = 'TGS' THEN service_name ELSE "user" END AS name
    FROM kerberos
    WHERE is_success AND ((exchange = 'TGS' AND ticket_etype IN (23, 24) AND service_name NOT ILIKE 'krbtgt%')
        OR (exchange = 'AS' AND NOT has_preauth AND "user" IS NOT NULL))
)"""

_ROAST: Final = f"""
WITH {_ASKED},
large AS (
    SELECT {_KEY} FROM asked GROUP BY ALL
    HAVING count(DISTINCT name) >= CASE kind WHEN 'tgs' THEN $min_services ELSE $min_users END
),
candidate AS (SELECT asked.* FROM asked SEMI JOIN large USING ({_KEY})),
{distinct_sql(_KEY, "name", {"names": "TRUE"}, "names >= CASE kind WHEN 'tgs' THEN $min_services ELSE $min_users END")}
SELECT {_KEY}, count(DISTINCT name) AS names, list_sort(list(DISTINCT name)) AS name_list, min(dst_ip) AS dst_ip,
    min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT flow_uid) AS flows,
    list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
FROM candidate JOIN episode USING ({_KEY}) WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY {_KEY}, episode ORDER BY start_ts, {_KEY}
"""

_HASH: Final = """
WITH login AS (
    SELECT DISTINCT sender_ip AS src_ip, receiver_ip AS dst_ip, ts, flow_uid, "user" AS name, ticket_etype,
        len(offered_etypes) > 0 AND len(list_filter(offered_etypes, lambda x: x NOT IN (23, 24))) = 0 AS only_rc4
    FROM kerberos WHERE exchange = 'AS' AND is_success AND has_preauth
)
SELECT 'hash' AS kind, src_ip, min(dst_ip) AS dst_ip, count(DISTINCT name) AS names,
    list_sort(list(DISTINCT name)) AS name_list, min(ts) AS start_ts, max(ts) AS end_ts,
    count(DISTINCT flow_uid) AS flows, list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
FROM login WHERE only_rc4 AND ticket_etype IN (17, 18) GROUP BY src_ip ORDER BY start_ts, src_ip
"""

_TITLES: Final[Mapping[str, Text]] = {
    "tgs": Text("Kerberoasting by {actor}", "{actor} 进行 Kerberoasting"),
    "as": Text("AS-REP roasting by {actor}", "{actor} 进行 AS-REP Roasting"),
    "hash": Text("Kerberos login with an NT hash by {actor}", "{actor} 疑似用 NT 哈希登录 Kerberos"),
}
_EVIDENCE: Final[Mapping[str, Text]] = {
    "tgs": Text(
        "{actor} got RC4 tickets for {names} services ({list}) from {target} between {start} and {end}.",
        "{actor} 于 {start} 至 {end} 从 {target} 取得 {names} 个服务的 RC4 票据（{list}）。",
    ),
    "as": Text(
        "{actor} got replies for {names} accounts that need no proof of their key ({list}) from {target} between"
        " {start} and {end}.",
        "{actor} 于 {start} 至 {end} 从 {target} 取得 {names} 个免预认证账号的应答（{list}）。",
    ),
    "hash": Text(
        "{actor} logged in to {target} as {list}, offering RC4 alone although the tickets issued are AES, {start} to"
        " {end} ({names} accounts): as tools do that hold an NT hash instead of the password.",
        "{actor} 于 {start} 至 {end} 以 {list} 登录 {target}，只提供 RC4 而签发的票据为 AES（{names} 个账号）："
        "符合持有 NT 哈希而非口令的工具。",
    ),
}
_ATTACK: Final[Mapping[str, tuple[str, ...]]] = {
    "tgs": ("T1558.003",),
    "as": ("T1558.004",),
    "hash": ("T1550.002",),
}


def run(tables: Tables, params: Params) -> pa.Table:
    """Find clients that collect crackable tickets, or log in by a hash.

    Args:
        tables: ``kerberos``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (way, client) and burst.
    """
    inputs = {"kerberos": tables["kerberos"]}
    alerts = AlertRows(DETECTOR)
    for row in rows(_ROAST, inputs, params) + rows(_HASH, inputs):
        alerts.add(_finding(row, params))
    return alerts.table()


def _finding(row: dict[str, Any], params: Params) -> Finding:
    actor, target, kind = ip_text(row["src_ip"]), ip_text(row["dst_ip"]), row["kind"]
    least = params["min_services"] if kind == "tgs" else params["min_users"]
    said = {"actor": actor, "target": target, "names": row["names"], "list": shown(row["name_list"])}
    return Finding(
        key=(kind, actor),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.HIGH if kind == "tgs" and row["names"] >= 2 * least else Severity.MEDIUM,
        confidence=0.5 if kind == "hash" else DETECTOR.confidence.of(row["names"], least),
        title=_TITLES[kind].fill(actor=actor),
        evidence=_EVIDENCE[kind].fill(start=when(row["start_ts"]), end=when(row["end_ts"]), **said),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], target=row["dst_ip"], extra="kerberos"),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_count=row["names"],
        attack=_ATTACK[kind],
    )


DETECTOR: Final = Detector(
    id="kerberos_roasting",
    version=1,
    title=Text("Kerberos roasting", "Kerberos 票据破解"),
    question=Text("Who collects Kerberos tickets to crack?", "谁在收集 Kerberos 票据用于离线破解？"),
    needs={
        "kerberos": (
            *("flow_uid", "ts", "sender_ip", "receiver_ip", "exchange", "user", "service_name"),
            *("is_success", "offered_etypes", "ticket_etype", "has_preauth"),
        )
    },
    partition_by={"kerberos": "sender_ip"},
    window_s=600,
    blind_without=("kerberos",),
    params={
        "window": Param(600, "s", 10, 86400, "requests closer than this belong together", "detectors.md D06: 10 min"),
        "gap": Param(3600, "s", 300, 86400, "a burst after a longer pause is another alert", "Zeek suppress_for 1 h"),
        "min_services": Param(
            10, "services", 2, 1000, "a person uses few services in ten minutes, and most have AES", "detectors.md D06"
        ),
        "min_users": Param(
            3, "accounts", 1, 1000, "accounts without pre-authentication are rare; one may be an old device", "own"
        ),
    },
    attack=("T1558.003", "T1558.004"),
    severity=Severity.MEDIUM,
    impact=70,
    confidence=Confidence(0.7, 0.95, 50),
    innocent=(
        Text("An old domain in which every ticket is RC4.", "老旧域中所有票据都使用 RC4。"),
        Text("A keytab or an old client that knows RC4 only.", "仅支持 RC4 的 keytab 或旧客户端。"),
        Text("An authorised password audit.", "经授权的口令审计。"),
    ),
    next_steps=next_steps("kerberos"),
    source="detectors.md D06; RFC 4120; RFC 8429 (RC4 deprecated)",
    run=run,
    roles_exempt=("scanner",),
    family="access",
)
