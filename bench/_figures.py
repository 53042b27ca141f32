"""The figures of the benchmark: each is measured here and compared with the target it was promised."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from bench._measure import Contender, Cost, alternate, paired_ratio, run_once
from bench._peers import flow_rows_and_bytes, taishi
from bench.lateness import measure as measure_lateness
from bench.mix import Captures, ensure_repeated

PEER_TARGETS: Final = {"suricata": 2.5, "argus": 3.5, "nfstream": 20.0}
"""Their CPU time over ours, at least, on the full-packet mix."""
READ_FACTOR: Final = 4.0
"""CPU of the core without output over CPU of only reading the full-packet file, at most."""
FLOOD_US: Final = 2.2
"""CPU microseconds per flow of the SYN flood, end to end, at most."""
FLOOD_BYTES: Final = 450
"""Bytes of core memory per live flow of the SYN flood, at most."""
PARQUET_BYTES: Final = 150
"""Bytes per flow row in Parquet on the mix, identifiers included, at most."""
LATENESS_S: Final = 1.0
"""Lateness of idle expiry in packet time, at most."""
MEMORY_FACTOR: Final = 1.15
"""Peak memory of a scan of four times the traffic over that of one time, at most (allocator noise allowed for)."""
HELP_S: Final = 0.3
"""CPU of ``taishi --help``, at most."""
SLOW_PEERS: Final = ("nfstream",)
"""Peers that take minutes on the full mix: two pairs are enough, their ratio is far from its target."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; ``at_least`` says on which side of ``target`` it should lie."""

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target was reached; ``None`` without a target."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def target_text(self) -> str:
        """The target as printed."""
        return "" if self.target is None else f"{'>=' if self.at_least else '<='} {self.target:g}"

    def shown(self) -> str:
        """Return value and unit as printed."""
        return f"{self.value:,.3g} {self.unit}" if abs(self.value) < 1000 else f"{self.value:,.0f} {self.unit}"

    def as_dict(self) -> dict[str, Any]:
        """Return the figure for JSON, with its verdict."""
        return asdict(self) | {"met": self.met}


def _median_cpu(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.cpu_s for cost in costs)


def comparisons(program: str, key: str, peer: Contender, captures: Captures, runs: int, scratch: Path) -> list[Figure]:
    """Measure one peer against ours on both versions of the mix, alternating."""
    figures: list[Figure] = []
    ours = taishi(program)
    pairs = min(runs, 2) if key in SLOW_PEERS else runs
    for label, capture in (("full", captures.full), ("snap 128", captures.snap)):
        costs = alternate([ours, peer], capture, pairs, scratch)
        mine, theirs = costs[ours.name], costs[peer.name]
        ratio, low, high = paired_ratio(mine, theirs)
        note = (
            f"{_median_cpu(theirs):.2f} s / {_median_cpu(mine):.2f} s CPU, pairs {low:.2f}-{high:.2f}; rows "
            f"{theirs[0].rows:,} / {mine[0].rows:,}; peak {theirs[0].peak_bytes >> 20} / {mine[0].peak_bytes >> 20} MiB"
        )
        target = PEER_TARGETS.get(key) if label == "full" else None
        figures.append(Figure(f"{peer.name}, mix {label}: their CPU / ours", ratio, "x", target, True, note))
    return figures


def run_core(capture: Path, mode: str) -> dict[str, Any]:
    """Run ``bench.core`` in a process of its own and return what it prints."""
    argv = [sys.executable, "-m", "bench.core", str(capture), "--emit", mode]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run(argv, check=True, capture_output=True, text=True, env=environment)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def core_figures(captures: Captures, runs: int) -> list[Figure]:
    """Measure reading, the meter without output, and the meter into Arrow batches, alternating."""
    spent: dict[tuple[str, str], list[float]] = {}
    packets = 1
    for _ in range(runs):
        for label, capture in (("full", captures.full), ("snap 128", captures.snap)):
            for mode in ("read", "none", "all"):
                result = run_core(capture, mode)
                packets = max(packets, int(result["counters"].get("frames.delivered", 0)))
                spent.setdefault((label, mode), []).append(result["cpu_s"])
    figures = [
        Figure(f"core, mix {label}, {mode}", statistics.median(times) / packets * 1e9, "ns/packet")
        for (label, mode), times in spent.items()
    ]
    ratios = [none / read for none, read in zip(spent["full", "none"], spent["full", "read"], strict=True)]
    factor = statistics.median(ratios)
    note = f"pairs {min(ratios):.2f}-{max(ratios):.2f}"
    return [*figures, Figure("core without output / reading the file, full", factor, "x", READ_FACTOR, False, note)]


def flood_figures(program: str, flood: Path, runs: int, scratch: Path) -> list[Figure]:
    """Measure CPU per flow of the SYN flood end to end, and the core's memory per flow."""
    costs = [run_once(taishi(program), flood, scratch) for _ in range(runs)]
    rows = costs[0].rows
    counters = run_core(flood, "none")["counters"]
    table = int(counters["mem.flow_table_bytes"])
    per_flow = table / rows  # the flood lasts as long as an unanswered SYN is remembered: all flows are live at its end
    peak = max(cost.peak_bytes for cost in costs) >> 20
    return [
        Figure(
            "SYN flood, end to end",
            _median_cpu(costs) / rows * 1e6,
            "us/flow",
            FLOOD_US,
            False,
            f"{rows:,} rows, peak {peak} MiB",
        ),
        Figure("SYN flood, core memory", per_flow, "B/flow", FLOOD_BYTES, False, f"{table:,} B of table"),
    ]


def _kept(program: str, capture: Path, out: Path) -> tuple[int, int]:
    subprocess.run(taishi(program).command(capture, out), check=True, stdout=subprocess.DEVNULL)
    return flow_rows_and_bytes(out)


def memory_figures(program: str, cache: Path, scale: float, times: Sequence[int], scratch: Path) -> list[Figure]:
    """Measure Parquet bytes per flow, and the peak memory of scans of the same traffic ``times`` over."""
    part = 0.5 * scale  # large enough that every buffer of a scan has been full once
    captures = [ensure_repeated(cache, part, count) for count in times]
    rows, size = _kept(program, captures[0], scratch / "kept")

    def command(capture: Path, out: Path) -> list[str]:
        return [program, "--home", str(out / "home"), "scan", str(capture), "-o", "json"]

    scan = Contender("taishi scan", command, lambda _: 1)
    figures = [Figure("Parquet, mix", size / rows, "B/flow", PARQUET_BYTES, False, f"{rows:,} rows, {size:,} B")]
    base = run_once(scan, captures[0], scratch)
    for count, capture in zip(times[1:], captures[1:], strict=True):
        cost = run_once(scan, capture, scratch)
        name = f"scan, peak memory, traffic x{count} / x{times[0]}"
        note = f"{base.peak_bytes >> 20} MiB -> {cost.peak_bytes >> 20} MiB, {cost.cpu_s:.1f} s CPU"
        figures.append(Figure(name, cost.peak_bytes / base.peak_bytes, "x", MEMORY_FACTOR, False, note))
    return figures


def lateness_figure() -> list[Figure]:
    """Measure how late idle flows are written, in packet time."""
    result = measure_lateness()
    note = f"{result['idle_rows']:.0f} idle rows, resolution {result['resolution_s']:g} s"
    worst = result["worst_s"] if result["idle_rows"] else float("inf")
    return [Figure("idle expiry, worst lateness", worst, "s", LATENESS_S, False, note)]


def help_figure(program: str, runs: int = 9) -> list[Figure]:
    """Measure the CPU time of ``taishi --help``."""
    times: list[float] = []
    for _ in range(runs):
        process = subprocess.Popen([program, "--help"], stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        times.append(usage.ru_utime + usage.ru_stime)
    return [
        Figure("taishi --help", statistics.median(times), "s CPU", HELP_S, False, f"{min(times):.2f}-{max(times):.2f}")
    ]
