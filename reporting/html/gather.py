"""Counts what only the report shows, traffic over time and who uses what, from the ``flow`` view of a case.

Works in the lake's own connection and returns a few hundred numbers, whatever the size of the case.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

import duckdb

from reporting.html.model import Figures, Matrix, MatrixPeer, Run, Series, SeriesPoint
from reporting.tables import address_text

MOST_POINTS: Final = 480
"""Intervals of the series; the chart has two pixels for each."""

PEERS: Final = 12
"""Rows of the matrix by bytes; the heaviest of each column and the addresses of incidents are added to them."""

EPHEMERAL: Final = 32768
"""Ports from here on are one column: clients' and negotiated ports, no services.

Source: Linux, ip_local_port_range default 32768-60999; IANA's dynamic range (RFC 6335) lies inside.
"""

SERVICES: Final = 10
"""Columns of the matrix: what fits the width of a printed page."""

_BUCKETS_S: Final = (0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 86400)

_SPAN_SQL: Final = """
SELECT min(epoch_us(ts_start)), max(epoch_us(ts_start) + duration_ns // 1000) FROM flow
"""

_SERIES_SQL: Final = """
WITH segment AS (
    SELECT (epoch_us(ts_start) - $origin) / $bucket AS begins, duration_ns / 1e3 / $bucket AS length,
        src_bytes_l2 + dst_bytes_l2 AS bytes, src_pkts + dst_pkts AS pkts
    FROM flow
),
placed AS (
    SELECT *, begins + length AS ends, CAST(floor(begins) AS BIGINT) AS head,
        CAST(floor(begins + length) AS BIGINT) AS tail
    FROM segment
),
part AS (
    SELECT head AS column_no, 1.0 AS share, 0.0 AS rate, bytes, pkts FROM placed WHERE tail = head
    UNION ALL SELECT head, (head + 1 - begins) / length, 0, bytes, pkts FROM placed WHERE tail > head
    UNION ALL SELECT tail, (ends - tail) / length, 0, bytes, pkts FROM placed WHERE tail > head
    UNION ALL SELECT head + 1, 0, 1 / length, bytes, pkts FROM placed WHERE tail > head + 1
    UNION ALL SELECT tail, 0, -1 / length, bytes, pkts FROM placed WHERE tail > head + 1
)
SELECT column_no, sum(share * bytes), sum(share * pkts), sum(rate * bytes), sum(rate * pkts)
FROM part GROUP BY column_no ORDER BY column_no
"""
"""Per interval: what falls into it of segments that begin or end in it, and the change of what wholly covers it.

A segment's bytes are spread evenly over its time (at most 300 s, docs/flow-semantics.md 3.3). Times are in intervals
since the origin; at most four rows per segment are enough, however many intervals it spans.
"""

_CELL_SQL: Final = f"""
WITH spoken AS (
    SELECT src_ip, dst_ip, src_home, dst_home, src_bytes_l2 + dst_bytes_l2 AS bytes, coalesce(app_proto,
        CASE ip_proto WHEN 6 THEN 'tcp/' WHEN 17 THEN 'udp/' WHEN 1 THEN 'icmp' WHEN 58 THEN 'icmp6'
            ELSE 'ip/' || ip_proto END
        || CASE WHEN ip_proto NOT IN (6, 17) THEN '' WHEN dst_port >= {EPHEMERAL} THEN '{EPHEMERAL}+'
            ELSE coalesce(CAST(dst_port AS VARCHAR), '-') END) AS service
    FROM flow WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL
),
used AS (
    SELECT src_ip AS ip, src_home AS home, service, bytes FROM spoken
    UNION ALL
    SELECT dst_ip, dst_home, service, bytes FROM spoken WHERE dst_ip <> src_ip
)
SELECT ip, service, bool_or(home) AS home, CAST(sum(bytes) AS BIGINT) AS bytes FROM used GROUP BY ip, service
"""

_SHOWN_SQL: Final = f"""
WITH cell AS MATERIALIZED ({_CELL_SQL}),
service AS (SELECT service, sum(bytes) AS total FROM cell GROUP BY ALL ORDER BY total DESC, service LIMIT $services),
peer AS (SELECT ip, bool_or(home) AS home, sum(bytes) AS total FROM cell GROUP BY ip),
heavy AS (SELECT ip FROM peer ORDER BY total DESC, ip LIMIT $peers),
main AS (
    SELECT ip FROM cell JOIN service USING (service)
    QUALIFY row_number() OVER (PARTITION BY service ORDER BY bytes DESC, ip) = 1
),
shown AS (
    SELECT ip, home, total FROM peer
    WHERE ip IN (FROM heavy) OR ip IN (FROM main) OR list_contains($always, ip)
)
SELECT ip, shown.home, shown.total, service, service.total, coalesce(cell.bytes, 0)
FROM shown CROSS JOIN service LEFT JOIN cell USING (ip, service)
ORDER BY shown.total DESC, ip, service.total DESC, service
"""
"""Every cell of the matrix, row by row: the heaviest addresses and the heaviest of each column (none is empty)."""


def gather(connection: duckdb.DuckDBPyConnection, run: Run, *, always: Sequence[str] = ()) -> Figures:
    """Return the figures of a case.

    Args:
        connection: Connection with the view ``flow`` (store/schema/, plus ``src_home`` and ``dst_home``).
        run: What made the report.
        always: Addresses (text) that the matrix shows whatever their traffic: those of the incidents.
    """
    return {"series": _series(connection), "matrix": _matrix(connection, always), "run": run}


def bucket_of(span_s: float) -> float:
    """Return the interval, s, that cuts a span into at most ``MOST_POINTS``: a usual one, or whole days."""
    for bucket in _BUCKETS_S:
        if span_s / bucket <= MOST_POINTS - 1:
            return bucket
    return math.ceil(span_s / (MOST_POINTS - 1) / _BUCKETS_S[-1]) * _BUCKETS_S[-1]


def _series(connection: duckdb.DuckDBPyConnection) -> Series:
    span = connection.execute(_SPAN_SQL).fetchone()
    if span is None or span[0] is None:
        return {"bucket_s": 1.0, "points": []}
    first_us, last_us = span
    bucket_us = round(bucket_of((last_us - first_us) / 1e6) * 1e6)
    origin = first_us // bucket_us * bucket_us
    rows = connection.execute(_SERIES_SQL, {"origin": origin, "bucket": bucket_us}).fetchall()
    return {"bucket_s": bucket_us / 1e6, "points": _points(rows, origin, bucket_us)}


def _points(rows: Sequence[tuple[float, ...]], origin: int, bucket_us: int) -> list[SeriesPoint]:
    """Return every interval from the first to the last; see ``_SERIES_SQL`` for the columns of the rows.

    The running total is rounded, not each interval, so that the points add up to the whole.
    """
    by_column = {int(row[0]): row[1:] for row in rows}
    covering = [0.0, 0.0]
    passed = [0.0, 0.0]
    points: list[SeriesPoint] = []
    for column in range(max(by_column) + 1):
        change = by_column.get(column, (0.0, 0.0, 0.0, 0.0))
        covering = [covering[n] + change[n + 2] for n in (0, 1)]
        before, passed = passed, [passed[n] + covering[n] + change[n] for n in (0, 1)]
        volume, packets = (max(round(passed[n]) - round(before[n]), 0) for n in (0, 1))
        when = datetime.fromtimestamp((origin + column * bucket_us) / 1e6, UTC)
        points.append({"ts": when.isoformat().replace("+00:00", "Z"), "bytes": volume, "packets": packets})
    return points


def _matrix(connection: duckdb.DuckDBPyConnection, always: Sequence[str]) -> Matrix:
    values = {"peers": PEERS, "services": SERVICES, "always": [_packed(text) for text in always]}
    peers: dict[bytes, MatrixPeer] = {}
    services: dict[str, None] = {}
    cells: dict[bytes, list[int]] = {}
    for ip, home, _, service, _, count in connection.execute(_SHOWN_SQL, values).fetchall():
        key = bytes(ip)
        peers.setdefault(key, {"ip": address_text(key), "home": bool(home)})
        services.setdefault(service)
        cells.setdefault(key, []).append(count)
    return {"peers": list(peers.values()), "services": list(services), "cells": list(cells.values())}


def _packed(text: str) -> bytes:
    """Return an address as the lake stores it: 16 bytes, IPv4 mapped (RFC 4291 2.5.5.2)."""
    address = ip_address(text)
    return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed
