"""Which fixed-function machine speaks with somebody outside for the first time? Detector D26 of detectors.md (peers).

Servers, controllers and appliances know few addresses outside, and always the same. A first one that nobody else here
uses is worth a look: a call home after a break-in looks like this. Machines of people are not judged, they meet new
addresses all day.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _exfil as exfil
from detectors.catalogue import _novelty as novelty
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_SQL: Final = f"""
WITH out AS (
    SELECT DISTINCT root_uid, ts_start, src_ip, dst_ip, dst_port, ip_proto, src_bytes_payload AS up,
        dst_bytes_payload AS down, server_name::VARCHAR AS name
    FROM conversation WHERE src_home AND NOT dst_home AND src_bytes_payload > 0 AND dst_bytes_payload > 0
),
met AS (
    SELECT src_ip, dst_ip, min(ts_start) AS ts FROM out GROUP BY ALL
    UNION ALL
    SELECT src_ip, dst_ip, min(first_ts) FROM edge_before WHERE answered > 0 AND NOT {exfil.PRIVATE_SQL} GROUP BY ALL
),
peer AS (SELECT src_ip, dst_ip, min(ts) AS first_ts FROM met GROUP BY ALL),
asset AS (
    SELECT src_ip, count(*) FILTER (first_ts < $learned) AS known_peers FROM peer GROUP BY ALL
    HAVING count(*) FILTER (first_ts < $learned) <= $max_peers AND count(*) FILTER (first_ts >= $learned) <= $max_peers
),
seen AS (
    SELECT ip AS src_ip, min(first_ts) AS since FROM (
        SELECT ip, first_ts FROM asset_seen_before
        UNION ALL
        SELECT src_ip, min(ts_start) FROM conversation WHERE src_home GROUP BY src_ip
    ) GROUP BY ip
)
SELECT src_ip, dst_ip, any_value(first_ts) AS first_ts, any_value(since) AS since,
    any_value(known_peers) AS known_peers,
    mode(dst_port) AS dst_port, mode(ip_proto) AS ip_proto, min(name) AS name, sum(up)::BIGINT AS up,
    sum(down)::BIGINT AS down, count(*) AS flows, list(root_uid ORDER BY ts_start, root_uid)[:50] AS uids,
    max(ts_start) AS last_ts
FROM out JOIN peer USING (src_ip, dst_ip) JOIN asset USING (src_ip) JOIN seen USING (src_ip)
WHERE first_ts >= $learned AND date_diff('hour', since, first_ts) / 24.0 >= $asset_days
    AND first_ts >= (SELECT min(ts_start) FROM conversation)
GROUP BY src_ip, dst_ip ORDER BY src_ip, first_ts, dst_ip
"""

_USUAL: Final = (53, 80, 123, 443, 853)
"""Ports by which any machine may ask for names, time and updates (IANA)."""

_TITLE: Final = Text("{actor} speaks with {target} for the first time", "{actor} 首次与外部地址 {target} 通信")
_EVIDENCE: Final = Text(
    "{actor}, known for {days} days with {known} peers outside, first spoke with {target}{name} on port {port} at"
    " {start} ({up} up, {down} down); nobody else here does.{more}",
    "{actor} 已知 {days} 天，此前仅与外部 {known} 个地址通信；{start} 首次与 {target}{name} 的 {port} 端口通信"
    "（上行 {up}，下行 {down}），本网无其他主机访问。{more}",
)
_MORE: Final = Text(" {count} such peers on that day.", "当日此类新地址共 {count} 个。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find first peers outside of machines that have few.

    Args:
        tables: ``conversation``, ``edge_before``, ``asset_seen_before`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per machine and day.
    """
    alerts = AlertRows(DETECTOR)
    learned = novelty.learned_from(tables, params["learn"])
    if learned is None or exfil.home_hosts(tables) < params["min_hosts"]:
        return alerts.table()
    inputs = {name: tables[name] for name in ("conversation", "edge_before", "asset_seen_before")}
    asked = {"learned": learned, "max_peers": params["max_peers"], "asset_days": params["asset_days"]}
    found = rows(_SQL, inputs, asked)
    users = exfil.users_of(tables, (row["dst_ip"] for row in found))
    found = [row for row in found if users[row["dst_ip"]] <= 1]
    for _, group in groupby(found, key=lambda row: (row["src_ip"], row["first_ts"].date())):
        alerts.add(_finding(list(group)))
    return alerts.table()


def _finding(found: list[dict[str, Any]]) -> Finding:
    first = max(found, key=lambda row: (row["dst_port"] not in _USUAL, row["up"], row["dst_ip"]))
    actor, target = ip_text(first["src_ip"]), ip_text(first["dst_ip"])
    days = (first["first_ts"] - first["since"]).total_seconds() / 86400
    is_odd = first["dst_port"] not in _USUAL or first["up"] > first["down"]
    more = _MORE.fill(count=len(found)) if len(found) > 1 else Text("", "")
    said = {
        "actor": actor,
        "target": target,
        "days": f"{days:.0f}",
        "known": first["known_peers"],
        "name": f" ({first['name']})" if first["name"] else "",
        "port": first["dst_port"],
        "start": when(first["first_ts"]),
        "up": exfil.bytes_text(first["up"]),
        "down": exfil.bytes_text(first["down"]),
    }
    return Finding(
        key=(actor, target),
        ts_start=found[0]["first_ts"],
        ts_end=max(row["last_ts"] for row in found),
        severity=Severity.LOW if is_odd else Severity.INFO,
        confidence=DETECTOR.confidence.at_saturation if is_odd else DETECTOR.confidence.at_threshold,
        title=_TITLE.fill(actor=actor, target=target),
        evidence=Text(_EVIDENCE.en.format(more=more.en, **said), _EVIDENCE.zh.format(more=more.zh, **said)),
        flow_uids=[uid for row in found for uid in row["uids"]],
        flow_count=sum(row["flows"] for row in found),
        display_filter=display_filter(
            actor=first["src_ip"], target=first["dst_ip"], ip_proto=first["ip_proto"], target_port=first["dst_port"]
        ),
        actor=first["src_ip"],
        target=first["dst_ip"],
        target_port=first["dst_port"],
        target_count=len(found),
        ip_proto=first["ip_proto"],
        context=() if first["name"] else ("no_name",),
        baseline_days=days,
        indicators=tuple(f"dst:{ip_text(row['dst_ip'])}" for row in found[:20]),
    )


DETECTOR: Final = Detector(
    id="first_seen_peer",
    version=1,
    title=Text("First peer outside of a fixed-function machine", "专用设备首次与外部新地址通信"),
    question=Text(
        "Which fixed-function machine speaks with somebody outside for the first time?",
        "哪台专用设备首次与外部新地址通信？",
    ),
    needs={
        "conversation": (*exfil.CONVERSATION,),
        "edge_before": ("src_ip", "dst_ip", "first_ts", "answered"),
        "asset_seen_before": ("ip", "first_ts"),
    },
    partition_by={"conversation": "src_ip", "edge_before": "src_ip", "asset_seen_before": "ip"},
    params={
        "learn": novelty.LEARN,
        "asset_days": Param(14, "d", 1, 365, "a new machine meets everybody for the first time", "detectors.md D23"),
        "max_peers": Param(
            8, "peers", 0, 1000, "time, names, updates, a vendor: few; a person's machine meets hundreds", "own"
        ),
        "min_hosts": exfil.MIN_HOSTS,
    },
    attack=("T1571", "T1133", "T0883"),
    severity=Severity.LOW,
    impact=40,
    confidence=Confidence(0.4, 0.6, 2),
    innocent=(
        Text("A vendor or an update service that moved to another address.", "厂商或更新服务更换了地址。"),
        Text("An administrator who downloaded something on a server.", "管理员在服务器上下载了内容。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w peer.pcap", "taishi packets {incident} -w peer.pcap"),
    ),
    source="detectors.md D26",
    run=run,
    min_history_s=14 * 86400.0,
    roles_exempt=("resolver", "proxy", "nat", "update_server", "ntp", "scanner"),
    family="novelty",
)
