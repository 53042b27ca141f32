"""Who probes one service on many hosts? Detector D01 of detectors.md.

Counts the distinct hosts on which one source failed with one service inside five minutes. Hosts that never sent a
packet to anybody ("dark") weigh more, because a working client has no reason to know them. That holds for TCP only:
a resolver whose path is broken asks a dozen root servers over UDP and hears nothing.
Inside the site only hosts count that never answered the source before, as far as the memory reaches: known servers that
are down are no discovery.
"""

from __future__ import annotations

import math
from typing import Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import Finding, display_filter, when
from detectors.catalogue import _scans as scans
from detectors.catalogue._probes import (
    ATTEMPT_SQL,
    BURST_SQL,
    COLUMNS,
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

_KEY: Final = "src_ip, ip_proto, dst_port"

_SQL: Final = f"""
WITH {ATTEMPT_SQL},
novel AS (
    SELECT fresh.* FROM fresh LEFT JOIN (SELECT DISTINCT src_ip, dst_ip, TRUE AS is_known FROM edge_before
        WHERE answered > 0) USING (src_ip, dst_ip)
    WHERE fate = 'failed' AND NOT (src_home AND dst_home AND coalesce(is_known, FALSE))
),
large AS (
    SELECT {_KEY} FROM novel GROUP BY ALL
    HAVING count(DISTINCT dst_ip) >= least($min_hosts, $min_hosts_dark, $min_hosts_only_dark)
),
candidate AS (SELECT novel.* FROM novel SEMI JOIN large USING ({_KEY})),
{
    distinct_sql(
        _KEY,
        "dst_ip",
        {"hosts": "TRUE", "darks": "dark"},
        "hosts >= $min_hosts OR (ip_proto = 6 AND hosts >= $min_hosts_dark AND darks >= $min_dark)"
        " OR (ip_proto = 6 AND hosts >= $min_hosts_only_dark AND darks >= hosts - 1)",
    )
},
{tried_sql(_KEY, "dst_ip")}
SELECT {_KEY}, count(DISTINCT dst_ip) AS hosts, count(DISTINCT dst_ip) FILTER (dark) AS darks,
    any_value(tried) AS tried, min(DISTINCT dst_ip, 5) AS examples, {BURST_SQL}
FROM candidate JOIN episode USING ({_KEY}) JOIN tried USING ({_KEY}, episode)
WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY {_KEY}, episode HAVING count(DISTINCT dst_ip) >= least($failed_share, $noted_share) * any_value(tried)
"""

_TITLE: Final = Text("Host sweep on {service} by {actor}", "{actor} 横向扫描 {service}")
_EVIDENCE: Final = Text(
    "{actor} ({origin}) tried {service} on {hosts} hosts without success within {seconds} s, from {start} on"
    " ({darks} of them never sent a packet to anybody; {tried} hosts tried in all; for example {examples}).",
    "{actor}（{origin}）自 {start} 起 {seconds} 秒内对 {hosts} 台主机尝试 {service} 均未成功"
    "（其中 {darks} 台从未发过任何报文；共尝试 {tried} 台；例如 {examples}）。",
)
_MANY_TITLE: Final = Text("Host sweeps on {ports} more services by {actor}", "{actor} 另对 {ports} 个服务横向扫描")
_MANY_EVIDENCE: Final = Text(
    "{actor} swept {ports} more services ({list}), up to {hosts} hosts each, from {start} on.",
    "{actor} 自 {start} 起另扫描 {ports} 个服务（{list}），每个服务最多 {hosts} 台主机。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that fail with one service on many hosts.

    Args:
        tables: ``conversation`` (COLUMNS), ``edge_before`` and the policy table ``host_seen``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, protocol, port) and burst; the weakest of a busy source in one row.
    """
    return scans.limited(
        DETECTOR,
        scans.bursts(_SQL, tables, params),
        int(params["max_alerts"]),
        "hosts",
        one=lambda row: _finding(row, params),
        rest=lambda found: _many(found, params),
    )


def _severity(row: Row, params: Params) -> Severity:
    if row["hosts"] < params["failed_share"] * row["tried"]:
        return Severity.INFO  # most hosts answered: told, because of their number, but nobody is woken
    return scans.severity(row, is_strong=row["hosts"] >= DETECTOR.confidence.saturation)


def _techniques(row: Row) -> tuple[str, ...]:
    return scans.techniques(row, (row["dst_port"],), inbound=("T1595.001", "T1046"), otherwise=("T1046", "T1018"))


def _finding(row: Row, params: Params) -> Finding:
    actor, service = ip_text(row["src_ip"]), scans.service_text(row["ip_proto"], row["dst_port"])
    counts = {name: row[name] for name in ("hosts", "darks", "tried")}
    examples = scans.hosts_text(row["examples"])
    return scans.finding(
        [row],
        key=(actor, service, *_bucket(row, params)),
        severity=_severity(row, params),
        confidence=_confidence(row, params),
        title=_TITLE.fill(actor=actor, service=service),
        evidence=scans.sentence(_EVIDENCE, row, service=service, examples=examples, **counts),
        display_filter=display_filter(actor=row["src_ip"], ip_proto=row["ip_proto"], target_port=row["dst_port"]),
        target_port=row["dst_port"],
        target_count=row["hosts"],
        ip_proto=row["ip_proto"],
        attack=_techniques(row),
    )


def _confidence(row: Row, params: Params) -> float:
    return DETECTOR.confidence.of(row["hosts"], min(row["hosts"], params["min_hosts"]))


def _bucket(row: Row, params: Params) -> tuple[str, ...]:
    """Return what makes a burst that grew tenfold another alert than the one before (Slips: once per power of ten)."""
    power = int(math.log10(max(1.0, row["hosts"] / params["min_hosts"])))
    return (f"x{10**power}",) if power else ()


def _many(found: list[Row], params: Params) -> Finding:
    first, actor = found[0], ip_text(found[0]["src_ip"])
    ports = sorted({row["dst_port"] for row in found})
    said = {"actor": actor, "ports": len(ports), "hosts": first["hosts"], "list": scans.ports_text(ports)}
    return scans.finding(
        found,
        key=(actor, "further services"),
        severity=_severity(first, params),
        confidence=_confidence(first, params),
        title=_MANY_TITLE.fill(actor=actor, ports=len(ports)),
        evidence=_MANY_EVIDENCE.fill(start=when(min(row["start_ts"] for row in found)), **said),
        display_filter=display_filter(actor=first["src_ip"]),
        target_count=first["hosts"],
        attack=_techniques(first),
    )


DETECTOR: Final = Detector(
    id="scan_horizontal",
    version=1,
    title=Text("Host sweep", "横向扫描"),
    question=Text("Who probes one service on many hosts?", "谁在逐台试探同一个服务？"),
    needs={"conversation": COLUMNS, "edge_before": ("src_ip", "dst_ip", "answered")},
    partition_by={"conversation": "src_ip", "edge_before": "src_ip"},
    window_s=WINDOW.default,
    params={
        "window": WINDOW,
        "gap": GAP,
        "failed_share": FAILED_SHARE,
        "noted_share": Param(
            0.3,
            "ratio",
            0,
            1,
            "with fewer failures than failed_share the burst is informational: a list that is out of date, or a scan",
            "own; Slips reports from 10 failed hosts on, whatever the share",
        ),
        "max_alerts": MAX_ALERTS,
        "min_hosts": Param(25, "hosts", 2, 10000, "clients rarely fail on so many hosts at once", "Zeek scan.zeek: 25"),
        "min_hosts_dark": Param(
            10,
            "hosts",
            2,
            10000,
            "enough when min_dark of them are dark",
            "bro-simple-scan: 3 dark hosts lower 25 to 10",
        ),
        "min_dark": Param(
            3, "hosts", 1, 10000, "one dead address is a typing error, three are a list", "bro-simple-scan"
        ),
        "min_hosts_only_dark": Param(
            9,
            "hosts",
            2,
            10000,
            "enough when all but one are dark: with a dark host weighing 3 live ones, 8 dark and 1 live reach 25",
            "detectors.md D01 Eval: find 445_scan at no more than 9 hosts",
        ),
    },
    attack=("T1046", "T1018"),
    severity=Severity.MEDIUM,
    impact=70,
    confidence=Confidence(0.6, 0.95, 250),
    innocent=(
        Text(
            "An authorised vulnerability or asset scanner, or network access control: give it the role scanner.",
            "经授权的漏洞或资产扫描器、准入控制系统：请在 site.toml 中登记为 scanner 角色。",
        ),
        Text(
            "A monitoring system whose host list is out of date: give it the role monitor.",
            "主机清单过期的监控系统：请登记为 monitor 角色。",
        ),
        Text(
            "A capture that holds one direction only makes every host look silent.",
            "若抓包只含单向流量，所有主机都会显得没有应答。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w sweep.pcap", "taishi packets {incident} -w sweep.pcap"),
    ),
    source="detectors.md D01; Zeek scan.zeek; ncsa/bro-simple-scan scripts/scan.zeek",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="scan",
)
