"""The memory as views of a reader: as it is now, and as it stood when the range began that is judged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import duckdb

from store import schema
from store._lake_reader import add_table
from store._lazy_views import BEFORE
from store._macros import literal
from store.memory._merge import as_row, merged, partial_of
from store.memory._partials import part_of_day
from store.memory.book import Memory
from store.window import Window, day_of, day_start, moment

if TYPE_CHECKING:
    from store._lake_reader import LakeReader

_NAMES: Final = frozenset(table.name for table in schema.MEMORY)


class MemoryViews:
    """Makes ``edge``, …, and ``edge_before``, … on a connection when somebody asks for them.

    Args:
        memory: Of the case.
        window: Range that the connection shows; without a start there is nothing before.
        earlier: Opens a reader of the same case over another range; its connection is closed here.
    """

    def __init__(self, memory: Memory, window: Window, earlier: Callable[[Window], LakeReader]) -> None:
        self._memory = memory
        self._window = window
        self._earlier = earlier

    def make(self, connection: duckdb.DuckDBPyConnection, name: str) -> bool:
        """Make the view of that name; False when it is none of the memory, or there is nothing in it."""
        table = name.removesuffix(BEFORE)
        if table not in _NAMES or (name != table and self._window.since is None):
            return False
        if name == table:
            source = self._memory.select(table)
            if source is None:
                return False
            connection.execute(f"CREATE OR REPLACE VIEW {name} AS {shown(table, source, self._memory.case)}")
            return True
        source = self._before(connection, table)
        if source is None:
            return False
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {shown(table, source, self._memory.case)}")
        return True

    def _before(self, connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
        """Return SQL of the memory before the range: whole days out of partials, the rest of its day from the lake."""
        since = self._window.since
        assert since is not None
        day = day_of(since)
        held = self._memory.select(table, day)
        parts = [] if held is None else [held]
        if since > day_start(day):
            reader = self._earlier(Window(day_start(day), since))
            try:
                rows = part_of_day(reader.connection, partial_of(table))
            finally:
                reader.connection.close()
            add_table(connection, f"{table}_part", rows)
            parts.append(f"SELECT * FROM {table}_part" if table == "edge_day" else as_row(table, f"{table}_part"))
        if not parts:
            return None
        whole = " UNION ALL ".join(parts) if table == "edge_day" else merged(table, parts)
        # A flow that began before the range may end inside it: nothing is known yet of that.
        return (
            f"SELECT * REPLACE (least(last_ts, {moment(since - timedelta(microseconds=1))}) AS last_ts) FROM ({whole})"
        )


def shown(table: str, source: str, case: str) -> str:
    """Return the query of a view: the declared columns and the case."""
    names = ", ".join(column.name for column in schema.table(table).columns)
    return f"SELECT {names}, {literal(case)} AS case_name FROM ({source})"


def add_views(connection: duckdb.DuckDBPyConnection, memory: Memory) -> None:
    """Make the views of the memory as it is now, empty ones too."""
    from store._views import empty_select  # noqa: PLC0415 # only the console makes them all

    for table in schema.MEMORY:
        source = memory.select(table.name)
        query = empty_select(table) if source is None else shown(table.name, source, memory.case)
        connection.execute(f"CREATE VIEW {table.name} AS {query}")
