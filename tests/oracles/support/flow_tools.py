"""Run argus and nfdump over a capture and sum their flows per 5-tuple.

Both are Debian packages (argus-server, argus-client, nfdump). They are asked only about traffic that they decode.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.oracles.support.tshark import address
from tests.oracles.support.tuples import Sums, add

PROTOCOLS: Final = frozenset({6, 17})
_RA_FIELDS: Final = "saddr sport daddr dport proto spkts dpkts sbytes dbytes"


def argus(capture: Path, scratch: Path) -> Sums:
    """Return argus' sums: packets and frame bytes each way."""
    records = scratch / "a.argus"
    _run(["argus", "-X", "-S", "300", "-r", str(capture), "-w", str(records)])
    text = _run(["ra", "-nn", "-L", "-1", "-r", str(records), "-c", ",", "-s", *_RA_FIELDS.split()])
    sums: Sums = {}
    for row in csv.reader(text.splitlines()):
        name = {"6": "tcp", "17": "udp"}.get(row[4])
        if name:
            ends = ((address(row[0]), int(row[1])), (address(row[2]), int(row[3])))
            counts = (int(row[5]), int(row[6]), int(row[7]), int(row[8]))
            add(sums, name, ends, counts)
    return sums


def nfdump(capture: Path, scratch: Path) -> Sums:
    """Return nfdump's sums: packets and IP bytes each way (its flows have one direction)."""
    folder = scratch / "nf"
    folder.mkdir()
    _run(["nfpcapd", "-r", str(capture), "-w", str(folder), "-e", "300,60"])
    sums: Sums = {}
    for row in csv.DictReader(_run(["nfdump", "-R", str(folder), "-o", "csv"]).splitlines()):
        if row["pr"] in ("TCP", "UDP"):  # a summary of other columns follows the flows
            ends = ((address(row["sa"]), int(row["sp"])), (address(row["da"]), int(row["dp"])))
            add(sums, row["pr"].lower(), ends, (int(row["ipkt"]), 0, int(row["ibyt"]), 0))
    return sums


def installed() -> dict[str, Callable[[Path, Path], Sums]]:
    """Return the tools that this machine has, by name."""
    tools = {"argus": (argus, ("argus", "ra")), "nfdump": (nfdump, ("nfpcapd", "nfdump"))}
    return {name: run for name, (run, needed) in tools.items() if all(map(shutil.which, needed))}


def _run(argv: list[str]) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout
