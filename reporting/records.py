"""Rows too wide for a table: one block per row, a name and its value per line, at most 100 columns."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any, Final

from reporting.clean import clean
from reporting.tables import Column, plain, shown
from reporting.width import MAX_COLUMNS, cells, pad, wrap

READABLE_COLUMNS: Final = 12
"""Columns a table of 100 terminal columns can hold: with two blanks between, each still has six."""

_NAME_MAX: Final = 30
"""Terminal columns kept for names; longer ones are broken."""


def emit_records(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], out: IO[str] | None = None) -> int:
    """Print each row as a block of ``name  value`` lines and return how many rows there were.

    Args:
        rows: the rows; read once, never held as a whole.
        columns: what to show, in order.
        out: where to; standard output when None.
    """
    stream = sys.stdout if out is None else out
    titles = [clean(column.title) for column in columns]
    width = min(_NAME_MAX, max((cells(title) for title in titles), default=0))
    count = 0
    for count, row in enumerate(rows, start=1):
        values = plain(row)
        stream.write(f"-- {count} ".ljust(width + 2, "-") + "\n")
        for title, column in zip(titles, columns, strict=True):
            _write(title, shown(values.get(column.key)), width, stream)
    return count


def _write(title: str, text: str, width: int, stream: IO[str]) -> None:
    names, values = wrap(title, width), wrap(text, MAX_COLUMNS - width - 2)
    for number in range(max(len(names), len(values))):
        name = names[number] if number < len(names) else ""
        value = values[number] if number < len(values) else ""
        stream.write(f"{pad(name, width)}  {value}".rstrip() + "\n")
