"""Who enumerates one host? Detector D02 of detectors.md.

Counts the distinct ports of one host on which one source failed inside five minutes; a port tried with a stealth
packet (NULL, FIN, XMAS, bare ACK) counts twice, because no ordinary stack sends one.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._probes import (
    ATTEMPT_SQL,
    COLUMNS,
    EPHEMERAL_FROM,
    FAILED_SHARE,
    GAP,
    ICS_PORTS,
    MAX_ALERTS,
    UIDS_SQL,
    WINDOW,
    by_source,
    distinct_sql,
    earliest,
    origin_text,
    ports_text,
)
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_KEY: Final = "src_ip, dst_ip"

_SQL: Final = f"""
WITH {ATTEMPT_SQL},
port AS (SELECT *, ip_proto * 65536 + dst_port AS service FROM fresh
    WHERE ip_proto = 6 OR dst_port < {EPHEMERAL_FROM}),
large AS (
    SELECT {_KEY} FROM port GROUP BY ALL
    HAVING count(DISTINCT service) + count(DISTINCT service) FILTER (fate = 'stealth') >= $min_ports
),
candidate AS (SELECT port.* FROM port SEMI JOIN large USING ({_KEY})),
{distinct_sql(_KEY, "service", {"ports": "TRUE", "stealthy": "fate = 'stealth'"}, "ports + stealthy >= $min_ports")},
tried AS (
    SELECT {_KEY}, episode, count(DISTINCT ip_proto * 65536 + dst_port) AS tried FROM attempt JOIN episode USING ({
    _KEY
})
    WHERE ts_start BETWEEN from_ts AND to_ts AND fate <> 'empty' GROUP BY ALL
)
SELECT {_KEY}, count(DISTINCT service) AS ports, count(DISTINCT service) FILTER (fate = 'stealth') AS stealthy,
    count(DISTINCT service) + count(DISTINCT service) FILTER (fate = 'stealth') AS weight, any_value(tried) AS tried,
    min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT root_uid) AS flows,
    bool_or(src_home) AS src_home,
    bool_or(dst_home) AS dst_home, list(DISTINCT dst_port) AS port_list,
    CASE WHEN min(ip_proto) = max(ip_proto) THEN min(ip_proto) END AS ip_proto,
    {UIDS_SQL} AS uids
FROM candidate JOIN episode USING ({_KEY}) JOIN tried USING ({_KEY}, episode)
WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY {_KEY}, episode HAVING count(DISTINCT service) >= $failed_share * any_value(tried)
"""

_TITLE: Final = Text("Port scan of {target} by {actor}", "{actor} 扫描 {target} 的端口")
_EVIDENCE: Final = Text(
    "{actor} ({origin}) tried {ports} ports of {target} without success within {seconds} s, from {start} on"
    " ({stealthy} with stealth flags; ports {list}).",
    "{actor}（{origin}）自 {start} 起 {seconds} 秒内试探 {target} 的 {ports} 个端口均未成功"
    "（{stealthy} 个带隐蔽标志；端口 {list}）。",
)
_MANY_TITLE: Final = Text("Port scans of {hosts} more hosts by {actor}", "{actor} 另扫描 {hosts} 台主机的端口")
_MANY_EVIDENCE: Final = Text(
    "{actor} scanned {hosts} more hosts, up to {ports} ports each, from {start} on.",
    "{actor} 自 {start} 起另扫描 {hosts} 台主机，每台最多 {ports} 个端口。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that fail on many ports of one host.

    Args:
        tables: ``conversation`` (COLUMNS) and the policy table ``host_seen``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, target) and burst; the weakest of a busy source in one row.
    """
    inputs = {"conversation": tables["conversation"], "host_seen": tables["host_seen"]}
    wanted = {name: value for name, value in params.items() if name != "max_alerts"}
    alerts = AlertRows(DETECTOR)
    limit = int(params["max_alerts"])
    for found in by_source(rows(_SQL, inputs, wanted), "weight").values():
        for row in found[:limit]:
            alerts.add(_finding(row, params))
        if len(found) > limit:
            alerts.add(_many(found[limit:], params))
    return alerts.table()


def _severity(row: dict[str, Any]) -> Severity:
    """A scan from outside is weather, from inside a host to look at; many ports or stealth raise either by one."""
    strong = row["weight"] >= DETECTOR.confidence.saturation or row["stealthy"] > 0
    if row["src_home"]:
        return Severity.HIGH if strong else Severity.MEDIUM
    return Severity.MEDIUM if strong or not row["dst_home"] else Severity.LOW


def _techniques(row: dict[str, Any]) -> tuple[str, ...]:
    ics = ("T0846",) if set(row["port_list"]) & set(ICS_PORTS) else ()
    outside = not row["src_home"] and row["dst_home"]
    return (("T1595.002", "T1046") if outside else ("T1046",)) + ics


def _finding(row: dict[str, Any], params: Params) -> Finding:
    actor, target = ip_text(row["src_ip"]), ip_text(row["dst_ip"])
    origin = origin_text(src_home=row["src_home"], dst_home=row["dst_home"])
    said = {
        "actor": actor,
        "target": target,
        "ports": row["ports"],
        "stealthy": row["stealthy"],
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
        "list": ports_text(row["port_list"]),
    }
    return Finding(
        key=(actor, target),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=_severity(row),
        confidence=DETECTOR.confidence.of(row["weight"], params["min_ports"]),
        title=_TITLE.fill(actor=actor, target=target),
        evidence=Text(_EVIDENCE.en.format(origin=origin.en, **said), _EVIDENCE.zh.format(origin=origin.zh, **said)),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"]),
        actor=row["src_ip"],
        target=row["dst_ip"],
        ip_proto=row["ip_proto"],
        attack=_techniques(row),
    )


def _many(found: list[dict[str, Any]], params: Params) -> Finding:
    first = found[0]
    actor = ip_text(first["src_ip"])
    hosts = len({row["dst_ip"] for row in found})
    start = earliest(found)
    return Finding(
        key=(actor, "further hosts"),
        ts_start=start,
        ts_end=max(row["end_ts"] for row in found),
        severity=_severity(first),
        confidence=DETECTOR.confidence.of(first["weight"], params["min_ports"]),
        title=_MANY_TITLE.fill(actor=actor, hosts=hosts),
        evidence=_MANY_EVIDENCE.fill(actor=actor, hosts=hosts, ports=first["ports"], start=when(start)),
        flow_uids=[uid for row in found for uid in row["uids"]],
        flow_count=sum(row["flows"] for row in found),
        display_filter=display_filter(actor=first["src_ip"]),
        actor=first["src_ip"],
        target_count=hosts,
        attack=_techniques(first),
    )


DETECTOR: Final = Detector(
    id="scan_vertical",
    version=1,
    title=Text("Port scan", "端口扫描"),
    question=Text("Who enumerates one host?", "谁在逐个试探一台主机的端口？"),
    needs={"conversation": COLUMNS},
    partition_by={"conversation": "src_ip"},
    window_s=WINDOW.default,
    params={
        "window": WINDOW,
        "gap": GAP,
        "failed_share": FAILED_SHARE,
        "max_alerts": MAX_ALERTS,
        "min_ports": Param(
            15, "ports", 2, 65536, "a client knows the few ports it needs", "Zeek scan.zeek: 15 in 5 min; Maltrail 10"
        ),
    },
    attack=("T1046",),
    severity=Severity.MEDIUM,
    impact=70,
    confidence=Confidence(0.6, 0.95, 150),
    innocent=(
        Text(
            "An authorised vulnerability scanner or service monitoring: give it the role scanner or monitor.",
            "经授权的漏洞扫描器或服务监控：请登记为 scanner 或 monitor 角色。",
        ),
        Text(
            "Passive FTP or RPC whose dynamic ports a firewall drops.",
            "被动 FTP 或 RPC 的动态端口被防火墙丢弃。",
        ),
        Text("A load balancer that probes the ports of a server that is down.", "负载均衡器在探测已停机的服务器。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w portscan.pcap", "taishi packets {incident} -w portscan.pcap"),
    ),
    source="detectors.md D02; Zeek scan.zeek",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="scan",
)
