"""Who offers services that nobody gave to it? Detector D32 of detectors.md: DHCP, routers, names.

A second DHCP server or IPv6 router is rogue when what it hands out differs; a redundant pair hands out the same. A host
that answers for many names over LLMNR or NetBIOS answers for names that are not its own (Responder): the question went
to everybody, so the answer is a flow of its own, other than that of a NetBIOS name server that was asked itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._steps import next_steps, shown
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_NETWORK: Final = (
    "CASE WHEN subnet_mask IS NULL OR length(hex(assigned_ip)) < 32 THEN hex(assigned_ip)[1:30]"
    " ELSE ((('0x' || hex(assigned_ip)[25:32])::BIGINT) & subnet_mask)::VARCHAR END"
)

_DHCP_SQL: Final = f"""
WITH offer AS (
    SELECT DISTINCT coalesce(server_ip, sender_ip) AS server, {_NETWORK} AS net, ts, flow_uid, client_mac,
        coalesce(hex(router_ip), '') AS router, list_sort(coalesce(dns_servers, [])) AS resolvers, router_ip
    FROM dhcp WHERE msg_type = 2 AND assigned_ip IS NOT NULL AND coalesce(server_ip, sender_ip) IS NOT NULL
        AND hex(coalesce(server_ip, sender_ip)) NOT LIKE '%00000000'
),
server AS (
    SELECT net, server, min(ts) AS first_ts, max(ts) AS last_ts, count(DISTINCT client_mac) AS clients,
        arg_min(router, (ts, router)) AS router, arg_min(resolvers, (ts, resolvers)) AS resolvers,
        arg_min(router_ip, (ts, router)) AS router_ip, list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
    FROM offer GROUP BY ALL
)
SELECT late.*, early.server AS known, early.first_ts AS known_ts, early.clients AS known_clients,
    early.router_ip AS known_router, early.resolvers AS known_resolvers,
    hex(late.server) = late.router OR late.clients < early.clients AS itself
FROM server AS late JOIN server AS early ON early.net = late.net
    AND (early.first_ts, early.server) < (late.first_ts, late.server)
WHERE late.router <> early.router OR late.resolvers <> early.resolvers
QUALIFY row_number() OVER (PARTITION BY late.net, late.server ORDER BY early.first_ts, early.server) = 1
ORDER BY late.first_ts, late.server
"""

_NAMES_SQL: Final = """
WITH answer AS (
    SELECT DISTINCT receiver_ip AS server, service, query, ts, flow_uid
    FROM dns WHERE has_response AND NOT coalesce(has_query, FALSE) AND service IN ('llmnr', 'netbios-ns')
        AND coalesce(rcode, 0) = 0 AND query IS NOT NULL
        AND query NOT IN ('', '*') AND coalesce(qtype, 1) IN (1, 28, 32, 255) AND len(answers) > 0
        AND coalesce(opcode, 0) = 0
)
SELECT server, count(DISTINCT query) AS names, list_sort(list(DISTINCT query)) AS name_list, min(ts) AS first_ts,
    max(ts) AS last_ts, bool_or(query = 'wpad' OR query LIKE 'wpad.%') AS wpad,
    list_sort(list(DISTINCT service)) AS services, list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
FROM answer GROUP BY server HAVING count(DISTINCT query) >= $min_names OR wpad ORDER BY first_ts, server
"""

_ROUTER_SQL: Final = """
WITH advert AS (
    SELECT DISTINCT sender_ip AS server, coalesce(link_mac, sender_mac) AS mac, ts, flow_uid,
        list_sort(coalesce(prefixes, [])) AS prefixes, list_sort(coalesce(dns_servers, [])) AS resolvers,
        coalesce(router_lifetime_s, 0) AS lifetime
    FROM ndp WHERE icmp_type = 134
),
router AS (
    SELECT server, min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS adverts, max(lifetime) AS lifetime,
        arg_min(prefixes, (ts, prefixes)) AS prefixes, arg_min(resolvers, (ts, resolvers)) AS resolvers,
        list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
    FROM advert GROUP BY ALL
)
SELECT late.*, early.server AS known, early.first_ts AS known_ts, early.prefixes AS known_prefixes,
    early.resolvers AS known_resolvers
FROM router AS late JOIN router AS early ON (early.first_ts, early.server) < (late.first_ts, late.server)
WHERE late.lifetime > 0 AND epoch_us(late.first_ts) - epoch_us(early.first_ts) > 1e6 * $settle
    AND NOT list_has_any(late.prefixes, early.prefixes)
QUALIFY row_number() OVER (PARTITION BY late.server ORDER BY early.first_ts, early.server) = 1
ORDER BY late.first_ts, late.server
"""

_TITLES: Final[Mapping[str, Text]] = {
    "dhcp": Text("Second DHCP server {actor} with other settings", "第二台 DHCP 服务器 {actor} 下发不同的配置"),
    "names": Text("{actor} answers for names of others", "{actor} 冒答他人主机名"),
    "router": Text("New IPv6 router {actor} with another prefix", "新的 IPv6 路由器 {actor} 通告不同前缀"),
}
_EVIDENCE: Final[Mapping[str, Text]] = {
    "dhcp": Text(
        "{actor} offered {clients} clients router {router} and name servers {resolvers} from {start} on; {known} offers"
        " {known_clients} clients of the same network router {known_router} and name servers {known_resolvers}.",
        "自 {start} 起，{actor} 向 {clients} 个客户端下发网关 {router}、DNS {resolvers}；而同网段的 {known} 向"
        " {known_clients} 个客户端下发网关 {known_router}、DNS {known_resolvers}。",
    ),
    "names": Text(
        "{actor} answered for {names} different names ({list}) over {services} from {start} on; a host has one of its"
        " own.",
        "自 {start} 起，{actor} 通过 {services} 应答了 {names} 个不同的主机名（{list}）；一台主机只应有自己的名字。",
    ),
    "router": Text(
        "{actor} announced itself as router with prefixes {prefixes} ({adverts} times) from {start} on; {known} had"
        " announced {known_prefixes}.",
        "自 {start} 起，{actor} 以前缀 {prefixes} 通告自己为路由器（{adverts} 次）；此前 {known} 通告的是"
        " {known_prefixes}。",
    ),
}
_ATTACK: Final[Mapping[str, tuple[str, ...]]] = {
    "dhcp": ("T1557.003",),
    "names": ("T1557.001",),
    "router": ("T1557.002",),
}
_FILTER: Final[Mapping[str, str]] = {"dhcp": "dhcp", "names": "(llmnr || nbns)", "router": "icmpv6.type == 134"}


def run(tables: Tables, params: Params) -> pa.Table:
    """Find DHCP servers, IPv6 routers and name servers that came beside the known ones.

    Args:
        tables: ``dhcp``, ``dns`` and ``ndp``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per rogue server.
    """
    alerts = AlertRows(DETECTOR)
    for row in rows(_DHCP_SQL, {"dhcp": tables["dhcp"]}):
        alerts.add(_finding("dhcp", row, _dhcp_severity(row, params), _dhcp_said(row)))
    for row in rows(_NAMES_SQL, {"dns": tables["dns"]}, {"min_names": params["min_names"]}):
        severity = Severity.HIGH if row["names"] >= params["min_names"] else Severity.LOW
        said = {"names": row["names"], "list": shown(row["name_list"]), "services": shown(row["services"]).upper()}
        alerts.add(_finding("names", row, severity, said))
    for row in rows(_ROUTER_SQL, {"ndp": tables["ndp"]}, {"settle": params["settle"]}):
        said = {name: shown(row[name]) or "-" for name in ("prefixes", "known_prefixes")}
        said |= {"adverts": str(row["adverts"]), "known": ip_text(row["known"])}
        alerts.add(_finding("router", row, Severity.LOW, said))
    return alerts.table()


def _dhcp_severity(row: dict[str, Any], params: Params) -> Severity:
    """Medium when the newcomer came well after the known one and names itself as router; both at once: who knows."""
    is_late = (row["first_ts"] - row["known_ts"]).total_seconds() >= params["settle"]
    if row["router_ip"] == row["server"] and row["known_router"] != row["known"]:
        return Severity.HIGH if is_late else Severity.MEDIUM
    return Severity.MEDIUM if is_late and row["itself"] else Severity.LOW if is_late else Severity.INFO


def _dhcp_said(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "clients": row["clients"],
        "router": ip_text(row["router_ip"]),
        "resolvers": shown(row["resolvers"]) or "-",
        "known": ip_text(row["known"]),
        "known_clients": row["known_clients"],
        "known_router": ip_text(row["known_router"]),
        "known_resolvers": shown(row["known_resolvers"]) or "-",
    }


def _finding(kind: str, row: dict[str, Any], severity: Severity, said: Mapping[str, Any]) -> Finding:
    actor = ip_text(row["server"])
    limit = DETECTOR.confidence
    return Finding(
        key=(kind, actor),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=limit.of(row["names"], 3) if kind == "names" else limit.at_threshold,
        title=_TITLES[kind].fill(actor=actor),
        evidence=_EVIDENCE[kind].fill(actor=actor, start=when(row["first_ts"]), **said),
        flow_uids=row["uids"],
        flow_count=len(row["uids"]),
        display_filter=display_filter(actor=row["server"], extra=_FILTER[kind]),
        actor=row["server"],
        attack=_ATTACK[kind],
    )


DETECTOR: Final = Detector(
    id="rogue_server",
    version=1,
    title=Text("Rogue server", "非法服务器"),
    question=Text("Who offers services that nobody gave to it?", "谁在未经授权地提供网络服务？"),
    needs={
        "dhcp": (
            *("flow_uid", "ts", "msg_type", "sender_ip", "server_ip", "assigned_ip", "client_mac", "subnet_mask"),
            *("router_ip", "dns_servers"),
        ),
        "dns": (
            *("flow_uid", "ts", "receiver_ip", "service", "opcode", "query", "qtype", "rcode", "answers"),
            *("has_query", "has_response"),
        ),
        "ndp": (
            *("flow_uid", "ts", "icmp_type", "sender_ip", "sender_mac", "link_mac", "prefixes", "dns_servers"),
            "router_lifetime_s",
        ),
    },
    partition_by={"dhcp": "msg_type", "dns": "receiver_ip", "ndp": "icmp_type"},
    blind_without=("dhcp", "dns", "ndp"),
    params={
        "settle": Param(
            60, "s", 0, 86400, "servers seen together from the start are a pair that somebody set up", "own"
        ),
        "min_names": Param(3, "names", 2, 100, "a host has one name, perhaps with a domain", "detectors.md D32: 3"),
    },
    attack=("T1557.001", "T1557.003"),
    severity=Severity.MEDIUM,
    impact=80,
    confidence=Confidence(0.65, 0.95, 10),
    innocent=(
        Text("A DHCP server that was moved or set up anew.", "迁移或新建的 DHCP 服务器。"),
        Text("A phone or home router that shares its connection.", "共享网络的手机或家用路由器。"),
        Text(
            "A host with several names, such as a file server of several departments.",
            "拥有多个名称的主机，例如多部门文件服务器。",
        ),
    ),
    next_steps=next_steps("rogue"),
    source="detectors.md D32; RFC 2131, RFC 4861, RFC 4795",
    run=run,
    family="identity",
)
