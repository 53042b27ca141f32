"""Suricata's flow events as flows.

Suricata counts frames: bytes of IP are those less an Ethernet header per packet, payload is what is left when each
packet also has had the longest usual headers, so that a flow without payload never seems to have some. No history is
told; flags and states follow from the flags of both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from sensor.intake.flow_words import service
from sensor.intake.recipe import Lookup, Recipe
from sensor.intake.zeek_conn import V4_PAIRS, V6_PAIRS
from store.schema import AppBasis, DirBasis, EndReason, Quality

LINK: Final = 14
"""Bytes of an Ethernet header."""

IS_V4: Final = (
    r"(src_ip BETWEEN '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x00\x00\x00\x00'::BLOB AND "
    r"'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF'::BLOB)"
)
PROTO: Final = (
    "CASE upper(proto) WHEN 'TCP' THEN 6 WHEN 'UDP' THEN 17 WHEN 'ICMP' THEN 1 WHEN 'IPV6-ICMP' THEN 58 "
    "WHEN 'SCTP' THEN 132 WHEN 'GRE' THEN 47 WHEN 'ESP' THEN 50 WHEN 'IGMP' THEN 2 ELSE int_of(proto) END"
)
UID: Final = (
    "coalesce(flow_id, concat_ws('|', proto, least(concat(hex(src_ip), src_port), concat(hex(dest_ip), dest_port)), "
    "greatest(concat(hex(src_ip), src_port), concat(hex(dest_ip), dest_port))))"
)
"""What Suricata calls the flow; without its number (a sanitised log) the two ends, which records share with it."""

EVENT: Final = ("timestamp", "flow_id", "src_ip", "src_port", "dest_ip", "dest_port", "proto")
"""Members that events begin with."""

GOOD: Final = '"timestamp" IS NOT NULL AND src_ip IS NOT NULL AND dest_ip IS NOT NULL'
ADDRESSES: Final = ("src_ip", "dest_ip")

_TCP: Final = "upper(proto) = 'TCP'"
_ICMP: Final = "upper(proto) IN ('ICMP', 'IPV6-ICMP')"
_PORTS: Final = "upper(proto) IN ('TCP', 'UDP', 'SCTP', 'DCCP')"
_S: Final = "to_server"
_C: Final = "to_client"


def _flags(value: str | None) -> tuple[int | None]:
    try:
        return (int(value or "", 16),)
    except ValueError:
        return (None,)


def _side(towards: str, flags: str) -> Mapping[str, str]:
    """Return the columns of one side of a flow."""
    pkts, size = f"coalesce(int_of(flow_pkts_{towards}), 0)", f"coalesce(int_of(flow_bytes_{towards}), 0)"
    header = f"(CASE WHEN {IS_V4} THEN {LINK + 20} ELSE {LINK + 40} END + CASE WHEN {_TCP} THEN 44 ELSE 8 END)"
    payload = f"greatest({size} - {pkts} * {header}, CASE WHEN our_proto IS NOT NULL AND {pkts} > 0 THEN 1 ELSE 0 END)"
    return {
        "pkts": pkts,
        "bytes_l2": size,
        "bytes_ip": f"greatest({size} - {LINK} * {pkts}, 0)",
        "bytes_payload": payload,
        "bytes_seq": f"CASE WHEN {_TCP} THEN {payload} END",
        "data_pkts": f"CASE WHEN {_TCP} THEN least({pkts}, ({payload} + 1459) // 1460) WHEN {payload} > 0 THEN {pkts} "
        "ELSE 0 END",
        "tcp_flags": f"CASE WHEN {_TCP} AND {pkts} > 0 THEN {flags} END",
        "flags_first": f"CASE WHEN {_TCP} AND ({flags} & 2) > 0 THEN CASE WHEN {int(towards == 'toclient')} = 1 THEN 18 "
        "ELSE 2 END END",
        "syn": f"CASE WHEN {_TCP} THEN CASE WHEN {flags} = 2 THEN {pkts} ELSE ({flags} & 2) // 2 END END",
        "fin": f"CASE WHEN {_TCP} THEN {flags} & 1 END",
        "rst": f"CASE WHEN {_TCP} THEN ({flags} & 4) // 4 END",
    }


_STATE: Final = f"""CASE
    WHEN upper(proto) NOT IN ('TCP') THEN CASE
        WHEN int_of(flow_pkts_toserver) > 0 AND int_of(flow_pkts_toclient) > 0 THEN 'SF'
        WHEN int_of(flow_pkts_toserver) > 0 THEN 'S0' ELSE 'SHR' END
    WHEN {_S} IS NULL AND {_C} IS NULL THEN 'OTH'
    WHEN (coalesce({_S}, 0) & 2) > 0 AND (coalesce({_C}, 0) & 2) > 0 THEN CASE
        WHEN ({_S} & 1) > 0 AND ({_C} & 1) > 0 THEN 'SF'
        WHEN ({_S} & 4) > 0 THEN 'RSTO'
        WHEN ({_C} & 4) > 0 THEN 'RSTR'
        WHEN ({_S} & 1) > 0 THEN 'S2'
        WHEN ({_C} & 1) > 0 THEN 'S3' ELSE 'S1' END
    WHEN (coalesce({_S}, 0) & 2) > 0 THEN CASE
        WHEN (coalesce({_C}, 0) & 4) > 0 THEN 'REJ'
        WHEN ({_S} & 1) > 0 THEN 'SH'
        WHEN ({_S} & 4) > 0 THEN 'RSTOS0'
        WHEN int_of(flow_pkts_toclient) > 0 THEN 'OTH' ELSE 'S0' END
    WHEN (coalesce({_C}, 0) & 2) > 0 THEN CASE
        WHEN ({_C} & 1) > 0 THEN 'SHR' WHEN ({_C} & 4) > 0 THEN 'RSTRH' ELSE 'OTH' END
    ELSE 'OTH' END"""
"""States of Zeek from the flags of both sides."""

_PAIR: Final = f"CASE WHEN {IS_V4} THEN int_of(icmp_type) IN {V4_PAIRS} ELSE int_of(icmp_type) IN {V6_PAIRS} END"
_ANSWER: Final = (
    f"CASE WHEN {IS_V4} THEN CASE int_of(icmp_type) WHEN 8 THEN 0 WHEN 0 THEN 8 WHEN 13 THEN 14 WHEN 14 THEN 13 "
    "WHEN 15 THEN 16 WHEN 16 THEN 15 WHEN 17 THEN 18 WHEN 18 THEN 17 WHEN 10 THEN 9 WHEN 9 THEN 10 END "
    "ELSE CASE int_of(icmp_type) WHEN 128 THEN 129 WHEN 129 THEN 128 WHEN 133 THEN 134 WHEN 134 THEN 133 "
    "WHEN 135 THEN 136 WHEN 136 THEN 135 WHEN 130 THEN 131 WHEN 131 THEN 130 WHEN 139 THEN 140 WHEN 140 THEN 139 "
    "WHEN 144 THEN 145 WHEN 145 THEN 144 END END"
)
_NS: Final = "greatest(coalesce(micros(flow_end) - micros(flow_start), 0), 0) * 1000"
_START: Final = 'coalesce(micros(flow_start), micros("timestamp"))'

FLOW: Final = Recipe(
    "flow",
    (
        *EVENT,
        *("app_proto", "icmp_type", "icmp_code", "vlan", "flow.pkts_toserver", "flow.pkts_toclient"),
        *("flow.bytes_toserver", "flow.bytes_toclient", "flow.start", "flow.end", "flow.reason"),
        *("tcp.tcp_flags_ts", "tcp.tcp_flags_tc", "tunnel.depth", "ether.src_mac", "ether.dest_mac"),
    ),
    {
        "flow_uid": "flow_uid",
        "is_final": "true",
        "community_id": "unhex(sha1(community_message))",
        "ts_start": _START,
        "ts_end": f"{_START} + {_NS} // 1000",
        "duration_ns": _NS,
        "ip_version": f"CASE WHEN {IS_V4} THEN 4 ELSE 6 END",
        "src_ip": "src_ip",
        "dst_ip": "dest_ip",
        "src_port": f"CASE WHEN {_PORTS} THEN int_of(src_port) END",
        "dst_port": f"CASE WHEN {_PORTS} THEN int_of(dest_port) END",
        "ip_proto": PROTO,
        "icmp_type": "int_of(icmp_type)",
        "icmp_code": "int_of(icmp_code)",
        "src_mac": "TRY(unhex(replace(ether_src_mac, ':', '')))",
        "dst_mac": "TRY(unhex(replace(ether_dest_mac, ':', '')))",
        "vlan_outer": "int_of(list_of(vlan)[1])",
        "vlan_inner": "int_of(list_of(vlan)[2])",
        "tunnel_type": "CASE WHEN int_of(tunnel_depth) > 0 THEN 'tunnel' ELSE 'none' END",
        **{f"src_{name}": sql for name, sql in _side("toserver", _S).items()},
        **{f"dst_{name}": sql for name, sql in _side("toclient", _C).items()},
        "conn_state": _STATE,
        "end_reason": f"CASE flow_reason WHEN 'shutdown' THEN '{EndReason.SHUTDOWN}' WHEN 'forced' THEN "
        f"'{EndReason.FORCED}' WHEN 'tcp_reuse' THEN '{EndReason.REUSE}' ELSE '{EndReason.IDLE}' END",
        "app_proto": "CASE WHEN our_proto = 'dns' AND int_of(dest_port) = 5353 THEN 'mdns' ELSE our_proto END",
        "app_basis": f"'{AppBasis.SURICATA}'",
        "server_name": "known_name",
        "ja4": "known_ja4",
        "dir_basis": f"CASE WHEN {_ICMP} THEN '{DirBasis.ICMP}' WHEN {_TCP} AND ({_S} & 2) > 0 THEN '{DirBasis.SYN}' "
        f"ELSE '{DirBasis.FIRST_PACKET}' END",
        "quality_flags": f"CASE WHEN {_TCP} AND (({_S} | coalesce({_C}, 0)) & 2) = 0 THEN {Quality.MIDSTREAM} ELSE 0 END "
        "| CASE WHEN int_of(flow_pkts_toserver) > 0 AND int_of(flow_pkts_toclient) > 0 THEN 0 ELSE "
        f"{Quality.ONE_SIDED} END",
    },
    addresses=ADDRESSES,
    uid=f"coalesce(flow_id, concat({UID}, flow_start))",
    good=GOOD,
    lookups=(
        Lookup("app_proto", {"our_proto": pa.string()}, service),
        Lookup("tcp_tcp_flags_ts", {_S: pa.int32()}, _flags),
        Lookup("tcp_tcp_flags_tc", {_C: pa.int32()}, _flags),
    ),
    source="line LEFT JOIN named USING (flow_uid)",
    ends={
        "src": "src_ip",
        "dst": "dest_ip",
        "src_port": f"CASE WHEN {_ICMP} THEN int_of(icmp_type) WHEN {_PORTS} THEN int_of(src_port) ELSE 0 END",
        "dst_port": f"CASE WHEN {_ICMP} THEN coalesce({_ANSWER}, int_of(icmp_code)) WHEN {_PORTS} THEN "
        "int_of(dest_port) ELSE 0 END",
        "proto": PROTO,
        "one_way": f"coalesce({_ICMP} AND NOT ({_PAIR}), false)",
    },
)
