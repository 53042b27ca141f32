"""Zeek's conn.log as flows.

What a connection log does not tell is NULL where that is allowed; of the columns that must have a number, link-layer
bytes are those of IP, data packets the fewest that can have carried the payload, flags and their counts what the
history's letters prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sensor.intake.flow_words import HISTORY, SERVICE
from sensor.intake.recipe import Recipe
from store.schema import AppBasis, DirBasis, EndReason, Quality

IS_V4: Final = (
    r"(id_orig_h BETWEEN '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x00\x00\x00\x00'::BLOB AND "
    r"'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF'::BLOB)"
)
_PROTO: Final = (
    "CASE proto WHEN 'tcp' THEN 6 WHEN 'udp' THEN 17 WHEN 'icmp' THEN "
    f"CASE WHEN {IS_V4} THEN 1 ELSE 58 END ELSE int_of(ip_proto) END"
)
_HAS_PORTS: Final = "(proto IN ('tcp', 'udp') OR coalesce(int_of(ip_proto), 0) IN (33, 132))"
_TCP: Final = "proto = 'tcp'"
_ICMP: Final = "proto = 'icmp'"

V4_PAIRS: Final = "(8, 0, 13, 14, 15, 16, 17, 18, 10, 9)"
V6_PAIRS: Final = "(128, 129, 130, 131, 133, 134, 135, 136, 139, 140, 144, 145)"
"""Kinds of ICMP that come in pairs of question and answer (community id specification, version 1)."""

_IS_PAIR: Final = f"CASE WHEN {IS_V4} THEN int_of(id_orig_p) IN {V4_PAIRS} ELSE int_of(id_orig_p) IN {V6_PAIRS} END"


def _side(zeek: str, letter: str) -> Mapping[str, str]:
    """Return the columns of one side of a flow."""
    ip = f"int_of({zeek}_ip_bytes)"
    pkts = f"coalesce(int_of({zeek}_pkts), {letter}_any)"
    payload = f"coalesce(least(int_of({zeek}_bytes), {ip}), 0)"
    return {
        "pkts": pkts,
        "bytes_l2": f"coalesce({ip}, int_of({zeek}_bytes))",
        "bytes_ip": f"coalesce({ip}, int_of({zeek}_bytes))",
        "bytes_payload": payload,
        "bytes_seq": f"CASE WHEN {_TCP} THEN coalesce(least(int_of({zeek}_bytes), {ip} + coalesce(int_of(missed_bytes), 0)),"
        f" int_of({zeek}_bytes)) END",
        # At most 1460 B fit into a segment of Ethernet; a datagram is one packet.
        "data_pkts": f"CASE WHEN {payload} = 0 THEN 0 WHEN {_TCP} THEN least({pkts}, ({payload} + 1459) // 1460) "
        f"ELSE {pkts} END",
        "tcp_flags": f"CASE WHEN {_TCP} AND {letter}_any > 0 THEN {letter}_flags END",
        "flags_first": f"CASE WHEN {_TCP} THEN {letter}_first END",
        "syn": f"CASE WHEN {_TCP} THEN CASE WHEN {letter}_syn < 0 THEN {pkts} ELSE {letter}_syn END END",
        "fin": f"CASE WHEN {_TCP} THEN {letter}_fin END",
        "rst": f"CASE WHEN {_TCP} THEN {letter}_rst END",
        "retx_pkts": f"CASE WHEN {_TCP} THEN {letter}_retx END",
    }


_NS: Final = "coalesce(nanos(duration), 0)"
_MISSED: Final = "coalesce(int_of(missed_bytes), 0)"

CONN: Final = Recipe(
    "flow",
    (
        *("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration"),
        *("orig_bytes", "resp_bytes", "conn_state", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes"),
        *("resp_pkts", "resp_ip_bytes", "tunnel_parents", "ip_proto", "vlan", "inner_vlan"),
        *("orig_l2_addr", "resp_l2_addr"),
    ),
    {
        "flow_uid": "flow_uid",
        "is_final": "true",
        "community_id": "unhex(sha1(community_message))",
        "ts_start": "micros(line.ts)",
        "ts_end": f"micros(line.ts) + {_NS} // 1000",
        "duration_ns": _NS,
        "ip_version": f"CASE WHEN {IS_V4} THEN 4 ELSE 6 END",
        "src_ip": "id_orig_h",
        "dst_ip": "id_resp_h",
        "src_port": f"CASE WHEN {_HAS_PORTS} THEN int_of(id_orig_p) END",
        "dst_port": f"CASE WHEN {_HAS_PORTS} THEN int_of(id_resp_p) END",
        "ip_proto": _PROTO,
        "icmp_type": f"CASE WHEN {_ICMP} THEN int_of(id_orig_p) END",
        "icmp_code": f"CASE WHEN {_ICMP} THEN CASE WHEN {_IS_PAIR} THEN 0 ELSE int_of(id_resp_p) END END",
        "src_mac": "TRY(unhex(replace(orig_l2_addr, ':', '')))",
        "dst_mac": "TRY(unhex(replace(resp_l2_addr, ':', '')))",
        "vlan_outer": "int_of(vlan)",
        "vlan_inner": "int_of(inner_vlan)",
        "tunnel_type": "CASE WHEN coalesce(tunnel_parents, '') IN ('', '[]') THEN 'none' ELSE 'tunnel' END",
        **{f"src_{name}": sql for name, sql in _side("orig", "o").items()},
        **{f"dst_{name}": sql for name, sql in _side("resp", "r").items()},
        "src_gap_bytes": f"CASE WHEN o_gap = 1 AND r_gap = 0 THEN {_MISSED} ELSE 0 END",
        "dst_gap_bytes": f"CASE WHEN o_gap = 1 AND r_gap = 0 THEN 0 ELSE {_MISSED} END",
        "conn_state": "nullif(conn_state, '')",
        "history": "nullif(left(history, 64), '')",
        "end_reason": f"CASE WHEN {_TCP} AND conn_state IN ('SF', 'REJ', 'RSTO', 'RSTR', 'RSTOS0', 'RSTRH') "
        f"THEN '{EndReason.END}' ELSE '{EndReason.IDLE}' END",
        "app_proto": "CASE WHEN app_proto = 'dns' THEN CASE int_of(id_resp_p) WHEN 5353 THEN 'mdns' WHEN 5355 THEN "
        "'llmnr' WHEN 137 THEN 'netbios-ns' ELSE app_proto END ELSE app_proto END",
        "app_basis": f"'{AppBasis.ZEEK}'",
        "server_name": "known_name",
        "ja4": "known_ja4",
        "dir_basis": f"CASE WHEN {_ICMP} THEN '{DirBasis.ICMP}' WHEN {_TCP} AND (o_flags & 2) > 0 AND NOT is_flipped "
        f"THEN '{DirBasis.SYN}' WHEN is_flipped THEN '{DirBasis.SYNACK_FLIP}' ELSE '{DirBasis.FIRST_PACKET}' END",
        "quality_flags": f"CASE WHEN is_flipped THEN {Quality.FLIPPED} ELSE 0 END | "
        f"CASE WHEN {_TCP} AND starts_late THEN {Quality.MIDSTREAM} ELSE 0 END | "
        "CASE WHEN coalesce(int_of(orig_pkts), o_any) > 0 AND coalesce(int_of(resp_pkts), r_any) > 0 THEN 0 "
        f"ELSE {Quality.ONE_SIDED} END",
    },
    source="line LEFT JOIN named USING (flow_uid)",
    lookups=(SERVICE, HISTORY),
    ends={
        "src": "id_orig_h",
        "dst": "id_resp_h",
        "src_port": f"CASE WHEN {_HAS_PORTS} OR {_ICMP} THEN int_of(id_orig_p) ELSE 0 END",
        "dst_port": f"CASE WHEN {_HAS_PORTS} OR {_ICMP} THEN int_of(id_resp_p) ELSE 0 END",
        "proto": _PROTO,
        "one_way": f"coalesce({_ICMP} AND NOT ({_IS_PAIR}), false)",
    },
)
