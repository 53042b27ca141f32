"""Reading views of the lake as Arrow tables: whole, in buckets, or cut into buckets on the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import duckdb
import pyarrow as pa

from store import schema
from store._bucket_file import MAX_BUCKETS, ROWS_PER_BATCH, BucketFile
from store._lazy_views import lazy_view, sources_of
from store.errors import Problem, TaishiError
from store.text import Text

SPILL_LIMIT: Final = 20_000_000_000
"""Bytes on the disk that one connection, or one cut into buckets, may spill: a query must not fill the disk that the
sensor writes to."""

STREAM_BUFFER: Final = "1MB"
"""Rows that a streamed query holds ready for its reader (DuckDB: 10 MB): the reader is as fast as the query."""

_Result = TypeVar("_Result")


class ViewMaker(Protocol):
    """Makes views that only some readers need."""

    def make(self, connection: duckdb.DuckDBPyConnection, name: str) -> bool:
        """Make the view of that name; False when it is none of its own."""


class LakeReader:
    """Reads views as Arrow tables over one open connection.

    Args:
        connection: Connection of the lake.
        spill: Folder for what is cut into buckets.
        most_memory: Memory (text DuckDB reads) for a query that fails within the limit of the connection: lists in
            the making cannot be spilled.
        memory: Makes the views of the memory; they are empty without.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, spill: Path, most_memory: str, memory: ViewMaker | None = None
    ) -> None:
        self.connection = connection
        self._memory = memory
        self._spill = spill
        self._most_memory = most_memory
        found = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        self._views = {name for (name,) in found}

    def has(self, name: str) -> bool:
        """Tell whether there is a view of that name; one that is made on demand is made now."""
        if name not in self._views:
            made = self._memory is not None and self._memory.make(self.connection, name)
            if not made and (statement := lazy_view(name)) is not None:
                for source in sources_of().get(name, ()):
                    self.has(source)
                self._run(lambda cursor: cursor.execute(statement))
                made = True
            if made:
                self._views.add(name)
        return name in self._views

    def table_for(
        self,
        name: str,
        columns: Sequence[str],
        bucket: int = 0,
        buckets: int = 1,
        partition_by: Sequence[str] = (),
    ) -> pa.Table:
        """Return columns of a view: all rows, or those of one bucket of a key.

        Args:
            name: View or table.
            columns: Columns wanted, in order.
            bucket: Which bucket, 0 … buckets - 1.
            buckets: Into how many parts the rows are cut by their key's hash; the same key always shares a part.
            partition_by: Columns of the key; needed when ``buckets`` is not 1.

        Returns:
            The rows in no particular order.

        Raises:
            TaishiError: no such view or column, or a bucket without a key.
        """
        if not 0 <= bucket < buckets or (buckets > 1 and not partition_by):
            key = list(partition_by)
            raise TaishiError(
                Problem(
                    Text(f"table {name}", f"表 {name}"),
                    Text(f"bucket {bucket} of {buckets} by {key}", f"按 {key} 分 {buckets} 份取第 {bucket} 份"),
                    Text(
                        "allowed: 0 <= bucket < buckets, and a key when there are several",
                        "可用：0 <= 序号 < 份数，多份时须有键",
                    ),
                    Text("correct the call", "请改正调用"),
                )
            )
        self.has(name)
        sql = f"SELECT {quoted(columns)} FROM {quoted([name])}"
        values: list[Any] = []
        if buckets > 1:
            sql += f" WHERE hash({quoted(partition_by)}) % ? = ?"
            values = [buckets, bucket]
        return self.arrow(sql, values)

    def cut(self, sql: str, key: str, buckets: int) -> BucketFile:
        """Run a query of ours once and keep its rows on the disk, cut by a key, to be read bucket by bucket.

        The same value of the key falls into the same bucket in any table; without a value it is bucket 0.

        Args:
            sql: Query with the column ``key``.
            key: Column whose values are never torn apart.
            buckets: How many, 1 … ``MAX_BUCKETS``.

        Returns:
            The rows; the caller closes it.

        Raises:
            TaishiError: DuckDB refuses the query, or the disk has no room.
        """
        return self.cut_by(f"SELECT *, {bucket_sql(key, buckets)} AS bucket FROM ({sql})", buckets)

    def cut_by(self, sql: str, buckets: int) -> BucketFile:
        """Do as ``cut``, with the number of the bucket (USMALLINT) as the last column of the query."""
        if not 1 <= buckets <= MAX_BUCKETS:
            raise TaishiError(
                Problem(
                    Text("lake", "数据湖"),
                    Text(f"{buckets} buckets", f"分为 {buckets} 份"),
                    Text(f"allowed: 1 to {MAX_BUCKETS}", f"可用：1 至 {MAX_BUCKETS}"),
                    Text("correct the call", "请改正调用"),
                )
            )

        def step(cursor: duckdb.DuckDBPyConnection) -> BucketFile:
            cursor.execute(f"SET streaming_buffer_size = '{STREAM_BUFFER}'")
            rows = cursor.sql(sql).to_arrow_reader(ROWS_PER_BATCH)
            return BucketFile(rows.cast(_utc_schema(rows.schema)), buckets, self._spill, SPILL_LIMIT)

        return self._run(step)

    def arrow(self, sql: str, values: Sequence[object] = ()) -> pa.Table:
        """Return the result of a query of ours (never of a user: see ``store.sql``) as an Arrow table.

        Raises:
            TaishiError: DuckDB refuses the query or runs out of room.
        """
        return self._run(lambda cursor: in_utc(cursor.sql(sql, params=list(values)).to_arrow_table()))

    def _run(self, step: Callable[[duckdb.DuckDBPyConnection], _Result]) -> _Result:
        """Run ``step`` on a cursor of its own; when it does not fit into the memory, once more with what is allowed."""
        cursor = self.connection.cursor()
        try:
            try:
                return step(cursor)
            except duckdb.OutOfMemoryException:
                cursor.execute(f"SET GLOBAL memory_limit = '{self._most_memory}'")
                return step(cursor)
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # the last two end a stream half-way
            raise TaishiError(
                Problem(
                    Text("lake", "数据湖"),
                    Text(f"{error}", f"查询失败（{error}）"),
                    Text(
                        "needed: existing columns, readable segments, memory and disk to work in",
                        "需要：存在的列、可读的分段、足够的内存和磁盘",
                    ),
                    Text(
                        "make room or free memory; 'taishi doctor' checks the segments",
                        "请腾出空间或内存；“taishi doctor”可检查分段",
                    ),
                )
            ) from error
        finally:
            cursor.close()
            _give_back()


def _give_back() -> None:
    """Return memory that was freed to the system: what one query leaves must not lie below the peak of the next.

    Of the two pools the system's is the heap of the whole process, DuckDB's included (malloc_trim, a millisecond).
    """
    for pool in (pa.default_memory_pool(), pa.system_memory_pool()):
        pool.release_unused()


def in_utc(table: pa.Table) -> pa.Table:
    """Return the table with the zone of its times named 'UTC' as in the schema (DuckDB says 'Etc/UTC'); no copy."""
    return table.cast(_utc_schema(table.schema))


def bucket_sql(key: str, buckets: int) -> str:
    """Return SQL of the bucket of a row by a column: the same for the same value in any table, 0 without a value."""
    name = quoted([key])
    return f"CASE WHEN {name} IS NULL THEN 0 ELSE hash({name}) % {buckets} END::USMALLINT"


def _utc_schema(found: pa.Schema) -> pa.Schema:
    fields = [f.with_type(schema.TIME) if pa.types.is_timestamp(f.type) and f.type.tz else f for f in found]
    return pa.schema(fields)


def quoted(names: Iterable[str]) -> str:
    """Return names as a list of SQL identifiers."""
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)


def add_table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy an Arrow table into the connection's database; a registered one would be unknown to its cursors."""
    connection.register("arriving", table)
    connection.execute(f"CREATE TABLE {quoted([name])} AS SELECT * FROM arriving")
    connection.unregister("arriving")
