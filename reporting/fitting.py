"""Which columns of a wide table a screen of 100 columns can show so that each stays readable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reporting.tables import Column, plain, shown
from reporting.width import MAX_COLUMNS, cells

TEXT_COLUMNS: Final = 24
"""Terminal columns that a text is given at least when it is longer (8 … 60): a host name or path is still known by
them; it is broken into lines, never cut."""

_GAP: Final = 2


def fitting(rows: Sequence[Mapping[str, Any]], columns: Iterable[Column], urgency: Mapping[str, int]) -> list[Column]:
    """Return the columns that fit, in their own order.

    A column that is empty in all rows is left out. The others are taken by urgency, then by their order, while there
    is room for the whole of a number, time or address, and for ``TEXT_COLUMNS`` of a text.

    Args:
        rows: The rows that are shown, or the first of them.
        columns: All columns; those with ``whole`` are never broken.
        urgency: Rank of a column by its key, the smallest first.
    """
    known = list(columns)
    values = [plain(row) for row in rows]
    room = MAX_COLUMNS + _GAP
    kept: set[str] = set()
    for column in sorted(known, key=lambda one: urgency.get(one.key, 0)):
        texts = [shown(row.get(column.key)) for row in values]
        if all(text in ("-", "") for text in texts):
            continue
        wanted = max(cells(column.title), *(cells(text) for text in texts))
        least = wanted if column.whole else min(wanted, max(TEXT_COLUMNS, cells(column.title)))
        if least + _GAP <= room:
            room -= least + _GAP
            kept.add(column.key)
    return [column for column in known if column.key in kept]
