"""Cutting a batch by the UTC date of its time column, almost always without touching a row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

import pyarrow as pa

from store import schema
from store._arrow_call import call_function

UNDATED: Final = "1970-01-01"
"""Date of rows without a time: the epoch."""

_DAY_US: Final = 86_400_000_000
_EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def time_column(table: schema.Table) -> str | None:
    """Return the name of the column that dates a row of ``table``, or None when it has none."""
    names = {column.name for column in table.stored()}
    return next((name for name in ("ts_start", "ts", "first_ts") if name in names), None)


def by_date(batch: pa.RecordBatch, column: str | None) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield (date as YYYY-MM-DD, its rows in their order), one pair per date in the batch.

    Damaged captures hold times beyond the years 1 to 9999: those count as the first or last day that has a name.
    """
    if column is None:
        yield UNDATED, batch
        return
    times = batch.column(column).view(pa.int64())
    if times.null_count:
        times = times.fill_null(0)
    bounds = call_function("min_max", [times])
    first, last = _day(bounds["min"].as_py()), _day(bounds["max"].as_py())
    if first == last:
        yield _text(first), batch
    else:
        yield from _cut(batch, times)


def _cut(batch: pa.RecordBatch, times: pa.Array) -> Iterator[tuple[str, pa.RecordBatch]]:
    import pyarrow.compute as pc  # noqa: PLC0415 - 25 ms that captures of one day, nearly all, need not pay

    days = pc.floor(pc.divide(times.cast(pa.float64(), safe=False), float(_DAY_US))).cast(pa.int64())
    order = pc.sort_indices(days)
    runs = pc.run_end_encode(days.take(order))
    start = 0
    for day, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield _text(day), batch.take(order.slice(start, end - start))
        start = end


def _day(time_us: int) -> int:
    return time_us // _DAY_US


def _text(day: int) -> str:
    return date.fromordinal(min(max(day + _EPOCH_DAY, 1), date.max.toordinal())).isoformat()
