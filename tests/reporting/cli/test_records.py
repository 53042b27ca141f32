"""``taishi records``: every table in every form, conditions, flows, and messages that say what would be right."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reporting.cases.records import TABLES, declared
from reporting.fitting import TEXT_COLUMNS, fitting
from reporting.tables import Column, fit
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES

Run = Callable[..., Result]
Over = Callable[[Path], Run]


def _json(run: Run, *args: object) -> Any:  # noqa: ANN401 - JSON
    result = run(*args, "-o", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_tables_are_listed_with_their_rows(taishi: Run) -> None:
    """Every protocol table with the rows that the case has in it."""
    listed = _json(taishi, "records")
    assert [row["table"] for row in listed] == list(TABLES)
    counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM {name}" for name in TABLES)
    counted = {row["name"]: row["n"] for row in _json(taishi, "sql", counts)}
    assert {row["table"]: row["rows"] for row in listed} == counted
    assert taishi("records").stdout.split()[:2] == ["table", "rows"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("table", TABLES)
def test_every_table_fits_the_screen(taishi: Run, table: str, lang: str) -> None:
    """Any table, also those that come later: at most 100 columns, the time first, hidden columns told."""
    result = taishi("records", table, "--lang", lang, "--limit", "50")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert all(cells(line) <= MAX_COLUMNS for line in lines)
    if lines:
        shown = lines[0].split()
        assert shown[0] in {"flow_uid", "ts"}
        hidden = [column.name for column in declared(table).stored() if column.name not in shown]
        assert all(name in result.stderr for name in hidden)


@pytest.mark.parametrize("table", TABLES)
def test_json_and_csv_have_all_columns_as_text(taishi: Run, table: str) -> None:
    """The same rows in all forms; addresses dotted, hardware addresses with colons, uids as UUIDs, times in UTC."""
    rows = _json(taishi, "records", table, "--limit", "20")
    names = [column.name for column in declared(table).stored()]
    assert all(list(row) == names for row in rows)
    sheet = list(csv.DictReader(io.StringIO(taishi("records", table, "--limit", "20", "-o", "csv").stdout)))
    assert [row["ts"] for row in sheet] == [row["ts"] for row in rows]
    for row in rows:
        assert row["ts"].endswith("Z")
        assert row["flow_uid"] is None or len(row["flow_uid"]) == 36
        assert all("." in value or ":" in value for name, value in row.items() if name.endswith("_ip") and value)
        assert all(len(value) == 17 for name, value in row.items() if name.endswith("_mac") and value)
    assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)


def test_conditions_speak_of_what_is_shown(taishi: Run) -> None:
    """Addresses as text, times as times, whole expressions, and sub-queries over the other views."""
    every = _json(taishi, "records", "ftp")
    sender = every[0]["sender_ip"]
    mine = _json(taishi, "records", "ftp", "--where", f"sender_ip = '{sender}' AND command = 'PASS' -- mine")
    assert mine == [row for row in every if row["sender_ip"] == sender and row["command"] == "PASS"]
    late = _json(taishi, "records", "ftp", "--where", f"ts > '{every[4]['ts']}' OR false", "--limit", "2")
    assert late == [row for row in every if row["ts"] > every[4]["ts"]][:2]
    inner = "flow_uid IN (SELECT uid_text(flow_uid) FROM flow WHERE dst_port = 21)"
    assert _json(taishi, "records", "ftp", "--where", inner) == every


def test_records_of_one_flow(taishi: Run) -> None:
    """By UUID or hex digits; together with a condition."""
    every = _json(taishi, "records", "ftp")
    uid = every[0]["flow_uid"]
    own = [row for row in every if row["flow_uid"] == uid]
    assert _json(taishi, "records", "ftp", "--flow", uid) == own
    assert _json(taishi, "records", "ftp", "--flow", uid.replace("-", "").upper(), "--where", "true") == own
    assert _json(taishi, "records", "modbus", "--flow", uid) == []


def test_nothing_found_is_no_error(taishi: Run) -> None:
    """Exit code 0, a word on standard error, and forms that stay readable by programs."""
    for form, out in (("table", ""), ("json", "[]\n"), ("jsonl", "")):
        result = taishi("records", "ftp", "--where", "user = 'nobody'", "-o", form)
        assert (result.exit_code, result.stdout, result.stderr) == (0, out, "No rows.\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("records", "ftpp"), 2, ("no such table", "nearest: ftp", "modbus")),
        (("records", "ftp", "--where", "usr = 'x'"), 2, ("no column usr", "user, login_method")),
        (("records", "ftp", "--where", "user ="), 2, ("Parser Error", "user, login_method")),
        (("records", "ftp", "--where", " "), 2, ("--where: nothing", "user, login_method")),
        (("records", "ftp", "--where", "reply_code = 'x'"), 2, ("'x'", "reply_code")),
        (("records", "ftp", "--where", "reply_code = CAST(arg AS INTEGER)"), 2, ("records ftp --where",)),
        (("records", "ftp", "--where", "true); DROP VIEW ftp; SELECT (1"), 2, ("3 statements",)),
        (("records", "ftp", "--where", "1 = (SELECT count(*) FROM read_csv('/etc/passwd'))"), 2, ("sql: ",)),
        (("records", "ftp", "--where", "\x1b[31m"), 2, ("records ftp --where",)),
        (("records", "ftp", "--flow", "12"), 2, ("no flow_uid",)),
        (("records", "ftp", "--flow", "0" * 32), 3, ("not found",)),
        (("records", "--limit", "3"), 2, ("name the table",)),
        (("records", "ftp", "--case", "none"), 3, ("none",)),
    ],
)
def test_errors_say_what_is_allowed(taishi: Run, words: tuple[str, ...], code: int, told: tuple[str, ...]) -> None:
    """One sentence on standard error, nothing on standard output, no control characters."""
    result = taishi(*words)
    assert result.exit_code == code, result.stderr
    assert all(piece in result.stderr for piece in told), result.stderr
    assert result.stdout == ""
    assert "\x1b" not in result.stderr


def test_wire_strings_are_escaped(taishi: Run) -> None:
    """What a condition makes visible is escaped like everything else."""
    chinese = taishi("records", "ftp", "--lang", "zh-CN", "--where", "usr = chr(27)")
    assert "没有 usr 列" in chinese.stderr


def test_columns_are_chosen_by_urgency_and_room() -> None:
    """Empty columns go, texts give way to their least width, numbers and addresses stay whole, order is kept."""
    columns = [
        Column("uid", "uid", whole=True),
        Column("none", "none"),
        Column("text", "text"),
        Column("名称", "名称"),
        Column("ip", "ip", whole=True),
    ]
    rows = [{"uid": "u" * 36, "none": None, "text": "x" * 200, "名称": "字" * 50, "ip": "f" * 39}]
    kept = fitting(rows, columns, {"uid": 9, "ip": 0, "text": 1, "名称": 2})
    assert [column.key for column in kept] == ["text", "名称", "ip"]
    widths = fit([200, 100, 39], MAX_COLUMNS, [column.whole for column in kept])
    assert widths[2] == 39
    assert min(widths) >= TEXT_COLUMNS[0]
    assert sum(widths) + 4 <= MAX_COLUMNS
    assert fitting([], columns[:1], {}) == []


def test_columns_that_matter_share_the_room() -> None:
    """Where three texts that matter would not fit at their usual width, each is broken into narrower lines."""
    columns = [Column("ip", "ip", whole=True), *(Column(name, name) for name in ("host", "target", "other"))]
    rows = [{"ip": "f" * 50, "host": "h" * 90, "target": "t" * 90, "other": "o" * 90}]
    urgency = {"ip": 0, "host": 1, "target": 1, "other": 2}
    assert [column.key for column in fitting(rows, columns, urgency)] == ["ip", "host", "target"]
    assert [column.key for column in fitting(rows, columns, urgency | {"target": 2})] == ["ip", "host"]
