"""Alerts, incidents and packets read back: every form, filters, unknown ids, both languages, 100 columns."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from click.testing import Result

from reporting.cli._pick import SEVERITIES
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES
from store.schema import Severity

Run = Callable[..., Result]
Over = Callable[[Path], Run]


def _json(run: Run, *args: object) -> Any:  # noqa: ANN401 - JSON
    result = run(*args, "-o", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_choices_are_the_severities_of_the_schema() -> None:
    """The option's choices are written out, so that help needs no import; they stay equal."""
    assert tuple(Severity) == SEVERITIES


def test_alert_list_is_the_same_in_all_forms(taishi: Run) -> None:
    """One array, one object per line, one CSV row: the same alerts in the same order, highest score first."""
    rows = _json(taishi, "alert", "list")
    lines = [json.loads(line) for line in taishi("alert", "list", "-o", "jsonl").stdout.splitlines()]
    table = list(csv.DictReader(io.StringIO(taishi("alert", "list", "-o", "csv").stdout)))
    assert lines == rows
    assert [row["alert_id"] for row in table] == [row["alert_id"] for row in rows]
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert {row["detector"] for row in rows} >= {"scan_horizontal", "scan_vertical", "brute_force", "ics_rogue_master"}
    assert all(row["display_filter"] and row["evidence_en"] and row["evidence_zh"] for row in rows)
    assert all(len(uid) == 36 for row in rows for uid in row["flow_uids"])


def test_alert_filters(taishi: Run) -> None:
    """Severity means this one and above; detector and limit narrow further; an unknown detector names the nearest."""
    high = _json(taishi, "alert", "list", "--severity", "high")
    assert {row["severity"] for row in high} == {"critical", "high"}
    swept = _json(taishi, "alert", "list", "--detector", "scan_horizontal")
    assert {row["detector"] for row in swept} == {"scan_horizontal"}
    assert len(_json(taishi, "alert", "list", "--limit", "2")) == 2
    assert _json(taishi, "alert", "list", "--detector", "scan_block") == []
    wrong = taishi("alert", "list", "--detector", "scan_horizonal")
    assert wrong.exit_code == 2
    assert "nearest: scan_horizontal" in wrong.stderr


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_fit_100_columns(taishi: Run, lang: str) -> None:
    """Every table form, in both languages; only commands to copy may be longer."""
    number = _json(taishi, "incident", "list")[0]["incident_id"]
    alert = _json(taishi, "alert", "list")[0]["alert_id"]
    calls = (("alert", "list"), ("incident", "list"), ("alert", "show", alert), ("incident", "show", number))
    for call in calls:
        result = taishi("--lang", lang, *call)
        assert result.exit_code == 0
        assert "\x1b" not in result.stdout
        wide = [
            line for line in result.stdout.splitlines() if cells(line) > MAX_COLUMNS and "taishi --home" not in line
        ]
        assert wide == []


def test_alert_list_shows_the_display_filter(taishi: Run) -> None:
    """Beside each alert; a table cell breaks it between words only."""
    shown = " ".join(taishi("alert", "list", "--detector", "scan_vertical").stdout.split())
    assert "ip.addr ==" in shown


def test_incident_list_and_show(taishi: Run, scanned: Path) -> None:
    """The incident of the demo: who, evidence in both languages, flows, filter, commands that work in this home."""
    rows = _json(taishi, "incident", "list", "--severity", "critical")
    assert [row["actor"] for row in rows] == ["10.20.1.147"]
    assert _json(taishi, "incident", "list", "--detector", "brute_force") == rows
    shown = _json(taishi, "incident", "show", rows[0]["incident_id"])
    assert rows[0].items() <= shown.items()
    assert shown["alerts"] == len(shown["alert_ids"]) == len(shown["evidence"])
    assert all(text["en"] and text["zh"] for text in (*shown["evidence"], *shown["innocent"]))
    assert len(shown["flow_uids"]) == len(set(shown["flow_uids"])) <= shown["flow_count"]
    assert "10.20.1.147" in shown["display_filter"]
    assert all(step.startswith(f"taishi --home {scanned / 'home'} ") for step in shown["next"])
    assert shown["history"][0]["field"] == "state"


def test_beginnings_and_other_names_are_enough(taishi: Run) -> None:
    """An id is found by its unambiguous beginning; an incident by its key too."""
    alert = _json(taishi, "alert", "list")[0]
    assert _json(taishi, "alert", "show", alert["alert_id"][:8])["alert_id"] == alert["alert_id"]
    incident = _json(taishi, "incident", "list")[0]
    for name in (incident["key"], incident["key"][:10], incident["incident_id"][:6].lower()):
        assert _json(taishi, "incident", "show", name)["incident_id"] == incident["incident_id"]


def test_alert_show_names_its_incident(taishi: Run) -> None:
    """What to type next: the incident, and its packets; innocent explanations come from the detector."""
    alert = _json(taishi, "alert", "list", "--severity", "high")[0]["alert_id"]
    shown = _json(taishi, "alert", "show", alert)
    assert len(shown["incidents"]) == 1
    assert shown["innocent"]
    assert any(step.endswith(f"incident show {shown['incidents'][0]}") for step in shown["next"])
    (row,) = csv.DictReader(io.StringIO(taishi("alert", "show", alert, "-o", "csv").stdout))
    assert row["alert_id"] == alert


@pytest.mark.parametrize("kind", ["alert", "incident"])
def test_unknown_id_names_the_nearest(taishi: Run, kind: str) -> None:
    """Exit code 3; control characters of the command line come back escaped."""
    own = _json(taishi, kind, "list")[0][f"{kind}_id"]
    wrong = taishi(kind, "show", own[:-1] + "\x1b")
    assert wrong.exit_code == 3
    assert f"nearest: {own}" in wrong.stderr
    assert "\x1b" not in wrong.stderr


def test_case_is_chosen_or_refused(taishi: Run, tmp_path: Path, over: Over) -> None:
    """The last case by default; an unknown case and an absent home end with 3 and make nothing."""
    assert _json(taishi, "alert", "list", "--case", "demo") == _json(taishi, "alert", "list")
    wrong = taishi("alert", "list", "--case", "no-such")
    assert wrong.exit_code == 3
    assert "demo" in wrong.stderr
    absent = over(tmp_path / "none")
    for words in (("alert", "list"), ("incident", "list"), ("sql", "SELECT 1"), ("export", "--format", "csv")):
        assert absent(*words).exit_code == 3
    assert not (tmp_path / "none").exists()


def test_empty_lists_are_empty_arrays(own_home: Path, over: Over) -> None:
    """A case without casebook: ``[]`` and a sentence, and no casebook comes into being."""
    (own_home / "casebook.sqlite").unlink()
    run = over(own_home)
    assert run("incident", "list", "-o", "json").stdout == "[]\n"
    assert run("incident", "list").stdout == "No incidents in case demo.\n"
    assert run("incident", "show", "I-2026-0001").exit_code == 3
    assert not (own_home / "casebook.sqlite").exists()


def _frames(path: Path) -> int:
    """Return the number of records of a pcap file, whatever its byte order."""
    data = path.read_bytes()
    order: Literal["little", "big"] = "little" if data[0] in b"\xd4\x4d" else "big"
    count, place = 0, 24
    while place < len(data):
        place += 16 + int.from_bytes(data[place + 8 : place + 12], order)
        count += 1
    assert place == len(data)
    return count


def test_packets_of_alert_incident_and_flow(taishi: Run, tmp_path: Path, scanned: Path) -> None:
    """The frames told are the frames written; a flow by UUID and by hex digits gives the same file."""
    incident = _json(taishi, "incident", "list")[0]["incident_id"]
    alert = _json(taishi, "alert", "list", "--detector", "ics_dangerous_function", "--severity", "high")[0]
    told = _json(taishi, "packets", incident, "-w", tmp_path / "i.pcap")
    (file,) = told["files"]
    assert file["capture"] == str(scanned / "day.pcap")
    assert file["frames"] == _frames(tmp_path / "i.pcap") > 1000
    assert told["flows_kept"] < told["flow_count"]
    one = _json(taishi, "packets", alert["alert_id"], "-w", tmp_path / "a.pcap")
    assert one["display_filter"] == alert["display_filter"]
    uid = alert["flow_uids"][0]
    flow = _json(taishi, "packets", uid, "-w", tmp_path / "f.pcap")
    assert taishi("packets", uid.replace("-", ""), "-w", tmp_path / "g.pcap").exit_code == 0
    assert (tmp_path / "f.pcap").read_bytes() == (tmp_path / "g.pcap").read_bytes()
    assert "tcp.port == 2404" in flow["display_filter"]
    said = taishi("packets", incident, "-w", tmp_path / "t.pcap").stdout
    assert "rests on" in said
    assert "display filter: " in said


def test_packets_refuse_what_would_mislead(
    taishi: Run, own_home: Path, tmp_path: Path, scanned: Path, over: Over
) -> None:
    """Nothing is overwritten; unknown targets end with 3; a changed or moved capture is told and leaves no file."""
    (tmp_path / "x.pcap").write_bytes(b"mine")
    assert taishi("packets", "I-2026-0001", "-w", tmp_path / "x.pcap").exit_code == 1
    assert (tmp_path / "x.pcap").read_bytes() == b"mine"
    assert taishi("packets", "0" * 32, "-w", tmp_path / "y.pcap").exit_code == 3
    capture = tmp_path / "moved.pcap"
    shutil.copy(scanned / "day.pcap", capture)
    run = over(own_home)
    assert run("scan", capture, "--into", "moved").exit_code == 0
    with capture.open("ab") as file:
        file.write(b"\0")
    changed = run("packets", "I-2026-0002", "--case", "moved", "-w", tmp_path / "y.pcap")
    assert changed.exit_code == 1
    assert "changed since it was scanned" in changed.stderr
    capture.unlink()
    assert run("packets", "I-2026-0002", "--case", "moved", "-w", tmp_path / "y.pcap").exit_code == 3
    assert [path.name for path in tmp_path.glob("y*")] == []


def test_packets_of_several_captures_are_several_files(
    own_home: Path, tmp_path: Path, scanned: Path, over: Over
) -> None:
    """One file per capture, and the names say so."""
    second = tmp_path / "second.pcap"
    shutil.copy(scanned / "day.pcap", second)
    with second.open("ab") as file:  # one more record of no flow: another content, the same flows at other uids
        file.write(bytes.fromhex("00e1b26900000000" + "04000000" * 2) + b"none")
    assert hashlib.sha256(second.read_bytes()).digest() != hashlib.sha256((scanned / "day.pcap").read_bytes()).digest()
    run = over(own_home)
    assert run("scan", second, "--into", "demo").exit_code in {0, 7}
    number = _json(run, "incident", "list")[0]["incident_id"]
    told = _json(run, "packets", number, "-w", tmp_path / "out.pcap")
    assert [Path(file["path"]).name for file in told["files"]] == ["out-1.pcap", "out-2.pcap"]
    assert all(_frames(Path(file["path"])) == file["frames"] for file in told["files"])
    assert run("packets", number, "-w", tmp_path / "out.pcap").exit_code == 1
