"""Results of queries as plain rows, batch by batch: unique names, and no value that Python cannot hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa


def unique_names(names: Sequence[str]) -> list[str]:
    """Return the names with ``_1``, ``_2`` … behind those that came before, so that each can be a key."""
    seen: set[str] = set()
    unique = []
    for name in names:
        own, number = name, 0
        while own in seen:
            number += 1
            own = f"{name}_{number}"
        seen.add(own)
        unique.append(own)
    return unique


def rows_of(batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows of record batches as dictionaries.

    Args:
        batches: read once, one at a time.
        names: one key per column, unique.
    """
    for batch in batches:
        columns = [_values(column) for column in batch.columns]
        for values in zip(*columns, strict=True) if columns else ():
            yield dict(zip(names, values, strict=True))


def _values(column: pa.Array) -> list[Any]:
    """Return a column's values; times beyond the year 9999, which damaged captures hold, as text."""
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError):
        values = column.cast(pa.string()).to_pylist()
    return values
