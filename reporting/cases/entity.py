"""Everything that is remembered of one address: who it is, since when, with whom, what it was called, what it did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

import duckdb

from reporting.arrow_rows import rows_of
from reporting.cases.case import Case
from reporting.tables import address_text
from store.memory import Memory
from store.site import SitePolicy, load_site

PEERS: Final = 10
"""Peers, services, names and alerts shown of each kind (1 … 1000): what fits a screen."""

_MAC: Final = re.compile(r"[0-9a-f]{2}([:-]?[0-9a-f]{2}){5}")
_INCIDENT: Final = ("severity", "score", "title_en", "title_zh", "state", "is_current")
_NO_ROUTER: Final = "kind = 'mac'"


def find(case: Case, wanted: str) -> list[bytes]:
    """Return the addresses meant by an address, a MAC or a name, the one seen last first; none when unknown."""
    memory = Memory(case.home.memory, case.name)
    with closing(case.lake.bare()) as connection:
        try:
            packed = _packed(wanted)
            rows = _rows(connection, memory, "asset_seen", "ip", f"ip = {_blob(packed)}")
            rows = rows or _rows(connection, memory, "edge", "dst_ip AS ip", f"dst_ip = {_blob(packed)} LIMIT 1")
            return [packed] if rows else []
        except ValueError:
            pass
        text = wanted.strip().lower().rstrip(".")
        if _MAC.fullmatch(text):
            digits = text.replace(":", "").replace("-", "")
            mac = ":".join(digits[at : at + 2] for at in range(0, 12, 2))
            where, values = f"{_NO_ROUTER} AND value = $1", [mac]
        else:
            where, values = (
                "kind = 'hostname' AND (lower(value) = $1 OR starts_with(lower(value), $2))",
                [text, f"{text}."],
            )
        found = _rows(connection, memory, "identity", "ip, last_ts", where, values)
        if not found:
            found = _rows(
                connection, memory, "name_seen", "ip, last_ts", "side = 'served' AND lower(value) = $1", [text]
            )
    found.sort(key=lambda row: (row["last_ts"], row["ip"]), reverse=True)
    return list(dict.fromkeys(row["ip"] for row in found if row["ip"] is not None))


def known_names(case: Case, limit: int = 2_000) -> list[str]:
    """Return what else one could ask for: addresses of hosts that spoke, the most talkative first."""
    memory = Memory(case.home.memory, case.name)
    with closing(case.lake.bare()) as connection:
        where = f"ip IS NOT NULL ORDER BY conversations DESC, ip LIMIT {limit}"
        return [address_text(row["ip"]) for row in _rows(connection, memory, "asset_seen", "ip", where)]


def entity(case: Case, addresses: list[bytes]) -> dict[str, Any]:
    """Return what is remembered of the first of the addresses, with the others that bear the same mark."""
    memory, own = Memory(case.home.memory, case.name), addresses[0]
    key = _blob(own)
    with closing(case.lake.bare()) as connection:
        seen = _rows(connection, memory, "asset_seen", "first_ts, last_ts, days, conversations", f"ip = {key}")
        marks = _rows(connection, memory, "identity", "kind, value, first_ts, last_ts, days, sightings", f"ip = {key}")
        edges = _edges(connection, memory, key)
        names = _rows(connection, memory, "name_seen", "side, value, first_ts, last_ts, days, sightings", f"ip = {key}")
        macs = ", ".join(f"'{row['value']}'" for row in marks if row["kind"] == "mac")
        others = (
            _rows(connection, memory, "identity", "ip, first_ts, last_ts", f"{_NO_ROUTER} AND value IN ({macs})")
            if macs
            else []
        )
    last = max((row["last_ts"] for row in (*seen, *edges)), default=None)
    policy = load_site(case.home.site)
    if last is not None:
        policy = policy.in_force(last.date())
    text = address_text(own)
    return {
        "address": text,
        "case": case.name,
        "zone": zone_of(policy, text),
        "roles": roles_of(policy, text),
        "first_seen": min((row["first_ts"] for row in (*seen, *edges)), default=None),
        "last_seen": last,
        "days": seen[0]["days"] if seen else 0,
        "conversations": seen[0]["conversations"] if seen else 0,
        "identity": sorted(marks, key=lambda row: (row["kind"], -row["last_ts"].timestamp(), row["value"])),
        "other_addresses": _others(addresses[1:], others, own),
        **_peers(edges),
        **_services(edges),
        "names_asked": _top(names, "asked"),
        "names_asked_count": sum(row["side"] == "asked" for row in names),
        "names_served": _top(names, "served"),
        **_findings(case, own),
    }


def zone_of(policy: SitePolicy, address: str) -> str | None:
    """Return the zone of an address, the one with the longest prefix."""
    own = ip_address(address)
    found = [(net.prefixlen, zone.name) for zone in policy.zones for net in zone.networks if own in net]
    return max(found)[1] if found else None


def roles_of(policy: SitePolicy, address: str) -> list[str]:
    """Return the roles of an address, sorted."""
    own = ip_address(address)
    return sorted({r.value for role in policy.roles for net in role.networks if own in net for r in role.roles})


def _edges(connection: duckdb.DuckDBPyConnection, memory: Memory, key: str) -> list[dict[str, Any]]:
    """Return the edges of an address as one list: peer, side of the peer, and the sums."""
    shown = "ip_proto, dst_port, first_ts, last_ts, days, conversations, answered, src_bytes + dst_bytes AS total_bytes"
    used = _rows(connection, memory, "edge", f"dst_ip AS peer_ip, 'server' AS side, {shown}", f"src_ip = {key}")
    offered = _rows(connection, memory, "edge", f"src_ip AS peer_ip, 'client' AS side, {shown}", f"dst_ip = {key}")
    return [*used, *offered]


def _peers(edges: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the peers with the most bytes and the rarest ones: few days, few conversations, the latest first."""
    sums: dict[bytes, dict[str, Any]] = {}
    for edge in edges:
        own = sums.setdefault(edge["peer_ip"], {"peer_ip": edge["peer_ip"], "days": 0, **_zero(edge)})
        own["days"] = max(own["days"], edge["days"])
        _add(own, edge)
    rows = list(sums.values())
    largest = sorted(rows, key=lambda row: (-row["total_bytes"], row["peer_ip"]))[:PEERS]
    heard = [row for row in rows if row["answered"]]
    rarest = sorted(
        heard, key=lambda row: (row["days"], row["conversations"], -row["last_ts"].timestamp(), row["peer_ip"])
    )
    return {"peers_count": len(rows), "peers_largest": largest, "peers_rarest": rarest[:PEERS]}


def _services(edges: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the services that the address used and offered, by conversations; offered is what it answered on."""
    found: dict[str, dict[tuple[Any, Any], dict[str, Any]]] = {"server": {}, "client": {}}
    for edge in edges:
        if edge["side"] == "client" and not edge["answered"]:
            continue
        key = (edge["ip_proto"], edge["dst_port"])
        fresh = {"ip_proto": key[0], "dst_port": key[1], "peers": 0, "days": 0, **_zero(edge)}
        own = found[edge["side"]].setdefault(key, fresh)
        own["peers"] += 1
        own["days"] = max(own["days"], edge["days"])
        _add(own, edge)
    ranked = {
        side: sorted(
            rows.values(), key=lambda row: (-row["conversations"], row["ip_proto"] or 0, row["dst_port"] or 0)
        )[:PEERS]
        for side, rows in found.items()
    }
    return {"services_used": ranked["server"], "services_offered": ranked["client"]}


def _zero(edge: Mapping[str, Any]) -> dict[str, Any]:
    sums = dict.fromkeys(("conversations", "answered", "total_bytes"), 0)
    return {**sums, "first_ts": edge["first_ts"], "last_ts": edge["last_ts"]}


def _add(own: dict[str, Any], edge: Mapping[str, Any]) -> None:
    for name in ("conversations", "answered", "total_bytes"):
        own[name] += edge[name]
    own["first_ts"] = min(own["first_ts"], edge["first_ts"])
    own["last_ts"] = max(own["last_ts"], edge["last_ts"])


def _others(named: Iterable[bytes], borne: Iterable[Mapping[str, Any]], own: bytes) -> list[str]:
    found = [*named, *(row["ip"] for row in sorted(borne, key=lambda row: (row["last_ts"], row["ip"]), reverse=True))]
    return [address_text(ip) for ip in dict.fromkeys(found) if ip is not None and ip != own]


def _top(names: Iterable[Mapping[str, Any]], side: str) -> list[dict[str, Any]]:
    own = [{k: v for k, v in row.items() if k != "side"} for row in names if row["side"] == side]
    return sorted(own, key=lambda row: (-row["sightings"], row["value"]))[:PEERS]


def _findings(case: Case, own: bytes) -> dict[str, Any]:
    """Return alerts in which the address acts or is the target, oldest first, and the incidents they belong to."""
    shown = "alert_id, detector, severity, score, ts_start, ts_end, actor_ip, target_ip, title_en, title_zh"
    sql = f"SELECT {shown} FROM alert WHERE {_blob(own)} IN (actor_ip, target_ip) ORDER BY ts_start, alert_id"
    with closing(case.lake.findings(case.name)) as connection:
        alerts = _fetched(connection, sql)
    return {"alerts": alerts, "incidents": _incidents(case, alerts) if alerts else []}


def _incidents(case: Case, alerts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the incidents that rest on at least one of the alerts."""
    from reporting.cases.book import casebook_of  # noqa: PLC0415 - 0.3 s that an address without alerts need not wait

    incidents: list[dict[str, Any]] = []
    with casebook_of(case.home) as casebook:
        if casebook is not None:
            wanted = {row["alert_id"] for row in alerts}
            links = casebook.snapshots()["incident_alert"].to_pylist()
            ids = {link["incident_id"] for link in links if link["alert_id"] in wanted}
            incidents = [
                {
                    "incident_id": row["number"],
                    **{
                        name: row[name] for name in ("severity", "score", "title_en", "title_zh", "state", "is_current")
                    },
                }
                for row in casebook.incidents(case.name)
                if row["id"] in ids
            ]
    return sorted(incidents, key=lambda row: str(row["incident_id"]))


def _rows(
    connection: duckdb.DuckDBPyConnection,
    memory: Memory,
    table: str,
    columns: str,
    where: str,
    values: Iterable[object] = (),
) -> list[dict[str, Any]]:
    source = memory.select(table)
    if source is None:
        return []
    return _fetched(connection, f"SELECT {columns} FROM ({source}) WHERE {where}", list(values))


def _fetched(connection: duckdb.DuckDBPyConnection, sql: str, values: Iterable[object] = ()) -> list[dict[str, Any]]:
    # Through Arrow: DuckDB's own rows need a time-zone package for every time.
    reader = connection.sql(sql, params=list(values)).to_arrow_reader(1_000)
    return list(rows_of(reader, list(reader.schema.names)))


def _packed(text: str) -> bytes:
    """Return the stored bytes of an address as text.

    Raises:
        ValueError: it is none.
    """
    address = ip_address(text.strip())
    return address.packed if isinstance(address, IPv6Address) else b"\0" * 10 + b"\xff\xff" + address.packed


def _blob(value: bytes) -> str:
    return f"unhex('{value.hex()}')"
