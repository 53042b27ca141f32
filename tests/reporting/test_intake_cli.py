"""``taishi intake`` and ``taishi scan`` with logs: what is said, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reporting.cli._root import ROOT
from tests.sensor.zeek_logs import conn, tsv


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Return a folder with a log, a log without a table, and something else."""
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "conn.log").write_text(tsv("conn", [conn(n) for n in range(7)]))
    (folder / "stats.log").write_text(tsv("stats", [{"ts": "1.0"}], ("ts", "mem")))
    (folder / "readme.txt").write_text("no log\n")
    return folder


def _run(tmp_path: Path, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(ROOT, ["--home", str(tmp_path / "home"), "--lang", "en", *words])
    assert done.exit_code == code, done.output
    return done.output


def test_folder_is_taken_in_and_said(tmp_path: Path, logs: Path) -> None:
    """Rows per log, what has no table, what is no log; again: nothing added."""
    said = _run(tmp_path, "intake", "zeek", str(logs), "--into", "c")
    assert "zeek conn, 7 lines -> flow 7" in said
    assert "zeek stats, 1 lines; no table" in said
    assert "1 other file(s)" in said
    assert "case c" in said
    again = _run(tmp_path, "intake", "zeek", str(logs), "--into", "c")
    assert "same content was taken in before" in again


def test_broken_line_has_the_exit_code_of_damage(tmp_path: Path, logs: Path) -> None:
    """7, with where, what, what is allowed and what to do."""
    with (logs / "conn.log").open("a") as file:
        file.write("1700000000.0\tbroken\n")
    said = _run(tmp_path, "intake", "zeek", str(logs), code=7)
    assert "1 line(s) refused" in said
    assert "allowed:" in said
    assert "run the same command again" in said


def test_no_log_is_an_error(tmp_path: Path, logs: Path) -> None:
    """A text is no Zeek log; an absent file has code 3."""
    assert "no such log" in _run(tmp_path, "intake", "zeek", str(logs / "readme.txt"), code=1)
    assert "cannot be read" in _run(tmp_path, "intake", "eve", str(logs / "none.json"), code=3)


def test_sensor_of_another_program_is_refused(tmp_path: Path, logs: Path) -> None:
    """Zeek's name cannot be Suricata's in one case."""
    _run(tmp_path, "intake", "zeek", str(logs), "--into", "c", "--sensor", "s")
    eve = tmp_path / "eve.json"
    eve.write_text('{"timestamp":"2024-05-14T10:00:00.000000+0000","event_type":"stats"}\n')
    assert "under this name" in _run(tmp_path, "intake", "eve", str(eve), "--into", "c", "--sensor", "s", code=2)


def test_scan_judges_logs_like_a_capture(tmp_path: Path, logs: Path) -> None:
    """The result lists the logs with their rows and counts their conversations."""
    value = json.loads(_run(tmp_path, "scan", str(logs), "-o", "json"))
    assert value["totals"]["conversations"] == 7
    assert [file["rows"] for file in value["files"] if file["log"] == "zeek conn"] == [{"flow": 7}]
