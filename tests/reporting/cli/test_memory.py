"""``taishi detect``, ``memory`` and ``entity`` over the demo day."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from reporting.cli._root import ROOT

Run = Callable[..., Result]


def test_commands_are_there() -> None:
    """The tree knows the three."""
    assert {"detect", "memory", "entity"} <= set(ROOT.list_commands(None))  # type: ignore[arg-type] # unused


def test_detect_finds_what_the_scan_found_and_writes_nothing(own_home: Path, over: Callable[[Path], Run]) -> None:
    """Judging the whole case again is a no-op for the lake and for the incidents."""
    run = over(own_home)
    before = json.loads(run("incident", "list", "-o", "json").stdout)
    files = sorted(path.name for path in (own_home / "lake" / "alert").rglob("*.parquet"))
    result = run("detect", "-o", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["alerts"]
    assert {one["incident_id"] for one in found["incidents"]} == {one["incident_id"] for one in before}
    assert json.loads(run("incident", "list", "-o", "json").stdout) == before
    assert sorted(path.name for path in (own_home / "lake" / "alert").rglob("*.parquet")) == files


def test_detect_tells_every_mistake_at_once(taishi: Run) -> None:
    """Times, detectors and parameters in one message, nothing run."""
    result = taishi(
        *("detect", "--since", "yesterday", "--until", "2026-13-01", "--detector", "scan_horizonal"),
        *("--param", "brute_force.nope=1", "--param", "x"),
    )
    assert result.exit_code == 2
    for part in ("--since: 'yesterday'", "--until: '2026-13-01'", "use 'scan_horizontal'", "--param x:"):
        assert part in result.output, part


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ("scan_horizontal.nope=1", "has no parameter 'nope'"),
        ("scan_horizontal.min_hosts=-1", "out of range"),
        ("nothing.x=1", "no detector 'nothing'"),
    ],
)
def test_a_wrong_parameter_is_told_with_what_is_allowed(taishi: Run, param: str, said: str) -> None:
    """Unknown names and numbers out of range."""
    result = taishi("detect", "--param", param)
    assert result.exit_code == 2
    assert said in result.output
    assert "allowed: " in result.output


def test_the_memory_is_there_after_a_scan(taishi: Run) -> None:
    """Status says days, rows and budget; the console sees the tables."""
    status = json.loads(taishi("memory", "status", "-o", "json").stdout)
    rows = {table["table"]: table["rows"] for table in status["tables"]}
    assert status["days"] >= 1
    assert status["days_to_do"] == 0
    assert rows["edge"] > 0
    counted = json.loads(taishi("sql", "SELECT count(*) AS n FROM edge", "-o", "json").stdout)
    assert counted == [{"n": rows["edge"]}]
    assert "edge_day" in taishi("memory", "status").stdout


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_an_entity_is_shown_by_address_and_by_mac(taishi: Run, lang: str) -> None:
    """The most talkative address: as a table, as JSON, and again by its MAC where it has one."""
    sql = "SELECT ip_text(ip) AS ip, conversations FROM asset_seen ORDER BY conversations DESC, ip LIMIT 1"
    (top,) = json.loads(taishi("sql", sql, "-o", "json").stdout)
    shown = taishi("entity", "show", top["ip"], "--lang", lang)
    assert shown.exit_code == 0, shown.output
    assert top["ip"] in shown.stdout
    found = json.loads(taishi("entity", "show", top["ip"], "-o", "json").stdout)
    assert found["conversations"] == top["conversations"]
    assert found["peers_largest"]
    assert found["first_seen"] <= found["last_seen"]
    macs = [mark["value"] for mark in found["identity"] if mark["kind"] == "mac"]
    for mac in macs[:1]:
        again = json.loads(taishi("entity", "show", mac.upper(), "-o", "json").stdout)
        assert top["ip"] in {again["address"], *again["other_addresses"]}


def test_the_actor_of_an_incident_has_a_timeline(taishi: Run) -> None:
    """Its alerts in time and the incident they belong to."""
    (first, *_) = json.loads(taishi("incident", "list", "-o", "json").stdout)
    actor = first["actor"].split(",")[0]
    found = json.loads(taishi("entity", "show", actor, "-o", "json").stdout)
    assert first["incident_id"] in {one["incident_id"] for one in found["incidents"]}
    moments = [alert["ts_start"] for alert in found["alerts"]]
    assert moments == sorted(moments)
    assert taishi("entity", "show", actor, "-o", "csv").stdout.startswith("address,")


def test_an_unknown_entity_names_the_nearest(taishi: Run) -> None:
    """Exit code 3, like every thing that is not there."""
    result = taishi("entity", "show", "203.0.113.250")
    assert result.exit_code == 3
    assert "nearest:" in result.output
