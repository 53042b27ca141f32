"""Who mines coins for somebody? Detector D20 of detectors.md.

Three things show it: the miners' protocol Stratum, recognised by its content on any port; the name of a pool; and,
where the content is hidden, the shape of the work: for ten minutes and more small messages go up every half to two
minutes on a port that pools use. A name that was only looked up is information: people read about coins.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

COLUMNS: Final = (
    *("root_uid", "ts_start", "ts_end", "duration_s", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto"),
    *("server_name", "src_pkts", "src_data_pkts", "dst_data_pkts", "src_bytes_payload", "dst_bytes_payload"),
    *("src_home", "dst_home", "is_closed"),
)
_DNS: Final = ("sender_ip", "flow_uid", "ts", "service", "query", "answers")

_RULES: Final = "names/mining_pools.csv"

_WEB: Final = (80, 443, 8080, 8443)
"""Ports of a pool's web pages, which people read."""

_PORTS: Final = (3333, 3334, 4444, 5555, 6666, 7777, 8888, 9999, 10128, 10343, 14433, 14444, 20128, 45560, 45700, 55555)
"""Ports that pools publish for Stratum (detectors.md D20: 3333, 4444, 5555, 14444; the pools of the rule file)."""

_POOL: Final = "(lower({name}) = pool.domain OR lower({name}) LIKE '%.' || pool.domain)"

_CALLS_SQL: Final = f"""
WITH call AS (
    SELECT DISTINCT root_uid, ts_start, ts_end, duration_s, src_ip, dst_ip, dst_port, app_proto,
        server_name, src_data_pkts, dst_data_pkts, src_bytes_payload, dst_bytes_payload, dst_home, is_closed
    FROM conversation WHERE ip_proto = 6 AND src_pkts > 0 AND {unicast_sql("dst_ip")}
        AND NOT (coalesce(dst_home, FALSE) AND NOT coalesce(src_home, FALSE))
        AND (app_proto = 'stratum' OR server_name IS NOT NULL OR dst_port IN {_PORTS})
),
told AS (
    SELECT call.*, domain, coalesce(app_proto = 'stratum', FALSE) AS speaks,
        coalesce((app_proto IS NULL OR app_proto = 'tls') AND NOT coalesce(dst_home, FALSE) AND dst_port IN {_PORTS}
            AND duration_s >= $min_duration AND src_data_pkts >= $min_messages
            AND src_bytes_payload / src_data_pkts BETWEEN 20 AND $max_message
            AND duration_s / src_data_pkts BETWEEN $min_pause AND $max_pause
            AND dst_bytes_payload / nullif(dst_data_pkts, 0) <= 4 * $max_message, FALSE) AS works
    FROM call LEFT JOIN pool ON {_POOL.format(name="server_name")}
)
SELECT src_ip, dst_ip, dst_port, min(domain) AS pool, bool_or(speaks) AS speaks, bool_or(works) AS works,
    min(ts_start) AS first_ts, max(ts_end) AS last_ts, count(DISTINCT root_uid) AS flows,
    sum(duration_s) AS seconds, CAST(coalesce(sum(src_data_pkts), 0) AS BIGINT) AS messages,
    CAST(coalesce(sum(src_bytes_payload), 0) AS BIGINT) AS bytes,
    list_transform(min(DISTINCT {{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM told WHERE speaks OR works OR domain IS NOT NULL
GROUP BY src_ip, dst_ip, dst_port ORDER BY src_ip, dst_ip, dst_port
"""

_LOOKUPS_SQL: Final = f"""
SELECT sender_ip AS src_ip, domain AS pool, min(ts) AS first_ts, max(ts) AS last_ts,
    count(DISTINCT (ts, query)) AS asked,
    list(DISTINCT flow_uid ORDER BY flow_uid)[:{MAX_FLOW_UIDS}] AS uids, count(DISTINCT flow_uid) AS flows,
    list_distinct(flatten(list(coalesce(answers, [])))) AS answers
FROM dns JOIN pool ON {_POOL.format(name="query")} WHERE service = 'dns'
GROUP BY sender_ip, domain ORDER BY sender_ip, domain
"""

_TITLE: Final = Text("{actor} mines coins with {place}", "{actor} 正通过 {place} 挖矿")
_TITLE_NAME: Final = Text("{actor} asks for the mining pool {pool}", "{actor} 查询矿池域名 {pool}")
_EVIDENCE: Final = Text(
    "{actor} held {flows} connections to {place} for {minutes} min from {start} on and sent {messages} messages of"
    " {size} B on average. {why}.",
    "{actor} 自 {start} 起与 {place} 建立 {flows} 条连接，共 {minutes} 分钟，发出 {messages} 条消息，"
    "平均 {size} 字节。{why}。",
)
_EVIDENCE_NAME: Final = Text(
    "{actor} looked up {pool} {asked} times from {start} on; no connection to it was seen.",
    "{actor} 自 {start} 起查询 {pool} 共 {asked} 次；未见与其建立连接。",
)
_SPEAKS: Final = Text("The content is Stratum, the protocol of miners", "内容为挖矿协议 Stratum")
_NAMED: Final = Text("the name belongs to the pool {pool}", "域名属于矿池 {pool}")
_WORKS: Final = Text(
    "small messages at the pace of shares, on a port of pools", "矿池常用端口上按提交份额的节奏发出小消息"
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find miners by what they speak, whom they name, and how they work.

    Args:
        tables: ``conversation`` (COLUMNS), ``dns`` and the rule table of pools.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, destination, port), and one per pool that was only looked up.
    """
    pool = {"pool": tables[f"rules/{_RULES}"]}
    calls = rows(_CALLS_SQL, {**pool, "conversation": tables["conversation"]}, params)
    lookups = rows(_LOOKUPS_SQL, {**pool, "dns": tables["dns"]})
    alerts = AlertRows(DETECTOR)
    resolved = {(row["src_ip"], address): row["pool"] for row in lookups for address in row["answers"]}
    for row in calls:
        row["pool"] = row["pool"] or resolved.get((row["src_ip"], ip_text(row["dst_ip"])))
        alerts.add(_finding(row))
    used = {(row["src_ip"], row["pool"]) for row in calls}
    for row in lookups:
        if (row["src_ip"], row["pool"]) not in used:
            alerts.add(_lookup(row))
    return alerts.table()


def _severity(row: dict[str, Any]) -> Severity:
    """Content is proof; a name needs a port that no web page has, or the shape; the shape alone is medium."""
    if row["speaks"] or row["works"]:
        return Severity.MEDIUM if not (row["speaks"] and row["pool"]) else Severity.HIGH
    return Severity.LOW if row["dst_port"] in _WEB else Severity.MEDIUM


def _finding(row: dict[str, Any]) -> Finding:
    actor, target = ip_text(row["src_ip"]), ip_text(row["dst_ip"])
    place = f"{row['pool'] or target}:{row['dst_port']}"
    reasons = [
        text
        for text, holds in (
            (_SPEAKS, row["speaks"]),
            (_NAMED.fill(pool=row["pool"]), row["pool"]),
            (_WORKS, row["works"]),
        )
        if holds
    ]
    values = {
        "actor": actor,
        "place": place,
        "flows": row["flows"],
        "minutes": f"{row['seconds'] / 60:.3g}",
        "start": when(row["first_ts"]),
        "messages": row["messages"],
        "size": f"{row['bytes'] / max(1, row['messages']):.0f}",
    }
    return Finding(
        key=(actor, target, str(row["dst_port"])),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=_severity(row),
        confidence=DETECTOR.confidence.of(2 * row["speaks"] + bool(row["pool"]) + row["works"], 1),
        title=_TITLE.fill(actor=actor, place=place),
        evidence=Text(
            _EVIDENCE.en.format(why="; ".join(text.en for text in reasons), **values),
            _EVIDENCE.zh.format(why="；".join(text.zh for text in reasons), **values),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=6, target_port=row["dst_port"]
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=row["dst_port"],
        ip_proto=6,
        indicators=(f"domain:{row['pool']}" if row["pool"] else f"dst:{target}",),
        details={name: row[name] for name in ("speaks", "works", "pool", "messages", "seconds")},
    )


def _lookup(row: dict[str, Any]) -> Finding:
    actor = ip_text(row["src_ip"])
    values = {"actor": actor, "pool": row["pool"], "asked": row["asked"], "start": when(row["first_ts"])}
    return Finding(
        key=(actor, row["pool"]),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=Severity.INFO,
        confidence=0.2,
        title=_TITLE_NAME.fill(actor=actor, pool=row["pool"]),
        evidence=_EVIDENCE_NAME.fill(**values),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], extra=f'dns.qry.name contains "{row["pool"]}"'),
        actor=row["src_ip"],
        details={"pool": row["pool"], "asked": row["asked"]},
    )


DETECTOR: Final = Detector(
    id="mining",
    version=1,
    title=Text("Coin mining", "加密货币挖矿"),
    question=Text("Who mines coins for somebody?", "谁在替他人挖矿？"),
    needs={"conversation": COLUMNS, "dns": _DNS},
    partition_by={"conversation": "src_ip", "dns": "sender_ip"},
    params={
        "min_duration": Param(600, "s", 60, 86400, "a miner stays, a visit ends", "detectors.md D20: long flow"),
        "min_messages": Param(8, "messages", 3, 1e5, "shares of ten minutes", "own: one a minute, some lost"),
        "max_message": Param(
            500, "B", 50, 5000, "a share is one line of JSON", "Stratum mining protocol: 100 to 300 B"
        ),
        "min_pause": Param(
            5, "s", 0.1, 3600, "miners with a high rate send a share in seconds", "detectors.md D20; own"
        ),
        "max_pause": Param(120, "s", 1, 3600, "pools set the difficulty to a share in two minutes", "detectors.md D20"),
    },
    attack=("T1496.001",),
    severity=Severity.MEDIUM,
    impact=45,
    confidence=Confidence(0.5, 0.95, 3),
    innocent=(
        Text("Somebody mines with permission, or does research on it.", "经许可的挖矿或相关研究。"),
        Text("An own service on a port that pools like to use.", "自有服务恰好使用矿池常用端口。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w mining.pcap", "taishi packets {incident} -w mining.pcap"),
    ),
    source="detectors.md D20; Sigma zeek_dns_mining_pools, net_dns_pua_cryptocoin_mining_xmr (names)",
    run=run,
    roles_exempt=("resolver",),
    rules=(_RULES,),
    family="impact",
)
