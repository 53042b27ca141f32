"""All the way through the installed package: captures in, incidents out, held against what was planted or labelled."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporting.demo import write_demo
from reporting.result import ScanResult
from reporting.scan.pipeline import ScanRequest, scan
from store.home import Home
from store.lake import Lake

COVERED = {
    "attack/scan/hs-tcp_synPingSweepRand.pcapng": "scan_horizontal",
    "attack/scan/ps-tcp_syn.pcap": "scan_vertical",
    "attack/scan/ps-udp.pcap": "scan_vertical",
    "attack/bruteforce/bruteforce.pcap": "brute_force",
    "attack/bruteforce/malicious-ssh-bruteforce.pcap": "brute_force",
    "attack/bruteforce/rdp_bruteforce_synthetic_a.pcap": "brute_force",
    "attack/bruteforce/ssh.pcap": "brute_force",
    "labelled/pcapforge/it-scan-auth-failures_easy/capture.pcap": "scan_block",
    "labelled/pcapforge/it-ot-pivot_easy/capture.pcap": "ics_rogue_master",
    "labelled/pcapforge/ot-iec104-command-injection_easy/capture.pcap": "ics_rogue_master",
    "labelled/pcapforge/ot-modbus-alarm-masking_easy/capture.pcap": "ics_rogue_master",
    "labelled/pcapforge/ot-modbus-coil-manipulation_easy/capture.pcap": "ics_rogue_master",
    "labelled/pcapforge/ot-modbus-write-manipulation_easy/capture.pcap": "ics_rogue_master",
    "labelled/pcapforge/ot-modbus-discovery_easy/capture.pcap": "ics_dangerous_function",
}
"""Captures whose behaviour the present detectors cover, and the detector that must name it (labels: MANIFEST.csv)."""

QUIET = (
    "benign/http.pcap",
    "benign/week1_baseline.pcap",
    "labelled/pcapforge/it-baseline-operations_easy/capture.pcap",
    "labelled/pcapforge/ot-baseline-operations_easy/capture.pcap",
    "ics/iec104/090813_diverse.pcap",
    "ics/modbus/modbusSmall.pcap",
)
"""Captures in which nothing may be raised above informational."""


def _scan(place: Path, *files: Path, into: str | None = None) -> ScanResult:
    return scan(ScanRequest(files, into), Home.open(place / "home")).result


def _detectors(place: Path, case: str) -> set[str]:
    with Lake(Home.open(place / "home").lake).reader(case) as reader:
        return {row["detector"] for row in reader.arrow("SELECT DISTINCT detector FROM alert").to_pylist()}


@pytest.mark.parametrize("name", sorted(COVERED))
def test_attacks_are_named(data: Path, tmp_path: Path, name: str) -> None:
    """A labelled attack becomes an incident, by the detector whose behaviour it is."""
    result = _scan(tmp_path, data / name)
    assert result.incident_count >= 1
    assert result.severity in {"critical", "high", "medium"}
    assert COVERED[name] in _detectors(tmp_path, result.case)


@pytest.mark.parametrize("name", QUIET)
def test_ordinary_traffic_is_quiet(data: Path, tmp_path: Path, name: str) -> None:
    """Ordinary traffic raises no incident and nothing above informational."""
    result = _scan(tmp_path, data / name)
    assert result.incident_count == 0
    assert set(result.alerts) <= {"info"}


@pytest.fixture(scope="module")
def demo_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a folder and the demo capture in it."""
    place = tmp_path_factory.mktemp("demo")
    write_demo(place / "demo.pcap")
    return place, place / "demo.pcap"


def test_demo_tells_what_was_planted(demo_day: tuple[Path, Path]) -> None:
    """The demo's intruder is the one incident, critical, with every planted step; its mistyped logins are none."""
    place, capture = demo_day
    result = _scan(place, capture)
    assert (result.incident_count, result.severity) == (1, "critical")
    assert {
        "scan_horizontal",
        "scan_vertical",
        "brute_force",
        "ics_rogue_master",
        "ics_dangerous_function",
    } <= _detectors(place, result.case)
    assert "10.20.1.147" in result.incidents[0].who
    assert result.totals.frames == sum(file.frames for file in result.files)


def test_again_is_a_no_op(demo_day: tuple[Path, Path]) -> None:
    """A second scan of the same file reads nothing, writes no segment, and says the same."""
    place, capture = demo_day
    first = _scan(place, capture)
    before = sorted((place / "home" / "lake").rglob("*.parquet"))
    second = _scan(place, capture)
    assert second.files[0].status == "known"
    assert sorted((place / "home" / "lake").rglob("*.parquet")) == before
    assert (second.incidents, second.totals, second.talkers) == (first.incidents, first.totals, first.talkers)


def test_one_bad_file_keeps_the_others(demo_day: tuple[Path, Path], tmp_path: Path) -> None:
    """A file that is no capture is said to be one; the rest stands, and the result is partial."""
    _, capture = demo_day
    noise = tmp_path / "noise.pcap"
    noise.write_bytes(b"not a capture at all" * 10)
    cut = tmp_path / "cut.pcap"
    cut.write_bytes(capture.read_bytes()[:1_000_000])
    result = _scan(tmp_path, noise, cut, tmp_path / "absent.pcap")
    assert [file.status for file in result.files] == ["failed", "partial", "failed"]
    assert result.is_partial()
    assert result.totals.conversations > 0
    assert {blind.kind for blind in result.blind} >= {"file_failed", "file_partial"}


def test_captures_join_a_case(demo_day: tuple[Path, Path], tmp_path: Path) -> None:
    """A capture that joins a case is judged with what the case holds; the incident stays one."""
    _, capture = demo_day
    content = capture.read_bytes()
    half = tmp_path / "half.pcap"
    half.write_bytes(content[: _record_near(content, len(content) // 2)])
    _scan(tmp_path, half, into="office")
    joined = _scan(tmp_path, capture, into="office")
    assert joined.case == "office"
    assert joined.incident_count == 1


def _record_near(content: bytes, wanted: int) -> int:
    """Return the offset of the first record that starts at or after ``wanted``."""
    at = 24
    while at < wanted:
        at += 16 + int.from_bytes(content[at + 8 : at + 12], "little")
    return at
