"""Building blocks of the screen: headings, labelled paragraphs and columns, all measured in terminal columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.text import Text as Line

from reporting.clean import clean
from reporting.width import MAX_COLUMNS, cells, pad, shorten, wrap

SEVERITY_STYLE: Final = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold cyan",
    "info": "bold",
    "clear": "bold green",
}
"""Colours of severities; the word itself is always printed too, so that nothing rests on colour alone."""


def heading(text: str) -> Line:
    """Return a section heading."""
    return Line(clean(text), style="bold")


def paragraph(
    text: str,
    *,
    indent: int,
    label: str = "",
    label_columns: int = 0,
    label_style: str = "dim",
    style: str = "",
) -> list[Line]:
    """Return ``text`` wrapped to the screen, cleaned, hanging behind its label.

    Args:
        text: what to say; control characters are escaped.
        indent: blanks before the label.
        label: a word before the text, or nothing.
        label_columns: columns kept for the label; its own length when shorter.
        label_style: style of the label.
        style: style of the text.
    """
    label = clean(label)
    kept = max(label_columns, cells(label))
    hang = indent + (kept + 2 if kept else 0)
    lines = []
    for number, piece in enumerate(wrap(clean(text), MAX_COLUMNS - hang)):
        line = Line(" " * indent)
        if kept:
            line.append(label if number == 0 else " " * cells(label), style=label_style if number == 0 else "")
            line.append(" " * (kept - cells(label) + 2))
        line.append(piece, style=style)
        line.rstrip()
        lines.append(line)
    return lines


SEPARATOR: Final = " · "
"""What stands between the facts of one line."""


def packed(text: str, *, style: str = "") -> list[Line]:
    """Return facts that are set apart by ``SEPARATOR`` as lines that break between facts, never inside one.

    The separator stays at the end of the line, so that the next one is seen to go on. A fact that is wider than the
    screen by itself is wrapped.
    """
    return [Line(piece, style=style) for piece in _broken(clean(text).split(SEPARATOR), MAX_COLUMNS)]


def facts_of(label: str, facts: Sequence[str], *, indent: int, label_columns: int) -> list[Line]:
    """Return facts about something as in ``packed``, hanging behind its name; all are cleaned."""
    hang = indent + label_columns + 2
    lines = []
    for number, piece in enumerate(_broken([clean(fact) for fact in facts], MAX_COLUMNS - hang)):
        head = pad(shorten(clean(label), label_columns), label_columns) if number == 0 else " " * label_columns
        lines.append(Line(f"{' ' * indent}{head}  {piece}".rstrip()))
    return lines


def _broken(facts: Sequence[str], room: int) -> list[str]:
    rows: list[str] = []
    for fact in facts:
        if rows and cells(f"{rows[-1]}{SEPARATOR}{fact}{SEPARATOR}") <= room + 1:
            rows[-1] += SEPARATOR + fact
        else:
            rows.append(fact)
    rows = [f"{row}{SEPARATOR}".rstrip() for row in rows[:-1]] + rows[-1:]
    return [piece for row in rows for piece in wrap(row, room)]


def columns(rows: Sequence[Sequence[str]], titles: Sequence[str], right: Sequence[bool], indent: int = 2) -> list[Line]:
    """Return a small table: titles dim, cells padded by terminal columns, over-long cells cut with an ellipsis.

    Args:
        rows: cells as text, already in the reader's language; cleaned here.
        titles: one heading per column.
        right: which columns are aligned to the right.
        indent: blanks before the first column.
    """
    safe = [[clean(cell) for cell in row] for row in rows]
    widths = [max(cells(title), *(cells(row[i]) for row in safe)) for i, title in enumerate(titles)]
    room = MAX_COLUMNS - indent - 2 * (len(widths) - 1)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    lines = [_row(titles, widths, right, indent, "dim")]
    return lines + [_row(row, widths, right, indent, "") for row in safe]


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool], indent: int, style: str) -> Line:
    parts = []
    for text, width, is_right in zip(row, widths, right, strict=True):
        cut = shorten(text, width)
        parts.append(" " * (width - cells(cut)) + cut if is_right else pad(cut, width))
    return Line((" " * indent + "  ".join(parts)).rstrip(), style=style)
