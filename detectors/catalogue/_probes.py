"""What a connection attempt that led nowhere looks like in ``conversation``, and how attempts form episodes.

Shared by the scan detectors. Failure follows Zeek's scan.zeek (policy/misc/scan.zeek, removed in 6.1: a SYN without
reply, or a RST after SYN or SYN/ACK without data) with UDP without reply added. Only SYN-initiated TCP counts, so
that the victims of a reflected flood (SYN/ACK or RST from everywhere) are no scanners.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectors.addresses import link_local_sql, unicast_sql
from detectors.alerts import MAX_FLOW_UIDS
from detectors.model import Param

COLUMNS: Final = (
    "root_uid",
    "ts_start",
    "src_ip",
    "dst_ip",
    "src_port",
    "dst_port",
    "ip_proto",
    "src_pkts",
    "dst_pkts",
    "src_bytes_payload",
    "dst_bytes_payload",
    "src_tcp_flags",
    "src_flags_first",
    "dst_tcp_flags",
    "src_home",
    "dst_home",
)
"""Columns of ``conversation`` that judge an attempt."""

EPHEMERAL_FROM: Final = 32768
"""First port of Linux's default ip_local_port_range; IANA's dynamic range (RFC 6335) lies above it."""

WINDOW: Final = Param(300, "s", 10, 3600, "failures closer than this belong to one burst", "Zeek scan.zeek: 5 min")
GAP: Final = Param(
    3600, "s", 300, 86400, "a burst after a longer pause is another alert", "Zeek notice framework: suppress_for 1 h"
)
FAILED_SHARE: Final = Param(
    0.5,
    "ratio",
    0.0,
    1.0,
    "a busy client fails sometimes, a scanner mostly: benign hosts fail on at most 0.2 of their first contacts",
    "Jung et al., S&P 2004 (TRW): benign success rate 0.8, scanner 0.2; midway",
)
MAX_ALERTS: Final = Param(
    10, "alerts", 1, 1000, "more targets of one source are told in one alert, not in hundreds", "own: one screen"
)

ATTEMPT_SQL: Final = f"""
attempt AS (
    SELECT root_uid, ts_start, src_ip, dst_ip, src_port, dst_port, ip_proto, coalesce(src_home, FALSE) AS src_home,
        coalesce(dst_home, FALSE) AS dst_home,
        CASE
            WHEN ip_proto = 17 THEN CASE WHEN dst_pkts = 0 THEN 'failed' ELSE 'ok' END
            WHEN src_bytes_payload = 0 AND dst_bytes_payload = 0 AND (src_flags_first & 23) = 2 THEN
                CASE WHEN dst_pkts = 0 OR ((src_tcp_flags | coalesce(dst_tcp_flags, 0)) & 4) = 4 THEN 'failed'
                ELSE 'empty' END
            WHEN src_bytes_payload = 0 AND dst_bytes_payload = 0 AND src_pkts <= 2
                AND ((src_flags_first & 63) IN (0, 1, 41) OR ((src_flags_first & 63) = 16 AND dst_port < src_port))
                AND (dst_pkts = 0 OR (dst_tcp_flags & 6) = 4) THEN 'stealth'
            WHEN dst_bytes_payload > 0 THEN 'ok'
            ELSE 'other'
        END AS fate
    FROM conversation
    WHERE ip_proto IN (6, 17) AND src_pkts > 0 AND dst_port IS NOT NULL AND src_ip <> dst_ip
        AND {unicast_sql("dst_ip")} AND {unicast_sql("src_ip")}
        AND NOT ({link_local_sql("src_ip")} AND NOT {link_local_sql("dst_ip")})
),
first_ok AS (SELECT src_ip, dst_ip, min(ts_start) AS ok_ts FROM attempt WHERE fate = 'ok' GROUP BY ALL),
heard AS (SELECT DISTINCT ip FROM host_seen),
fresh AS (
    SELECT attempt.*, heard.ip IS NULL AS dark FROM attempt
    LEFT JOIN first_ok USING (src_ip, dst_ip) LEFT JOIN heard ON heard.ip = attempt.dst_ip
    WHERE fate IN ('failed', 'stealth') AND (ok_ts IS NULL OR ok_ts >= ts_start)
)"""
"""CTEs: ``attempt`` (every attempt with its fate) and ``fresh`` (failures towards hosts that never answered before).

TCP flags: 2 SYN, 4 RST, 16 ACK; 23 = FIN|SYN|RST|ACK, 63 = all six of RFC 9293. Stealth first packets: NULL (0),
FIN (1), XMAS (FIN|PSH|URG = 41) and bare ACK (16), answered by nothing or by RST only. A bare ACK also opens every
flow caught midstream; it counts only towards a lower port, as a client's would, and in flows of at most 2 packets.
A link-local source that calls a routable address is a host without an address of its own, whose packets no router
forwards (RFC 4007 9, RFC 3927 2.7); its failures say nothing.
``dark``: the host sent not one packet in all of the data.
"""


BURST_SQL: Final = f"""
    min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT root_uid) AS flows,
    bool_or(src_home) AS src_home, bool_or(dst_home) AS dst_home,
    list_transform(min({{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids"""
"""Aggregates that every scan reports of a burst; the uids are those of the earliest flows, in bounded memory (a list of
all would not be)."""


def tried_sql(key: str, item: str) -> str:
    """Return the CTE ``tried``: how many distinct values were tried in an episode at all, failed or not.

    Args:
        key: comma-separated columns of ``episode``.
        item: expression over ``attempt`` whose distinct values are counted.
    """
    return f"""tried AS (
    SELECT {key}, episode, count(DISTINCT {item}) AS tried FROM attempt JOIN episode USING ({key})
    WHERE ts_start BETWEEN from_ts AND to_ts AND fate <> 'empty' GROUP BY ALL
)"""


def episodes_sql(key: str, counts: str, hit: str) -> str:
    """Return CTEs that find, per key, the stretches of time in which a count of rows is over its threshold.

    Args:
        key: comma-separated columns of ``candidate``.
        counts: window aggregates over rows, each ``… OVER burst AS name``; for distinct values use ``distinct_sql``.
        hit: condition over those names.

    Returns:
        CTEs ending in ``episode``: the key, ``episode`` number, ``hit_ts`` (first time over the threshold),
        ``from_ts`` (one window before it) and ``to_ts`` (last time over it). Needs a CTE ``candidate`` with ts_start
        and the parameters $window and $gap in seconds.
    """
    return f"""
    counted AS (
        SELECT {key}, ts_start, {counts} FROM candidate
        WINDOW burst AS (PARTITION BY {key} ORDER BY ts_start
            RANGE BETWEEN to_seconds($window) PRECEDING AND CURRENT ROW)
    ),
    over AS (SELECT DISTINCT {key}, ts_start, ts_start AS until_ts FROM counted WHERE {hit}),
    {_cut_sql(key)}"""


def distinct_sql(key: str, item: str, measures: Mapping[str, str], hit: str) -> str:
    """Return CTEs that find, per key, the stretches of time in which distinct values pass a threshold.

    A value is inside the sliding window from its first sighting until one window after its last; counting these
    entries and exits is exact, needs two sorts and little memory. The count holds from one change to the next.

    Args:
        key: comma-separated columns of ``candidate``.
        item: the column whose distinct values are counted.
        measures: name of a count to the condition of the rows it counts.
        hit: condition over those names.

    Returns:
        The same as ``episodes_sql``.
    """
    numbers = list(enumerate(measures.items()))
    rows = " UNION ALL ".join(
        f"SELECT {key}, {item} AS item, ts_start, {n} AS measure FROM candidate WHERE {condition}"
        for n, (_, condition) in numbers
    )
    entries = ", ".join(f"(measure = {n})::INTEGER AS {name}" for n, (name, _) in numbers)
    exits = ", ".join(f"-((measure = {n})::INTEGER)" for n, _ in numbers)
    totals = ", ".join(f"sum({name})::BIGINT AS {name}" for name in measures)
    sums = ", ".join(f"sum({name}) OVER burst AS {name}" for name in measures)
    return f"""
    sighting AS (
        SELECT *, lag(ts_start) OVER spell AS before_ts, lead(ts_start) OVER spell AS after_ts FROM ({rows})
        WINDOW spell AS (PARTITION BY {key}, item, measure ORDER BY ts_start)
    ),
    change AS (
        SELECT {key}, ts_start, FALSE AS is_exit, {entries} FROM sighting
        WHERE before_ts IS NULL OR epoch_us(ts_start) - epoch_us(before_ts) > $window * 1e6
        UNION ALL
        SELECT {key}, ts_start + to_seconds($window), TRUE, {exits} FROM sighting
        WHERE after_ts IS NULL OR epoch_us(after_ts) - epoch_us(ts_start) > $window * 1e6
    ),
    counted AS (
        SELECT {key}, ts_start, {sums}, lead(ts_start) OVER burst AS until_ts FROM (
            SELECT {key}, ts_start, is_exit, {totals} FROM change GROUP BY {key}, ts_start, is_exit
        ) WINDOW burst AS (PARTITION BY {key} ORDER BY ts_start, is_exit)
    ),
    over AS (SELECT {key}, ts_start, coalesce(until_ts, ts_start) AS until_ts FROM counted WHERE {hit}),
    {_cut_sql(key)}"""


def _cut_sql(key: str) -> str:
    """Return CTEs that cut the moments of ``over`` into episodes at pauses longer than $gap.

    The running number is a sum, because DuckDB 2.0 is quadratic in a windowed count with FILTER.
    """
    return f"""cut AS (
        SELECT *, epoch_us(ts_start) - epoch_us(lag(until_ts) OVER (PARTITION BY {key} ORDER BY ts_start, until_ts))
            > $gap * 1e6 AS is_new
        FROM over
    ),
    numbered AS (
        SELECT *, sum(coalesce(is_new, FALSE)::INTEGER) OVER (PARTITION BY {key} ORDER BY ts_start, until_ts)::BIGINT
            AS episode FROM cut
    ),
    episode AS (
        SELECT {key}, episode, min(ts_start) AS hit_ts, min(ts_start) - to_seconds($window) AS from_ts,
            max(until_ts) AS to_ts
        FROM numbered GROUP BY ALL
    )"""
