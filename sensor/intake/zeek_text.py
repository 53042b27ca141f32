"""Zeek's logs in columns of text, with the header lines that say which column is which.

Logs that were strung together have several headers; each holds until the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from sensor.intake.refusals import Refusals
from store.text import Text

_HEADER: Final = re.compile(rb"^[ \t]*#[^\n]*(?:\n|\Z)", re.MULTILINE)

_NUMBERS: Final = {
    **dict.fromkeys(("count", "int", "port"), pa.int64()),
    **dict.fromkeys(("double", "time", "interval"), pa.float64()),
}
"""Types of Zeek that are read as numbers at once; microseconds of a time are exact in 53 bits until the year 2255."""

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
    types: tuple[str, ...] = ()

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
            return replace(self, fields=_distinct(rest.split(self.separator)), types=())
        if name == "#types":
            return replace(self, types=tuple(rest.split(self.separator)))
        if name in values and rest:
            key, value = values[name]
            changed: dict[str, Any] = {key: value}
            return replace(self, **changed)
        return self


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one kind as columns of text, and where they stand."""

    kind: str
    rows: pa.Table
    header: Header
    first_line: int


def pieces(
    data: bytes, first_line: int, header: Header, refusals: Refusals, wanted: Callable[[str], Collection[str]]
) -> Iterator[tuple[Header, Piece | None]]:
    """Yield the header as it changes, and the lines between headers as columns.

    Args:
        data: Lines.
        first_line: Number of the first one.
        header: What earlier lines said.
        refusals: Takes the lines that cannot be read.
        wanted: Fields that are read of a kind of log; without any the first one stands for the line.
    """
    position, line = 0, first_line
    marks = _HEADER.finditer(data) if b"#" in data else iter(())
    for mark in marks:
        if mark.start() > position:
            between = data[position : mark.start()]
            yield header, _piece(between, line, header, refusals, wanted)
            line += between.count(b"\n")
        header = header.told(mark.group())
        yield header, None
        line += 1
        position = mark.end()
    if position < len(data):
        yield header, _piece(data[position:], line, header, refusals, wanted)


def _piece(
    data: bytes, line: int, header: Header, refusals: Refusals, wanted: Callable[[str], Collection[str]]
) -> Piece | None:
    if not data.strip():
        return None
    if not header.fields or len(header.separator) != 1:
        count = sum(1 for text in data.split(b"\n") if text.strip())
        refusals.add(_NO_HEADER, line, data[:60].decode("utf-8", "backslashreplace"), count)
        return None
    expected = len(header.fields)
    known = wanted(header.path)
    shown = [name for name in header.fields if name in known] or [header.fields[0]]

    def refuse(row: csv.InvalidRow) -> str:
        text = Text(f"with another number of fields than {expected}", f"字段数不是 {expected}")
        refusals.add(text, line + (row.number or 1) - 1, row.text)
        return "skip"

    told = dict(zip(header.fields, header.types, strict=False))
    numbers = {name: _NUMBERS[told[name]] for name in shown if told.get(name) in _NUMBERS}
    counted = refusals.copy()
    try:
        rows = _parsed(data, header, dict.fromkeys(shown, pa.string()) | numbers, refuse)
    except pa.ArrowInvalid:  # bytes that are no text, or no number
        refusals.reset(counted)
        text = data.decode("utf-8", "backslashreplace").encode()
        rows = _parsed(text, header, dict.fromkeys(shown, pa.string()), refuse)
    return Piece(header.path, _without_empty(rows, header.empty), header, line)


def _parsed(
    data: bytes, header: Header, shown: dict[str, pa.DataType], refuse: Callable[[csv.InvalidRow], str]
) -> pa.Table:
    names = [name.replace(".", "_") for name in header.fields]
    kept = {name.replace(".", "_"): kind for name, kind in shown.items()}
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
            column_types=kept,
            include_columns=list(kept),
            null_values=[header.unset],
            strings_can_be_null=True,
        ),
    )


def _without_empty(rows: pa.Table, empty: str) -> pa.Table:
    """Return the columns with Zeek's word for an empty text or set as an empty text."""
    for position, name in enumerate(rows.column_names):
        column = rows.column(position)
        if column.type != pa.string():
            continue
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
