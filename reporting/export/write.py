"""Streams a view of a case into one of the foreign forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

import duckdb

from reporting.arrow_rows import rows_of, unique_names
from reporting.export.flat import flat_select
from reporting.export.json_lines import write_json_lines
from reporting.export.zeek import write_zeek
from reporting.tables import Column, emit
from store.errors import Problem, TaishiError
from store.lake import Lake
from store.site import SitePolicy
from store.text import Text

FORMATS: Final = ("zeek", "eve", "ocsf", "csv")
"""Forms that ``export`` writes."""

DEFAULT_TABLE: Final = "conversation"
"""View of the CSV form when none is named."""

_BATCH_ROWS: Final = 8_192
"""Rows held as Python objects at once: some 20 MB of the widest view."""

_ORDER: Final = {
    "zeek": "SELECT * FROM v_zeek_conn ORDER BY ts, uid",
    "eve": 'SELECT * FROM v_eve_flow ORDER BY flow."start", flow_id',
    "ocsf": "SELECT * FROM v_ocsf ORDER BY start_time, connection_info.uid",
}
"""Sorted by the start of the conversation and its id: the same case gives the same file. DuckDB sorts on the disk when
memory does not suffice."""


class NoSuchViewError(LookupError):
    """A table for the CSV form that the lake does not have; ``known`` are those it has."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.known = known


def export(lake: Lake, case: str, policy: SitePolicy, form: str, out: IO[str], *, table: str = DEFAULT_TABLE) -> int:
    """Write the conversations of a case, or another table as CSV, and return how many rows there were.

    Args:
        lake: Lake that holds the case.
        case: Case to write.
        policy: Site policy to join.
        form: One of ``FORMATS``.
        out: Where to; rows are written as they are read.
        table: View of the CSV form.

    Raises:
        NoSuchViewError: the lake has no such view.
        TaishiError: a segment cannot be read, or memory and disk do not suffice.
    """
    connection = lake.connect(case, policy)
    try:
        if form == "zeek":
            return write_zeek(_rows(connection, _ORDER[form])[1], out)
        if form in {"eve", "ocsf"}:
            return write_json_lines(_rows(connection, _ORDER[form])[1], out)
        names, rows = _rows(connection, _flat(connection, table))
        return emit(rows, [Column(name, name) for name in names], "csv", out)
    except (duckdb.Error, OSError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise TaishiError(
            Problem(
                Text("export", "导出"),
                Text(f"{error}", f"失败（{error}）"),
                Text("needed: readable segments and room to sort", "需要：可读的分段和排序所需的空间"),
                Text("see 'taishi doctor'", "请查看“taishi doctor”"),
            )
        ) from error
    finally:
        connection.close()


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], Iterator[dict[str, Any]]]:
    reader = connection.sql(sql).to_arrow_reader(_BATCH_ROWS)
    names = unique_names(reader.schema.names)
    return names, rows_of(reader, names)


def _flat(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY 1").fetchall()
    known = tuple(str(name) for (name,) in views)
    if table not in known:
        raise NoSuchViewError(table, known)
    described = connection.execute(f'DESCRIBE "{table}"').fetchall()
    columns = [(str(row[0]), str(row[1])) for row in described]
    names = dict(columns)
    order = [f'"{table}"."{name}"' for name in ("ts_start", "ts", "root_uid", "flow_uid", "alert_id") if name in names]
    return flat_select(table, columns) + (f" ORDER BY {', '.join(order)}" if order else "")
