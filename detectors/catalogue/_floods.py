"""Bins of ten seconds in which packets pour onto one host: the statements of the flood detector.

A source that tries each port a few times scans (scan_vertical) and floods nothing.
``half_open``: connections begun by SYN whose client never went on (no ACK of its own, or nothing but RST). ``stray``:
UDP without answer. ``echo``: ICMP requests, answered or not. A bin counts by its start, so that a flood is told at the
latest ten seconds after it began.
"""

from __future__ import annotations

from typing import Final

from detectors.addresses import unicast_sql

BIN_S: Final = 10
"""Detectors.md D33: per destination and ten seconds, latency at most ten seconds."""

_BINNED: Final = f"""
packet AS (
    SELECT DISTINCT dst_ip, src_ip, root_uid, ts_start, dst_port, ip_proto, coalesce(src_home, FALSE) AS src_home,
        coalesce(dst_home, FALSE) AS dst_home, duration_s, src_pkts, dst_pkts,
        CASE WHEN ip_proto = 6 AND (src_flags_first & 18) = 2 THEN 'syn' WHEN ip_proto = 17 AND dst_pkts = 0 THEN 'udp'
            WHEN ip_proto IN (1, 58) AND icmp_type IN (8, 13, 17, 128) THEN 'icmp' END AS kind,
        ip_proto = 6 AND (src_tcp_flags & 16) = 0 AND src_bytes_payload = 0 AS half_open,
        CASE WHEN ip_proto = 6 THEN greatest(src_syn, 1) ELSE src_pkts / ceil(greatest(duration_s, 1e-6) / {BIN_S}) END
            AS load
    FROM conversation WHERE src_pkts > 0 AND {unicast_sql("dst_ip")}
),
bin AS (
    SELECT dst_ip, kind, time_bucket(to_seconds({BIN_S}), ts_start) AS bin_ts, sum(load) AS load,
        sum(load) FILTER (half_open) AS half, count(DISTINCT src_ip) AS sources, count(*) AS flows,
        count(DISTINCT dst_port) AS ports, min(ts_start) AS start_ts
    FROM packet WHERE kind IS NOT NULL GROUP BY ALL
)"""

FLOOD_SQL: Final = f"""
WITH {_BINNED},
hot AS (
    SELECT * FROM bin WHERE load >= $min_rate * {BIN_S} AND CASE kind
        WHEN 'syn' THEN half > $half_open * load AND (load >= 5 * ports OR sources >= $min_sources)
        WHEN 'udp' THEN flows >= greatest($min_rate * {BIN_S} / 2, 5 * ports) OR sources >= $min_sources
        ELSE TRUE END
),
usual AS (
    SELECT hot.dst_ip, hot.kind, hot.bin_ts, quantile_cont(bin.load, 0.99) AS q99, count(*) AS bins
    FROM hot JOIN bin ON bin.dst_ip = hot.dst_ip AND bin.kind = hot.kind AND bin.bin_ts < hot.bin_ts
    ANTI JOIN hot AS other ON other.dst_ip = bin.dst_ip AND other.kind = bin.kind AND other.bin_ts = bin.bin_ts
    GROUP BY ALL HAVING count(*) >= $min_bins
),
flood AS (
    SELECT hot.* FROM hot LEFT JOIN usual USING (dst_ip, kind, bin_ts) WHERE load > $times_usual * coalesce(q99, 0)
),
span AS (
    SELECT dst_ip, kind, min(start_ts) AS start_ts, max(bin_ts) AS last_bin, max(load) / {BIN_S} AS rate,
        sum(half) / sum(load) AS half, count(*) AS bins, list(load ORDER BY bin_ts)[1:360] AS series
    FROM flood GROUP BY ALL
),
source AS (
    SELECT dst_ip, kind, src_ip, any_value(src_home) AS src_home, sum(packet.load) AS load FROM packet
    JOIN flood USING (dst_ip, kind) WHERE time_bucket(to_seconds({BIN_S}), packet.ts_start) = flood.bin_ts GROUP BY ALL
),
who AS (
    SELECT dst_ip, kind, count(*) AS sources, count(*) FILTER (src_home) AS own, arg_max(src_ip, (load, src_ip)) AS top,
        max(load) / sum(load) AS top_share, -sum(load / total * log2(load / total)) AS bits
    FROM (SELECT *, sum(load) OVER (PARTITION BY dst_ip, kind) AS total FROM source) GROUP BY ALL
)
SELECT span.*, sources, own, top, top_share, bits, mode(dst_port) AS port, max(packet.ts_start) AS end_ts,
    count(DISTINCT dst_port) AS ports, bool_or(dst_home) AS dst_home, count(*) AS flows,
    list_transform(min({{'t': packet.ts_start, 'u': root_uid}}, 200), lambda x: x.u) AS uids
FROM span JOIN who USING (dst_ip, kind) JOIN packet ON packet.dst_ip = span.dst_ip AND packet.kind = span.kind
    AND packet.ts_start BETWEEN span.start_ts AND last_bin + to_seconds({BIN_S})
GROUP BY ALL ORDER BY span.start_ts, span.dst_ip, span.kind
"""
"""One row per target and kind of flood, with its highest rate, its sources and their entropy in bits."""

SLOW_SQL: Final = """
WITH held AS (
    SELECT DISTINCT dst_ip, dst_port, src_ip, root_uid, ts_start, ts_end, coalesce(src_home, FALSE) AS src_home,
        coalesce(dst_home, FALSE) AS dst_home
    FROM conversation
    WHERE ip_proto = 6 AND duration_s >= $slow_seconds AND src_bytes_payload > 0 AND dst_bytes_payload = 0
        AND (src_flags_first & 18) = 2 AND src_bytes_payload < $slow_rate * duration_s
        AND (app_proto = 'http' OR dst_port IN (80, 443, 8080, 8443))
),
change AS (
    SELECT dst_ip, dst_port, ts_start AS ts, 1 AS step FROM held
    UNION ALL SELECT dst_ip, dst_port, ts_end, -1 FROM held
),
peak AS (
    SELECT dst_ip, dst_port, max(held_open) AS held_open FROM (
        SELECT *, sum(step) OVER (PARTITION BY dst_ip, dst_port ORDER BY ts, step ROWS UNBOUNDED PRECEDING) AS held_open
        FROM change
    ) GROUP BY ALL HAVING max(held_open) >= $slow_flows
)
SELECT dst_ip, dst_port AS port, any_value(held_open)::BIGINT AS held_open, count(DISTINCT src_ip) AS sources,
    count(DISTINCT src_ip) FILTER (src_home) AS own, mode(src_ip ORDER BY src_ip) AS top, bool_or(dst_home) AS dst_home,
    min(ts_start) AS start_ts, max(ts_end) AS end_ts, count(*) AS flows,
    list_transform(min({'t': ts_start, 'u': root_uid}, 200), lambda x: x.u) AS uids
FROM held JOIN peak USING (dst_ip, dst_port) GROUP BY ALL ORDER BY start_ts, dst_ip, dst_port
"""
"""One row per web server on which many nearly silent requests are held open: none has got an answer yet."""
