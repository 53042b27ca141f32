"""The figures of protocol records: what all parsers together cost, and that their memory is bounded."""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path
from typing import Final

from bench._figures import Figure, run_core
from bench._measure import alternate, paired_ratio
from bench._peers import suricata, taishi
from bench.spoken import DNS_MESSAGES, HALF_OPEN, ensure

RECORDS_FACTOR: Final = 2.0
"""CPU with all parsers over CPU of flows only on the spoken mix, end to end, at most."""
SURICATA_FACTOR: Final = 2.0
"""CPU of Suricata with its parsers on over ours with ours, at least."""
DNS_PER_S: Final = 700_000.0
"""DNS messages per CPU second on reused sockets, output excluded, at least."""
PARSER_MIB: Final = 256
"""What all parsers together may hold (wire/src/proto/memory.rs), MiB."""
BASE_MIB: Final = 220
"""What the process takes before any parser holds anything, MiB (range 120 … 300): interpreter, Arrow and rows
on their way 80, the table of 200 000 flows 80, their second sides 50, and slack of the allocator."""


def record_figures(program: str, cache: Path, scale: float, runs: int, scratch: Path) -> list[Figure]:
    """Measure the spoken mix with and without parsers and against Suricata, DNS alone, and half-open handshakes."""
    captures = ensure(cache, scale)
    ours, bare = taishi(program), taishi(program, "--flows-only")
    theirs = [suricata("suricata-parsers.yaml")] if shutil.which("suricata") else []
    costs = alternate([ours, bare, *theirs], captures.mix, runs, scratch)

    def seconds(name: str) -> float:
        return statistics.median(cost.cpu_s for cost in costs[name])

    ratio, low, high = paired_ratio(costs[bare.name], costs[ours.name])
    note = f"{seconds(ours.name):.2f} s / {seconds(bare.name):.2f} s CPU, pairs {low:.2f}-{high:.2f}"
    figures = [Figure("all parsers / flows only, spoken mix", ratio, "x", RECORDS_FACTOR, False, note)]
    for peer in theirs:
        ratio, low, high = paired_ratio(costs[ours.name], costs[peer.name])
        note = f"{seconds(peer.name):.2f} s / {seconds(ours.name):.2f} s CPU, pairs {low:.2f}-{high:.2f}"
        note += f"; peak {costs[peer.name][0].peak_bytes >> 20} / {costs[ours.name][0].peak_bytes >> 20} MiB"
        figures.append(Figure("Suricata with parsers / ours, spoken mix", ratio, "x", SURICATA_FACTOR, True, note))
    return [*figures, _dns(captures.dns, scale, runs), _half_open(captures.half_open, scale)]


def _dns(capture: Path, scale: float, runs: int) -> Figure:
    spent = [run_core(capture, "none") for _ in range(runs)]
    messages = int(spent[0]["counters"]["frames.delivered"])
    rate = messages / statistics.median(result["cpu_s"] for result in spent)
    note = f"{messages:,} of {int(DNS_MESSAGES * scale):,} messages"
    return Figure("DNS, core without output", rate, "messages/s CPU", DNS_PER_S, True, note)


def _half_open(capture: Path, scale: float) -> Figure:
    peak = run_core(capture, "none")["peak_bytes"] / 2**20
    note = f"{int(HALF_OPEN * scale):,} handshakes begun and not ended, flow table included"
    return Figure("half-open TLS handshakes, peak memory", peak, "MiB", PARSER_MIB + BASE_MIB, False, note)
