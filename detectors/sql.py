"""SQL over Arrow tables in a private in-memory DuckDB: how detectors query without a connection of their own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa


def query(sql: str, tables: Mapping[str, pa.Table], params: Mapping[str, Any] | None = None) -> pa.Table:
    """Run one statement over the given tables and return its result.

    The connection sees nothing but ``tables``: no file, no network, no extension. Times are UTC. The order of rows is
    the statement's own ORDER BY; statements whose order matters must have one.

    Args:
        sql: one SELECT; named parameters are written ``$name``.
        tables: Arrow tables by the name used in ``sql``.
        params: values of the named parameters.

    Returns:
        The result, with the columns of the SELECT.

    Raises:
        duckdb.Error: the statement is wrong (a bug of the caller, not of the data).
    """
    with _engine().cursor() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table)
        return connection.sql(sql, params=dict(params or {})).to_arrow_table()


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """Return the engine behind all queries: starting one takes 20 ms, and a scan asks hundreds of questions.

    What a query registers is seen by its own cursor only. Buckets are small, so nothing is ever spilled to the disk.
    """
    config = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": "",
        "threads": "2",
    }
    return duckdb.connect(":memory:", config=config)


def rows(sql: str, tables: Mapping[str, pa.Table], params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run one statement and return its rows as dictionaries; for small results only.

    Raises:
        duckdb.Error: as ``query``.
    """
    result: list[dict[str, Any]] = query(sql, tables, params).to_pylist()
    return result
