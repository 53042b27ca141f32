"""Who wakes up after a month of silence? Detector D30 of detectors.md.

Two kinds: a machine of ours that was silent, and an edge from one of ours to somebody outside whom nobody else uses,
while the machine itself was there. A holiday ends like the first, so what it does first decides: it sweeps, it enters
other machines, or it pushes data out. Of the second only pushes and machines that know few addresses outside are told,
because people return to old web sites every day.
"""

from __future__ import annotations

import math
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _exfil as exfil
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_ASSET_SQL: Final = """
WITH day AS (
    SELECT src_ip AS ip, min(ts_start) AS first_ts, max(ts_start) AS last_ts FROM conversation
    WHERE src_home AND src_pkts > 0 GROUP BY src_ip, date_trunc('day', ts_start)
    UNION ALL
    SELECT ip, first_ts, last_ts FROM asset_seen_before SEMI JOIN (
        SELECT DISTINCT src_ip AS ip FROM conversation WHERE src_home) USING (ip)
),
gap AS (SELECT *, max(last_ts) OVER (PARTITION BY ip ORDER BY first_ts ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    AS before_ts FROM day),
awake AS (
    SELECT ip, first_ts, before_ts FROM gap WHERE before_ts IS NOT NULL
        AND epoch_us(first_ts) - epoch_us(before_ts) >= $silent_days * 86.4e9
),
done AS (
    SELECT DISTINCT a.ip, a.first_ts, a.before_ts, c.ts_start, c.root_uid, c.dst_ip, c.dst_port, c.dst_home,
        c.src_bytes_payload AS up, c.dst_bytes_payload AS down
    FROM awake AS a JOIN conversation AS c ON c.src_ip = a.ip AND c.ts_start >= a.first_ts
        AND c.ts_start < a.first_ts + INTERVAL 1 DAY
)
SELECT ip, first_ts, any_value(before_ts) AS before_ts, count(*) AS flows,
    max(ts_start) AS last_ts, list(root_uid ORDER BY ts_start, root_uid)[:50] AS uids,
    count(DISTINCT dst_ip) FILTER (dst_home AND down = 0) AS failed,
    count(DISTINCT dst_ip) FILTER (dst_home AND down > 0 AND list_contains($ports, dst_port)) AS entered,
    sum(up) FILTER (NOT dst_home)::BIGINT AS up, sum(down) FILTER (NOT dst_home)::BIGINT AS down
FROM done GROUP BY ip, first_ts ORDER BY ip, first_ts
"""

_EDGE_SQL: Final = f"""
WITH memory AS (
    SELECT src_ip, dst_ip, min(first_ts) AS first_ts, max(last_ts) AS last_ts FROM edge_before
    WHERE answered > 0 AND NOT {exfil.PRIVATE_SQL} GROUP BY ALL
),
pair AS (
    SELECT src_ip, dst_ip, min(first_ts) AS first_ts, max(last_ts) AS last_ts FROM (
        SELECT src_ip, dst_ip, min(ts_start) AS first_ts, max(ts_start) AS last_ts FROM conversation
        WHERE src_home AND NOT dst_home AND src_bytes_payload > 0 AND dst_bytes_payload > 0 GROUP BY ALL
        UNION ALL FROM memory
    ) GROUP BY ALL
),
circle AS (SELECT src_ip, count(*) AS peers FROM pair GROUP BY src_ip),
old AS (SELECT src_ip, dst_ip FROM pair WHERE epoch_us(last_ts) - epoch_us(first_ts) >= $silent_days * 86.4e9),
each AS (
    SELECT DISTINCT root_uid, src_ip, dst_ip, ts_start, src_bytes_payload AS up, dst_bytes_payload AS down, dst_port,
        ip_proto, server_name::VARCHAR AS name
    FROM conversation SEMI JOIN old USING (src_ip, dst_ip) WHERE src_bytes_payload > 0 AND dst_bytes_payload > 0
),
met AS (
    SELECT src_ip, dst_ip, min(ts_start) AS first_ts, max(ts_start) AS last_ts, sum(up)::BIGINT AS up,
        sum(down)::BIGINT AS down, count(*) AS flows, mode(dst_port) AS dst_port, mode(ip_proto) AS ip_proto,
        list(root_uid ORDER BY ts_start, root_uid)[:50] AS uids, min(name) AS name
    FROM each GROUP BY src_ip, dst_ip, date_trunc('day', ts_start)
    UNION ALL
    SELECT src_ip, dst_ip, first_ts, last_ts, 0, 0, 0, NULL, NULL, [], NULL FROM memory
    SEMI JOIN old USING (src_ip, dst_ip)
),
gap AS (SELECT *, max(last_ts) OVER (PARTITION BY src_ip, dst_ip ORDER BY first_ts
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ts FROM met),
awake AS (SELECT * FROM gap WHERE flows > 0 AND epoch_us(first_ts) - epoch_us(before_ts) >= $silent_days * 86.4e9),
present AS (
    SELECT DISTINCT src_ip, day FROM (
        SELECT src_ip, date_trunc('day', ts_start) AS day FROM conversation SEMI JOIN awake USING (src_ip)
        UNION ALL
        SELECT src_ip, date_trunc('day', last_ts) FROM edge_before SEMI JOIN awake USING (src_ip))
),
there AS (
    SELECT a.src_ip, a.dst_ip, a.first_ts, count(*) AS present_days FROM awake AS a
    JOIN present AS p ON p.src_ip = a.src_ip AND p.day > a.before_ts AND p.day < date_trunc('day', a.first_ts)
    GROUP BY ALL
)
SELECT awake.*, peers, present_days FROM awake JOIN circle USING (src_ip) JOIN there USING (src_ip, dst_ip, first_ts)
ORDER BY src_ip, dst_ip, first_ts
"""

_TITLE_ASSET: Final = Text("{actor} is back after {days} days", "{actor} 静默 {days} 天后重新活动")
_TITLE_EDGE: Final = Text(
    "{actor} speaks with {target} again after {days} days", "{actor} 静默 {days} 天后再次与 {target} 通信"
)
_ASSET: Final = Text(
    "{actor} sent nothing from {before} until {start}, {days} days. On its first day it reached {entered} machine(s)"
    " inside over administrative services, failed on {failed}, and pushed {up} outside (PCR {pcr}).",
    "{actor} 自 {before} 至 {start} 静默 {days} 天。恢复首日经管理服务连入 {entered} 台内部机器，访问 {failed} 台失败，"
    "向外发送 {up}（PCR {pcr}）。",
)
_EDGE: Final = Text(
    "{actor} had not spoken with {target}{name} from {before} until {start}, {days} days, though it was there; nobody"
    " else here does. It sent {up} and got {down} on the day (PCR {pcr}) and knows {peers} addresses outside.",
    "{actor} 在线期间自 {before} 至 {start} 有 {days} 天未与 {target}{name} 通信，且本网无其他主机访问；"
    "当日发送 {up}，收回 {down}（PCR {pcr}），共知外部地址 {peers} 个。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find machines and edges that wake up.

    Args:
        tables: ``conversation``, ``edge_before``, ``asset_seen_before``, the policy tables and
            ``rules/admin_services.csv``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per machine or edge and awakening.
    """
    alerts = AlertRows(DETECTOR)
    ports = [int(port) for port in tables["rules/admin_services.csv"]["port"].to_pylist()]
    inputs = {name: tables[name] for name in ("conversation", "asset_seen_before")}
    silent = params["silent_days"]
    for row in rows(_ASSET_SQL, inputs, {"silent_days": silent, "ports": ports}):
        alerts.add(_asset(row, params))
    inputs = {name: tables[name] for name in ("conversation", "edge_before")}
    if exfil.home_hosts(tables) < params["min_hosts"]:
        return alerts.table()
    found = rows(_EDGE_SQL, inputs, {"silent_days": silent})
    users = exfil.users_of(tables, (row["dst_ip"] for row in found))
    for row in found:
        is_push = row["up"] >= params["min_push"] and exfil.pcr(row["up"], row["down"]) >= params["pcr"]
        is_fixed = row["peers"] <= params["few_peers"]
        if users[row["dst_ip"]] <= 1 and (is_push or is_fixed):
            alerts.add(_edge(row, params, is_push=is_push))
    return alerts.table()


def _days(row: dict[str, Any]) -> float:
    return float((row["first_ts"] - row["before_ts"]).total_seconds()) / 86400


def _weight(row: dict[str, Any], params: Params) -> float:
    """Return the confidence: it grows with the logarithm of the silence (detectors.md D30: log2(days / 7))."""
    span = math.log2(max(_days(row), 7.0) / 7)
    least = math.log2(params["silent_days"] / 7) if params["silent_days"] > 7 else 0.0
    return DETECTOR.confidence.of(span, least)


def _asset(row: dict[str, Any], params: Params) -> Finding:
    actor, up, down = ip_text(row["ip"]), row["up"] or 0, row["down"] or 0
    ratio = exfil.pcr(up, down)
    is_push = up >= params["min_push"] and ratio >= params["pcr"]
    is_bad = row["failed"] >= params["many"] or row["entered"] >= params["entered"] or is_push
    said = {"actor": actor, "days": f"{_days(row):.0f}", "entered": row["entered"], "failed": row["failed"]}
    said |= {"before": when(row["before_ts"]), "start": when(row["first_ts"])}
    return Finding(
        key=("asset", actor),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=Severity.MEDIUM if is_bad else Severity.INFO,
        confidence=_weight(row, params),
        title=_TITLE_ASSET.fill(actor=actor, days=said["days"]),
        evidence=_ASSET.fill(up=exfil.bytes_text(up), pcr=f"{ratio:.2f}", **said),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["ip"]),
        actor=row["ip"],
        lost_bytes=up if is_push else None,
        details={"days_silent": round(_days(row), 1)},
    )


def _edge(row: dict[str, Any], params: Params, *, is_push: bool) -> Finding:
    actor, target, ratio = ip_text(row["src_ip"]), ip_text(row["dst_ip"]), exfil.pcr(row["up"], row["down"])
    said = {"actor": actor, "target": target, "days": f"{_days(row):.0f}", "peers": row["peers"]}
    said |= {"before": when(row["before_ts"]), "start": when(row["first_ts"]), "pcr": f"{ratio:.2f}"}
    name = f" ({row['name']})" if row["name"] else ""
    return Finding(
        key=("edge", actor, target),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=Severity.MEDIUM if is_push else Severity.LOW,
        confidence=_weight(row, params),
        title=_TITLE_EDGE.fill(actor=actor, target=target, days=said["days"]),
        evidence=_EDGE.fill(up=exfil.bytes_text(row["up"]), down=exfil.bytes_text(row["down"]), name=name, **said),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"], target_port=row["dst_port"]
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=row["dst_port"],
        ip_proto=row["ip_proto"],
        context=() if row["name"] else ("no_name",),
        indicators=(f"dst:{target}",),
        lost_bytes=row["up"] if is_push else None,
        details={"days_silent": round(_days(row), 1), "peers": row["peers"]},
    )


DETECTOR: Final = Detector(
    id="dormant_wakeup",
    version=1,
    title=Text("Awake after long silence", "长期静默后重新活动"),
    question=Text("Who wakes up after a month of silence?", "谁在静默一个月后重新活动？"),
    needs={
        "conversation": (*exfil.CONVERSATION, "src_pkts"),
        "edge_before": ("src_ip", "dst_ip", "ip_proto", "dst_port", "first_ts", "last_ts", "answered"),
        "asset_seen_before": ("ip", "first_ts", "last_ts"),
    },
    partition_by={"conversation": "src_ip", "edge_before": "src_ip", "asset_seen_before": "ip"},
    params={
        "silent_days": Param(30, "d", 2, 3650, "longer than a holiday, mostly", "detectors.md D30: 30 d"),
        "many": Param(25, "hosts", 2, 10000, "failures of a sweep", "Zeek scan.zeek: 25"),
        "entered": Param(5, "hosts", 1, 1000, "a machine that comes back asks its servers, few of them", "own"),
        "min_push": Param(
            1e6, "B", 1e3, 1e12, "more than a machine reports after a pause", "own: office telemetry 15 kB/d"
        ),
        "few_peers": Param(8, "peers", 0, 1000, "time, names, updates, a vendor: a fixed-function machine", "own"),
        "min_hosts": exfil.MIN_HOSTS,
        "pcr": exfil.PCR,
    },
    attack=("T1078", "T1205", "T1133"),
    severity=Severity.MEDIUM,
    impact=50,
    confidence=Confidence(0.45, 0.8, 6),
    innocent=(
        Text("Somebody is back from a long absence; a spare machine was switched on.", "人员长假归来；备用机器开机。"),
        Text(
            "A job of a quarter or a year: closing of accounts, renewal of licences.",
            "季度或年度作业：结账、许可证续期。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w awake.pcap", "taishi packets {incident} -w awake.pcap"),
    ),
    source="detectors.md D30",
    run=run,
    min_history_s=30 * 86400.0,
    roles_exempt=("resolver", "proxy", "nat", "scanner", "monitor", "backup"),
    rules=("admin_services.csv",),
    family="novelty",
    is_slow=True,
)
