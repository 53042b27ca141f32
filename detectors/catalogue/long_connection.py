"""Who keeps a connection open for hours? Detector D09 of detectors.md.

The durations of a pair's connections to one service are summed, those still open included, and rated by RITA's
thresholds. Long is what tunnels, remote shells and remote access tools are, but also VPNs, mail and databases: only an
address outside that nothing else explains is an alert.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.beaconing import bucketed
from detectors.catalogue import _marks as marks
from detectors.catalogue._ports import BY_DESIGN, quoted
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

COLUMNS: Final = (
    *("root_uid", "ts_start", "ts_end", "duration_s", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto"),
    *("server_name", "server_domain", "ja4", "src_pkts", "dst_pkts", "src_data_pkts", "dst_data_pkts"),
    *("src_bytes_payload", "dst_bytes_payload", "src_home", "dst_home", "is_closed"),
)
_FLOW: Final = ("flow_uid", "flow_root_uid", "src_ip", "src_len_mean", "src_iat_mean", "src_data_pkts")

_MEANT_LONG: Final = ("imap", "smb", "ldap", "rdp", "rfb", "xmpp", "irc", "ms-sql-s", "mysql", "postgresql", "nfs")
"""Protocols whose connections stay open by design: mail that waits, file shares, screens, databases."""

_CUTS: Final = (3600.0, 14400.0, 28800.0, 43200.0)
"""RITA's base, low, medium and high of the summed duration in seconds (default_config.hjson)."""

_SERVANTS: Final = ("proxy", "backup", "update_server", "domain_controller", "monitor")

_PAIRS_SQL: Final = f"""
WITH once AS (
    SELECT DISTINCT root_uid, ts_start, ts_end, duration_s, src_ip, dst_ip, dst_port, ip_proto, app_proto,
        lower(server_name) AS name, server_domain, ja4, src_data_pkts, dst_data_pkts, src_bytes_payload,
        dst_bytes_payload, src_home, dst_home, is_closed
    FROM conversation SEMI JOIN (
        SELECT src_ip, dst_ip, dst_port FROM conversation
        WHERE ip_proto IN (6, 17) AND src_pkts > 0 AND dst_pkts > 0 AND {unicast_sql("dst_ip")}
            AND (app_proto IS NULL OR app_proto NOT IN {quoted(BY_DESIGN)})
            AND NOT (coalesce(dst_home, FALSE) AND NOT coalesce(src_home, FALSE))
        GROUP BY ALL HAVING sum(duration_s) >= $min_total AND max(duration_s) >= $min_longest
    ) USING (src_ip, dst_ip, dst_port)
    WHERE ip_proto IN (6, 17) AND src_pkts > 0 AND dst_pkts > 0
)
SELECT src_ip, dst_ip, dst_port, min(ip_proto) AS ip_proto, sum(duration_s) AS total, max(duration_s) AS longest,
    count(*) AS flows, count(*) FILTER (NOT is_closed) AS open, min(ts_start) AS first_ts, max(ts_end) AS last_ts,
    list(DISTINCT app_proto ORDER BY app_proto) AS protos, min(name) AS name, min(server_domain) AS domain,
    list(DISTINCT ja4 ORDER BY ja4)[:5] AS ja4s, bool_or(coalesce(src_home, FALSE)) AS src_home,
    bool_and(coalesce(dst_home, FALSE)) AS dst_home, count(*) FILTER (dst_bytes_payload > 0) AS answered,
    CAST(sum(src_bytes_payload) AS BIGINT) AS sent,
    CAST(sum(dst_bytes_payload) AS BIGINT) AS received, [dst_port] AS ports,
    list_transform(max(DISTINCT {{'d': duration_s, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM once GROUP BY ALL HAVING sum(duration_s) >= $min_total ORDER BY src_ip, dst_ip, dst_port
"""

_TYPED_SQL: Final = """
SELECT coalesce(flow_root_uid, flow_uid) AS uid, sum(src_data_pkts) AS keys,
    sum(src_len_mean * src_data_pkts) / nullif(sum(src_data_pkts), 0) AS size, avg(src_iat_mean) / 1e6 AS pause
FROM (SELECT DISTINCT flow_uid, flow_root_uid, src_len_mean, src_data_pkts, src_iat_mean FROM flow)
JOIN wanted ON coalesce(flow_root_uid, flow_uid) = wanted.uid GROUP BY 1
"""

_TITLE: Final = Text("Connection of {hours} h from {actor} to {place}", "{actor} 与 {place} 保持连接 {hours} 小时")
_EVIDENCE: Final = Text(
    "{actor} held {flows} connections to {place} ({proto}) for {hours} h in all from {start} on, the longest {longest}"
    " h, {open} still open at the end; {sent} B sent, {received} B received; RITA's threat score {threat}.{typed}"
    " {marks}",
    "{actor} 自 {start} 起与 {place}（{proto}）保持 {flows} 条连接，累计 {hours} 小时，最长 {longest} 小时，结束时仍有"
    " {open} 条未断开；发送 {sent} 字节，接收 {received} 字节；RITA 威胁分 {threat}。{typed}{marks}",
)
_TYPED: Final = Text(" Somebody types in it.", "流量形似人工键入。")
_NO_MARKS: Final = Text("Nothing else speaks against it.", "除此之外未见异常。")
_MARKS: Final = Text("What sets it apart: {list}.", "可疑之处：{list}。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs whose connections add up to hours, and weigh what is known of them.

    Args:
        tables: the tables of ``DETECTOR.needs`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, destination, port).
    """
    inputs = {"conversation": tables["conversation"]}
    found = rows(_PAIRS_SQL, inputs, {name: params[name] for name in ("min_total", "min_longest")})
    typed = _typed(tables["flow"], found, params)
    alerts = AlertRows(DETECTOR)
    prevalence = marks.Prevalence(tables)
    for row, known in zip(found, marks.known(tables, found), strict=True):
        alerts.add(_finding(row, known, _severity(row, known, params, prevalence), is_typed=row["uids"][0] in typed))
    return alerts.table()


def _typed(flow: pa.Table, found: list[dict[str, Any]], params: Params) -> set[bytes]:
    """Return the longest connections in which somebody types: many tiny packets with the pauses of fingers."""
    if not found:
        return set()
    kind = flow.schema.field("flow_uid").type
    wanted = pa.table({"uid": pa.array([row["uids"][0] for row in found], kind)})
    return {
        row["uid"]
        for row in rows(_TYPED_SQL, {"flow": flow, "wanted": wanted})
        if row["keys"] >= params["min_keys"]
        and row["size"] is not None
        and row["size"] <= params["max_key_bytes"]
        and row["pause"] is not None
        and 0.05 <= row["pause"] <= 10
    }


def _severity(row: dict[str, Any], known: marks.Known, params: Params, prevalence: marks.Prevalence) -> Severity:
    """Long alone is information; hours to an address outside with a mark are medium."""
    is_meant = any(proto in _MEANT_LONG for proto in row["protos"])
    if row["dst_home"] or is_meant or not known.marks or "common" in known.context:
        return Severity.INFO
    if prevalence.has_role(row["dst_ip"], _SERVANTS) or row["total"] < params["min_sure"]:
        return Severity.INFO
    return Severity.MEDIUM


def _said(known: marks.Known) -> Text:
    if not known.words:
        return _NO_MARKS
    return Text(
        _MARKS.en.format(list="; ".join(word.en for word in known.words)),
        _MARKS.zh.format(list="；".join(word.zh for word in known.words)),
    )


def _finding(row: dict[str, Any], known: marks.Known, severity: Severity, *, is_typed: bool) -> Finding:
    actor, port = ip_text(row["src_ip"]), row["dst_port"]
    place = marks.place(row, known, port)
    threat = bucketed(row["total"], _CUTS)
    typed, said = (_TYPED if is_typed else Text("", "")), _said(known)
    values = {name: row[name] for name in ("flows", "open", "sent", "received")} | {
        "actor": actor,
        "place": place,
        "proto": next((proto for proto in row["protos"] if proto), "?"),
        "hours": f"{row['total'] / 3600:.3g}",
        "longest": f"{row['longest'] / 3600:.3g}",
        "start": when(row["first_ts"]),
        "threat": f"{threat:.2g}",
    }
    return Finding(
        key=(actor, ip_text(row["dst_ip"]), str(port)),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(row["total"], DETECTOR.params["min_total"].default),
        title=_TITLE.fill(actor=actor, place=place, hours=values["hours"]),
        evidence=Text(
            _EVIDENCE.en.format(marks=said.en, typed=typed.en, **values),
            _EVIDENCE.zh.format(marks=said.zh, typed=typed.zh, **values),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"], target_port=port
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=port,
        ip_proto=row["ip_proto"],
        context=known.context,
        indicators=known.indicators if severity is not Severity.INFO else (),
        details={
            "total_s": row["total"],
            "longest_s": row["longest"],
            "open": row["open"],
            "threat": round(threat, 3),
            "typed": is_typed,
            "marks": list(known.marks),
        },
    )


DETECTOR: Final = Detector(
    id="long_connection",
    version=1,
    title=Text("Long connection", "长连接"),
    question=Text("Who keeps a connection open for hours?", "谁长时间保持连接不断？"),
    needs={
        "conversation": COLUMNS,
        "flow": _FLOW,
        "tls": marks.TLS,
        "http": marks.HTTP,
        "dns": marks.DNS,
        "edge_before": ("src_ip", "dst_ip", "first_ts", "last_ts"),
    },
    partition_by={
        "conversation": "src_ip",
        "flow": "src_ip",
        "tls": "sender_ip",
        "http": "sender_ip",
        "dns": "sender_ip",
        "edge_before": "src_ip",
    },
    params={
        "min_total": Param(3600, "s", 60, 1e7, "summed duration of a pair that is worth a line", "RITA: base 3600 s"),
        "min_longest": Param(
            600,
            "s",
            10,
            1e7,
            "hundreds of short connections are no long one",
            "corelight zeek-long-connections: 10 min",
        ),
        "min_sure": Param(14400, "s", 600, 1e7, "hours: RITA's low, below it is a visit", "RITA: low 14400 s"),
        "min_keys": Param(20, "packets", 5, 1e5, "a line of typing", "own"),
        "max_key_bytes": Param(
            60, "B", 1, 500, "one key in SSH is 36 to 52 B, in Telnet 1 B", "RFC 4253 6: packet and MAC sizes; own"
        ),
    },
    attack=("T1572", "T1571", "T1219"),
    severity=Severity.MEDIUM,
    impact=40,
    confidence=Confidence(0.4, 0.8, 43200),
    innocent=(
        Text(
            "A VPN, mail that waits for messages, video, a database pool, or a poll of a control system.",
            "VPN、等待新邮件的连接、视频、数据库连接池或控制系统轮询。",
        ),
        Text("Authorised remote support: have the other side named.", "经授权的远程支持：请确认对端身份。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w long.pcap", "taishi packets {incident} -w long.pcap"),
    ),
    source="detectors.md D09; RITA v5 default_config.hjson; corelight/zeek-long-connections",
    run=run,
    roles_exempt=("proxy", "nat", "monitor"),
    family="command and control",
)
