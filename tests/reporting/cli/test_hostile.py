"""Strings an attacker put on the wire stay text, whatever form they are shown in, even if storage let them through."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from detectors import registry
from detectors.alerts import AlertRows, Finding
from detectors.model import Text
from store import schema
from store.lake import Lake
from store.schema import Severity
from store.segment import SegmentWriter, publish

Run = Callable[..., Result]
Over = Callable[[Path], Run]
HOSTILE = "=cmd|'/c calc'!A1\x1b[31mred\x07 [bold]x[/bold] \u202egnp.exe\x7f\u2028"
CONTROLS = {"\x1b", "\x07", "\x7f", "\u202e", "\u2028"}


@pytest.fixture
def hostile(own_home: Path) -> Path:
    """The home with a newer evaluation whose one alert is made of hostile text."""
    rows = AlertRows(registry()["scan_vertical"])
    moment = datetime(2026, 3, 12, tzinfo=UTC)
    text = Text(HOSTILE, HOSTILE)
    finding = Finding(
        ("k",), moment, moment, Severity.HIGH, 0.9, text, text, [b"\0" * 16], 1, HOSTILE, actor=b"\0" * 15 + b"\1"
    )
    rows.add(finding)
    lake = Lake(own_home / "lake")
    with lake.reader("demo") as reader:
        names = ", ".join(column.name for column in schema.ASSESSMENT.emitted())
        judged = reader.arrow(f"SELECT {names} FROM assessment")
    writers = []
    for table, held in ((schema.ALERT, rows.table()), (schema.ASSESSMENT, judged)):
        writer = SegmentWriter(lake.root, table, "demo", "taishi", stamps={"revision": 2})
        for batch in held.cast(table.arrow(table.emitted())).to_batches():
            writer.write(batch)
        writers.append(writer)
    publish(writers, {})
    return own_home


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
@pytest.mark.parametrize("call", ["list", "show", "sql", "export"])
def test_no_form_passes_controls_on(over: Over, hostile: Path, form: str, call: str) -> None:
    """Neither terminal control nor direction override; JSON still reads back to the very same string."""
    run = over(hostile)
    (alert,) = json.loads(run("alert", "list", "-o", "json").stdout)
    assert alert["evidence_en"] == HOSTILE
    words = {
        "list": ("alert", "list"),
        "show": ("alert", "show", alert["alert_id"]),
        "sql": ("sql", "SELECT title_en FROM alert"),
        "export": ("export", "--format", "csv", "--table", "alert"),
    }[call]
    result = run(*words, "-o", form)
    assert result.exit_code == 0
    assert not CONTROLS & set(result.stdout)
    assert "gnp.exe" in "".join(result.stdout.split())


def test_no_cell_becomes_a_formula(over: Over, hostile: Path) -> None:
    """In every CSV: text that a spreadsheet would run begins with an apostrophe."""
    run = over(hostile)
    for words in (("alert", "list", "-o", "csv"), ("export", "--format", "csv", "--table", "alert")):
        (row,) = csv.DictReader(io.StringIO(run(*words).stdout))
        assert row["title_en"].startswith("'=cmd")
        assert not any(value.startswith(("=", "@", "+", "\t")) for value in row.values())
