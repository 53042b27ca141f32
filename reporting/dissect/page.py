"""Decoded packets as lines of at most 100 terminal columns; everything in them came from the wire and is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from reporting.clean import clean
from reporting.dissect.reading import FIELDS
from reporting.width import MAX_COLUMNS, cells, pad, shorten, wrap

_INFO_MIN: Final = 24
"""Fewest columns in which the information of a packet is still readable; else protocol and information stand on a line
of their own (two IPv6 addresses leave no room)."""

_PROTOCOL_MAX: Final = 16
"""Most columns for the name of a protocol; Wireshark's longest common one (``IEC 60870-5 ASDU``) fits."""

_HANG: Final = 2
"""Columns by which a broken line of a tree hangs behind its first."""

_DEEPEST: Final = 40
"""Most columns of indentation: deeper levels of a tree would leave no room for text."""


def summary_lines(rows: Sequence[Mapping[str, Any]], titles: Mapping[str, str]) -> Iterator[str]:
    """Yield a heading and one line per packet; information that does not fit is cut with an ellipsis.

    Args:
        rows: As ``packet_lines`` yields them.
        titles: Heading of every key of ``FIELDS``.
    """
    table = [[clean(titles[name]) for name in FIELDS]] + [[_cell(row, name) for name in FIELDS] for row in rows]
    widths = [max(cells(line[i]) for line in table) for i in range(len(FIELDS) - 1)]
    widths[4] = min(widths[4], _PROTOCOL_MAX)
    room = MAX_COLUMNS - sum(widths) - 2 * len(widths)
    for *head, info in table:
        parts = [
            " " * (width - cells(text)) + text if number < 2 else pad(shorten(text, width), width)
            for number, (text, width) in enumerate(zip(head, widths, strict=True))
        ]
        if room >= _INFO_MIN:
            yield "  ".join([*parts, shorten(info, room)]).rstrip()
        else:
            yield shorten("  ".join(parts[:-1]).rstrip(), MAX_COLUMNS)
            yield shorten(f"{' ' * (widths[0] + 2)}{parts[-1]}  {info}", MAX_COLUMNS).rstrip()


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row[name]
    if name == "time_s":
        return "-" if value is None else f"{value:.6f}"
    return clean(str(value))


def tree_line(text: str) -> Iterator[str]:
    """Yield one line of a protocol tree, broken with its indentation kept."""
    body = text.lstrip(" ")
    indent = min(len(text) - len(body), _DEEPEST)
    room = MAX_COLUMNS - indent
    first, *rest = wrap(clean(body), room)
    yield (" " * indent + first).rstrip()
    if rest:
        # Broken anew: the lines behind the first are narrower by what they hang.
        tail = clean(body)[len(first) :].lstrip()
        for piece in wrap(tail, room - _HANG):
            yield " " * (indent + _HANG) + piece
