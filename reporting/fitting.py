"""Which columns of a wide table a screen of 100 columns can show so that each stays readable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from reporting.tables import Column, plain, shown
from reporting.width import MAX_COLUMNS, cells

TEXT_COLUMNS: Final = (24, 18, 14)
"""Terminal columns that a text is given at least when it is longer (8 … 60): a host name or path is still known by
24 of them; it is broken into lines, never cut. The smaller ones serve where else a column that matters has no room."""

MATTERS: Final = 1
"""Urgency up to which a column is worth narrower texts."""

_GAP: Final = 2


def fitting(rows: Sequence[Mapping[str, Any]], columns: Iterable[Column], urgency: Mapping[str, int]) -> list[Column]:
    """Return the columns that fit, in their own order.

    A column that is empty in all rows is left out. The others are taken by urgency, then by their order, while there
    is room for the whole of a number, time or address, and for the widest of ``TEXT_COLUMNS`` of a text with which
    all columns that matter find room.

    Args:
        rows: The rows that are shown, or the first of them.
        columns: All columns; those with ``whole`` are never broken.
        urgency: Rank of a column by its key, the smallest first.
    """
    known = list(columns)
    widths = _widths(rows, known)
    urgent = sorted((one for one in known if one.key in widths), key=lambda one: urgency.get(one.key, 0))
    wanted = sum(urgency.get(one.key, 0) <= MATTERS for one in urgent)
    best: set[str] = set()
    for text_columns in TEXT_COLUMNS:
        kept, urgent_kept = _taken(urgent, widths, text_columns, urgency)
        if not best or urgent_kept > sum(urgency.get(key, 0) <= MATTERS for key in best):
            best = kept
        if urgent_kept == wanted:
            break
    return [column for column in known if column.key in best]


def _widths(rows: Sequence[Mapping[str, Any]], columns: Iterable[Column]) -> dict[str, int]:
    """Return the terminal columns that each column would take, those left out that are empty in all rows."""
    values = [plain(row) for row in rows]
    widths: dict[str, int] = {}
    for column in columns:
        texts = [shown(row.get(column.key)) for row in values]
        if any(text not in ("-", "") for text in texts):
            widths[column.key] = max(cells(column.title), *(cells(text) for text in texts))
    return widths


def _taken(
    columns: Iterable[Column], widths: Mapping[str, int], text_columns: int, urgency: Mapping[str, int]
) -> tuple[set[str], int]:
    """Return the keys that find room one after the other, and how many of them matter."""
    room = MAX_COLUMNS + _GAP
    kept: set[str] = set()
    for column in columns:
        wanted = widths[column.key]
        least = wanted if column.whole else min(wanted, max(text_columns, cells(column.title)))
        if least + _GAP <= room:
            room -= least + _GAP
            kept.add(column.key)
    return kept, sum(urgency.get(key, 0) <= MATTERS for key in kept)
