"""Run commands and measure what they cost: CPU time, peak memory, output size.

CPU time is user + system of the process and of every child it waited for (``wait4``): the only figure worth comparing
on a shared machine. Runs of competitors alternate A B A B, so that slow drifts of the machine hit both alike.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

RUN_LIMIT_S: Final = 1800.0
"""A run that takes longer hangs: the slowest peer needs about a minute on the full mix."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: CPU and wall seconds, peak resident bytes of the largest process, rows and bytes written."""

    cpu_s: float
    wall_s: float
    peak_bytes: int
    rows: int
    out_bytes: int


@dataclass(frozen=True, slots=True)
class Contender:
    """A program under measurement.

    Args:
        name: as printed.
        command: (capture, output folder) -> argument list.
        rows: output folder -> flow rows written, so that a run that did nothing is seen at once.
    """

    name: str
    command: Callable[[Path, Path], list[str]]
    rows: Callable[[Path], int]


class RunFailedError(RuntimeError):
    """A measured command ended with an error, or wrote no flows."""


def run_once(contender: Contender, capture: Path, scratch: Path) -> Cost:
    """Run one contender over one capture in a fresh folder below ``scratch`` and return its cost.

    Raises:
        RunFailedError: exit code not 0 or no flow row written.
    """
    out = Path(tempfile.mkdtemp(prefix="run-", dir=scratch))
    used = scratch / f"{out.name}.json"
    try:
        code = _launch(contender.command(capture, out), out, used)
        if code != 0:
            text = (out / "stderr.txt").read_text(errors="replace")[-500:]
            raise RunFailedError(f"{contender.name}: exit code {code}; allowed: 0; it said: {text}")
        rows = contender.rows(out)
        if rows <= 0:
            raise RunFailedError(f"{contender.name}: no flow written for {capture}; check its installation and options")
        size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        spent = json.loads(used.read_text(encoding="ascii"))
        return Cost(spent["cpu_s"], spent["wall_s"], spent["peak_kib"] * 1024, rows, size)
    finally:
        shutil.rmtree(out, ignore_errors=True)
        used.unlink(missing_ok=True)


def _launch(argv: list[str], folder: Path, used: Path) -> int:
    """Run a command in a folder under the launcher and return its exit code; a hanging one is killed."""
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_launch.py")), str(used)]
    with (folder / "stderr.txt").open("wb") as errors:
        process = subprocess.Popen(
            launcher + argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        try:
            return process.wait(RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL
        finally:
            if process.poll() is None:  # timed out or interrupted: nothing may go on running behind our back
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def alternate(contenders: Sequence[Contender], capture: Path, runs: int, scratch: Path) -> dict[str, list[Cost]]:
    """Run all contenders ``runs`` times, alternating, after reading the capture once into the page cache."""
    with capture.open("rb", buffering=0) as file:
        while file.read(1 << 24):
            pass
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for _ in range(runs):
        for contender in contenders:
            costs[contender.name].append(run_once(contender, capture, scratch))
    return costs


def paired_ratio(ours: Sequence[Cost], theirs: Sequence[Cost]) -> tuple[float, float, float]:
    """Return (median, lowest, highest) of their CPU time over ours, pair by pair."""
    ratios = [b.cpu_s / a.cpu_s for a, b in zip(ours, theirs, strict=True)]
    return statistics.median(ratios), min(ratios), max(ratios)
