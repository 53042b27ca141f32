"""Zeek's logs in columns of text, with the header lines that say which column is which.

Logs that were strung together have several headers; each holds until the next.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sensor.intake.refusals import Refusals
from store.text import Text

_HEADER: Final = re.compile(rb"^[ \t]*#[^\n]*(?:\n|\Z)", re.MULTILINE)

_NO_HEADER: Final = Text("without a #fields line before it", "之前没有 #fields 行")


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a log says; the defaults are those of Zeek."""

    separator: str = "\t"
    set_separator: str = ","
    empty: str = "(empty)"
    unset: str = "-"
    path: str = ""
    fields: tuple[str, ...] = ()

    def told(self, line: bytes) -> Header:
        """Return the header after one more header line; lines that say nothing of use change nothing."""
        text = line.decode("utf-8", "backslashreplace").strip("\r\n").lstrip(" \t")
        if text.startswith("#separator"):
            return replace(self, separator=_unescaped(text.removeprefix("#separator").strip(" ")) or "\t")
        name, _, rest = text.partition(self.separator)
        values = {
            "#set_separator": ("set_separator", _unescaped(rest)),
            "#empty_field": ("empty", rest),
            "#unset_field": ("unset", rest),
            "#path": ("path", rest),
        }
        if name == "#fields":
            return replace(self, fields=_distinct(rest.split(self.separator)))
        if name in values and rest:
            key, value = values[name]
            return replace(self, **{key: value})
        return self


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one kind as columns of text, and where they stand."""

    kind: str
    rows: pa.Table
    header: Header
    first_line: int


def pieces(data: bytes, first_line: int, header: Header, refusals: Refusals) -> Iterator[tuple[Header, Piece | None]]:
    """Yield the header as it changes, and the lines between headers as columns.

    Args:
        data: Lines.
        first_line: Number of the first one.
        header: What earlier lines said.
        refusals: Takes the lines that cannot be read.
    """
    position, line = 0, first_line
    marks = _HEADER.finditer(data) if b"#" in data else iter(())
    for mark in marks:
        if mark.start() > position:
            between = data[position : mark.start()]
            yield header, _piece(between, line, header, refusals)
            line += between.count(b"\n")
        header = header.told(mark.group())
        yield header, None
        line += 1
        position = mark.end()
    if position < len(data):
        yield header, _piece(data[position:], line, header, refusals)


def _piece(data: bytes, line: int, header: Header, refusals: Refusals) -> Piece | None:
    if not data.strip():
        return None
    if not header.fields or len(header.separator) != 1:
        count = sum(1 for text in data.split(b"\n") if text.strip())
        refusals.add(_NO_HEADER, line, data[:60].decode("utf-8", "backslashreplace"), count)
        return None
    expected = len(header.fields)

    def refuse(row: Any) -> str:
        text = Text(f"with another number of fields than {expected}", f"字段数不是 {expected}")
        refusals.add(text, line + (row.number or 1) - 1, row.text)
        return "skip"

    try:
        rows = _parsed(data, header, refuse)
    except pa.ArrowInvalid:  # bytes that are no text
        rows = _parsed(data.decode("utf-8", "backslashreplace").encode(), header, refuse)
    return Piece(header.path, _without_empty(rows, header.empty), header, line)


def _parsed(data: bytes, header: Header, refuse: Any) -> pa.Table:
    names = [name.replace(".", "_") for name in header.fields]
    return csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        parse_options=csv.ParseOptions(
            delimiter=header.separator,
            quote_char=False,
            double_quote=False,
            escape_char=False,
            newlines_in_values=False,
            invalid_row_handler=refuse,
        ),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), null_values=[header.unset], strings_can_be_null=True
        ),
    )


def _without_empty(rows: pa.Table, empty: str) -> pa.Table:
    """Return the columns with Zeek's word for an empty text or set as an empty text."""
    for position, name in enumerate(rows.column_names):
        column = rows.column(position)
        is_empty = pc.equal(column, empty)
        if pc.any(is_empty).as_py():
            rows = rows.set_column(position, name, pc.if_else(is_empty, "", column))
    return rows


def _distinct(names: list[str]) -> tuple[str, ...]:
    """Return the names with repeated ones told apart."""
    seen: dict[str, int] = {}
    out = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        out.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return tuple(out)


def _unescaped(text: str) -> str:
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda found: chr(int(found[1], 16)), text)
