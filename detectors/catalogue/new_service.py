"""Which machine begins to answer on a port that it never had? Detector D26 of detectors.md (services).

After two weeks of learning, a port of one of our own machines that answers for the first time. From outside, answered
with payload, it is a door that was opened; from inside it is told for the record.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _novelty as novelty
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity
from store.schema.memory import HIGH_PORT

_SQL: Final = f"""
WITH answered AS (
    SELECT DISTINCT root_uid, ts_start, src_ip, dst_ip, dst_port, src_home, dst_bytes_payload FROM conversation
    WHERE dst_home AND ip_proto = 6 AND dst_port < {HIGH_PORT} AND (src_flags_first & 23) = 2
        AND dst_bytes_payload > 0 AND src_bytes_payload > 0 AND src_ip <> dst_ip
),
asset AS (
    SELECT ip, min(first_ts) AS first_ts FROM (
        SELECT ip, first_ts FROM asset_seen_before
        UNION ALL
        SELECT dst_ip, min(ts_start) FROM conversation WHERE dst_home AND dst_pkts > 0 GROUP BY dst_ip
    ) GROUP BY ip
),
known AS (
    SELECT DISTINCT dst_ip, dst_port FROM edge_before WHERE ip_proto = 6 AND answered > 0 AND dst_bytes > 0
)
SELECT dst_ip, dst_port, min(ts_start) AS first_ts, count(*) AS flows, count(DISTINCT src_ip) AS clients,
    count(DISTINCT src_ip) FILTER (NOT src_home) AS outsiders, any_value(asset.first_ts) AS asset_ts,
    arg_min(src_ip, (src_home, ts_start)) AS client, list(root_uid ORDER BY src_home, ts_start, root_uid)[:50] AS uids
FROM answered JOIN asset ON asset.ip = dst_ip ANTI JOIN known USING (dst_ip, dst_port)
GROUP BY dst_ip, dst_port
HAVING min(ts_start) >= $learned AND date_diff('hour', any_value(asset.first_ts), min(ts_start)) / 24.0 >= $asset_days
ORDER BY dst_ip, first_ts, dst_port
"""

_TITLE: Final = Text("{asset} answers on {ports} for the first time", "{asset} 首次在 {ports} 上应答")
_EVIDENCE: Final = Text(
    "{asset}, known for {days} days, answered on {ports} for the first time at {start}; asked by {clients} host(s),"
    " {outsiders} of them from outside (first {client}).",
    "{asset} 已知 {days} 天，于 {start} 首次在 {ports} 上应答；共有 {clients} 台主机访问，"
    "其中 {outsiders} 台来自外部（首个为 {client}）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find ports that answer for the first time.

    Args:
        tables: ``conversation``, ``edge_before``, ``asset_seen_before`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per asset and day.
    """
    alerts = AlertRows(DETECTOR)
    learned = novelty.learned_from(tables, params["learn"])
    if learned is None:
        return alerts.table()
    inputs = {name: tables[name] for name in ("conversation", "edge_before", "asset_seen_before")}
    found = rows(_SQL, inputs, {"learned": learned, "asset_days": params["asset_days"]})
    for _, group in groupby(found, key=lambda row: (row["dst_ip"], row["first_ts"].date())):
        alerts.add(_finding(list(group)))
    return alerts.table()


def _finding(found: list[dict[str, Any]]) -> Finding:
    first = max(found, key=lambda row: (row["outsiders"] > 0, -row["dst_port"]))
    asset = ip_text(first["dst_ip"])
    ports = ", ".join(f"{row['dst_port']}/tcp" for row in found[:6]) + (" …" if len(found) > 6 else "")
    is_open = any(row["outsiders"] for row in found)
    days = (first["first_ts"] - first["asset_ts"]).total_seconds() / 86400
    said = {
        "asset": asset,
        "ports": ports,
        "days": f"{days:.0f}",
        "start": when(found[0]["first_ts"]),
        "clients": sum(row["clients"] for row in found),
        "outsiders": sum(row["outsiders"] for row in found),
        "client": ip_text(first["client"]),
    }
    uids = [uid for row in found for uid in row["uids"]]
    return Finding(
        key=(asset, ports),
        ts_start=found[0]["first_ts"],
        ts_end=found[-1]["first_ts"],
        severity=Severity.MEDIUM if is_open else Severity.INFO,
        confidence=DETECTOR.confidence.at_saturation if is_open else DETECTOR.confidence.at_threshold,
        title=_TITLE.fill(asset=asset, ports=ports),
        evidence=_EVIDENCE.fill(**said),
        flow_uids=uids,
        flow_count=sum(row["flows"] for row in found),
        display_filter=display_filter(target=first["dst_ip"], ip_proto=6, target_port=first["dst_port"]),
        actor=first["dst_ip"],
        target=None,
        target_port=first["dst_port"],
        ip_proto=6,
        attack=("T1133", "T1571", "T0883") if is_open else ("T1571",),
        baseline_days=days,
    )


DETECTOR: Final = Detector(
    id="new_service",
    version=1,
    title=Text("Service that was not there before", "新出现的服务"),
    question=Text(
        "Which machine begins to answer on a port that it never had?", "哪台机器开始在从未用过的端口上应答？"
    ),
    needs={
        "conversation": (
            *("root_uid", "ts_start", "src_ip", "dst_ip", "dst_port", "ip_proto", "src_flags_first", "dst_pkts"),
            *("src_bytes_payload", "dst_bytes_payload", "src_home", "dst_home"),
        ),
        "edge_before": ("src_ip", "dst_ip", "ip_proto", "dst_port", "answered", "dst_bytes"),
        "asset_seen_before": ("ip", "first_ts"),
    },
    partition_by={"conversation": "dst_ip", "edge_before": "dst_ip", "asset_seen_before": "ip"},
    params={
        "learn": novelty.LEARN,
        "asset_days": Param(
            7, "d", 0, 365, "a new machine has new services; that is another detector's business", "own"
        ),
    },
    attack=("T1133", "T1571", "T0883"),
    severity=Severity.MEDIUM,
    impact=45,
    confidence=Confidence(0.4, 0.65, 2),
    innocent=(
        Text("A new service that was ordered: compare with the tickets.", "按计划上线的新服务：请核对工单。"),
        Text(
            "A service that was asked for the first time, though it was there all along.",
            "服务早已存在，只是首次被访问。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w service.pcap", "taishi packets {incident} -w service.pcap"),
    ),
    source="detectors.md D26",
    run=run,
    min_history_s=14 * 86400.0,
    family="novelty",
)
