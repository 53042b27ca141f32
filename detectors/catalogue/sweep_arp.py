"""Who asks for every address of its network? The link-layer part of D04 of detectors.md: ARP and IPv6 neighbours.

Counts addresses nobody answered for. A gateway asks for many because many come through it, and is itself asked for by
everybody; a DHCP server asks whether an address is free before it leases it; a probe for one's own address (sender
0.0.0.0) is no question about others.
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
WITH asked AS (
    SELECT DISTINCT sender_ip AS src_ip, target_ip AS dst_ip, ts AS ts_start, flow_uid FROM arp
    WHERE arp_op = 1 AND sender_ip <> target_ip AND {unicast_sql("sender_ip")} AND {unicast_sql("target_ip")}
    UNION
    SELECT DISTINCT sender_ip, target_ip, ts, flow_uid FROM ndp
    WHERE icmp_type = 135 AND target_ip IS NOT NULL AND {unicast_sql("sender_ip")} AND sender_ip <> target_ip
),
answered AS (
    SELECT DISTINCT target_ip AS src_ip, sender_ip AS dst_ip FROM arp_site WHERE arp_op = 2
    UNION SELECT DISTINCT receiver_ip, target_ip FROM ndp_site WHERE icmp_type = 136
),
gateway AS (
    SELECT target_ip AS src_ip FROM arp_site WHERE arp_op = 1 AND sender_ip <> target_ip
    GROUP BY ALL HAVING count(DISTINCT sender_ip) >= $min_askers
    UNION
    SELECT DISTINCT sender_ip FROM arp JOIN router_mac ON sender_mac = mac
),
leaser AS (SELECT DISTINCT sender_ip AS src_ip FROM dhcp WHERE msg_type IN (2, 5)),
heard AS (SELECT DISTINCT ip AS dst_ip FROM host_seen),
candidate AS (
    SELECT * FROM asked ANTI JOIN answered USING (src_ip, dst_ip) ANTI JOIN heard USING (dst_ip)
    ANTI JOIN gateway USING (src_ip) ANTI JOIN leaser USING (src_ip)
),
{distinct_sql("src_ip", "dst_ip", {"hosts": "TRUE"}, "hosts >= $min_hosts")}
SELECT src_ip, count(DISTINCT dst_ip) AS hosts, min(DISTINCT dst_ip, 4) AS examples, {BURST_SQL},
    (SELECT count(DISTINCT dst_ip) FROM asked JOIN answered USING (src_ip, dst_ip)
        WHERE asked.src_ip = candidate.src_ip) AS found
FROM candidate JOIN episode USING (src_ip) WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY src_ip, episode ORDER BY start_ts, src_ip
"""

_TITLE: Final = Text("Sweep of the local network by {actor}", "{actor} 扫描本地网段")
_EVIDENCE: Final = Text(
    "{actor} asked for {hosts} addresses of its network that nobody answered for, within {seconds} s from {start} on"
    " (for example {examples}); {found} others answered.",
    "自 {start} 起 {seconds} 秒内，{actor} 在本地网段查询了 {hosts} 个无人应答的地址（例如 {examples}），"
    "另有 {found} 个有应答。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find hosts that ask for many addresses of their network.

    Args:
        tables: ``arp``, ``ndp``, ``dhcp`` by sender, ``arp_site`` and ``ndp_site`` by whom they are for, ``host_seen``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and burst.
    """
    alerts = AlertRows(DETECTOR)
    inputs = {name: tables[name] for name in ("arp", "arp_site", "ndp", "ndp_site", "dhcp", "host_seen", "router_mac")}
    for row in rows(_SQL, inputs, params):
        alerts.add(
            finding(
                DETECTOR,
                row,
                key=(),
                severity=_severity(row),
                threshold=params["min_hosts"],
                title=_TITLE,
                evidence=_EVIDENCE,
                display_filter=display_filter(extra="arp || icmpv6.type == 135"),
                found=row["found"],
            )
        )
    return alerts.table()


def _severity(row: Row) -> Severity:
    """A few dozen may be a stale list; a hundred addresses nobody has are a sweep."""
    return Severity.MEDIUM if row["hosts"] >= DETECTOR.confidence.saturation else Severity.LOW


DETECTOR: Final = Detector(
    id="sweep_arp",
    version=1,
    title=Text("Sweep of the local network", "本地网段扫描"),
    question=Text("Who asks for every address of its network?", "谁在逐一查询本网段的地址？"),
    needs={
        "arp": ("sender_mac", "flow_uid", "ts", "arp_op", "sender_ip", "target_ip"),
        "arp_site": ("arp_op", "sender_ip", "target_ip"),
        "ndp": ("flow_uid", "ts", "icmp_type", "sender_ip", "target_ip"),
        "ndp_site": ("icmp_type", "receiver_ip", "target_ip"),
        "dhcp": ("sender_ip", "msg_type"),
    },
    partition_by={
        "arp": "sender_ip",
        "arp_site": "target_ip",
        "ndp": "sender_ip",
        "ndp_site": "receiver_ip",
        "dhcp": "sender_ip",
    },
    window_s=60,
    blind_without=("arp", "ndp"),
    params={
        "window": Param(60, "s", 5, 3600, "questions closer than this belong to one sweep", "detectors.md D04: 1 min"),
        "gap": GAP,
        "min_hosts": Param(25, "hosts", 2, 10000, "Slips' 5 is too low for routers", "detectors.md D04: 25 a minute"),
        "min_askers": Param(5, "hosts", 1, 1000, "who is asked for by so many is a gateway", "as identity_spoof"),
    },
    attack=("T1018", "T1016"),
    severity=Severity.MEDIUM,
    impact=50,
    confidence=Confidence(0.6, 0.95, 100),
    innocent=(
        Text(
            "A router through which a scan from outside comes; look for the scan.",
            "外部扫描途经的路由器：请查看相应扫描。",
        ),
        Text(
            "A monitoring or inventory system; give it the role monitor.", "监控或资产清点系统：请登记为 monitor 角色。"
        ),
    ),
    next_steps=next_steps("arp"),
    source="detectors.md D04; RFC 826, RFC 4861, RFC 5227",
    run=run,
    roles_exempt=("scanner", "monitor", "nat"),
    family="scan",
)
