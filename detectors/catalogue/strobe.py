"""Who connects to one place once a second, all day? Detector D10 of detectors.md, its third part (RITA's strobe)."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.catalogue import _marks as marks
from detectors.catalogue._ports import BY_DESIGN, quoted
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

COLUMNS: Final = (
    *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto", "server_domain"),
    *("src_pkts", "src_home", "dst_home"),
)

_SQL: Final = f"""
WITH call AS (
    SELECT *, (epoch_us($end) - epoch_us(ts_start)) // $window_us AS tile FROM conversation
    WHERE ip_proto IN (6, 17) AND src_pkts > 0 AND ts_start <= $end AND {unicast_sql("dst_ip")}
        AND (app_proto IS NULL OR app_proto NOT IN {quoted(BY_DESIGN)})
        AND NOT (coalesce(dst_home, FALSE) AND NOT coalesce(src_home, FALSE))
),
busy AS (SELECT src_ip, dst_ip, tile FROM call GROUP BY ALL HAVING count(*) >= $min_calls)
SELECT src_ip, dst_ip, tile, count(DISTINCT root_uid) AS calls, min(ts_start) AS first_ts, max(ts_end) AS last_ts,
    list(DISTINCT dst_port ORDER BY dst_port)[:5] AS ports, min(server_domain) AS domain,
    bool_and(coalesce(dst_home, FALSE)) AS dst_home,
    list_transform(min(DISTINCT {{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM call SEMI JOIN busy USING (src_ip, dst_ip, tile) GROUP BY src_ip, dst_ip, tile
HAVING count(DISTINCT root_uid) >= $min_calls ORDER BY src_ip, dst_ip, tile
"""

_TITLE: Final = Text("{actor} connects to {target} all the time", "{actor} 持续高频连接 {target}")
_EVIDENCE: Final = Text(
    "{actor} opened {calls} connections to {target} (port {ports}) from {start} to {end}: {rate} a second.",
    "{actor} 自 {start} 至 {end} 向 {target}（端口 {ports}）发起 {calls} 次连接：每秒 {rate} 次。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs with as many connections in a day as it has seconds.

    Args:
        tables: ``conversation`` (COLUMNS) and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per pair and day.
    """
    span = tables["capture_span"].to_pylist()
    if not span:
        return AlertRows(DETECTOR).table()
    values = {
        "end": span[0]["ts_end"],
        "window_us": int(params["window"] * 1e6),
        "min_calls": int(params["min_calls"]),
    }
    alerts = AlertRows(DETECTOR)
    prevalence = marks.Prevalence(tables)
    for row in rows(_SQL, {"conversation": tables["conversation"]}, values):
        alerts.add(_finding(row, prevalence.share(row["dst_ip"], row["domain"])))
    return alerts.table()


def _finding(row: dict[str, Any], share: float | None) -> Finding:
    """Inside the site it is a health check or a broken client; outside and known to be rare it is medium."""
    actor, target = ip_text(row["src_ip"]), ip_text(row["dst_ip"])
    is_rare = share is not None and share <= 0.02
    severity = Severity.INFO if row["dst_home"] else Severity.MEDIUM if is_rare else Severity.LOW
    values = {
        "actor": actor,
        "target": target,
        "calls": row["calls"],
        "ports": ", ".join(str(port) for port in row["ports"]),
        "start": when(row["first_ts"]),
        "end": when(row["last_ts"]),
        "rate": f"{row['calls'] / max(1.0, (row['last_ts'] - row['first_ts']).total_seconds()):.2g}",
    }
    return Finding(
        key=(actor, target, row["first_ts"].isoformat()),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(row["calls"], DETECTOR.params["min_calls"].default),
        title=_TITLE.fill(actor=actor, target=target),
        evidence=_EVIDENCE.fill(**values),
        flow_uids=row["uids"],
        flow_count=row["calls"],
        display_filter=display_filter(actor=row["src_ip"], target=row["dst_ip"]),
        actor=row["src_ip"],
        target=row["dst_ip"],
        context=("rare",) if is_rare else (),
        details={"calls": row["calls"]},
    )


DETECTOR: Final = Detector(
    id="strobe",
    version=1,
    title=Text("Strobe", "高频连接"),
    question=Text("Who connects to one place once a second, all day?", "谁整日以每秒一次以上的频率连接同一目标？"),
    needs={"conversation": COLUMNS},
    partition_by={"conversation": "src_ip"},
    window_s=86400,
    params={
        "window": Param(86400, "s", 600, 604800, "a day", "RITA: last 24 h"),
        "min_calls": Param(86400, "connections", 100, 1e8, "one a second", "RITA: strobe at 86400 connections"),
    },
    attack=("T1071.001",),
    severity=Severity.LOW,
    impact=30,
    confidence=Confidence(0.4, 0.7, 864000),
    innocent=(
        Text(
            "A health check, a load test, or a client that retries without a pause.",
            "健康检查、压力测试或无间隔重试的客户端。",
        ),
        Text(
            "A proxy or address translator in front of many clients: give it its role.",
            "代理或地址转换设备：请登记其角色。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w strobe.pcap", "taishi packets {incident} -w strobe.pcap"),
    ),
    source="detectors.md 1.1 and D10; RITA v5 strobe",
    run=run,
    roles_exempt=("proxy", "nat", "monitor", "scanner"),
    family="command and control",
)
