"""``taishi meter``: a lake without a verdict, which digest it makes, and what a later scan makes of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Over = Callable[[Path], Callable[..., Result]]


def test_digest_as_asked(scanned: Path, tmp_path: Path, over: Over) -> None:
    """XXH3-128 by itself, SHA-256 on request; the other one is empty, and a repetition changes neither."""
    run, day = over(tmp_path / "home"), scanned / "day.pcap"
    sha256 = hashlib.sha256(day.read_bytes()).hexdigest()
    for option, wanted in (((), ""), (("--sha256",), sha256)):
        lake = tmp_path / f"lake{len(option)}"
        for status in ("read", "known"):
            told = run("meter", day, "--out", lake, *option, "-o", "json")
            assert told.exit_code == 0, told.stderr
            (row,) = json.loads(told.stdout)
            assert (row["status"], row["sha256"]) == (status, wanted)
            assert len(row["xxh3_128"]) == (0 if wanted else 32)
        told = run("meter", day, "--out", lake)
        assert f"case {row['case']}" in told.stdout
    assert not (tmp_path / "home").exists()


def test_payload_only_when_asked(scanned: Path, tmp_path: Path, over: Over) -> None:
    """No payload is kept unless asked; then the first bytes of each direction, no more than asked."""
    run, day = over(tmp_path / "home"), scanned / "day.pcap"
    query = "SELECT max(octet_length(bytes)) AS longest, count(DISTINCT dir) AS sides FROM payload_head"
    assert run("meter", day, "--out", tmp_path / "none").exit_code == 0
    assert json.loads(run("sql", query, "--lake", tmp_path / "none", "-o", "json").stdout)[0]["longest"] is None
    assert run("meter", day, "--out", tmp_path / "some", "--payload-head", "20").exit_code == 0
    (row,) = json.loads(run("sql", query, "--lake", tmp_path / "some", "-o", "json").stdout)
    assert row == {"longest": 20, "sides": 2}
    greeting = "SELECT count(*) AS n FROM payload_head WHERE dir = -1 AND starts_with(hex(bytes), '5353482D')"
    assert json.loads(run("sql", greeting, "--lake", tmp_path / "some", "-o", "json").stdout)[0]["n"] > 0
    assert run("meter", day, "--out", tmp_path / "much", "--payload-head", "513").exit_code == 2


def test_scan_of_a_metered_capture(scanned: Path, tmp_path: Path, over: Over) -> None:
    """The capture is known and judged; result and report show the digest that there is; packets are had by it."""
    run, day = over(tmp_path / "home"), tmp_path / "day.pcap"
    day.write_bytes((scanned / "day.pcap").read_bytes())
    assert run("meter", day, "--out", tmp_path / "home" / "lake").exit_code == 0
    told = run("scan", day, "-o", "json", "--report", tmp_path / "report.html")
    assert told.exit_code == 0, told.stderr
    result = json.loads(told.stdout)
    (file,) = result["files"]
    assert (file["status"], file["sha256"]) == ("known", "")
    assert f"XXH3-128 {file['xxh3_128']}" in (tmp_path / "report.html").read_text(encoding="utf-8")
    number = result["incidents"][0]["incident_id"]
    assert run("packets", number, "-w", tmp_path / "out.pcap").exit_code == 0
    day.write_bytes(day.read_bytes()[:-1])
    changed = run("packets", number, "-w", tmp_path / "again.pcap")
    assert changed.exit_code == 1
    assert "XXH3-128" in changed.stderr
