"""Write the benchmark captures: the traffic mix (full packets and snap length 128) and the SYN flood.

``python -m bench.mix`` writes what is missing into the cache folder; the same seed always gives the same bytes.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench._frames import Encoder, write_pcaps
from bench._population import SYN, Flows, Framing, Packets, draw_flows, draw_packets, draw_sizes

MIX_FLOWS: Final = 200_000
MIX_PACKETS: Final = 5_200_000
FLOOD_FLOWS: Final = 2_000_000
FLOOD_NS: Final = 10 * 10**9
SNAPLEN: Final = 128
FULL_SNAPLEN: Final = 262_144
SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class Captures:
    """Paths of the three captures of one scale."""

    full: Path
    snap: Path
    flood: Path


def default_cache() -> Path:
    """Return ``${XDG_CACHE_HOME:-~/.cache}/taishi/bench``: captures are big and never belong in the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "taishi" / "bench"


def paths(cache: Path, scale: float) -> Captures:
    """Return where the captures of that scale (1 = the sizes of the published figures) lie."""
    tag = "" if scale == 1 else f"-x{scale:g}"
    return Captures(cache / f"mix-full{tag}.pcap", cache / f"mix-snap{tag}.pcap", cache / f"flood{tag}.pcap")


def _draw_mix(scale: float, seed: int) -> tuple[Flows, Packets]:
    rng = np.random.default_rng(seed)
    sizes = draw_sizes(rng, max(1000, int(MIX_FLOWS * scale)), max(26_000, int(MIX_PACKETS * scale)))
    flows = draw_flows(rng, sizes)
    return flows, draw_packets(rng, flows).sorted()


def write_mix(target: Captures, scale: float, seed: int) -> None:
    """Write the mix twice: full packets and snap length 128."""
    flows, packets = _draw_mix(scale, seed)
    write_pcaps(Encoder(flows, seed), packets, [(target.full, FULL_SNAPLEN), (target.snap, SNAPLEN)])


def write_flood(target: Captures, scale: float, seed: int) -> None:
    """Write a SYN flood: one packet per flow, distinct sources, one server, evenly over ten seconds."""
    rng = np.random.default_rng(seed)
    count = max(1000, int(FLOOD_FLOWS * scale))
    zero = np.zeros(count, np.int64)
    flows = Flows(
        framing=zero + Framing.PLAIN,
        proto=zero + 6,
        size=zero + 1,
        client=1000 + rng.permutation(count),
        server=zero,
        sport=rng.integers(1024, 65536, count),
        dport=zero + 443,
        isn=rng.integers(0, 2**32, (count, 2)),
    )
    ts = np.arange(count) * (FLOOD_NS // count)
    packets = Packets(np.arange(count), ts, zero, zero, zero + SYN, flows.isn[:, 0], zero, zero - 1)
    write_pcaps(Encoder(flows, seed), packets, [(target.flood, FULL_SNAPLEN)])


def ensure_repeated(cache: Path, scale: float, repeat: int, seed: int = SEED) -> Path:
    """Write (if missing) the snap-length mix ``repeat`` times one after the other and return its path."""
    cache.mkdir(parents=True, exist_ok=True)
    target = cache / f"mix-snap-x{scale:g}-r{repeat}.pcap"
    if not target.exists():
        flows, packets = _draw_mix(scale, seed)
        write_pcaps(Encoder(flows, seed), packets, [(target, SNAPLEN)], repeat)
    return target


def ensure(cache: Path, scale: float = 1.0, seed: int = SEED) -> Captures:
    """Write the captures that are missing and return their paths."""
    cache.mkdir(parents=True, exist_ok=True)
    target = paths(cache, scale)
    if not (target.full.exists() and target.snap.exists()):
        write_mix(target, scale, seed)
    if not target.flood.exists():
        write_flood(target, scale, seed)
    return target


def main() -> int:
    """Write the captures; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, epilog="Example: python -m bench.mix --scale 0.01")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder of the captures")
    parser.add_argument("--scale", type=float, default=1.0, help="1 = 5.2 M packets and 2 M flood flows")
    parser.add_argument("--seed", type=int, default=SEED)
    args = parser.parse_args()
    begin = time.monotonic()
    target = ensure(args.cache, args.scale, args.seed)
    for path in (target.full, target.snap, target.flood):
        print(f"{path}  {path.stat().st_size:,} B")
    print(f"{time.monotonic() - begin:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
