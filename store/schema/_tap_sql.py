"""SQL of ``tap_minute`` (``derived.py``): what each tap, and each VLAN and zone behind it, showed minute by minute."""

from __future__ import annotations

from typing import Final

_ENCRYPTED: Final = "('tls', 'ssh', 'quic', 'dtls', 'esp', 'isakmp', 'wireguard', 'openvpn', 'rdp', 'tlcp')"
_PAYLOAD: Final = "(src_bytes_payload + dst_bytes_payload)"
_MINUTE_US: Final = 60_000_000
_COUNTS: Final = (
    "sensor_id, first_us, last_us, conversations, with_data, one_sided, tcp_bytes, payload_bytes, "
    "encrypted_bytes, gap_bytes, clock_steps"
)

TAP_MINUTE_SQL: Final = f"""
WITH edge AS (
    SELECT coalesce(sensor_id, '-') AS sensor_id, vlan_outer, src_zone, dst_zone,
        epoch_us(ts_start) // {_MINUTE_US} AS minute, min(epoch_us(ts_start)) AS first_us,
        max(epoch_us(ts_end)) AS last_us,
        count(*) AS conversations,
        sum((ip_proto = 6 AND {_PAYLOAD} > 0)::INTEGER) AS with_data,
        sum((ip_proto = 6 AND {_PAYLOAD} > 0 AND (src_pkts = 0 OR dst_pkts = 0))::INTEGER) AS one_sided,
        sum(CASE WHEN ip_proto = 6 THEN {_PAYLOAD} END) AS tcp_bytes, sum({_PAYLOAD}) AS payload_bytes,
        sum(CASE WHEN app_proto IN {_ENCRYPTED} THEN {_PAYLOAD} END) AS encrypted_bytes,
        sum(coalesce(src_gap_bytes, 0) + coalesce(dst_gap_bytes, 0)) AS gap_bytes,
        sum((quality_flags & 512 <> 0)::INTEGER) AS clock_steps
    FROM conversation GROUP BY ALL
),
told AS (
    SELECT 'tap' AS part, sensor_id AS name, minute AS slot, {_COUNTS} FROM edge
    UNION ALL
    SELECT 'vlan', vlan_outer::VARCHAR, minute // 60 * 60, {_COUNTS} FROM edge
    WHERE vlan_outer IS NOT NULL
    UNION ALL
    SELECT 'zone', zone, minute // 60 * 60, {_COUNTS}
    FROM (SELECT *, unnest(list_distinct([src_zone, dst_zone])) AS zone FROM edge)
)
SELECT 'site' AS whole, part, sensor_id, name, make_timestamptz(slot * {_MINUTE_US}) AS minute,
    make_timestamptz(min(first_us)) AS first_ts, make_timestamptz(greatest(max(last_us), min(first_us))) AS last_ts,
    sum(conversations) AS conversations, coalesce(sum(with_data), 0) AS with_data,
    coalesce(sum(one_sided), 0) AS one_sided, coalesce(sum(tcp_bytes), 0) AS tcp_bytes,
    coalesce(sum(payload_bytes), 0) AS payload_bytes,
    coalesce(sum(encrypted_bytes), 0) AS encrypted_bytes, coalesce(sum(gap_bytes), 0) AS gap_bytes,
    coalesce(sum(clock_steps), 0) AS clock_steps
FROM told GROUP BY part, sensor_id, name, slot
"""
"""Shares are what is read of it: a conversation given twice changes none."""
