"""Segments: the unit that moves. Batches of one table and sensor become immutable Parquet files named by their SHA-256.

A segment is visible only when it is complete and on the disk; killing the process or filling the disk leaves at most
hidden files that ``store.staging.sweep`` removes. Layout:
``<table>/case=<case>/date=<YYYY-MM-DD>/sensor=<id>/<SHA-256 of the file>.parquet``.

Row groups follow the batches: the same batches make the same bytes and so the same name, other cuts make another file
of the same rows. That a capture is not taken in twice rests on its source id in ``packet_store``, not on equal names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from store import ledger, schema
from store._dates import by_date, time_column
from store._open_segment import OpenSegment, Sealed
from store.errors import Problem, TaishiError
from store.names import checked_name
from store.text import Text

ROWS_PER_SEGMENT: Final = 2_000_000
"""Rows after which a new segment begins (1 … 2^31): about 300 MB of flows, a size that readers and copies like."""

ROWS_PER_GROUP: Final = 16_384
"""Batches below this many rows are gathered first: a row group of a few rows costs more footer than data."""

OPEN_DATES: Final = 8
"""Dates kept open at once per table (each holds a file and an encoder); the longest unused is sealed beyond."""

MAX_SEGMENTS: Final = 1_000
"""Segments one writer makes at most; a damaged capture with a random time in every frame must not make more files."""

OVERFLOW_DATE: Final = "mixed"
"""Date folder of the rows beyond ``MAX_SEGMENTS``: dates are for pruning, the time column stays the truth."""


class SegmentWriter:
    """Writes batches of one table into hidden segments and publishes all of them, or none, at the end.

    Args:
        lake_root: Folder of the lake; made when absent.
        table: Table whose emitted columns the batches hold.
        case: Case the rows belong to.
        sensor_id: Who metered; also fills the stamp column ``sensor_id``.
        stamps: Values of the table's other stamp columns, constant in the segment; absent ones are NULL where allowed.
        row_limit: Rows after which a new segment begins.

    Raises:
        TaishiError: a name cannot be a folder, or a stamp is missing or unknown.
    """

    def __init__(
        self,
        lake_root: Path,
        table: schema.Table,
        case: str,
        sensor_id: str,
        *,
        stamps: Mapping[str, object],
        row_limit: int = ROWS_PER_SEGMENT,
    ) -> None:
        self._case_folder = Path(lake_root) / table.name / f"case={checked_name('case', case)}"
        self._sensor_id = checked_name("sensor", sensor_id)
        self._table = table
        self._stamps = _all_stamps(table, sensor_id, stamps)
        self._row_limit = row_limit
        self._emitted = table.arrow(table.emitted())
        self._time = time_column(table)
        self._open: dict[str, OpenSegment] = {}
        self._sealed: list[Sealed] = []
        self._small: list[pa.RecordBatch] = []
        self._is_done = False

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows (emitted columns of the table, in order and type).

        Raises:
            TaishiError: the disk is full or refuses, or the columns are not those of the table.
        """
        self._check(batch)
        if not batch.num_rows:
            return
        self._small.append(batch)
        if batch.num_rows >= ROWS_PER_GROUP or sum(b.num_rows for b in self._small) >= ROWS_PER_GROUP:
            self._flush()

    def close(self, counters: Mapping[str, int]) -> tuple[Path, ...]:
        """Publish everything written, with ``counters`` in the footers (full files were sealed before).

        Returns:
            The visible files, also those that had been there before; empty when no row was written.

        Raises:
            TaishiError: the disk is full or refuses; then nothing of this writer is visible that was not before.
        """
        return publish([self], counters)

    def seal(self, counters: Mapping[str, int]) -> None:
        """Complete all files on the disk, still hidden."""
        self._flush()
        self._guard(lambda: self._seal_all(counters))

    def reveal(self) -> tuple[Path, ...]:
        """Make the sealed files visible; a content the case has taken in already is dropped."""
        self._is_done = True
        if not self._sealed:
            return ()
        with ledger.opened(self._case_folder) as known:
            return tuple(reveal(sealed, known) for sealed in self._sealed)

    def abort(self) -> None:
        """Remove everything that is not visible yet; harmless when called twice or after ``close``."""
        for segment in self._open.values():
            segment.discard()
        if not self._is_done:
            for sealed in self._sealed:
                sealed.staged.discard()
        self._open.clear()
        self._small.clear()
        self._is_done = True

    @property
    def table(self) -> schema.Table:
        """Table that this writer writes."""
        return self._table

    def _check(self, batch: pa.RecordBatch) -> None:
        if not batch.schema.equals(self._emitted):
            found, wanted = said(batch.schema), said(self._emitted)
            raise TaishiError(
                Problem(
                    Text(f"table {self._table.name}", f"表 {self._table.name}"),
                    Text(f"a batch has the columns {found}", f"批次的列为 {found}"),
                    Text(f"allowed: {wanted}", f"可用：{wanted}"),
                    Text("rebuild sensor._wire so that it matches", "请重新构建 sensor._wire 使之一致"),
                )
            )

    def _flush(self) -> None:
        batches, self._small = self._small, []
        if batches:
            batch = batches[0] if len(batches) == 1 else _joined(batches)
            self._guard(lambda: self._append_all(batch))

    def _append_all(self, batch: pa.RecordBatch) -> None:
        for date, rows in by_date(batch, self._time):
            self._append(date, rows)

    def _append(self, date: str, rows: pa.RecordBatch) -> None:
        segment = self._segment(date)
        segment.write(self._stamped(rows))
        if segment.rows >= self._row_limit:
            self._seal(date, {})

    def _segment(self, date: str) -> OpenSegment:
        if len(self._sealed) + len(self._open) >= MAX_SEGMENTS and date not in self._open:
            date = OVERFLOW_DATE
        segment = self._open.pop(date, None)
        if segment is None:
            while len(self._open) >= OPEN_DATES:
                self._seal(next(iter(self._open)), {})
            folder = self._case_folder / f"date={date}" / f"sensor={self._sensor_id}"
            segment = OpenSegment(self._table, self._sensor_id, folder)
        self._open[date] = segment
        return segment

    def _seal_all(self, counters: Mapping[str, int]) -> None:
        for date in list(self._open):
            self._seal(date, counters)

    def _seal(self, date: str, counters: Mapping[str, int]) -> None:
        self._sealed.append(self._open[date].seal(counters))
        del self._open[date]

    def _stamped(self, rows: pa.RecordBatch) -> pa.RecordBatch:
        arrays = []
        for column in self._table.stored():
            if column.origin is schema.Origin.STAMP:
                arrays.append(_constant(self._stamps[column.name], column.type, rows.num_rows))
            else:
                arrays.append(rows.column(column.name))
        return pa.RecordBatch.from_arrays(arrays, schema=self._table.arrow())

    def _guard(self, step: Callable[[], object]) -> None:
        """Run ``step``; when the disk refuses, remove what is not visible and say so."""
        try:
            step()
        except (OSError, pa.ArrowException) as error:
            self.abort()
            raise TaishiError(
                Problem(
                    str(self._case_folder),
                    Text(f"could not write a segment ({error})", f"无法写入分段（{error}）"),
                    Text("needed: free space and write permission", "需要：空余空间和写权限"),
                    Text(
                        "make room or choose another --home, then run the same command again (nothing half-written is "
                        "kept)",
                        "请腾出空间或用 --home 另选，再执行同一命令（不会留下写了一半的数据）",
                    ),
                )
            ) from error


def publish(writers: Sequence[SegmentWriter], counters: Mapping[str, int]) -> tuple[Path, ...]:
    """Publish the segments of several writers: all complete on the disk first, then visible in the order given.

    Put the table that says "this capture is in" last: whoever sees its row sees all the others.

    Returns:
        The visible files, in the order of ``writers``.

    Raises:
        TaishiError: the disk is full or refuses; nothing of any writer is visible then that was not before.
    """
    try:
        for writer in writers:
            writer.seal(counters)
    except TaishiError:
        for writer in writers:
            writer.abort()
        raise
    return tuple(path for writer in writers for path in writer.reveal())


def reveal(sealed: Sealed, known: ledger.Ledger) -> Path:
    """Publish one segment unless its content was taken in before, and return its place."""
    if sealed.content_hash in known:
        sealed.staged.discard()
        return sealed.target
    sealed.staged.publish(sealed.target)
    known.add(sealed.content_hash)
    return sealed.target


def _all_stamps(table: schema.Table, sensor_id: str, stamps: Mapping[str, object]) -> dict[str, object]:
    """Return a value for each stamp column of ``table``."""
    given = {"feature_defs_version": schema.FEATURE_DEFS_VERSION, **stamps, "sensor_id": sensor_id}
    wanted = [column for column in table.columns if column.origin is schema.Origin.STAMP]
    for column in wanted:
        if given.get(column.name) is None and not column.nullable:
            raise TaishiError(
                Problem(
                    Text(f"table {table.name}", f"表 {table.name}"),
                    Text(f"no value for column {column.name}", f"列 {column.name} 没有值"),
                    Text("needed: a value in stamps", "需要：在 stamps 中给值"),
                    Text("correct the call", "请改正调用"),
                )
            )
    return {column.name: given.get(column.name) for column in wanted}


def _constant(value: object, kind: pa.DataType, rows: int) -> pa.Array:
    if value is not None and pa.types.is_dictionary(kind):
        indices = pa.repeat(pa.scalar(0, kind.index_type), rows)
        return pa.DictionaryArray.from_arrays(indices, pa.array([value], kind.value_type))
    return pa.repeat(pa.scalar(value, kind), rows) if value is not None else pa.nulls(rows, kind)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return small batches as one, with one dictionary per column."""
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]


def said(found: pa.Schema) -> str:
    """Return the columns as text for messages."""
    return ", ".join(f"{field.name} {field.type}" for field in found)
