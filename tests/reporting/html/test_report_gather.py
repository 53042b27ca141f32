"""The figures of the report are what the flow rows add up to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reporting.html.gather import MOST_POINTS, PEERS, SERVICES, bucket_of, gather
from reporting.html.model import Run

T0 = 1_773_244_800
RUN: Run = {
    "version": "0",
    "wire_version": "0",
    "schema_version": 1,
    "feature_defs_version": 1,
    "config_hash": "0",
    "counters": {},
    "written": "2026-03-13T00:00:00Z",
}
COLUMNS = (
    "ts_start TIMESTAMPTZ, duration_ns BIGINT, src_ip BLOB, dst_ip BLOB, ip_proto SMALLINT, dst_port INTEGER, "
    "app_proto VARCHAR, src_home BOOLEAN, dst_home BOOLEAN, src_pkts BIGINT, "
    "dst_pkts BIGINT, src_bytes_l2 BIGINT, dst_bytes_l2 BIGINT"
)
Row = tuple[float, float, str, str, str | None, int, int]
"""start (s after T0), duration (s), source, destination, protocol, bytes, packets."""


def packed(text: str) -> bytes:
    """Return an IPv4 address as 16 bytes."""
    return bytes(10) + b"\xff\xff" + bytes(int(part) for part in text.split("."))


def lake(rows: list[Row]) -> duckdb.DuckDBPyConnection:
    """Return a connection whose ``flow`` holds the rows."""
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE flow ({COLUMNS})")
    for start, length, src, dst, app, volume, pkts in rows:
        values: list[Any] = [round((T0 + start) * 1e6), round(length * 1e9), packed(src), packed(dst), 6, 8080, app]
        values += [src.startswith("10."), dst.startswith("10."), pkts, 0, volume, 0]
        connection.execute(f"INSERT INTO flow VALUES (make_timestamptz(?), {', '.join('?' * 12)})", values)
    return connection


@pytest.fixture
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    """A case without flows."""
    with lake([]) as connection:
        yield connection


def test_empty_case_gives_empty_figures(empty: duckdb.DuckDBPyConnection) -> None:
    """Nothing in, nothing out."""
    figures = gather(empty, RUN)
    assert figures["series"]["points"] == []
    assert figures["matrix"] == {"peers": [], "services": [], "cells": []}


def test_a_long_segment_is_spread_evenly() -> None:
    """3000 bytes over 300 s leave 10 bytes in each whole second; a lone packet stays where it is."""
    with lake(
        [(0, 300, "10.0.0.1", "10.0.0.2", "x", 3000, 30), (100.25, 0, "10.0.0.1", "10.0.0.2", "x", 500, 1)]
    ) as con:
        series = gather(con, RUN)["series"]
    assert series["bucket_s"] == 1
    counts = [point["bytes"] for point in series["points"]]
    assert counts[:100] == [10] * 100
    assert counts[100] == 510
    assert sum(counts) == 3500
    assert series["points"][0]["ts"] == "2026-03-11T16:00:00Z"


def test_silence_between_flows_is_zero_not_missing() -> None:
    """An interval without traffic is there, with nothing in it."""
    with lake([(0, 0, "10.0.0.1", "10.0.0.2", "x", 7, 1), (50, 0, "10.0.0.1", "10.0.0.2", "x", 9, 1)]) as con:
        points = gather(con, RUN)["series"]["points"]
    assert [p["bytes"] for p in points if p["bytes"]] == [7, 9]
    assert len(points) > 100


flows = st.lists(
    st.tuples(st.floats(0, 2e6), st.floats(0, 300), st.integers(60, 10**9), st.integers(1, 10**6)),
    min_size=1,
    max_size=30,
)


@settings(deadline=None, max_examples=40)
@given(flows)
def test_points_add_up_to_the_flows(found: list[tuple[float, float, int, int]]) -> None:
    """Whatever the flows, the series holds their bytes and packets exactly and is bounded."""
    with lake([(s, d, "10.0.0.1", "10.0.0.2", "x", b, n) for s, d, b, n in found]) as connection:
        points = gather(connection, RUN)["series"]["points"]
    assert sum(point["bytes"] for point in points) == pytest.approx(sum(f[2] for f in found), abs=2)
    assert sum(point["packets"] for point in points) == pytest.approx(sum(f[3] for f in found), abs=2)
    assert len(points) <= MOST_POINTS


@settings(deadline=None)
@given(st.floats(0, 1e9))
def test_intervals_are_few(span: float) -> None:
    """From nothing to thirty years."""
    assert span / bucket_of(span) <= MOST_POINTS - 1


def test_matrix_ranks_peers_and_services_and_keeps_the_actor() -> None:
    """The heaviest addresses and services, both ways, and in any case the address that an incident names."""
    rows: list[Row] = [(n, 1, "10.0.0.1", f"192.0.2.{n}", f"app{n % 14}", 1000 * n, 10) for n in range(1, 40)]
    rows.append((50, 1, "10.9.9.9", "10.0.0.1", None, 60, 1))
    with lake(rows) as connection:
        matrix = gather(connection, RUN, always=["10.9.9.9"])["matrix"]
    assert len(matrix["peers"]) == PEERS + 1
    assert all(any(row[n] for row in matrix["cells"]) for n in range(SERVICES))
    assert len(matrix["services"]) == SERVICES
    assert matrix["peers"][0] == {"ip": "10.0.0.1", "home": True}
    assert matrix["peers"][1] == {"ip": "192.0.2.39", "home": False}
    assert matrix["peers"][-1] == {"ip": "10.9.9.9", "home": True}
    column = matrix["services"].index("app11")
    assert matrix["cells"][0][column] == 1000 * (11 + 25 + 39)
    assert matrix["cells"][1][column] == 39_000


def test_unknown_protocols_go_by_their_port() -> None:
    """Without a recognised protocol the column says transport and port."""
    with lake([(0, 1, "10.0.0.1", "10.0.0.2", None, 60, 1)]) as connection:
        assert gather(connection, RUN)["matrix"]["services"] == ["tcp/8080"]


def test_a_column_is_never_empty() -> None:
    """A service of light addresses brings its heaviest one along; high ports are one column."""
    rows: list[Row] = [(n, 1, "10.0.0.1", f"192.0.2.{n}", "web", 1_000_000 * n, 10) for n in range(1, 40)]
    rows.append((5, 1, "10.0.7.1", "10.0.7.2", "modbus", 500, 5))
    with lake(rows) as connection:
        connection.execute("INSERT INTO flow SELECT * REPLACE (40000 AS dst_port, NULL AS app_proto) FROM flow LIMIT 3")
        matrix = gather(connection, RUN)["matrix"]
    assert matrix["services"] == ["web", "tcp/32768+", "modbus"]
    assert [row[2] for row in matrix["cells"]][-1] == 500
    assert [peer["ip"] for peer in matrix["peers"]][-1] == "10.0.7.1"
