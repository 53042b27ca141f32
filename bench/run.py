"""Run the benchmarks and print a table of figures against their targets (JSON with ``--json FILE``).

``python -m bench.run`` needs the installed ``taishi`` and, for the comparisons, the programs of ``bench/peers.sh``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
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
from bench.mix import SEED, default_cache, ensure

PARTS: Final = ("peers", "core", "flood", "memory", "lateness", "help")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Example: python -m bench.run --only core,flood --runs 7 --json figures.json"
    )
    parser.add_argument("--only", default=",".join(PARTS), help=f"comma-separated parts of: {', '.join(PARTS)}")
    parser.add_argument("--peers", default="", help="comma-separated peers; default: all installed")
    parser.add_argument("--runs", type=int, default=5, help="alternating pairs per comparison")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the captures; 1 = published figures")
    parser.add_argument("--cache", type=Path, default=default_cache())
    parser.add_argument("--taishi", default="", help="the taishi executable; default: of this environment")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    args = parser.parse_args(argv)
    unknown = set(args.only.split(",")) - set(PARTS)
    if unknown:
        parser.error(f"--only: unknown part {', '.join(sorted(unknown))}; allowed: {', '.join(PARTS)}")
    return args


def _measure(args: argparse.Namespace, scratch: Path) -> list[Figure]:
    wanted = set(args.only.split(","))
    captures = ensure(args.cache, args.scale, SEED)
    program = args.taishi or our_program()
    figures: list[Figure] = []
    if "peers" in wanted:
        peers = available(args.cache)
        chosen = [name for name in args.peers.split(",") if name] or list(peers)
        missing = [name for name in chosen if name not in peers]
        if missing:
            raise SystemExit(
                f"--peers: {', '.join(missing)} not installed; there are: {', '.join(peers)}; run bench/peers.sh"
            )
        for name in chosen:
            figures += comparisons(program, name, peers[name](), captures, args.runs, scratch)
    if "core" in wanted:
        figures += core_figures(captures, args.runs)
    if "flood" in wanted:
        figures += flood_figures(program, captures.flood, args.runs, scratch)
    if "memory" in wanted:
        figures += memory_figures(program, args.cache, args.scale, scratch)
    if "lateness" in wanted:
        figures += lateness_figure()
    if "help" in wanted:
        figures += help_figure(program)
    return figures


def _table(figures: Sequence[Figure]) -> str:
    lines = [f"{'figure':54} {'measured':>14} {'target':>12}  note", "-" * 110]
    for figure in figures:
        mark = "" if figure.met is None else ("ok  " if figure.met else "MISSED  ")
        lines.append(f"{figure.name:54} {figure.shown():>14} {figure.target_text:>12}  {mark}{figure.note}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, write JSON; return 0, or 1 when a target was missed."""
    args = _arguments(argv)
    with tempfile.TemporaryDirectory(prefix="taishi-bench-") as scratch:
        figures = _measure(args, Path(scratch))
    print(_table(figures))
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
