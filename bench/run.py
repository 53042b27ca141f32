"""Run the benchmarks and print a table of figures against their targets (JSON with ``--json FILE``).

``python -m bench.run`` needs the installed ``taishi`` and, for the comparisons, the programs of ``bench/peers.sh``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Final

from bench._figures import (
    Figure,
    comparisons,
    core_figures,
    flood_figures,
    help_figure,
    lateness_figure,
    memory_figures,
)
from bench._peers import available, our_program
from bench._records import record_figures
from bench.mix import SEED, default_cache, ensure

PARTS: Final = ("peers", "core", "flood", "records", "memory", "lateness", "help")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python -m bench.run --only core,flood --runs 7 --json figures.json"
    )
    parser.add_argument("--only", default=",".join(PARTS), help=f"comma-separated parts of: {', '.join(PARTS)}")
    parser.add_argument("--peers", default="", help="comma-separated peers; default: all installed")
    parser.add_argument("--runs", type=int, default=5, help="alternating pairs per comparison")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the captures; 1 = published figures")
    parser.add_argument(
        "--times", default="1,4", help="memory part: traffic of the scans compared, the first with each"
    )
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--taishi", default="", help="the taishi executable; default: of this environment")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    args = parser.parse_args(argv)
    unknown = set(args.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"--only: unknown part {', '.join(sorted(unknown))}; allowed: {', '.join(PARTS)}")
    if not all(times.isdecimal() and int(times) for times in args.times.split(",")):
        parser.error(f"--times: {args.times}; allowed: whole numbers from 1 on, separated by commas, e.g. 1,4,16")
    return args


def _measure(args: argparse.Namespace, scratch: Path) -> Iterator[Figure]:
    """Yield the figures as they are measured."""
    wanted = set(args.only.split(","))
    captures = ensure(args.cache, args.scale, SEED)
    program = args.taishi or our_program()
    if "peers" in wanted:
        peers = available(args.cache)
        chosen = [name for name in args.peers.split(",") if name] or list(peers)
        missing = [name for name in chosen if name not in peers]
        if missing:
            raise SystemExit(
                f"--peers: {', '.join(missing)} not installed; there are: {', '.join(peers)}; run bench/peers.sh"
            )
        for name in chosen:
            yield from comparisons(program, name, peers[name](), captures, args.runs, scratch)
    if "core" in wanted:
        yield from core_figures(captures, args.runs)
    if "flood" in wanted:
        yield from flood_figures(program, captures.flood, args.runs, scratch)
    if "records" in wanted:
        yield from record_figures(program, args.cache, args.scale, args.runs, scratch)
    if "memory" in wanted:
        yield from memory_figures(program, args.cache, args.scale, [int(n) for n in args.times.split(",")], scratch)
    if "lateness" in wanted:
        yield from lateness_figure()
    if "help" in wanted:
        yield from help_figure(program)


def _line(figure: Figure) -> str:
    mark = "" if figure.met is None else ("ok  " if figure.met else "MISSED  ")
    return f"{figure.name:54} {figure.shown():>14} {figure.target_text:>12}  {mark}{figure.note}"


def _exit_on_terminate(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)  # so that what we started is ended too


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write JSON; return 0, or 1 when a target was missed."""
    args = _arguments(argv)
    signal.signal(signal.SIGTERM, _exit_on_terminate)
    figures: list[Figure] = []
    print(f"{'figure':54} {'measured':>14} {'target':>12}  note\n{'-' * 110}", flush=True)
    with tempfile.TemporaryDirectory(prefix="taishi-bench-") as scratch:
        for figure in _measure(args, Path(scratch)):
            print(_line(figure), flush=True)
            figures.append(figure)
    if args.json:
        machine: dict[str, Any] = {
            "cpus": os.cpu_count(),
            "machine": platform.machine(),
            "python": platform.python_version(),
        }
        content = {
            "machine": machine,
            "scale": args.scale,
            "runs": args.runs,
            "figures": [f.as_dict() for f in figures],
        }
        args.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
