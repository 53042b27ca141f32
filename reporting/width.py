"""How many terminal columns a text takes, and breaking it into lines of at most so many (CJK counts two)."""

from __future__ import annotations

import unicodedata
from typing import Final

MAX_COLUMNS: Final = 100
"""Columns no screen of ours exceeds (issue: "fits 100 columns")."""

_NO_LINE_START: Final = frozenset("，。；：、！？）》」』】”’％,.;:!?)]}%")
"""Closing punctuation that stays on the line of the word before it (GB/T 15834, line-start rule)."""

_NO_LINE_END: Final = frozenset("（《「【“‘([")
"""Opening punctuation that goes to the line of the word behind it (GB/T 15834, line-end rule)."""


def cells(text: str) -> int:
    """Return the number of terminal columns of ``text``; wide and full-width characters take two, marks none.

    Source: UAX #11 (East Asian Width); ambiguous characters count one, as terminals in UTF-8 locales do.
    """
    total = 0
    for char in text:
        if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
            continue
        total += 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1
    return total


def pad(text: str, columns: int) -> str:
    """Return ``text`` filled with spaces to ``columns`` terminal columns; longer text is returned as it is."""
    return text + " " * max(0, columns - cells(text))


def shorten(text: str, width: int) -> str:
    """Return ``text`` cut to ``width`` terminal columns, the last one an ellipsis when something was cut."""
    if cells(text) <= width:
        return text
    kept = ""
    for char in text:
        if cells(kept + char) > width - 1:
            break
        kept += char
    return f"{kept}…"


def wrap(text: str, columns: int) -> list[str]:
    """Break ``text`` into lines of at most ``columns`` terminal columns.

    Latin words stay whole unless one alone is too long; Chinese breaks between any two characters but never
    before closing punctuation.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if cells(line) + cells(piece.rstrip()) <= columns:
            line += piece
            continue
        if line.strip():
            lines.append(line.rstrip())
        rest = piece.lstrip()
        while cells(rest.rstrip()) > columns:
            head = _head(rest, columns)
            lines.append(head)
            rest = rest[len(head) :]
        line = rest
    if line.strip() or not lines:
        lines.append(line.rstrip())
    return lines


def _pieces(text: str) -> list[str]:
    """Split into unbreakable pieces: a Latin word with its trailing space, or one wide character."""
    pieces: list[str] = []
    word = ""
    for char in text:
        wide = unicodedata.east_asian_width(char) in {"W", "F"}
        if char in _NO_LINE_START and (word or (pieces and not pieces[-1].endswith(" "))):
            if word:
                word += char
            else:
                pieces[-1] += char
        elif wide:
            if word:
                pieces.append(word)
                word = ""
            pieces.append(char)
        else:
            word += char
            if char == " ":
                pieces.append(word)
                word = ""
    if word:
        pieces.append(word)
    kept: list[str] = []
    for piece in pieces:
        if kept and kept[-1][-1] in _NO_LINE_END:
            kept[-1] += piece
        else:
            kept.append(piece)
    return kept


def _head(text: str, columns: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += cells(char)
        if taken > columns:
            return text[: max(1, index)]
    return text
