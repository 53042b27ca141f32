"""``taishi sql``: all forms, hostile names and values, wide rows, and nothing but reading."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reporting.width import MAX_COLUMNS, cells

Run = Callable[..., Result]
Over = Callable[[Path], Run]


def test_forms_agree(taishi: Run) -> None:
    """The same rows as array, lines and CSV; no row is ``[]``."""
    query = (
        "SELECT dst_port, count(*) AS n FROM flow WHERE dst_port < 1024 GROUP BY ALL ORDER BY n DESC, dst_port LIMIT 3"
    )
    rows = json.loads(taishi("sql", query, "-o", "json").stdout)
    assert [json.loads(line) for line in taishi("sql", query, "-o", "jsonl").stdout.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(taishi("sql", query, "-o", "csv").stdout)))
    assert [{name: int(value) for name, value in row.items()} for row in table] == rows
    assert taishi("sql", "SELECT 1 AS one WHERE false", "-o", "json").stdout == "[]\n"
    assert taishi("sql", "SELECT 1 AS one WHERE false").stdout == "No rows.\n"


def test_casebook_is_readable(taishi: Run) -> None:
    """Incidents and audit are tables beside the views of the lake."""
    query = "SELECT number, (SELECT count(*) FROM alert) AS alerts FROM incident JOIN audit ON audit.seq = 1"
    (row,) = json.loads(taishi("sql", query, "-o", "json").stdout)
    assert row["number"] == "I-2026-0001"
    assert row["alerts"] > 5


def test_hostile_names_and_values_are_tamed(taishi: Run) -> None:
    """Controls and overrides are escaped everywhere, formulas guarded in CSV, also in column names."""
    query = 'SELECT \'=1+1\' || chr(27) || chr(8238) AS "=cmd\u202e", chr(127) AS "d"'
    table = taishi("sql", query).stdout
    sheet = taishi("sql", query, "-o", "csv").stdout
    text = taishi("sql", query, "-o", "json").stdout
    for shown in (table, sheet, text):
        assert not {"\x1b", "\u202e", "\x7f"} & set(shown)
    assert sheet.splitlines()[0].startswith("'=cmd")
    assert sheet.splitlines()[1].startswith("'=1+1\\x1b")
    assert json.loads(text) == [{"=cmd\u202e": "=1+1\x1b\u202e", "d": "\x7f"}]


def test_odd_values_have_a_form(taishi: Run) -> None:
    """Equal names stay apart; infinity and NaN are null; times past the year 9999 are text; big numbers are exact."""
    query = (
        "SELECT 1 AS a, 2 AS a, 'inf'::DOUBLE AS i, 'nan'::FLOAT AS n, make_timestamptz(400000000000000000) AS t, "
        "9007199254740993::BIGINT AS b, 12345678901234567890123::HUGEINT AS h, [1, NULL] AS l, {'x': 1} AS s"
    )
    (row,) = json.loads(taishi("sql", query, "-o", "json").stdout)
    assert (row["a"], row["a_1"], row["i"], row["n"], row["b"]) == (1, 2, None, None, 9007199254740993)
    assert row["t"].startswith("14645-")
    assert int(row["h"]) == 12345678901234567890123
    assert (row["l"], row["s"]) == ([1, None], {"x": 1})
    assert taishi("sql", query, "-o", "csv").exit_code == 0
    assert taishi("sql", query).exit_code == 0


def test_wide_rows_become_blocks(taishi: Run) -> None:
    """A row of forty columns is shown as name and value per line; nothing exceeds the screen."""
    lines = taishi("sql", "SELECT * FROM flow ORDER BY flow_uid LIMIT 2").stdout.splitlines()
    assert max(cells(line) for line in lines) <= MAX_COLUMNS
    assert sum(line.startswith("-- ") for line in lines) == 2
    assert any(line.startswith("dst_port ") for line in lines)


@pytest.mark.parametrize(
    "query",
    [
        "DROP VIEW flow",
        "CREATE TABLE t AS SELECT 1",
        "COPY flow TO '/tmp/x'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "SET threads = 1",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "selec",
        "",
    ],
)
def test_only_reading_is_accepted(taishi: Run, query: str) -> None:
    """Everything else ends with code 2 and a sentence, and leaves standard output empty."""
    result = taishi("sql", query, "-o", "json")
    assert result.exit_code in {1, 2}
    assert result.exit_code == 2 or "passwd" in query
    assert result.stdout == ""
    assert result.stderr.startswith("sql: ")


def test_a_named_lake_needs_no_home(taishi: Run, over: Over, scanned: Path, tmp_path: Path) -> None:
    """``--lake`` reads a folder, with or without a case; a folder without lake ends with 3."""
    run = over(tmp_path / "none")
    query = "SELECT count(*) AS n FROM flow"
    whole = run("sql", query, "--lake", scanned / "home" / "lake", "-o", "json")
    assert whole.stdout == taishi("sql", query, "-o", "json").stdout
    assert run("sql", query, "--lake", scanned / "home" / "lake", "--case", "demo").exit_code == 0
    assert run("sql", query, "--lake", scanned / "home" / "lake", "--case", "x").exit_code == 3
    assert run("sql", query, "--lake", tmp_path).exit_code == 3
    assert list(tmp_path.iterdir()) == []
