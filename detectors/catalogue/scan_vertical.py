"""Who enumerates one host? Detector D02 of detectors.md.

Counts the distinct ports of one host on which one source failed inside five minutes; a port tried with a stealth
packet (NULL, FIN, XMAS, bare ACK) counts twice, because no ordinary stack sends one.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import Finding, display_filter, when
from detectors.catalogue import _scans as scans
from detectors.catalogue._probes import (
    ATTEMPT_SQL,
    BURST_SQL,
    COLUMNS,
    EPHEMERAL_FROM,
    FAILED_SHARE,
    GAP,
    MAX_ALERTS,
    WINDOW,
    distinct_sql,
    tried_sql,
)
from detectors.catalogue._scans import Row
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
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
{tried_sql(_KEY, "ip_proto * 65536 + dst_port")}
SELECT {_KEY}, count(DISTINCT service) AS ports, count(DISTINCT service) FILTER (fate = 'stealth') AS stealthy,
    count(DISTINCT service) + count(DISTINCT service) FILTER (fate = 'stealth') AS weight, any_value(tried) AS tried,
    list(DISTINCT dst_port) AS port_list, CASE WHEN min(ip_proto) = max(ip_proto) THEN min(ip_proto) END AS ip_proto,
    {BURST_SQL}
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
    return scans.limited(
        DETECTOR,
        scans.bursts(_SQL, tables, params),
        int(params["max_alerts"]),
        "weight",
        one=lambda row: _finding(row, params),
        rest=lambda found: _many(found, params),
    )


def _severity(row: Row) -> Severity:
    is_strong = row["weight"] >= DETECTOR.confidence.saturation or row["stealthy"] > 0
    return scans.severity(row, is_strong=is_strong)


def _techniques(row: Row) -> tuple[str, ...]:
    return scans.techniques(row, row["port_list"], inbound=("T1595.002", "T1046"), otherwise=("T1046",))


def _finding(row: Row, params: Params) -> Finding:
    actor, target = ip_text(row["src_ip"]), ip_text(row["dst_ip"])
    counts = {name: row[name] for name in ("ports", "stealthy")}
    ports = scans.ports_text(row["port_list"])
    return scans.finding(
        [row],
        key=(actor, target),
        severity=_severity(row),
        confidence=DETECTOR.confidence.of(row["weight"], params["min_ports"]),
        title=_TITLE.fill(actor=actor, target=target),
        evidence=scans.sentence(_EVIDENCE, row, target=target, list=ports, **counts),
        display_filter=display_filter(actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"]),
        target=row["dst_ip"],
        ip_proto=row["ip_proto"],
        attack=_techniques(row),
    )


def _many(found: list[Row], params: Params) -> Finding:
    first, actor = found[0], ip_text(found[0]["src_ip"])
    hosts = len({row["dst_ip"] for row in found})
    start = when(min(row["start_ts"] for row in found))
    return scans.finding(
        found,
        key=(actor, "further hosts"),
        severity=_severity(first),
        confidence=DETECTOR.confidence.of(first["weight"], params["min_ports"]),
        title=_MANY_TITLE.fill(actor=actor, hosts=hosts),
        evidence=_MANY_EVIDENCE.fill(actor=actor, hosts=hosts, ports=first["ports"], start=start),
        display_filter=display_filter(actor=first["src_ip"]),
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
