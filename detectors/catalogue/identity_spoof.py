"""Who claims the address of another? Detector D31 of detectors.md: ARP and IPv6 neighbour discovery.

Two link addresses that claim one address within minutes are a conflict when both go on living: a failover, a renewed
lease or a replaced device has the old one fall silent. An answer nobody asked for is what tools send; a router that
answers for hosts behind it is asked first.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, mac_text, unicast_sql
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_SQL: Final = f"""
WITH asked AS (
    SELECT DISTINCT target_ip AS ip, ts, sender_ip AS asker FROM arp_site
    WHERE arp_op = 1 AND sender_ip <> target_ip AND {unicast_sql("target_ip")}
),
claim AS (
    SELECT DISTINCT sender_ip AS ip, sender_mac AS mac, ts, arp_op = 2 AS is_reply, flow_uid, 'arp' AS way FROM arp
    WHERE {unicast_sql("sender_ip")}
    UNION
    SELECT DISTINCT target_ip, link_mac, ts, NOT coalesce(is_solicited, FALSE), flow_uid, 'ndp' FROM ndp
    WHERE icmp_type = 136 AND link_mac IS NOT NULL AND coalesce(is_override, FALSE) AND {unicast_sql("target_ip")}
),
real AS (
    SELECT * FROM claim WHERE mac <> '\\xFF\\xFF\\xFF\\xFF\\xFF\\xFF'::BLOB
        AND NOT EXISTS (FROM virtual WHERE starts_with(lower(hex(claim.mac)), virtual.prefix))
),
rival AS (SELECT ip FROM real GROUP BY ip HAVING count(DISTINCT mac) BETWEEN 2 AND $max_claimants),
told AS (
    SELECT real.*, is_reply AND (way = 'ndp' OR NOT EXISTS (FROM asked WHERE asked.ip = real.ip
        AND asked.ts BETWEEN real.ts - to_seconds($answer_within) AND real.ts)) AS unasked
    FROM real SEMI JOIN rival USING (ip)
),
spoken AS (
    SELECT ip, mac, min(ts) AS first_ts, max(ts) AS last_ts FROM (
        SELECT ip, mac, ts FROM told
        UNION ALL SELECT ip, mac, first_ts FROM host_seen SEMI JOIN rival USING (ip) WHERE mac IS NOT NULL
        UNION ALL SELECT ip, mac, last_ts FROM host_seen SEMI JOIN rival USING (ip) WHERE mac IS NOT NULL
    ) SEMI JOIN (SELECT DISTINCT ip, mac FROM told) USING (ip, mac) GROUP BY ALL
),
claimant AS (
    SELECT ip, mac, min(ts) AS claim_ts, max(ts) AS until_ts, count(*) AS claims, count(*) FILTER (unasked) AS unasked,
        any_value(way) AS way, list(DISTINCT flow_uid ORDER BY flow_uid)[1:100] AS uids
    FROM told GROUP BY ALL
)
SELECT ip, list({{'mac': mac, 'claim_ts': claim_ts, 'until_ts': until_ts, 'first_ts': first_ts, 'last_ts': last_ts,
        'claims': claims, 'unasked': unasked, 'uids': uids}} ORDER BY claim_ts, mac) AS claimants, min(way) AS way,
    (SELECT count(DISTINCT asker) FROM asked WHERE asked.ip = claimant.ip) AS askers
FROM claimant JOIN spoken USING (ip, mac) GROUP BY ip HAVING count(*) >= 2 ORDER BY ip
"""

_TITLE: Final = Text("Address {target} claimed by two devices", "地址 {target} 被两台设备同时声称")
_EVIDENCE: Final = Text(
    "{target}, held by {owner}, was claimed by {other} from {start} on ({claims} times, {unasked} of them unasked,"
    " {rate} per minute, by {way}) while {owner} went on sending until {last}{gateway}.",
    "{target} 原由 {owner} 使用，自 {start} 起被 {other} 声称（{way}，{claims} 次，其中 {unasked} 次为主动宣告，"
    "每分钟 {rate} 次），而 {owner} 直到 {last} 仍在发包{gateway}。",
)
_GATEWAY: Final = Text(
    "; {askers} hosts ask for this address, as for a gateway", "；有 {askers} 台主机查询该地址，疑为网关"
)
_MOVED_TITLE: Final = Text("Address {target} moved to another device", "地址 {target} 转移到另一台设备")
_MOVED: Final = Text(
    "{target} passed from {owner} to {other} at {start}; {owner} has been silent since{gateway}.",
    "{target} 于 {start} 由 {owner} 转到 {other}，此后 {owner} 再未发包{gateway}。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find addresses that two link addresses claim.

    Args:
        tables: ``arp`` by sender, ``arp_site`` by target, ``ndp`` by target, ``host_seen`` and the virtual MACs.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (address, second claimant); an address that passed on is told of a gateway only.
    """
    names = ("arp", "arp_site", "ndp", "host_seen")
    inputs = {name: tables[name] for name in names} | {"virtual": tables["rules/virtual_macs.csv"]}
    alerts = AlertRows(DETECTOR)
    wanted = {name: params[name] for name in ("max_claimants", "answer_within")}
    for row in rows(_SQL, inputs, wanted):
        for owner, other in _pairs(row["claimants"], params["window"]):
            if _lives(owner, other, params) or row["askers"] >= params["min_askers"]:
                alerts.add(_finding(row, owner, other, params))
    return alerts.table()


def _pairs(claimants: Sequence[dict[str, Any]], window: float) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return who had the address and who came, neighbours in time that claimed it within the window."""
    ordered = sorted(claimants, key=lambda one: (one["first_ts"], one["claim_ts"], one["mac"]))
    return [
        (old, new)
        for old, new in pairwise(ordered)
        if (new["claim_ts"] - max(old["until_ts"], old["last_ts"])).total_seconds() <= window
    ]


def _lives(owner: dict[str, Any], other: dict[str, Any], params: Params) -> bool:
    """Tell whether the owner went on sending after the other claimed its address."""
    return bool((owner["last_ts"] - other["claim_ts"]).total_seconds() > params["grace"])


def _finding(row: dict[str, Any], owner: dict[str, Any], other: dict[str, Any], params: Params) -> Finding:
    target = ip_text(row["ip"])
    lives = _lives(owner, other, params)
    is_gateway = row["askers"] >= params["min_askers"]
    minutes = max((other["until_ts"] - other["claim_ts"]).total_seconds() / 60, 1.0)
    gateway = _GATEWAY.fill(askers=row["askers"]) if is_gateway else Text("", "")
    said = {
        "target": target,
        "owner": mac_text(owner["mac"]),
        "other": mac_text(other["mac"]),
        "start": when(other["claim_ts"]),
        "last": when(owner["last_ts"]),
        "claims": other["claims"],
        "unasked": other["unasked"],
        "rate": f"{other['claims'] / minutes:.3g}",
        "way": row["way"].upper(),
    }
    text = _EVIDENCE if lives else _MOVED
    return Finding(
        key=(target, mac_text(other["mac"])),
        ts_start=other["claim_ts"],
        ts_end=max(other["until_ts"], owner["last_ts"] if lives else other["claim_ts"]),
        severity=_severity(other, lives=lives, is_gateway=is_gateway, rate=other["unasked"] / minutes, params=params),
        confidence=DETECTOR.confidence.of(other["unasked"], 1) if lives else 0.3,
        title=(_TITLE if lives else _MOVED_TITLE).fill(target=target),
        evidence=Text(text.en.format(gateway=gateway.en, **said), text.zh.format(gateway=gateway.zh, **said)),
        flow_uids=[*other["uids"], *owner["uids"]],
        flow_count=len({*other["uids"], *owner["uids"]}),
        display_filter=display_filter(extra=f"eth.addr == {mac_text(other['mac'])} && (arp || icmpv6)"),
        actor=row["ip"],
        target=row["ip"],
        indicators=(f"mac:{mac_text(other['mac'])}",),
    )


def _severity(other: dict[str, Any], *, lives: bool, is_gateway: bool, rate: float, params: Params) -> Severity:
    """A conflict is medium when the newcomer announced itself unasked, high on a gateway or at the rate of tools."""
    if not lives:
        return Severity.INFO
    if other["unasked"] == 0:
        return Severity.INFO
    return Severity.HIGH if is_gateway or rate >= params["tool_rate"] else Severity.MEDIUM


DETECTOR: Final = Detector(
    id="identity_spoof",
    version=1,
    title=Text("Address claimed by two devices", "地址冒用"),
    question=Text("Who claims the address of another?", "谁在冒用他人的地址？"),
    needs={
        "arp": ("flow_uid", "ts", "arp_op", "sender_mac", "sender_ip", "target_ip"),
        "arp_site": ("ts", "arp_op", "sender_ip", "target_ip"),
        "ndp": ("flow_uid", "ts", "icmp_type", "target_ip", "link_mac", "is_solicited", "is_override"),
    },
    partition_by={"arp": "sender_ip", "arp_site": "target_ip", "ndp": "target_ip"},
    window_s=300,
    blind_without=("arp", "ndp"),
    rules=("virtual_macs.csv",),
    params={
        "window": Param(300, "s", 10, 86400, "claims farther apart are a change of device", "detectors.md D31: 5 min"),
        "grace": Param(2, "s", 0, 3600, "packets still on their way when an address moves", "own"),
        "answer_within": Param(
            2, "s", 0.01, 60, "a reply later than this answers nothing", "RFC 826; hosts ask each second"
        ),
        "max_claimants": Param(8, "devices", 2, 1000, "more is an address that everybody uses, as of a hotspot", "own"),
        "min_askers": Param(5, "hosts", 1, 1000, "everybody asks for the gateway, few for a colleague", "own"),
        "tool_rate": Param(
            5, "1/min", 0.1, 1000, "tools repeat the claim every second or two", "detectors.md D31: 5/min"
        ),
    },
    attack=("T1557.002", "T1036", "T0830"),
    severity=Severity.MEDIUM,
    impact=75,
    confidence=Confidence(0.6, 0.95, 10),
    innocent=(
        Text("Two machines were given the same address by hand.", "两台机器被手工配置了相同地址。"),
        Text("A redundant pair whose members both stay awake.", "双机热备的两个成员同时在线。"),
        Text(
            "A device with a wired and a wireless interface on one network.", "同一设备的有线与无线网卡接入同一网络。"
        ),
    ),
    next_steps=next_steps("arp"),
    source="detectors.md D31; RFC 826, RFC 5227, RFC 4861, RFC 9568",
    run=run,
    family="identity",
)
