"""``--home-net`` of a scan stays with its case: later scans and every other command judge direction by it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from capture.conversation import Talk
from capture.files import write_pcap
from click.testing import Result

Run = Callable[..., Result]

CLIENT, SERVER = "198.51.100.7", "203.0.113.9"
"""Documentation addresses: no default home network covers them."""


@pytest.fixture
def run(over: Callable[[Path], Run], tmp_path: Path) -> Run:
    """Return a runner over a home of its own."""
    return over(tmp_path / "home")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Return a capture of one conversation from CLIENT to SERVER."""
    talk = Talk(client=(CLIENT, 50000), server=(SERVER, 80))
    for who, flags, size in (("c", "S", 0), ("s", "SA", 0), ("c", "A", 0), ("c", "PA", 9), ("s", "PA", 9)):
        talk.send(who, flags, size)  # type: ignore[arg-type] # the tuple's words are those of Who
    return write_pcap(tmp_path / "day.pcap", talk.shots)


def _scan(run: Run, *args: object) -> dict[str, Any]:
    result = run("scan", *args, "-o", "json")
    assert result.exit_code == 0, result.stderr
    shown: dict[str, Any] = json.loads(result.stdout)
    return shown


def _direction(run: Run) -> str:
    (row,) = json.loads(run("sql", "SELECT direction FROM flow", "-o", "json").stdout)
    return str(row["direction"])


def test_later_commands_judge_direction_as_the_scan_did(run: Run, capture: Path) -> None:
    """The console and the exports see the conversation leave the site, as the scan that was told so."""
    _scan(run, capture, "--home-net", "198.51.100.0/24")
    assert _direction(run) == "outbound"
    rows = list(csv.DictReader(io.StringIO(run("export", "--format", "csv").stdout)))
    assert [row["direction"] for row in rows] == ["outbound"]


def test_a_later_scan_keeps_them_and_says_so(run: Run, capture: Path) -> None:
    """Without the option the remembered networks hold; JSON and screen say whose they are and how to change them."""
    first = _scan(run, capture, "--into", "office", "--home-net", "198.51.100.0/24")
    assert [net["basis"] for net in first["home_networks"]] == ["option"]
    again = _scan(run, capture, "--into", "office")
    (net,) = again["home_networks"]
    assert (net["cidr"], net["basis"]) == ("198.51.100.0/24", "case")
    assert "earlier scan" in net["why"]["en"]
    assert "此前" in net["why"]["zh"]
    screen = run("scan", capture, "--into", "office").stdout
    assert "--forget-home-net" in screen
    assert _direction(run) == "outbound"


def test_given_again_they_are_replaced(run: Run, capture: Path) -> None:
    """The option of a later scan takes the place of what was remembered."""
    _scan(run, capture, "--into", "office", "--home-net", "198.51.100.0/24")
    _scan(run, capture, "--into", "office", "--home-net", "203.0.113.0/24")
    assert _direction(run) == "inbound"


def test_they_can_be_forgotten(run: Run, capture: Path) -> None:
    """After --forget-home-net the site policy and the wire decide again; both options at once are refused."""
    _scan(run, capture, "--into", "office", "--home-net", "198.51.100.0/24")
    refused = run("scan", capture, "--into", "office", "--forget-home-net", "--home-net", "203.0.113.0/24")
    assert refused.exit_code == 2
    assert "--forget-home-net" in refused.stderr
    assert _direction(run) == "outbound"
    shown = _scan(run, capture, "--into", "office", "--forget-home-net")
    assert {net["basis"] for net in shown["home_networks"]} <= {"default", "arp", "dhcp"}
    assert _direction(run) == "external"


def test_other_cases_are_not_touched(run: Run, capture: Path, tmp_path: Path) -> None:
    """What one case remembers does not colour another."""
    _scan(run, capture, "--into", "office", "--home-net", "198.51.100.0/24")
    _scan(run, capture, "--into", "branch")
    assert _direction(run) == "external"
    query = "SELECT case_name, cidr FROM case_home"
    assert json.loads(run("sql", query, "-o", "json").stdout) == [{"case_name": "office", "cidr": "198.51.100.0/24"}]


def test_a_wrong_network_leaves_nothing_behind(run: Run, capture: Path, tmp_path: Path) -> None:
    """Host bits are refused before anything is read or written."""
    assert run("scan", capture, "--home-net", "198.51.100.7/24").exit_code == 2
    assert not (tmp_path / "home").exists() or not list((tmp_path / "home" / "lake").iterdir())
