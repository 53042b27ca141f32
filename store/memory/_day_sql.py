"""SQL of what one day adds to the memory: rows of the memory tables with the number of their UTC day.

Read from flow segments, not from conversations: a segment belongs to the day on which it began, so that a day is
closed when its rows are there, whatever the connection did before and after.
"""

from __future__ import annotations

from typing import Final

from store import schema
from store.schema.memory import HIGH_PORT, KEPT_HIGH_PORTS

MAX_MAC_ADDRESSES: Final = 16
"""Home addresses that one MAC bears on one day (2 … 256) before it is taken for a router: a host with IPv4, link-local,
stable and a week of temporary IPv6 addresses (RFC 8981: one a day) stays below."""

SOURCES: Final = (
    schema.FLOW,
    *(schema.table(name) for name in ("arp", "dhcp", "dns", "http", "ntlm", "quic", "rdp", "snmp", "ssh", "tls")),
)
"""Tables of the lake that the memory is made of."""


def _day(column: str) -> str:
    return f"CAST(floor(epoch_us({column}) / 86400000000.0) AS INTEGER)"


_DAY: Final = _day("ts_start")
_BEGAN: Final = "count(*) FILTER (segment_seq = 0)"
_ANSWERED: Final = (
    "count(*) FILTER (segment_seq = 0 AND (dst_bytes_payload > 0 "
    "OR (ip_proto = 6 AND conn_state IN ('S1', 'SF', 'S2', 'S3', 'RSTO', 'RSTR'))))"
)
_KEPT_PORTS: Final = ", ".join(map(str, KEPT_HIGH_PORTS))

EDGE_DAY: Final = f"""
SELECT {_DAY} AS day_no, src_ip, dst_ip, ip_proto,
    CASE WHEN dst_port >= {HIGH_PORT} AND dst_port NOT IN ({_KEPT_PORTS}) THEN 0 ELSE dst_port END AS dst_port,
    min(ts_start) AS first_ts, max(ts_end) AS last_ts, {_BEGAN} AS conversations, {_ANSWERED} AS answered,
    sum(src_bytes_payload) AS src_bytes, sum(dst_bytes_payload) AS dst_bytes,
    coalesce(bit_or(1 << hour(ts_start)) FILTER (segment_seq = 0), 0) AS hours
FROM flow WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL GROUP BY ALL
"""

ASSET_SEEN: Final = f"""
SELECT {_DAY} AS day_no, ip, min(ts_start) AS first_ts, max(ts_end) AS last_ts, {_BEGAN} AS conversations FROM (
    SELECT src_ip AS ip, ts_start, ts_end, segment_seq FROM flow WHERE src_pkts > 0
    UNION ALL SELECT dst_ip, ts_start, ts_end, segment_seq FROM flow WHERE dst_pkts > 0
) WHERE ip IS NOT NULL GROUP BY ALL
"""


def _flow_marks(kind: str, value: str, source: str) -> str:
    return (
        f"SELECT {_DAY} AS day_no, '{kind}' AS kind, {value} AS value, src_ip AS host, min(ts_start) AS first_ts, "
        f"max(ts_end) AS last_ts, {_BEGAN} AS sightings FROM flow WHERE {source} IS NOT NULL "
        f"GROUP BY {_DAY}, {source}, src_ip"
    )


def _marks(kind: str, column: str, table: str, host: str) -> str:
    return (
        f"SELECT {_day('ts')} AS day_no, '{kind}' AS kind, {column} AS value, {host} AS host, min(ts) AS first_ts, "
        f"max(ts) AS last_ts, count(*) AS sightings FROM {table} WHERE {column} IS NOT NULL GROUP BY ALL"
    )


_ASKED: Final = (
    f"SELECT {_day('ts')} AS day_no, 'domain' AS kind, registered_domain(query) AS value, sender_ip AS host, "
    "min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS sightings FROM dns "
    f"WHERE service = 'dns' AND query IS NOT NULL GROUP BY {_day('ts')}, query, sender_ip"
)
_NAMED: Final = _flow_marks("domain", "registered_domain(server_name)", "server_name")

_OBSERVED: Final = (
    _flow_marks("server_name", "server_name", "server_name"),
    _flow_marks("ja4", "ja4", "ja4"),
    _NAMED,
    _ASKED,
    _marks("user_agent", "user_agent", "http", "sender_ip"),
    _marks("user_agent", "user_agent", "quic", "sender_ip"),
    _marks("hassh", "hassh", "ssh", "sender_ip"),
    _marks("hassh", "hassh_server", "ssh", "receiver_ip"),
    _marks("ssh_banner", "client_banner", "ssh", "sender_ip"),
    _marks("ssh_banner", "server_banner", "ssh", "receiver_ip"),
    _marks("certificate", "cert_sha256", "tls", "sender_ip"),
)

OBSERVABLE: Final = f"""
SELECT day_no, kind, value, min(first_ts) AS first_ts, max(last_ts) AS last_ts, sum(sightings) AS sightings,
    count(DISTINCT CASE WHEN is_home(host) THEN host END) AS hosts
FROM ({" UNION ALL ".join(_OBSERVED)}) WHERE value <> '' GROUP BY ALL
"""

NAME_SEEN: Final = f"""
SELECT day_no, host AS ip, side, value, min(first_ts) AS first_ts, max(last_ts) AS last_ts, sum(sightings) AS sightings
FROM (
    SELECT day_no, host, 'asked' AS side, value, first_ts, last_ts, sightings FROM ({_NAMED} UNION ALL {_ASKED})
    UNION ALL SELECT {_DAY}, dst_ip, 'served', server_name, min(ts_start), max(ts_end), {_BEGAN}
    FROM flow WHERE server_name IS NOT NULL AND dst_pkts > 0 GROUP BY {_DAY}, dst_ip, server_name
) WHERE value <> '' AND host IS NOT NULL AND is_home(host) GROUP BY ALL
"""

_LINKED: Final = f"""
SELECT day_no, mac, ip, is_home(ip) AS own, min(first_ts) AS first_ts, max(last_ts) AS last_ts, sum(n) AS sightings
FROM (
    SELECT {_DAY} AS day_no, src_mac AS mac, src_ip AS ip, min(ts_start) AS first_ts, max(ts_end) AS last_ts,
        {_BEGAN} AS n FROM flow WHERE src_pkts > 0 AND src_mac IS NOT NULL GROUP BY ALL
    UNION ALL SELECT {_DAY}, dst_mac, dst_ip, min(ts_start), max(ts_end), {_BEGAN} FROM flow
        WHERE dst_pkts > 0 AND dst_mac IS NOT NULL GROUP BY ALL
    UNION ALL SELECT {_day("ts")}, sender_mac, sender_ip, min(ts), max(ts), count(*) FROM arp GROUP BY ALL
) WHERE ip IS NOT NULL AND ip NOT IN (unhex('{"00" * 10}FFFF{"00" * 4}'), unhex('{"00" * 16}')) GROUP BY ALL
"""

_MACS: Final = f"""
SELECT day_no, CASE WHEN forwards THEN 'router' ELSE 'mac' END AS kind, mac_text(mac) AS value,
    CASE WHEN forwards THEN NULL ELSE ip END AS ip, first_ts, last_ts, sightings
FROM (SELECT *, bool_or(NOT own) OVER same OR count(*) OVER same > {MAX_MAC_ADDRESSES} AS forwards FROM ({_LINKED})
    WINDOW same AS (PARTITION BY day_no, mac))
"""

_LEASED: Final = f"""
SELECT {_day("ts")} AS day_no, client_mac, ip, min(ts) AS first_ts, max(ts) AS last_ts, count(*) AS sightings FROM (
    SELECT ts, client_mac, CASE WHEN msg_type = 5 THEN coalesce(nullif(assigned_ip, unhex('{"00" * 10}FFFF{"00" * 4}')),
        client_ip) ELSE client_ip END AS ip FROM dhcp WHERE msg_type IN (3, 5, 8)
) WHERE ip IS NOT NULL AND ip <> unhex('{"00" * 10}FFFF{"00" * 4}') GROUP BY ALL
"""


def _told(kind: str, column: str) -> str:
    """Return SQL of what a DHCP client said of itself, for each address that it had on the day."""
    said = f"SELECT DISTINCT {_day('ts')} AS day_no, client_mac, {column} AS value FROM dhcp WHERE {column} IS NOT NULL"
    return (
        f"SELECT day_no, '{kind}' AS kind, value, ip, first_ts, last_ts, sightings FROM ({_LEASED}) AS leased "
        f"JOIN ({said}) AS said USING (day_no, client_mac)"
    )


def _borne(kind: str, value: str, table: str, ip: str, where: str = "true") -> str:
    return (
        f"SELECT {_day('ts')} AS day_no, '{kind}' AS kind, {value} AS value, {ip} AS ip, min(ts) AS first_ts, "
        f"max(ts) AS last_ts, count(*) AS sightings FROM {table} WHERE {where} GROUP BY ALL"
    )


_IDENTIFIED: Final = (
    _MACS,
    f"SELECT day_no, 'mac', mac_text(client_mac), ip, first_ts, last_ts, sightings FROM ({_LEASED})",
    _told("dhcp_id", "client_id"),
    _told("hostname", "lower(host_name)"),
    _told("hostname", "lower(client_fqdn)"),
    _borne("hostname", "lower(workstation)", "ntlm", "sender_ip"),
    _borne("hostname", "lower(coalesce(server_dns_name, server_nb_name))", "ntlm", "receiver_ip"),
    _borne("hostname", "lower(client_name)", "rdp", "sender_ip"),
    _borne("hostname", "query", "dns", "sender_ip", "service = 'netbios-ns' AND opcode = 5 AND name_suffix = 32"),
    _borne("hostname", "query", "dns", "sender_ip", "service = 'mdns' AND list_contains(answers, ip_text(sender_ip))"),
    _borne("hostname", "lower(sys_name)", "snmp", "receiver_ip", "receiver_port = 161"),
    _borne("snmp_engine", "engine_id", "snmp", "receiver_ip", "receiver_port = 161"),
    _borne("certificate", "cert_sha256", "tls", "receiver_ip"),
)

IDENTITY: Final = f"""
SELECT day_no, kind, value, ip, min(first_ts) AS first_ts, max(last_ts) AS last_ts, sum(sightings) AS sightings
FROM ({" UNION ALL ".join(_IDENTIFIED)}) WHERE value <> '' GROUP BY ALL
"""

DAY_SQL: Final = {
    "edge_day": EDGE_DAY,
    "observable": OBSERVABLE,
    "identity": IDENTITY,
    "asset_seen": ASSET_SEEN,
    "name_seen": NAME_SEEN,
}
"""What a day is made of, by table of the partial: its columns but ``days``, and ``day_no``."""
