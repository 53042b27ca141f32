"""Who carries data in pings? Detector D15 of detectors.md.

An echo reply gives back what its request held. Where replies hold other data, in messages of changing size and many of
them, the two ends talk. The entropy of payloads is not metered: a tunnel that only sends, in requests that are answered
faithfully, cannot be told from a ping of changing size.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_CONVERSATION: Final = (
    *("flow_uids", "ts_start", "ts_end", "src_ip", "dst_ip", "ip_proto", "icmp_type", "src_pkts", "dst_pkts"),
    *("src_bytes_payload", "dst_bytes_payload", "src_home", "dst_home"),
)
_ICMP: Final = ("flow_uid", "sender_ip", "receiver_ip", "payload_len", "reply_len", "payload_differs")

_SQL: Final = """
WITH spoken AS (
    SELECT DISTINCT ON (flow_uids[1]) * FROM conversation
    WHERE (ip_proto = 1 AND icmp_type NOT IN (3, 4, 5, 9, 10, 11, 12))
        OR (ip_proto = 58 AND (icmp_type IN (128, 129) OR icmp_type BETWEEN 155 AND 255))
    ORDER BY flow_uids[1], ts_end DESC, src_pkts DESC
),
pair AS (
    SELECT src_ip, dst_ip, min(ip_proto) AS ip_proto, min(ts_start) AS start_ts, max(ts_end) AS end_ts,
        sum(src_pkts)::BIGINT AS sent, sum(dst_pkts)::BIGINT AS answered,
        sum(src_bytes_payload)::BIGINT AS up, sum(dst_bytes_payload)::BIGINT AS down,
        bool_or(src_home) AS src_home, bool_or(dst_home) AS dst_home, count(*) AS flows,
        bool_and(icmp_type IN (0, 8, 128, 129)) AS is_echo, list(flow_uids[1] ORDER BY ts_start, flow_uids[1]) AS uids
    FROM spoken WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL GROUP BY src_ip, dst_ip
    HAVING sum(src_pkts) + sum(dst_pkts) >= $min_messages
        AND sum(src_bytes_payload) + sum(dst_bytes_payload) >= $min_bytes * 1000
),
said AS (
    SELECT sender_ip, receiver_ip, bool_or(payload_differs) AS differs, max(payload_len) AS largest,
        max(reply_len) AS largest_reply
    FROM icmp GROUP BY ALL
)
SELECT pair.*, coalesce(differs, FALSE) AS differs, largest, largest_reply
FROM pair LEFT JOIN said ON sender_ip = src_ip AND receiver_ip = dst_ip ORDER BY src_ip, dst_ip
"""

_TITLE: Final = Text("ICMP tunnel suspected: {actor} and {target}", "疑似 ICMP 隧道：{actor} 与 {target}")
_EVIDENCE: Final = Text(
    "{actor} and {target} exchanged {messages} ICMP messages with {bytes:.1f} kB of payload from {start} on: {up:.0f} B"
    " in a request and {down:.0f} B in a reply on average, the largest {largest} B and {largest_reply} B; {why}.",
    "{actor} 与 {target} 自 {start} 起交换了 {messages} 条 ICMP 消息，载荷共 {bytes:.1f} kB：请求平均 {up:.0f} 字节、"
    "应答平均 {down:.0f} 字节，最大分别为 {largest} 和 {largest_reply} 字节；{why}。",
)
_WHY: Final = {
    "talk": Text("replies hold other data than their requests, and sizes change", "应答内容与请求不同，且大小不断变化"),
    "differ": Text("replies hold other data than their requests", "应答内容与请求不同"),
    "cut": Text(
        "replies hold other data, but all have one size: a server that cuts long pings",
        "应答内容不同但大小恒定：可能是截短长 ping 的服务器",
    ),
    "push": Text("requests of changing size that hardly anybody answers", "请求大小不断变化且几乎无应答"),
    "odd": Text("of types that are neither echo nor error", "类型既非回显也非差错"),
}


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs that talk in ICMP messages.

    Args:
        tables: ``conversation`` and ``icmp``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per pair.
    """
    alerts = AlertRows(DETECTOR)
    for row in rows(_SQL, {"conversation": tables["conversation"], "icmp": tables["icmp"]}, dict(_wanted(params))):
        if (why := _why(row, params)) is not None:
            alerts.add(_finding(row, why, params))
    return alerts.table()


def _wanted(params: Params) -> dict[str, float]:
    return {name: params[name] for name in ("min_messages", "min_bytes")}


def _mean(total: int, messages: int) -> float:
    return total / messages if messages else 0.0


def _changes(mean: float, largest: int | None, params: Params) -> bool:
    """Tell whether messages have many sizes: their mean lies well below the largest."""
    return bool(largest) and mean < (1 - params["min_spread"] / 100) * float(largest or 0)


def _why(row: dict[str, Any], params: Params) -> str | None:
    """Return what speaks for a tunnel, a name of ``_WHY``; None when nothing does."""
    up, down = _mean(row["up"], row["sent"]), _mean(row["down"], row["answered"])
    changes = _changes(up, row["largest"], params) or _changes(down, row["largest_reply"], params)
    if not row["is_echo"]:
        return "odd"
    if max(up, down) < params["min_mean"]:
        return None
    if row["differs"]:
        is_cut = (row["largest_reply"] or 0) < (row["largest"] or 0)
        return "talk" if changes else "cut" if is_cut else "differ"
    return "push" if changes and 10 * row["answered"] < row["sent"] else None


def _severity(row: dict[str, Any], why: str, params: Params) -> Severity:
    if why in {"talk", "differ"}:
        is_outside = row["src_home"] != row["dst_home"]
        much = row["up"] + row["down"] >= params["much_bytes"] * 1000
        return Severity.HIGH if is_outside and much else Severity.MEDIUM
    return Severity.LOW if why == "push" else Severity.INFO


def _finding(row: dict[str, Any], why: str, params: Params) -> Finding:
    actor, target = ip_text(row["src_ip"]), ip_text(row["dst_ip"])
    messages, payload = row["sent"] + row["answered"], row["up"] + row["down"]
    numbers = {
        "messages": messages,
        "bytes": payload / 1000,
        "up": _mean(row["up"], row["sent"]),
        "down": _mean(row["down"], row["answered"]),
        "largest": row["largest"] or 0,
        "largest_reply": row["largest_reply"] or 0,
    }
    said = {**numbers, "actor": actor, "target": target, "start": when(row["start_ts"])}
    leaves = row["src_home"] and not row["dst_home"] and why in {"talk", "differ", "push"}
    return Finding(
        key=(actor, target),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=_severity(row, why, params),
        confidence=DETECTOR.confidence.of(payload / 1000, params["min_bytes"]),
        title=_TITLE.fill(actor=actor, target=target),
        evidence=Text(_EVIDENCE.en.format(why=_WHY[why].en, **said), _EVIDENCE.zh.format(why=_WHY[why].zh, **said)),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], extra="icmp" if row["ip_proto"] == 1 else "icmpv6"
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        ip_proto=row["ip_proto"],
        lost_bytes=int(row["up"]) if leaves else None,
        details={**numbers, "why": why},
    )


DETECTOR: Final = Detector(
    id="icmp_tunnel",
    version=1,
    title=Text("ICMP tunnel", "ICMP 隧道"),
    question=Text("Who carries data in pings?", "谁在用 ping 传送数据？"),
    needs={"conversation": _CONVERSATION, "icmp": _ICMP},
    partition_by={"conversation": "src_ip", "icmp": "sender_ip"},
    params={
        "min_messages": Param(50, "messages", 5, 100000, "requests and replies of a pair", "detectors.md D15: >= 50"),
        "min_bytes": Param(10, "kB", 1, 100000, "payload of a pair, both directions", "detectors.md D15: >= 10 kB"),
        "min_mean": Param(64, "B", 8, 1400, "mean payload; ping sends 32 or 56 bytes", "detectors.md D15: > 64 B"),
        "min_spread": Param(
            10, "%", 1, 90, "the mean lies this far below the largest: sizes change", "own: pings have one size"
        ),
        "much_bytes": Param(100, "kB", 10, 1000000, "payload that is more than a few commands", "own"),
    },
    attack=("T1095", "T1572"),
    severity=Severity.HIGH,
    impact=80,
    confidence=Confidence(0.7, 0.95, 1000),
    innocent=(
        Text(
            "Servers that shorten or alter long echo requests, and probes that measure the path with them.",
            "会截短或改写长 ping 的服务器，以及用长 ping 测量路径的探测。",
        ),
        Text(
            "A monitoring system with large pings: their replies hold what was sent, and all have one size.",
            "使用大包 ping 的监控系统：应答与请求内容相同且大小一致。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w icmp.pcap", "taishi packets {incident} -w icmp.pcap"),
    ),
    source="detectors.md D15",
    run=run,
    roles_exempt=("monitor",),
    blind_without=("icmp",),
    family="tunnel",
)
