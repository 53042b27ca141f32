"""Who talks to an address outside that no name led to? Detector D10 of detectors.md, its second part.

Judged only for clients whose look-ups are seen (they asked for names and were answered), half an hour after the first
of them: what was looked up before the capture began is not known. Software with fixed addresses does it too, so that
it is information, and an alert only when something else about the destination is odd.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.catalogue import _marks as marks
from detectors.catalogue._ports import BY_DESIGN, quoted
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import query, rows
from store.schema import Severity

COLUMNS: Final = (
    *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto", "server_name"),
    *("server_domain", "ja4", "src_pkts", "src_bytes_payload", "dst_bytes_payload", "src_home", "dst_home"),
)

_LOOKUP: Final = """
lookup AS (
    SELECT sender_ip, ts, query, answers FROM dns
    WHERE service = 'dns' AND qtype IN (1, 28, 65) AND len(answers) > 0
),
client AS (
    SELECT sender_ip AS src_ip, min(ts) AS since FROM lookup GROUP BY sender_ip
    HAVING count(DISTINCT query) >= $min_names
)"""

_PEERS_SQL: Final = f"""
WITH {_LOOKUP}
SELECT conversation.src_ip, conversation.dst_ip, min(ip_proto) AS ip_proto, count(DISTINCT root_uid) AS flows,
    min(ts_start) AS first_ts, max(ts_end) AS last_ts, min(lower(server_name)) AS name, min(server_domain) AS domain,
    list(DISTINCT app_proto ORDER BY app_proto) AS protos, list(DISTINCT ja4 ORDER BY ja4)[:5] AS ja4s,
    FALSE AS dst_home, count(DISTINCT root_uid) AS answered, list(DISTINCT dst_port ORDER BY dst_port)[:20] AS ports,
    list_transform(min(DISTINCT {{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids,
    max(src_bytes_payload + dst_bytes_payload) AS largest
FROM conversation JOIN client ON client.src_ip = conversation.src_ip
WHERE src_home AND NOT dst_home AND ts_start >= since + to_seconds($grace) AND dst_bytes_payload > 0
    AND server_name IS NULL AND {unicast_sql("dst_ip")} AND ip_proto IN (6, 17)
    AND src_bytes_payload + dst_bytes_payload >= $min_bytes
    AND (app_proto IS NULL OR app_proto NOT IN {quoted(BY_DESIGN)})
GROUP BY conversation.src_ip, conversation.dst_ip ORDER BY conversation.src_ip, conversation.dst_ip
"""

_ANSWERED_SQL: Final = f"""
WITH {_LOOKUP},
answer AS (SELECT sender_ip, ts, unnest(answers) AS address FROM lookup)
SELECT DISTINCT number FROM pair JOIN answer ON answer.sender_ip = pair.src_ip AND answer.address = pair.address
WHERE answer.ts BETWEEN pair.first_ts - to_seconds($memory) AND pair.last_ts AND $min_names > 0
"""

_TITLE: Final = Text("{actor} talks to {target}, which no name led to", "{actor} 与未经域名解析的地址 {target} 通信")
_EVIDENCE: Final = Text(
    "{actor} exchanged up to {largest} B with {target} ({flows} connections from {start} on, port {ports}) although"
    " none of its look-ups of {hours} h led there. {marks}",
    "{actor} 自 {start} 起与 {target} 通信 {flows} 次（端口 {ports}，单次最多 {largest} 字节），而其 {hours} 小时内的"
    "域名解析结果均不含该地址。{marks}",
)
_NO_MARKS: Final = Text("Nothing else speaks against it.", "除此之外未见异常。")
_MARKS: Final = Text("What sets it apart besides: {list}.", "其他可疑之处：{list}。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find addresses outside that clients use although no look-up of theirs led there.

    Args:
        tables: the tables of ``DETECTOR.needs`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, destination).
    """
    dns = {"dns": tables["dns"]}
    shared = {name: params[name] for name in ("min_names", "grace", "min_bytes")}
    found = rows(_PEERS_SQL, {**dns, "conversation": tables["conversation"]}, shared)
    found = _never_looked_up(found, tables, params)
    alerts = AlertRows(DETECTOR)
    prevalence = marks.Prevalence(tables)
    for row, known in zip(found, marks.known(tables, found), strict=True):
        share = prevalence.share(row["dst_ip"], None)
        if "raw_address" in known.marks and (share is None or share <= params["max_share"]):
            alerts.add(_finding(row, known, params))
    return alerts.table()


def _never_looked_up(found: list[dict[str, Any]], tables: Tables, params: Params) -> list[dict[str, Any]]:
    if not found:
        return []
    kind = tables["conversation"].schema.field("src_ip").type
    moment = pa.timestamp("us", "UTC")
    pair = pa.table(
        {
            "number": pa.array(range(len(found)), pa.int64()),
            "src_ip": pa.array([row["src_ip"] for row in found], kind),
            "address": pa.array([ip_text(row["dst_ip"]) for row in found]),
            "first_ts": pa.array([row["first_ts"] for row in found], moment),
            "last_ts": pa.array([row["last_ts"] for row in found], moment),
        }
    )
    names = {"memory": params["memory"], "min_names": params["min_names"]}
    answered = set(query(_ANSWERED_SQL, {"dns": tables["dns"], "pair": pair}, names)["number"].to_pylist())
    return [row for n, row in enumerate(found) if n not in answered]


def _finding(row: dict[str, Any], known: marks.Known, params: Params) -> Finding:
    actor, target = ip_text(row["src_ip"]), ip_text(row["dst_ip"])
    further = [(m, w) for m, w in zip(known.marks, known.words, strict=True) if m not in {"raw_address", "new_rare"}]
    said = _NO_MARKS
    if further:
        said = Text(
            _MARKS.en.format(list="; ".join(word.en for _, word in further)),
            _MARKS.zh.format(list="；".join(word.zh for _, word in further)),
        )
    severity = Severity.MEDIUM if further and "common" not in known.context else Severity.INFO
    values = {
        "actor": actor,
        "target": target,
        "largest": row["largest"],
        "flows": row["flows"],
        "start": when(row["first_ts"]),
        "ports": ", ".join(str(port) for port in row["ports"][:5]),
        "hours": f"{params['memory'] / 3600:.3g}",
    }
    return Finding(
        key=(actor, target),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(len(known.marks), 1),
        title=_TITLE.fill(actor=actor, target=target),
        evidence=Text(_EVIDENCE.en.format(marks=said.en, **values), _EVIDENCE.zh.format(marks=said.zh, **values)),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], target=row["dst_ip"]),
        actor=row["src_ip"],
        target=row["dst_ip"],
        ip_proto=row["ip_proto"],
        context=known.context,
        indicators=known.indicators if severity is Severity.MEDIUM else (),
        details={"marks": list(known.marks), "largest": row["largest"]},
    )


DETECTOR: Final = Detector(
    id="unresolved_peer",
    version=1,
    title=Text("Address without a name", "未解析的外部地址"),
    question=Text("Who talks to an address outside that no name led to?", "谁在与未经域名解析的外部地址通信？"),
    needs={
        "conversation": COLUMNS,
        "dns": marks.DNS,
        "tls": marks.TLS,
        "http": marks.HTTP,
        "edge_before": ("src_ip", "dst_ip", "first_ts", "last_ts"),
    },
    partition_by={
        "conversation": "src_ip",
        "dns": "sender_ip",
        "tls": "sender_ip",
        "http": "sender_ip",
        "edge_before": "src_ip",
    },
    min_span_s=1800,
    blind_without=("dns",),
    params={
        "min_names": Param(5, "names", 1, 1000, "a client whose look-ups are seen", "own: fewer may be a fallback"),
        "grace": Param(
            1800, "s", 0, 86400, "look-ups before the capture are not known", "Slips: 30 min; detectors.md D10"
        ),
        "memory": Param(86400, "s", 60, 2.6e6, "clients keep answers for a day at most", "detectors.md D10: 24 h"),
        "min_bytes": Param(1000, "B", 1, 1e9, "less is a ping or a refused try", "detectors.md D10: 1 kB"),
        "max_share": Param(
            0.1, "ratio", 0, 1, "what a tenth of the site uses is software with fixed addresses", "detectors.md D11"
        ),
    },
    attack=("T1095", "T1571"),
    severity=Severity.MEDIUM,
    impact=35,
    confidence=Confidence(0.4, 0.8, 3),
    innocent=(
        Text(
            "Software with fixed addresses: calls, games, swarms, names over HTTPS, network devices.",
            "使用固定地址的软件：通话、游戏、P2P、DoH、网络设备。",
        ),
        Text("A second resolver that is not tapped.", "存在未被监听的其他解析器。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w peer.pcap", "taishi packets {incident} -w peer.pcap"),
    ),
    source="detectors.md D10; Slips connection without DNS",
    run=run,
    roles_exempt=("scanner", "proxy", "resolver", "nat", "ntp"),
    family="command and control",
)
