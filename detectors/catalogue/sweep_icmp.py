"""Who pings its way through the network? The ICMP part of D04 of detectors.md.

Echo, timestamp and address-mask requests to many hosts. What answers and is asked again and again is monitored, not
discovered, and does not count.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.addresses import unicast_sql
from detectors.alerts import AlertRows, display_filter
from detectors.catalogue._probes import distinct_sql
from detectors.catalogue._steps import next_steps
from detectors.catalogue._sweeps import BURST_SQL, GAP, Row, finding
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_SQL: Final = f"""
WITH ping AS (
    SELECT DISTINCT src_ip, dst_ip, ts_start, ts_end, root_uid AS flow_uid, dst_pkts,
        coalesce(src_home, FALSE) AS src_home
    FROM conversation
    WHERE ip_proto IN (1, 58) AND icmp_type IN (8, 13, 15, 17, 128) AND src_pkts > 0 AND src_ip <> dst_ip
        AND {unicast_sql("dst_ip")} AND {unicast_sql("src_ip")}
),
monitored AS (
    SELECT src_ip, dst_ip FROM ping GROUP BY ALL
    HAVING sum(dst_pkts) > 0 AND epoch_us(max(ts_end)) - epoch_us(min(ts_start)) > 2e6 * $window
),
heard AS (SELECT DISTINCT ip FROM host_seen),
candidate AS (
    SELECT ping.*, heard.ip IS NULL AS dark FROM ping LEFT JOIN heard ON heard.ip = dst_ip
    ANTI JOIN monitored USING (src_ip, dst_ip)
    ANTI JOIN (FROM edge_before WHERE answered > 0) AS known
        ON known.src_ip = ping.src_ip AND known.dst_ip = ping.dst_ip AND known.ip_proto IN (1, 58)
),
{
    distinct_sql(
        "src_ip",
        "dst_ip",
        {"hosts": "TRUE", "silent": "dark"},
        "hosts >= $min_hosts OR (hosts >= $min_hosts_dark AND silent >= $min_dark)",
    )
}
SELECT src_ip, count(DISTINCT dst_ip) AS hosts, count(DISTINCT dst_ip) FILTER (dark) AS silent,
    bool_or(src_home) AS src_home, min(DISTINCT dst_ip, 4) AS examples, {BURST_SQL}
FROM candidate JOIN episode USING (src_ip) WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY src_ip, episode ORDER BY start_ts, src_ip
"""

_TITLE: Final = Text("Ping sweep by {actor}", "{actor} 进行 ICMP 扫描")
_EVIDENCE: Final = Text(
    "{actor} sent ICMP requests to {hosts} hosts within {seconds} s from {start} on; {silent} of them never sent a"
    " packet (for example {examples}).",
    "自 {start} 起 {seconds} 秒内，{actor} 向 {hosts} 台主机发送 ICMP 请求，其中 {silent} 台从未发过任何报文"
    "（例如 {examples}）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that send ICMP requests to many hosts.

    Args:
        tables: ``conversation``, ``edge_before`` and the policy table ``host_seen``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and burst.
    """
    alerts = AlertRows(DETECTOR)
    inputs = {name: tables[name] for name in ("conversation", "edge_before", "host_seen")}
    for row in rows(_SQL, inputs, params):
        alerts.add(
            finding(
                DETECTOR,
                row,
                key=(),
                severity=_severity(row, params),
                threshold=params["min_hosts"],
                title=_TITLE,
                evidence=_EVIDENCE,
                display_filter=display_filter(actor=row["src_ip"], extra="(icmp || icmpv6)"),
                attack=("T1018",) if row["src_home"] else ("T1595.001",),
            )
        )
    return alerts.table()


def _severity(row: Row, params: Params) -> Severity:
    """A host inside that asks for silent ones is medium; live ones alone may be a monitor's first round: low."""
    if not row["src_home"]:
        return Severity.LOW
    return Severity.MEDIUM if row["silent"] >= params["min_dark"] else Severity.LOW


DETECTOR: Final = Detector(
    id="sweep_icmp",
    version=1,
    title=Text("Ping sweep", "ICMP 扫描"),
    question=Text("Who pings its way through the network?", "谁在用 ping 摸索网络？"),
    needs={
        "conversation": (
            *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "ip_proto", "icmp_type", "src_pkts", "dst_pkts"),
            "src_home",
        ),
        "edge_before": ("src_ip", "dst_ip", "ip_proto", "answered"),
    },
    partition_by={"conversation": "src_ip", "edge_before": "src_ip"},
    window_s=300,
    params={
        "window": Param(300, "s", 10, 3600, "requests closer than this belong to one sweep", "detectors.md D04: 5 min"),
        "gap": GAP,
        "min_hosts": Param(25, "hosts", 2, 10000, "people ping few hosts", "detectors.md D04: 25 in 5 min"),
        "min_hosts_dark": Param(10, "hosts", 2, 10000, "enough when min_dark of them are dark", "as scan_horizontal"),
        "min_dark": Param(3, "hosts", 1, 10000, "one silent host is down, three are a list", "as scan_horizontal"),
    },
    attack=("T1018",),
    severity=Severity.MEDIUM,
    impact=50,
    confidence=Confidence(0.6, 0.95, 200),
    innocent=(
        Text(
            "A monitoring system in its first round; give it the role monitor.",
            "首轮探测中的监控系统：请登记为 monitor 角色。",
        ),
        Text("A DHCP server that pings an address before it leases it.", "DHCP 服务器在分配前 ping 地址。"),
    ),
    next_steps=next_steps("pings"),
    source="detectors.md D04; RFC 792, RFC 4443",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="scan",
)
