"""SQL of the views in other tools' words: Zeek's conn.log, Suricata's EVE flow event, OCSF Network Activity.

All of them show whole conversations, so that active time-outs of ours do not look like connections of theirs.
"""

from __future__ import annotations

from typing import Final

_IS_IP: Final = "ip_version IN (4, 6)"
_IS_ICMP: Final = "ip_proto IN (1, 58)"

_ZEEK_PROTO: Final = (
    "CASE WHEN ip_proto = 6 THEN 'tcp' WHEN ip_proto = 17 THEN 'udp' "
    f"WHEN {_IS_ICMP} THEN 'icmp' ELSE 'unknown_transport' END"
)

_COUNTERPART: Final = (
    "CASE WHEN ip_proto = 1 AND icmp_type IN (8, 13, 15, 17) THEN CASE icmp_type WHEN 8 THEN 0 ELSE icmp_type + 1 END "
    "WHEN ip_proto = 58 AND icmp_type IN (128, 130, 133, 135) THEN icmp_type + 1 ELSE icmp_code END"
)
"""Zeek shows an ICMP pair as ports (type, type of the answer), anything else as (type, code).
Source: Zeek src/packet_analysis/protocol/icmp, ICMP4_counterpart and ICMP6_counterpart."""

ZEEK: Final = f"""CREATE VIEW v_zeek_conn AS SELECT
    epoch_us(ts_start) / 1e6 AS ts, uid_text(root_uid) AS uid,
    ip_text(src_ip) AS "id.orig_h",
    CAST(CASE WHEN {_IS_ICMP} THEN icmp_type ELSE coalesce(src_port, 0) END AS INTEGER) AS "id.orig_p",
    ip_text(dst_ip) AS "id.resp_h",
    CAST(CASE WHEN {_IS_ICMP} THEN {_COUNTERPART} ELSE coalesce(dst_port, 0) END AS INTEGER) AS "id.resp_p",
    {_ZEEK_PROTO} AS proto, app_proto AS service,
    CASE WHEN src_pkts + dst_pkts > 1 THEN duration_s END AS duration,
    CASE WHEN src_pkts > 0 THEN coalesce(src_bytes_seq, src_bytes_payload) END AS orig_bytes,
    CASE WHEN dst_pkts > 0 THEN coalesce(dst_bytes_seq, dst_bytes_payload) END AS resp_bytes,
    conn_state, src_home AS local_orig, dst_home AS local_resp,
    src_gap_bytes + dst_gap_bytes AS missed_bytes, history,
    src_pkts AS orig_pkts, src_bytes_ip AS orig_ip_bytes, dst_pkts AS resp_pkts, dst_bytes_ip AS resp_ip_bytes,
    CAST(NULL AS VARCHAR[]) AS tunnel_parents, ip_proto, vlan_outer AS vlan, vlan_inner AS inner_vlan,
    mac_text(src_mac) AS orig_l2_addr, mac_text(dst_mac) AS resp_l2_addr, cid_text(community_id) AS community_id
FROM conversation_full WHERE {_IS_IP}"""
"""Field names and types of Zeek 7 conn.log (with the policy scripts vlan-logging, mac-logging, community-id).
Source: scripts/base/protocols/conn/main.zeek, record Conn::Info."""

_EVE_TIME: Final = "strftime({}, '%Y-%m-%dT%H:%M:%S.%f+0000')"

_EVE_PROTO: Final = (
    "CASE ip_proto WHEN 6 THEN 'TCP' WHEN 17 THEN 'UDP' WHEN 1 THEN 'ICMP' WHEN 58 THEN 'IPv6-ICMP' "
    "WHEN 132 THEN 'SCTP' WHEN 47 THEN 'GRE' WHEN 50 THEN 'ESP' ELSE lpad(CAST(ip_proto AS VARCHAR), 3, '0') END"
)

_EVE_STATE: Final = (
    "CASE WHEN conn_state IN ('SF', 'REJ', 'RSTO', 'RSTR', 'RSTOS0', 'RSTRH') AND ip_proto = 6 THEN 'closed' "
    "WHEN src_pkts > 0 AND dst_pkts > 0 THEN 'established' ELSE 'new' END"
)

_EVE_REASON: Final = (
    "CASE end_reason WHEN 'shutdown' THEN 'shutdown' WHEN 'forced' THEN 'forced' WHEN 'resource' THEN 'forced' "
    "WHEN 'reuse' THEN 'tcp_reuse' ELSE 'timeout' END"
)

_EVE_TCP_STATE: Final = (
    "CASE WHEN conn_state IN ('SF', 'RSTO', 'RSTR', 'REJ', 'RSTOS0', 'RSTRH') THEN 'closed' "
    "WHEN conn_state = 'S0' THEN 'syn_sent' WHEN conn_state = 'SHR' THEN 'syn_recv' "
    "WHEN conn_state IN ('S2', 'S3') THEN 'fin_wait1' WHEN conn_state = 'S1' THEN 'established' ELSE 'none' END"
)


def _hex_flags(expression: str) -> str:
    return f"lpad(lower(hex(CAST(coalesce({expression}, 0) AS BIGINT))), 2, '0')"


def _has(bit: int) -> str:
    return f"((coalesce(src_tcp_flags, 0) | coalesce(dst_tcp_flags, 0)) & {bit}) > 0"


EVE: Final = f"""CREATE VIEW v_eve_flow AS SELECT
    {_EVE_TIME.format("ts_end")} AS "timestamp",
    CAST(CAST('0x' || substr(hex(root_uid), 17, 16) AS UBIGINT) & 4611686018427387903 AS BIGINT) AS flow_id,
    'flow' AS event_type,
    CASE WHEN vlan_outer IS NOT NULL THEN list_filter([vlan_outer, vlan_inner], lambda v: v IS NOT NULL) END AS vlan,
    ip_text(src_ip) AS src_ip, src_port, ip_text(dst_ip) AS dest_ip, dst_port AS dest_port,
    CASE WHEN {_IS_ICMP} THEN icmp_type END AS icmp_type, CASE WHEN {_IS_ICMP} THEN icmp_code END AS icmp_code,
    {_EVE_PROTO} AS proto, CAST(ip_version AS INTEGER) AS ip_v, app_proto, cid_text(community_id) AS community_id,
    {{'pkts_toserver': src_pkts, 'pkts_toclient': dst_pkts,
      'bytes_toserver': src_bytes_l2, 'bytes_toclient': dst_bytes_l2,
      'start': {_EVE_TIME.format("ts_start")}, 'end': {_EVE_TIME.format("ts_end")},
      'age': CAST(floor(duration_s) AS BIGINT), 'state': {_EVE_STATE}, 'reason': {_EVE_REASON},
      'alerted': false}} AS flow,
    CASE WHEN ip_proto = 6 THEN
    {{'tcp_flags': {_hex_flags("coalesce(src_tcp_flags, 0) | coalesce(dst_tcp_flags, 0)")},
      'tcp_flags_ts': {_hex_flags("src_tcp_flags")}, 'tcp_flags_tc': {_hex_flags("dst_tcp_flags")},
      'syn': {_has(2)}, 'fin': {_has(1)}, 'rst': {_has(4)}, 'psh': {_has(8)}, 'ack': {_has(16)},
      'state': {_EVE_TCP_STATE}}} END AS tcp
FROM conversation_full WHERE {_IS_IP}"""
"""Suricata 7 EVE, event_type flow. Source: Suricata User Guide 18.1.2, Eve JSON Format, event type Flow."""

OCSF_VERSION: Final = "1.4.0"
"""Version of the schema whose attributes are used (flag_history and community_uid came with 1.3)."""

_OCSF_PROTO: Final = (
    "CASE ip_proto WHEN 6 THEN 'tcp' WHEN 17 THEN 'udp' WHEN 1 THEN 'icmp' WHEN 58 THEN 'ipv6-icmp' "
    "WHEN 132 THEN 'sctp' WHEN 47 THEN 'gre' WHEN 50 THEN 'esp' END"
)

OCSF: Final = f"""CREATE VIEW v_ocsf AS SELECT
    4001 AS class_uid, 'Network Activity' AS class_name, 4 AS category_uid, 'Network Activity' AS category_name,
    6 AS activity_id, 'Traffic' AS activity_name, 400106 AS type_uid, 1 AS severity_id, 'Informational' AS severity,
    epoch_ms(ts_end) AS "time", epoch_ms(ts_start) AS start_time, epoch_ms(ts_end) AS end_time,
    CAST(round(duration_s * 1000) AS BIGINT) AS duration, app_proto AS app_name,
    {{'version': '{OCSF_VERSION}', 'uid': uid_text(root_uid), 'product': {{'name': 'taishi', 'vendor_name': 'taishi'}},
      'log_name': 'conversation'}} AS metadata,
    {{'ip': ip_text(src_ip), 'port': src_port, 'mac': mac_text(src_mac)}} AS src_endpoint,
    {{'ip': ip_text(dst_ip), 'port': dst_port, 'mac': mac_text(dst_mac), 'hostname': server_name}} AS dst_endpoint,
    {{'uid': uid_text(root_uid), 'community_uid': cid_text(community_id),
      'protocol_num': CAST(ip_proto AS INTEGER), 'protocol_name': {_OCSF_PROTO},
      'protocol_ver_id': CAST(ip_version AS INTEGER), 'flag_history': history,
      'tcp_flags': CASE WHEN ip_proto = 6 THEN
          CAST(coalesce(src_tcp_flags, 0) | coalesce(dst_tcp_flags, 0) AS INTEGER) END,
      'direction_id': CASE direction WHEN 'inbound' THEN 1 WHEN 'outbound' THEN 2 WHEN 'internal' THEN 3 ELSE 99 END,
      'direction': CASE direction WHEN 'inbound' THEN 'Inbound' WHEN 'outbound' THEN 'Outbound'
          WHEN 'internal' THEN 'Lateral' ELSE 'External' END}} AS connection_info,
    {{'packets_out': src_pkts, 'packets_in': dst_pkts, 'packets': src_pkts + dst_pkts,
      'bytes_out': src_bytes_l2, 'bytes_in': dst_bytes_l2, 'bytes': src_bytes_l2 + dst_bytes_l2,
      'bytes_missed': src_gap_bytes + dst_gap_bytes}} AS traffic,
    {{'name': sensor_id, 'type_id': 12, 'type': 'Sensor'}} AS device
FROM conversation_full WHERE {_IS_IP}"""
"""OCSF Network Activity (4001), activity Traffic. Out and in are seen from the source.
Source: schema.ocsf.io, classes/network_activity, objects/network_traffic and network_connection_info."""

FOREIGN_VIEWS: Final = (ZEEK, EVE, OCSF)
"""Statements that need ``conversation_full`` and the text macros."""
