"""Exports parse back to what the lake holds: Zeek by its own header, JSON lines, CSV with guarded cells."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reporting.clean import zeek_cell
from reporting.cli.export import FORMATS
from reporting.export import FORMATS as WRITTEN
from reporting.export.zeek import TYPES, cell, write_zeek
from store import schema

Run = Callable[..., Result]
HOSTILE = "a\tb\nc\\d,e\x1b\u202e\u4e2d=f"


def parse_zeek(text: str) -> list[dict[str, Any]]:
    """Read a Zeek ASCII log by what its header says, as zeek-cut and Zeek's own reader do."""
    header: dict[str, list[str]] = {}
    rows = []
    separator = "\t"
    for line in text.split("\n")[:-1]:
        if line.startswith("#separator "):
            separator = line.removeprefix("#separator ").encode().decode("unicode_escape")
        elif line.startswith("#"):
            name, *values = line[1:].split(separator)
            header[name] = values
        else:
            rows.append(line.split(separator))
    (unset,), (empty,), (comma,) = header["unset_field"], header["empty_field"], header["set_separator"]

    def value(raw: str, kind: str) -> object:
        if raw == unset:
            return None
        if kind.startswith("set["):
            return [] if raw == empty else [unescape(item) for item in raw.split(comma)]
        if kind in {"count", "int", "port"}:
            return int(raw)
        if kind in {"time", "interval", "double"}:
            return float(raw)
        return {"T": True, "F": False}[raw] if kind == "bool" else "" if raw == empty else unescape(raw)

    return [
        {name: value(raw, kind) for name, raw, kind in zip(header["fields"], row, header["types"], strict=True)}
        for row in rows
    ]


def unescape(text: str) -> str:
    r"""Undo ``\xNN``."""
    raw = re.sub(rb"\\x([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode())
    return raw.decode("utf-8")


def _view(taishi: Run, name: str, order: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(
        taishi("sql", f"SELECT * FROM {name} ORDER BY {order}", "-o", "json").stdout
    )
    return rows


def test_choices_are_what_is_written() -> None:
    """The option's choices are written out, so that help needs no import; they stay equal."""
    assert FORMATS == WRITTEN


def test_zeek_log_parses_back(taishi: Run) -> None:
    """Every field of every conversation comes back as the view gives it."""
    rows = parse_zeek(taishi("export", "--format", "zeek").stdout)
    view = _view(taishi, "v_zeek_conn", "ts, uid")
    assert len(rows) == len(view) > 2000
    for read, held in zip(rows, view, strict=True):
        for name in ("ts", "duration"):
            assert read.pop(name) == pytest.approx(held.pop(name), abs=1e-6)
        assert read == held


def test_zeek_header_is_zeeks(taishi: Run) -> None:
    """The lines that Zeek's reader needs, in Zeek's order and spelling."""
    lines = taishi("export", "--format", "zeek").stdout.split("\n")
    assert lines[:5] == [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tconn",
    ]
    assert lines[5].startswith("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\t")
    assert lines[6].startswith("#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\t")
    assert len(lines[5].split("\t")) == len(lines[6].split("\t"))


def test_zeek_escapes_what_would_break_the_log() -> None:
    """Separators, controls, non-ASCII and the marks themselves survive the way through the file."""
    row: dict[str, Any] = dict.fromkeys(TYPES)
    for text in (HOSTILE, "-", "(empty)", "", "\\x41"):
        out = io.StringIO()
        assert write_zeek([{**row, "service": text, "tunnel_parents": [text or "x", "y"]}], out) == 1
        (read,) = parse_zeek(out.getvalue())
        assert read["service"] == text
        assert read["tunnel_parents"] == [text or "x", "y"]
        assert out.getvalue().isascii()
    assert cell([], "set[string]") == "(empty)"
    assert cell(None, "string") == "-"
    assert zeek_cell("-") == "\\x2d"


@pytest.mark.parametrize(
    ("form", "view", "order"),
    [("eve", "v_eve_flow", 'flow."start", flow_id'), ("ocsf", "v_ocsf", "start_time, connection_info.uid")],
)
def test_json_lines_are_the_view_without_nulls(taishi: Run, form: str, view: str, order: str) -> None:
    """One object per line; absent instead of null at every depth; nothing else differs."""
    lines = [json.loads(line) for line in taishi("export", "--format", form).stdout.splitlines()]
    assert lines == [_present(row) for row in _view(taishi, view, order)]
    assert len(lines) > 2000


def _present(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: _present(inner) for name, inner in value.items() if inner is not None}


def test_csv_has_text_addresses(taishi: Run) -> None:
    """Conversations with readable addresses, identifiers and times; counts agree with the lake."""
    rows = list(csv.DictReader(io.StringIO(taishi("export", "--format", "csv").stdout)))
    (count,) = _view(taishi, "(SELECT count(*) AS n, sum(src_pkts + dst_pkts)::BIGINT AS p FROM conversation)", "1")
    assert len(rows) == count["n"]
    assert sum(int(row["src_pkts"]) + int(row["dst_pkts"]) for row in rows) == count["p"]
    assert any(row["src_ip"] == "10.20.1.147" for row in rows)
    assert all(re.fullmatch(r"[0-9a-f-]{36}(;[0-9a-f-]{36})*", row["flow_uids"]) for row in rows)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["ts_start"]) for row in rows)
    assert all(re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}|", row["src_mac"]) for row in rows)


def test_csv_of_any_view(taishi: Run) -> None:
    """Each view of the lake can be written; an unknown one is told, and so is --table with another form."""
    views = _view(taishi, "duckdb_views()", "view_name")
    lake = {table.name for table in schema.TABLES} | {"conversation", "logins", "v_zeek_conn", "v_eve_flow", "v_ocsf"}
    names = [row["view_name"] for row in views if row["view_name"] in lake]  # the console has memory and trends too
    assert {"flow", "alert", "ics", "logins"} <= set(names)
    for name in names:
        result = taishi("export", "--format", "csv", "--table", name)
        assert result.exit_code == 0, name
        (count,) = _view(taishi, f"(SELECT count(*) AS n FROM {name})", "1")
        assert len(list(csv.reader(io.StringIO(result.stdout)))) == count["n"] + 1, name
    wrong = taishi("export", "--format", "csv", "--table", "flw")
    assert wrong.exit_code == 2
    assert "conversation" in wrong.stderr
    assert taishi("export", "--format", "eve", "--table", "flow").exit_code == 2


def test_a_file_appears_when_complete(taishi: Run, tmp_path: Path) -> None:
    """The file holds what standard output would; after a failure there is none."""
    done = taishi("export", "--format", "ocsf", "-w", tmp_path / "o.json")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert (tmp_path / "o.json").read_text("utf-8") == taishi("export", "--format", "ocsf").stdout
    assert taishi("export", "--format", "csv", "--table", "none", "-w", tmp_path / "x.csv").exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["o.json"]


def test_same_case_same_bytes(taishi: Run) -> None:
    """Nothing in an export depends on when it is made."""
    for form in FORMATS:
        assert taishi("export", "--format", form).stdout == taishi("export", "--format", form).stdout
