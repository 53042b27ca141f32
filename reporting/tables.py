"""Lists of rows in the four output forms; the table form fits 100 columns and shows wire strings escaped."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import IPv6Address
from typing import IO, Any, Final

from reporting.clean import clean, csv_cell
from reporting.width import MAX_COLUMNS, cells, pad, wrap

Form = str
"""One of table, json, jsonl, csv."""

_MIN_COLUMN: Final = 6
"""Narrowest text column; below it a cell is unreadable and the widest column gives way instead."""

_LAYOUT: Final = "\n"
"""Control characters that JSON text itself may hold between its values."""

_SAMPLE_ROWS: Final = 1000
"""Rows laid out together in the table form, so that a long list streams in constant memory."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list: its key in the row, its heading, its alignment, and whether it gives way last."""

    key: str
    title: str
    right: bool = False
    whole: bool = False


def emit(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], form: Form, out: IO[str] | None = None) -> int:
    """Print a list and return how many rows it had.

    Args:
        rows: the rows; read once, never held as a whole.
        columns: what the table and CSV forms show, in order; JSON prints every key of the row.
        form: table, json (one array), jsonl (one object per line) or csv.
        out: where to; standard output when None.
    """
    stream = sys.stdout if out is None else out
    if form == "json":
        return _json_array(rows, stream)
    if form == "jsonl":
        return _json_lines(rows, stream)
    if form == "csv":
        return _csv(rows, columns, stream)
    return _table(rows, columns, stream)


def emit_object(value: Mapping[str, Any], form: Form, out: IO[str] | None = None) -> None:
    """Print one object: indented JSON, or one line of it in the jsonl form."""
    stream = sys.stdout if out is None else out
    stream.write(json_text(value, indent=None if form == "jsonl" else 2) + "\n")


def json_text(value: Any, indent: int | None = None) -> str:
    r"""Return ``value`` as JSON text; characters that drive a terminal become ``\uNNNN``, which reads the same."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=indent, allow_nan=False)
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(char if char in _LAYOUT or clean(char) == char else _json_escape(char) for char in text)


def _json_escape(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def plain(value: Any) -> Any:
    """Return ``value`` in JSON's types: times as ISO 8601 UTC, 16-byte addresses and other bytes as text."""
    if isinstance(value, Mapping):
        return {str(k): (_address(v) if str(k).endswith("_ip") else plain(v)) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has neither infinity nor NaN
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def iso(moment: datetime) -> str:
    """Return ``moment`` as ISO 8601 in UTC with microseconds; a time without zone is taken as UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return aware.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def address_text(raw: bytes) -> str:
    """Return a 16-byte address as text, IPv4-mapped ones in dotted form; other lengths as hex."""
    if len(raw) != 16:
        return raw.hex()
    address = IPv6Address(raw)
    return str(address.ipv4_mapped or address)


def _address(value: Any) -> Any:
    return address_text(value) if isinstance(value, bytes) else plain(value)


def _json_array(rows: Iterable[Mapping[str, Any]], out: IO[str]) -> int:
    count = 0
    for row in rows:
        out.write("[\n" if count == 0 else ",\n")
        out.write(json_text(row))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count


def _json_lines(rows: Iterable[Mapping[str, Any]], out: IO[str]) -> int:
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the count
        out.write(json_text(row) + "\n")
    return count


def _csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], out: IO[str]) -> int:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([csv_cell(column.key) for column in columns])
    count = 0
    for row in rows:
        values = plain(row)
        writer.writerow([_csv_value(values.get(column.key)) for column in columns])
        count += 1
    return count


def _csv_value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return csv_cell(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def shown(value: Any) -> str:
    """Return a value of a plain row as one cell of a table, escaped."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(shown(v) for v in value) or "-"
    return clean(str(value))


def _table(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], out: IO[str]) -> int:
    count = 0
    block: list[list[str]] = []
    widths: list[int] | None = None
    for row in rows:
        values = plain(row)
        block.append([shown(values.get(column.key)) for column in columns])
        count += 1
        if len(block) == _SAMPLE_ROWS:
            widths = _write_block(block, columns, widths, out)
            block = []
    if block:
        _write_block(block, columns, widths, out)
    return count


def _write_block(
    block: list[list[str]], columns: Sequence[Column], widths: list[int] | None, out: IO[str]
) -> list[int]:
    if widths is None:
        widths = fit(
            [max(cells(clean(column.title)), *(cells(line[i]) for line in block)) for i, column in enumerate(columns)],
            MAX_COLUMNS,
            [column.whole for column in columns],
        )
        _write_row([clean(column.title) for column in columns], columns, widths, out)
        # ASCII: box-drawing characters are two columns wide in many Chinese terminals.
        out.write("  ".join("-" * width for width in widths) + "\n")
    for line in block:
        _write_row(line, columns, widths, out)
    return widths


def fit(wanted: Sequence[int], columns: int, whole: Sequence[bool] = ()) -> list[int]:
    """Return column widths that fit ``columns`` with two blanks between; the widest columns give way first.

    Args:
        wanted: Width of every column's longest cell.
        columns: Terminal columns there are.
        whole: Which columns give way only when all others are as narrow as can be; none when empty.
    """
    widths = list(wanted)
    room = columns - 2 * (len(widths) - 1)
    late = [bool(whole[i]) if i < len(whole) else False for i in range(len(widths))]
    for turn in (False, True):
        mine = [i for i in range(len(widths)) if late[i] is turn]
        while sum(widths) > room and mine:
            widest = max(mine, key=lambda i: widths[i])
            if widths[widest] <= _MIN_COLUMN:
                break
            widths[widest] -= 1
    return widths


def _write_row(texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int], out: IO[str]) -> None:
    wrapped = [wrap(text, width) for text, width in zip(texts, widths, strict=True)]
    for number in range(max(len(lines) for lines in wrapped)):
        parts = []
        for column, lines, width in zip(columns, wrapped, widths, strict=True):
            text = lines[number] if number < len(lines) else ""
            parts.append(" " * (width - cells(text)) + text if column.right else pad(text, width))
        out.write("  ".join(parts).rstrip() + "\n")
