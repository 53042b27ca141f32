"""The benchmark's own parts: the drawn mix has its promised proportions, and figures are computed rightly."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from bench import lateness, mix
from bench._figures import Figure
from bench._measure import Contender, Cost, RunFailedError, alternate, paired_ratio, run_once
from bench._population import FIN, LONG_GAP_SHARE, RST, draw_flows, draw_packets, draw_sizes

S = 10**9


def test_the_mix_has_its_proportions() -> None:
    """Sizes, payload classes, endings, long gaps and mean flow size are those of the description."""
    rng = np.random.default_rng(1)
    sizes = draw_sizes(rng, 20_000, 520_000)
    flows = draw_flows(rng, sizes)
    packets = draw_packets(rng, flows)
    tcp = flows.proto == 6
    assert sizes.sum() == 520_000
    assert np.mean(sizes <= 3) == pytest.approx(0.25)
    assert np.mean(tcp) == pytest.approx(0.72, abs=0.01)
    for low, high, share in ((0, 1, 0.42), (12, 300, 0.20), (300, 1200, 0.13), (1348, 1349, 0.25)):
        assert np.mean((packets.payload >= low) & (packets.payload < high)) == pytest.approx(share, abs=0.01)
    for flag, share in ((FIN, 0.60), (RST, 0.20)):
        ended = np.bincount(packets.flow, packets.flags & flag > 0, len(sizes)) > 0
        assert np.mean(ended[tcp]) == pytest.approx(share, abs=0.02)
    gaps = np.diff(packets.ts)[packets.flow[1:] == packets.flow[:-1]]
    assert gaps.min() > 0
    assert np.sum(gaps > 60 * S) / len(packets.ts) == pytest.approx(LONG_GAP_SHARE, rel=0.05)
    assert packets.ts.max() < 600 * S
    tuples = np.stack([flows.client, flows.server, flows.sport, flows.dport, flows.proto], axis=1)
    assert len(np.unique(tuples, axis=0)) == len(sizes)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Captures are reproducible, and a missing one is the only one written."""
    first = mix.ensure(tmp_path / "a", 0.005, 3)
    second = mix.ensure(tmp_path / "b", 0.005, 3)
    other = mix.ensure(tmp_path / "c", 0.005, 4)
    assert first.snap.read_bytes() == second.snap.read_bytes()
    assert first.flood.read_bytes() == second.flood.read_bytes()
    assert first.snap.read_bytes() != other.snap.read_bytes()
    stamp = first.full.stat().st_mtime_ns
    assert mix.ensure(tmp_path / "a", 0.005, 3).full.stat().st_mtime_ns == stamp


def test_too_few_packets_are_refused() -> None:
    """A mix that cannot hold its flows says what is allowed."""
    with pytest.raises(ValueError, match="at least 18 per flow"):
        draw_sizes(np.random.default_rng(1), 1000, 2000)


def test_lateness_is_bounded_by_the_next_marker() -> None:
    """An idle row written before the first marker after its deadline is on time; each marker later adds a tick."""
    tick = lateness.TICK_NS
    marker = (6, "reuse", 30 * S)
    on_time = [(17, "idle", 0), marker]
    late = [(17, "idle", 0), (6, "reuse", 30 * S + 3 * tick)]
    assert lateness.lateness_ns(on_time) == [tick]
    assert lateness.lateness_ns(late) == [4 * tick]
    assert lateness.lateness_ns([(6, "idle", 0), (17, "shutdown", 0), marker]) == []


def _contender(name: str, code: str, rows: int) -> Contender:
    def command(_capture: Path, _out: Path) -> list[str]:
        return [sys.executable, "-c", code]

    return Contender(name, command, lambda _out: rows)


def test_runs_alternate_and_are_compared_in_pairs(tmp_path: Path) -> None:
    """Each contender runs as often as asked; ratios are taken pair by pair."""
    capture = tmp_path / "x.pcap"
    capture.write_bytes(b"x")
    both = [_contender("a", "pass", 1), _contender("b", "sum(range(10**6))", 2)]
    costs = alternate(both, capture, 2, tmp_path)
    assert [len(costs[name]) for name in ("a", "b")] == [2, 2]
    assert costs["b"][0].rows == 2
    assert costs["a"][0].cpu_s > 0
    pair = [Cost(1.0, 0, 0, 1, 0), Cost(2.0, 0, 0, 1, 0)], [Cost(3.0, 0, 0, 1, 0), Cost(10.0, 0, 0, 1, 0)]
    assert paired_ratio(*pair) == (4.0, 3.0, 5.0)


def test_a_run_that_did_nothing_is_an_error(tmp_path: Path) -> None:
    """Exit codes and empty results are never taken for a fast run."""
    with pytest.raises(RunFailedError, match="exit code 3"):
        run_once(_contender("a", "raise SystemExit(3)", 1), tmp_path, tmp_path)
    with pytest.raises(RunFailedError, match="no flow written"):
        run_once(_contender("a", "pass", 0), tmp_path, tmp_path)


def test_figures_know_their_side_of_the_target() -> None:
    """A figure is met at its target, on the right side, and has no verdict without one."""
    assert Figure("x", 2.5, "x", 2.5, at_least=True).met is True
    assert Figure("x", 2.4, "x", 2.5, at_least=True).met is False
    assert Figure("x", 2.4, "x", 2.5).met is True
    assert Figure("x", 2.4, "x").as_dict()["met"] is None
