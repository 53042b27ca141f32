"""Which machine joined that was never here? Detector D29 of detectors.md.

After two weeks of learning, an own address with a link address that the site never saw. A link address that a person or
a program made up (locally administered) among machines that all bear their makers' is told with more weight: phones do
that, and so do machines that hide. Five minutes of grace, because wires and leases flap.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, mac_text, unicast_sql
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _novelty as novelty
from detectors.catalogue._edges import history
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_SQL: Final = f"""
WITH spoke AS (
    SELECT src_ip AS ip, src_mac AS mac, src_zone AS zone, ts_start, ts_end, root_uid, dst_ip AS peer FROM conversation
    WHERE src_home AND src_pkts > 0 AND src_mac IS NOT NULL AND {unicast_sql("src_ip")}
),
fresh AS (
    SELECT ip, mac, any_value(zone) AS zone, min(ts_start) AS first_ts, max(ts_end) AS last_ts,
        count(DISTINCT root_uid) AS flows, count(DISTINCT peer) AS peers,
        list(DISTINCT root_uid ORDER BY root_uid)[:50] AS uids
    FROM spoke ANTI JOIN (SELECT ip FROM asset_seen_before) USING (ip) GROUP BY ip, mac
)
SELECT * FROM fresh WHERE first_ts >= $learned AND epoch_us(last_ts) - epoch_us(first_ts) >= $grace * 1e6
ORDER BY first_ts, ip, mac
"""

_MACS_SQL: Final = "SELECT DISTINCT mac, min(first_ts) AS first_ts FROM host_seen WHERE mac IS NOT NULL GROUP BY mac"

_TITLE: Final = Text("{actor} joined the network", "{actor} 首次接入网络")
_EVIDENCE: Final = Text(
    "{actor} ({mac}{made_up}) appeared at {start} for the first time in {days} days that are known{zone}; it spoke with"
    " {peers} addresses until {end}.",
    "{actor}（{mac}{made_up}）于 {start} 首次出现，已知历史 {days} 天{zone}；至 {end} 共与 {peers} 个地址通信。",
)
_MADE_UP: Final = Text(", a made-up link address", "，为自行设定的链路地址")
_IN_ZONE: Final = Text(" in zone {zone}", "，所在分区为 {zone}")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find own addresses that were never seen before.

    Args:
        tables: ``conversation``, ``asset_seen_before`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per address and link address.
    """
    alerts = AlertRows(DETECTOR)
    learned = novelty.learned_from(tables, params["learn"])
    if learned is None:
        return alerts.table()
    inputs = {name: tables[name] for name in ("conversation", "asset_seen_before")}
    known = history(tables)
    days = (known[1] - known[0]).total_seconds() / 86400 if known else 0.0
    first_of = {row["mac"]: row["first_ts"] for row in rows(_MACS_SQL, {"host_seen": tables["host_seen"]})}
    for row in rows(_SQL, inputs, {"learned": learned, "grace": params["grace"]}):
        # A machine that was here under another address has changed it, no more.
        if first_of.get(row["mac"], row["first_ts"]) >= row["first_ts"]:
            alerts.add(_finding(row, days))
    return alerts.table()


def _finding(row: dict[str, Any], days: float) -> Finding:
    actor, is_made_up = ip_text(row["ip"]), bool(row["mac"][0] & 2)
    made_up = _MADE_UP if is_made_up else Text("", "")
    zone = _IN_ZONE.fill(zone=row["zone"]) if row["zone"] else Text("", "")
    said = {
        "actor": actor,
        "mac": mac_text(row["mac"]),
        "start": when(row["first_ts"]),
        "end": when(row["last_ts"]),
        "days": f"{days:.0f}",
        "peers": row["peers"],
    }
    return Finding(
        key=(actor, said["mac"]),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=Severity.LOW if row["zone"] else Severity.INFO,
        confidence=DETECTOR.confidence.at_saturation if is_made_up else DETECTOR.confidence.at_threshold,
        title=_TITLE.fill(actor=actor),
        evidence=Text(
            _EVIDENCE.en.format(made_up=made_up.en, zone=zone.en, **said),
            _EVIDENCE.zh.format(made_up=made_up.zh, zone=zone.zh, **said),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["ip"], extra=f"eth.addr == {said['mac']}"),
        actor=row["ip"],
        baseline_days=days,
        details={"mac": said["mac"], "locally_administered": is_made_up},
    )


DETECTOR: Final = Detector(
    id="unmanaged_asset",
    version=1,
    title=Text("Machine that was never here", "首次接入的机器"),
    question=Text("Which machine joined that was never here?", "哪台从未出现过的机器接入了网络？"),
    needs={
        "conversation": (
            *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "src_mac", "src_pkts", "src_home", "src_zone"),
        ),
        "asset_seen_before": ("ip",),
    },
    partition_by={"conversation": "src_ip", "asset_seen_before": "ip"},
    params={
        "learn": novelty.LEARN,
        "grace": Param(300, "s", 0, 86400, "wires and leases flap", "detectors.md D29: 5-min grace"),
    },
    attack=("T1200", "T0864"),
    severity=Severity.LOW,
    impact=40,
    confidence=Confidence(0.4, 0.6, 2),
    innocent=(
        Text(
            "A new machine that was ordered, or a guest: compare with the inventory.",
            "新购机器或访客设备：请核对资产清单。",
        ),
        Text(
            "A machine that got another address from DHCP after a long absence.", "长期离线后由 DHCP 分配新地址的机器。"
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w asset.pcap", "taishi packets {incident} -w asset.pcap"),
    ),
    source="detectors.md D29",
    run=run,
    min_history_s=14 * 86400.0,
    family="novelty",
)
