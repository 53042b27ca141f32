"""SQL of the trend tables (``derived.py``): pure SELECTs over the views of a lake connection.

Nothing here is stored: a table made on demand is never older than the data and the site policy. ``conversation`` is
trusted to hold a flow once: counting it out again would cost as much as all the rest.
"""

from __future__ import annotations

from typing import Final

HOURS_SPREAD: Final = 24 * 31
"""Hours over which the bytes of one conversation are spread at most; a damaged end time must not make a million."""

_V4: Final = r"\x00" * 10 + r"\xFF\xFF"

_UNICAST: Final = (
    rf"(dst_ip < '\xFF'::BLOB AND NOT (dst_ip >= '{_V4}\xE0'::BLOB AND dst_ip <= '{_V4}\xFF\xFF\xFF\xFF'::BLOB))"
)
"""A group (ff00::/8, 224.0.0.0/4 and up) answers by no reply at all, which is no failure."""

_FAILED: Final = f"(conn_state IN ('S0', 'REJ', 'RSTOS0', 'RSTRH') AND coalesce({_UNICAST}, FALSE))"

_SERVICE: Final = """
CASE
    WHEN app_proto IS NOT NULL THEN app_proto
    WHEN ip_proto IS NULL THEN 'ethernet'
    WHEN dst_port IS NULL THEN 'ip ' || ip_proto
    WHEN dst_port < 1024 OR (dst_port < 32768 AND dst_bytes_payload > 0)
        THEN dst_port || CASE ip_proto WHEN 6 THEN '/tcp' WHEN 17 THEN '/udp' ELSE '/ip ' || ip_proto END
    ELSE 'other' || CASE ip_proto WHEN 6 THEN '/tcp' WHEN 17 THEN '/udp' ELSE '/ip ' || ip_proto END
END"""
"""A port that never answered and is not well known is a scan's, not a service: all of them are one row."""

_UP: Final = "sum(up * (part + 1) // (further + 1) - up * part // (further + 1))"
_DOWN: Final = "sum(down * (part + 1) // (further + 1) - down * part // (further + 1))"
_SUMS_PLAIN: Final = f"{_UP} AS up, {_DOWN} AS down, sum((part = 0)::INTEGER) AS begun"
_SUMS: Final = f"{_SUMS_PLAIN}, sum((part = 0 AND failed)::INTEGER) AS failed"

TREND_HOUR_SQL: Final = f"""
WITH once AS (
    SELECT ts_start, ts_end, src_ip, dst_ip, src_home AND src_pkts > 0 AS src_own,
        dst_home AND dst_pkts > 0 AS dst_own, src_home, src_zone, dst_zone, src_bytes_payload AS up,
        dst_bytes_payload AS down, {_FAILED} AS failed, {_SERVICE} AS service,
        least(greatest((epoch_us(ts_end) // 3600000000 - epoch_us(ts_start) // 3600000000), 0), {HOURS_SPREAD - 1})
            AS further
    FROM conversation
),
piece AS (
    SELECT *, 0 AS part FROM once WHERE further = 0
    UNION ALL
    SELECT *, unnest(range(further + 1)) AS part FROM once WHERE further > 0
),
edge AS (
    SELECT epoch_us(ts_start) // 3600000000 + part AS hour, src_ip, dst_ip, any_value(src_zone) AS src_zone,
        any_value(dst_zone) AS dst_zone, bool_or(src_home) AS src_home, bool_or(src_own) AS src_own,
        bool_or(dst_own) AS dst_own, {_SUMS}
    FROM piece GROUP BY 1, src_ip, dst_ip
),
told AS (
    SELECT 'site' AS scope, 'site' AS name, NULL::BLOB AS own, hour, CASE WHEN src_home THEN dst_ip ELSE src_ip END
        AS peer, CASE WHEN src_home THEN up ELSE down END AS up, CASE WHEN src_home THEN down ELSE up END AS down,
        begun, failed FROM edge
    UNION ALL
    SELECT 'zone', src_zone, NULL, hour, dst_ip, up, down, begun, failed FROM edge WHERE src_zone IS NOT NULL
    UNION ALL
    SELECT 'zone', dst_zone, NULL, hour, src_ip, down, up, begun, failed FROM edge
    WHERE dst_zone IS NOT NULL AND dst_zone IS DISTINCT FROM src_zone
    UNION ALL
    SELECT 'asset', NULL, src_ip, hour, dst_ip, up, down, begun, failed FROM edge WHERE src_own AND src_ip IS NOT NULL
    UNION ALL
    SELECT 'asset', NULL, dst_ip, hour, src_ip, down, up, begun, failed FROM edge
    WHERE dst_own AND dst_ip IS NOT NULL AND dst_ip IS DISTINCT FROM src_ip
),
summed AS (
    SELECT scope, name, own, hour, sum(up) AS up, sum(down) AS down, sum(begun) AS begun,
        count(DISTINCT peer) AS peers, sum(failed) AS failed
    FROM told GROUP BY scope, name, own, hour
    UNION ALL
    SELECT 'service', service, NULL, epoch_us(ts_start) // 3600000000 + part, {_SUMS_PLAIN},
        count(DISTINCT src_ip), sum((part = 0 AND failed)::INTEGER)
    FROM piece GROUP BY service, epoch_us(ts_start) // 3600000000 + part
),
called AS (SELECT own, ip_text(own) AS called FROM (SELECT DISTINCT own FROM summed WHERE own IS NOT NULL))
SELECT scope, coalesce(name, called) AS name, summed.own AS asset_ip, make_timestamptz(hour * 3600000000) AS hour,
    up::BIGINT AS bytes_up, down::BIGINT AS bytes_down, begun::BIGINT AS conversations, peers::BIGINT AS peers,
    failed::BIGINT AS failures
FROM summed LEFT JOIN called ON called.own = summed.own
"""
"""One row per thing watched and hour in which it had traffic; the first hour of a conversation counts it."""

TREND_WEEK_SQL: Final = """
WITH seen AS (SELECT hour FROM trend_hour WHERE scope = 'site'),
matched AS (SELECT hour FROM seen WHERE hour - INTERVAL 7 DAY IN (SELECT hour FROM seen)),
week_seen AS (
    SELECT date_trunc('week', seen.hour) AS week, count(*) AS hours_seen, count(matched.hour) AS hours_matched
    FROM seen LEFT JOIN matched ON matched.hour = seen.hour GROUP BY 1
),
own AS (
    SELECT scope, name, asset_ip, date_trunc('week', trend_hour.hour) AS week, sum(bytes_up) AS bytes_up,
        sum(bytes_down) AS bytes_down, sum(conversations) AS conversations, sum(failures) AS failures,
        max(peers) AS peers, sum(bytes_up + bytes_down) FILTER (matched.hour IS NOT NULL) AS bytes_matched
    FROM trend_hour LEFT JOIN matched ON matched.hour = trend_hour.hour GROUP BY ALL
),
earlier AS (
    SELECT scope, name, asset_ip, date_trunc('week', matched.hour) AS week, sum(bytes_up + bytes_down) AS bytes_before
    FROM trend_hour JOIN matched ON matched.hour = trend_hour.hour + INTERVAL 7 DAY GROUP BY ALL
),
alive AS (SELECT scope, name, asset_ip, min(week) AS first_week FROM own GROUP BY ALL),
last AS (SELECT max(week) AS week FROM week_seen),
grid AS (
    SELECT scope, name, asset_ip, first_week, unnest(generate_series(first_week, last.week, INTERVAL 7 DAY)) AS week
    FROM alive, last
),
joined AS (
    SELECT grid.*, coalesce(hours_seen, 0) AS hours_seen, coalesce(hours_matched, 0) AS hours_matched, bytes_up,
        bytes_down, conversations, failures, peers, coalesce(bytes_matched, 0) AS bytes_matched,
        coalesce(bytes_before, 0) AS bytes_before
    FROM grid LEFT JOIN week_seen USING (week) LEFT JOIN own USING (scope, name, week)
        LEFT JOIN earlier USING (scope, name, week)
),
judged AS (
    SELECT *, CASE WHEN hours_matched >= 24 AND bytes_before > 0 THEN bytes_matched / bytes_before END AS ratio
    FROM joined
)
SELECT scope, name, asset_ip, week, hours_seen::INTEGER AS hours_seen, hours_matched::INTEGER AS hours_matched,
    CASE WHEN hours_seen > 0 THEN coalesce(bytes_up, 0) END::BIGINT AS bytes_up,
    CASE WHEN hours_seen > 0 THEN coalesce(bytes_down, 0) END::BIGINT AS bytes_down,
    CASE WHEN hours_seen > 0 THEN coalesce(conversations, 0) END::BIGINT AS conversations,
    CASE WHEN hours_seen > 0 THEN coalesce(failures, 0) END::BIGINT AS failures,
    CASE WHEN hours_seen > 0 THEN coalesce(peers, 0) END::BIGINT AS peers,
    ratio::DOUBLE AS ratio,
    CASE
        WHEN hours_seen = 0 THEN 'not_seen'
        WHEN week = first_week THEN 'first'
        WHEN hours_matched < 24 THEN 'not_comparable'
        WHEN bytes_before = 0 AND bytes_matched = 0 THEN 'quiet'
        WHEN bytes_before = 0 THEN 'back'
        WHEN bytes_matched = 0 THEN 'gone'
        WHEN ratio >= 1.5 THEN 'up'
        WHEN ratio <= 0.67 THEN 'down'
        ELSE 'steady'
    END AS state
FROM judged
"""
"""Weeks are compared by the hours that were seen in both: a week in which the sensor was off is no drop."""

TREND_SEASON_SQL: Final = """
WITH seen AS (SELECT hour FROM trend_hour WHERE scope = 'site'),
alive AS (SELECT scope, name, asset_ip, min(hour) AS first_hour FROM trend_hour GROUP BY ALL),
filled AS (
    SELECT alive.scope, alive.name, alive.asset_ip,
        ((isodow(seen.hour) - 1) * 24 + hour(seen.hour))::INTEGER AS week_hour,
        ln(1 + coalesce(bytes_up + bytes_down, 0)) AS level
    FROM alive JOIN seen ON seen.hour >= first_hour LEFT JOIN trend_hour
        ON trend_hour.scope = alive.scope AND trend_hour.name = alive.name AND trend_hour.hour = seen.hour
)
SELECT scope, name, asset_ip, week_hour, count(*)::INTEGER AS weeks, (exp(median(level)) - 1)::DOUBLE AS bytes_median,
    (exp(greatest(median(level) - 5 * 1.4826 * mad(level), 0)) - 1)::DOUBLE AS bytes_low,
    (exp(median(level) + 5 * 1.4826 * mad(level)) - 1)::DOUBLE AS bytes_high
FROM filled GROUP BY scope, name, asset_ip, week_hour
"""
"""What is usual at which hour of the week; hours in which the sensor saw nothing at all are left out, not zero."""

TREND_CHANGE_SQL: Final = """
SELECT details ->> '$.scope' AS scope, details ->> '$.name' AS name, actor_ip AS asset_ip, ts_start AS since,
    ts_end AS until, (details ->> '$.stayed')::BOOLEAN AS stayed, details ->> '$.measure' AS measure,
    (details ->> '$.before')::DOUBLE AS level_before, (details ->> '$.after')::DOUBLE AS level_after,
    (details ->> '$.sigmas')::DOUBLE AS sigmas, alert_id
FROM alert WHERE detector = 'change_point'
"""
"""The change points of the current evaluation, out of its alerts."""
