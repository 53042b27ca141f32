"""What commands import: metering, help and lists must not pay for libraries that they do not use.

Measured without developer packages: SQLAlchemy costs 0.18 s of CPU, DuckDB 0.07 s, Arrow's compute wrappers 0.025 s;
all of ``taishi meter`` on a small capture costs 0.15 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from capture.files import T0, Shot, write_pcap

import reporting

WATCHED = (
    *("sqlalchemy", "alembic", "mako", "duckdb", "jinja2", "rich", "cryptography", "asyncio", "importlib.metadata"),
    *("pyarrow", "pyarrow.compute", "pyarrow.dataset", "detectors", "email"),
)
RUN = f"""
import atexit, json, sys
def tell():
    print(json.dumps([name for name in {WATCHED!r} if name in sys.modules]), file=sys.stderr)
atexit.register(tell)
from reporting.cli import main
main()
"""


def _imported(home: Path, *words: str, code: int = 0) -> list[str]:
    """Run a command in a process of its own and return which of the watched modules it imported."""
    place = str(Path(next(iter(reporting.__path__))).parent)
    env = {**os.environ, "PYTHONPATH": place, "TAISHI_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], capture_output=True, text=True, env=env, cwd=home, check=False
    )
    assert done.returncode == code, done.stderr
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return found


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Return a capture of one day with a flow and with records of another table."""
    arp = bytes.fromhex("ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001".replace(" ", ""))
    arp += bytes.fromhex("000000000000 0a000002".replace(" ", "")) + bytes(18)
    udp = bytes.fromhex("020000000002 020000000001 0800 4500 001d 0001 0000 40 11 66cd".replace(" ", ""))
    udp += bytes.fromhex("0a000001 0a000002 c000 0035 0009 0000 00".replace(" ", "")) + bytes(17)
    return write_pcap(tmp_path / "x.pcap", [Shot(T0, arp), Shot(T0 + 1, udp)])


def test_help_is_light(tmp_path: Path) -> None:
    """Help needs none of them, not even Arrow."""
    assert _imported(tmp_path, "--help") == []
    assert _imported(tmp_path, "meter", "--help") == []


def test_metering_is_light(tmp_path: Path, capture: Path) -> None:
    """Metering needs Arrow only: the first capture, a second one into the same case, and both again."""
    copy = capture.with_name("y.pcap")
    copy.write_bytes(capture.read_bytes() + bytes(5))
    for files in ((capture,), (capture, copy), (capture, copy)):
        code = 7 if len(files) > 1 else 0  # five bytes are no record
        assert _imported(tmp_path, "meter", *map(str, files), "--out", str(tmp_path / "lake"), code=code) == ["pyarrow"]


def test_lists_leave_the_casework_alone(tmp_path: Path, capture: Path) -> None:
    """Alerts lie in the lake: listing them needs neither the casebook nor a detector."""
    _imported(tmp_path, "scan", str(capture))
    found = _imported(tmp_path, "alert", "list")
    assert not {"sqlalchemy", "alembic", "jinja2", "cryptography", "detectors"} & set(found)
    again = _imported(tmp_path, "scan", str(capture))
    assert not {"alembic", "mako", "jinja2"} & set(again)
