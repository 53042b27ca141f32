"""``taishi dissect``: every view and form, confinement of tshark, clean-up, and what happens when it misbehaves.

Most tests use a stand-in for tshark, so that they run anywhere; the last ones need the real program.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from fake_tshark import HOSTILE, install, noted

import reporting
from reporting.dissect import tshark as program
from reporting.dissect.tshark import Limits
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES
from store.lake import Lake

Run = Callable[..., Result]
Over = Callable[[Path], Run]
CONTROLS = {"\x1b", "\u202e", "\x7f"}

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Temporary files go here; nothing may be left of them, and no process."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def notes(tmp_path: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in is the only tshark; returns the file of its notes."""
    made = install(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return made


@pytest.fixture(scope="session")
def login(scanned: Path) -> str:
    """The flow_uid of an FTP session of the demo with more than one login."""
    sql = "SELECT uid_text(flow_uid) AS uid FROM ftp GROUP BY flow_uid ORDER BY count(*) DESC, flow_uid LIMIT 1"
    with Lake(scanned / "home" / "lake").reader("demo") as reader:
        return str(reader.arrow(sql).to_pylist()[0]["uid"])


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("view", [(), ("--detail",), ("--follow",)])
def test_every_view_fits_and_is_escaped(taishi: Run, notes: Path, login: str, view: tuple[str, ...], lang: str) -> None:
    """At most 100 columns, no control of the terminal, and the way to Wireshark on standard error."""
    result = taishi("dissect", login, *view, "--lang", lang)
    assert result.exit_code == 0, result.stderr
    assert not CONTROLS & set(result.stdout)
    assert "\\x1b[31m" in result.stdout
    assert max(cells(line) for line in result.stdout.splitlines()) <= MAX_COLUMNS
    assert f"packets {login} -w" in result.stderr


def test_one_line_per_packet(taishi: Run, notes: Path, login: str) -> None:
    """As many lines as the flow has frames; --limit takes fewer and says so."""
    (flow,) = json.loads(
        taishi(
            "sql", f"SELECT src_pkts + dst_pkts AS n FROM flow WHERE uid_text(flow_uid) = '{login}'", "-o", "json"
        ).stdout
    )
    lines = taishi("dissect", login).stdout.splitlines()
    assert len(lines) == flow["n"] + 1
    assert lines[1].split()[:5] == ["1", "0.125000", "10.0.0.1", "10.0.0.2", "FAKE"]
    few = taishi("dissect", login, "--limit", "2")
    assert len(few.stdout.splitlines()) == 3
    assert f"2 of {flow['n']} packets" in few.stderr


def test_forms_for_programs(taishi: Run, notes: Path, login: str, scanned: Path) -> None:
    """JSON holds the layers of each packet and nothing around them, CSV the line of each, both of what was said."""
    rows = json.loads(taishi("dissect", login, "-o", "json", "--limit", "3").stdout)
    assert [row["frame"] for row in rows] == [1, 2, 3]
    assert rows[0]["capture"] == str(scanned / "day.pcap")
    assert rows[0]["layers"]["fake"] == HOSTILE
    assert [
        json.loads(line) for line in taishi("dissect", login, "-o", "jsonl", "--limit", "3").stdout.splitlines()
    ] == rows
    sheet = list(csv.DictReader(io.StringIO(taishi("dissect", login, "-o", "csv", "--limit", "3").stdout)))
    assert [row["protocol"] for row in sheet] == ["FAKE"] * 3
    said = json.loads(taishi("dissect", login, "--follow", "-o", "json").stdout)
    assert [row["sender"] for row in said] == ["10.0.0.2:21", "10.0.0.1:1", "10.0.0.2:21"]
    assert [row["text"] for row in said] == ["220 ready\r\n", HOSTILE, None]
    assert bytes.fromhex(said[2]["hex"]) == bytes(range(40))


def test_the_program_is_confined(taishi: Run, notes: Path, login: str) -> None:
    """Numeric addresses, packets from standard input, an empty profile of its own, no environment of the user."""
    assert taishi("dissect", login, "--follow").exit_code == 0
    for run in noted(notes):
        assert run["argv"][:3] == ["-n", "-r", "-"]
        assert run["env"]["WIRESHARK_CONFIG_DIR"] == run["env"]["HOME"]
        assert run["env"]["HOME"] != os.environ.get("HOME")
        assert "TAISHI_HOME" not in run["env"]
        assert run["beside"] == ["tshark"]  # the packets have no name any more
        assert not Path(run["env"]["HOME"]).exists()


def test_alert_and_incident(taishi: Run, notes: Path) -> None:
    """The packets are those of ``taishi packets``; what is not shown is told."""
    (incident, *_) = json.loads(taishi("incident", "list", "-o", "json").stdout)
    result = taishi("dissect", incident["incident_id"], "--limit", "1")
    assert result.exit_code == 0
    assert "rests on" in result.stderr
    alert = json.loads(taishi("alert", "list", "-o", "json").stdout)[0]["alert_id"]
    assert taishi("dissect", alert, "--limit", "1").exit_code == 0
    assert taishi("dissect", "0" * 32).exit_code == 3
    both = taishi("dissect", alert, "--detail", "--follow")
    assert (both.exit_code, both.stdout) == (2, "")


@pytest.mark.parametrize(("lang", "told"), [("en", "Debian package tshark"), ("zh-CN", "软件包 tshark")])
def test_absent_program_is_told(
    taishi: Run, login: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str, told: str
) -> None:
    """Exit code 1, the package that has it, and the other way to see the packets."""
    monkeypatch.setenv("PATH", str(tmp_path))
    result = taishi("dissect", login, "--lang", lang)
    assert (result.exit_code, result.stdout) == (1, "")
    assert told in result.stderr
    assert "taishi packets" in result.stderr


@pytest.mark.parametrize(
    ("trouble", "code", "told"),
    [
        ("print('dissector bug \\x1b[0m', file=sys.stderr); sys.exit(3)", 1, "ended with code 3 (dissector bug \\x1b"),
        ("print('    1\\t0.5\\ta\\tB\\tc\\td', flush=True); os.abort()", 7, "ended with code -6"),
        ("time.sleep(60)", 7, "stopped after 1 s"),
        ("print('x' * 200_000)", 7, "stopped after 100000 bytes"),
        ("bytearray(3_000_000_000)", 1, "MemoryError"),
        ("open('big', 'wb').write(bytes(2_000_000))", 1, "ended with code"),
    ],
)
def test_misbehaviour_is_bounded_and_told(
    taishi: Run,
    login: str,
    tmp_path: Path,
    scratch: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
    code: int,
    told: str,
) -> None:
    """Errors, crashes, endless work or output, memory and disk: an end in time, a sentence, and the right code."""
    install(tmp_path / "bin", trouble)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    limits = Limits(time_s=1, output_bytes=100_000, memory_bytes=2_000_000_000)
    monkeypatch.setattr(program.Tshark.__init__, "__defaults__", (limits,))
    began = time.monotonic()
    result = taishi("dissect", login)
    assert time.monotonic() - began < 20
    assert result.exit_code == code, result.stderr
    assert told in result.stderr
    assert not CONTROLS & set(result.stderr)


def test_an_asked_end_clears_everything(login: str, scanned: Path, tmp_path: Path) -> None:
    """SIGTERM while tshark works: code 143, no file is left, and no process."""
    notes = install(tmp_path / "bin", "time.sleep(60)")
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    env = {
        "PATH": str(tmp_path / "bin"),
        "PYTHONPATH": str(Path(next(iter(reporting.__path__))).parent),
        "TAISHI_HOME": str(scanned / "home"),
        "TMPDIR": str(scratch),
    }
    # Without -P the working folder would come first: a checkout has no compiled core.
    words = [sys.executable, "-P", "-c", "from reporting.cli import main; main()", "dissect", login]
    with subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 30
        while not (notes.exists() and notes.read_text(encoding="utf-8").endswith("\n")):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    assert list(scratch.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(noted(notes)[0]["pid"], 0)


@needs_tshark
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_real_program_shows_the_login(taishi: Run, scratch: Path, login: str, lang: str) -> None:
    """What the server and the client of the demo said, in every view."""
    lines = taishi("dissect", login, "--lang", lang)
    assert lines.exit_code == 0, lines.stderr
    assert any(line.split()[4] == "FTP" and "Request: USER" in line for line in lines.stdout.splitlines())
    tree = taishi("dissect", login, "--detail", "--lang", lang).stdout
    assert "File Transfer Protocol (FTP)" in tree
    assert max(cells(line) for line in tree.splitlines()) <= MAX_COLUMNS
    said = taishi("dissect", login, "--follow", "--lang", lang).stdout.splitlines()
    assert said[0].startswith("== > ")
    assert said[0].endswith(":21")
    assert said[1].startswith("< 220 ")
    assert any(line.startswith("> PASS ") for line in said)


@needs_tshark
def test_the_real_program_gives_layers(taishi: Run, scratch: Path, login: str) -> None:
    """JSON holds the protocols of each packet, also of frames without IP, which have no stream to follow."""
    rows = json.loads(taishi("dissect", login, "-o", "json").stdout)
    assert {"frame", "eth", "ip", "tcp"} <= set(rows[0]["layers"])
    assert any("ftp" in row["layers"] for row in rows)
    uid = json.loads(taishi("records", "arp", "--limit", "1", "-o", "json").stdout)[0]["flow_uid"]
    assert "ARP" in taishi("dissect", uid).stdout
    followed = taishi("dissect", uid, "--follow")
    assert (followed.exit_code, followed.stdout) == (0, "")
    assert "No TCP or UDP stream" in followed.stderr
