"""Write the captures with protocols in them: a mix of real messages, DNS on reused sockets, half-open handshakes.

``python -m bench.spoken`` writes what is missing into the cache folder; the same seed always gives the same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench._frames import Encoder, write_pcaps
from bench._population import ACK, PSH, SYN, Flows, Framing, Packets, draw_flows, draw_packets, draw_sizes
from bench._speech import Speech
from bench.mix import FULL_SNAPLEN, MIX_FLOWS, MIX_PACKETS, SEED, default_cache

DNS_SOCKETS: Final = 2_000
DNS_MESSAGES: Final = 2_000_000
HALF_OPEN: Final = 200_000
"""Handshakes that begin within the span below and do not go on: clients that wait, or an attack."""
HALF_OPEN_NS: Final = 20 * 10**9


@dataclass(frozen=True, slots=True)
class Spoken:
    """Paths of the captures of one scale."""

    mix: Path
    dns: Path
    half_open: Path


def ensure(cache: Path, scale: float = 1.0, seed: int = SEED) -> Spoken:
    """Write the captures that are missing and return their paths."""
    cache.mkdir(parents=True, exist_ok=True)
    tag = "" if scale == 1 else f"-x{scale:g}"
    names = ("spoken-mix", "spoken-dns", "spoken-half-open")
    target = Spoken(*(cache / f"{name}{tag}.pcap" for name in names))
    speech = Speech(seed)
    if not target.mix.exists():
        _write(target.mix, *_mix(speech, scale, seed), speech, seed)
    if not target.dns.exists():
        _write(target.dns, *_dns(speech, scale), speech, seed)
    if not target.half_open.exists():
        _write(target.half_open, *_half_open(speech, scale, seed), speech, seed)
    return target


def _write(target: Path, flows: Flows, packets: Packets, speech: Speech, seed: int) -> None:
    write_pcaps(Encoder(flows, seed, speech.library), packets.sorted(), [(target, FULL_SNAPLEN)])


def _mix(speech: Speech, scale: float, seed: int) -> tuple[Flows, Packets]:
    rng = np.random.default_rng(seed)
    sizes = draw_sizes(rng, max(1000, int(MIX_FLOWS * scale)), max(26_000, int(MIX_PACKETS * scale)))
    flows = draw_flows(rng, sizes)
    return flows, draw_packets(rng, flows, speech.speak)


def _dns(speech: Speech, scale: float) -> tuple[Flows, Packets]:
    """Return sockets that ask one question after the other, all at the same time: resolvers of a busy site."""
    sockets = DNS_SOCKETS
    rounds = max(2, int(DNS_MESSAGES * scale) // sockets)
    zero = np.zeros(sockets, np.int64)
    number = np.arange(sockets)
    flows = Flows(
        framing=zero + Framing.PLAIN,
        proto=zero + 17,
        size=zero + rounds,
        client=2000 + number,
        server=number % 20,
        sport=20_000 + number,
        dport=zero + 53,
        isn=np.zeros((sockets, 2), np.int64),
    )
    flow = np.repeat(number, rounds)
    turn = np.tile(np.arange(rounds), sockets)
    none = np.zeros(len(flow), np.int64)
    packets = Packets(flow, turn * 10**6 + flow * 400, turn % 2, none + 1, none, none, none, none - 1)
    return flows, speech.speak(flows, packets)


def _half_open(speech: Speech, scale: float, seed: int) -> tuple[Flows, Packets]:
    """Return connections on which the client said hello, and of the server's flight only the first segment came."""
    rng = np.random.default_rng(seed)
    count = max(1000, int(HALF_OPEN * scale))
    zero = np.zeros(count, np.int64)
    flows = Flows(
        framing=zero + Framing.PLAIN,
        proto=zero + 6,
        size=zero + 5,
        client=1000 + rng.permutation(count),
        server=zero,
        sport=rng.integers(1024, 65536, count),
        dport=zero + 443,
        isn=rng.integers(0, 2**32, (count, 2)),
    )
    flow, nth = np.repeat(np.arange(count), 5), np.tile(np.arange(5), count)
    ts = flow * (HALF_OPEN_NS // count) + nth * 1000
    flags = np.array([SYN, SYN | ACK, ACK, ACK | PSH, ACK | PSH])[nth]
    back = np.array([0, 1, 0, 0, 1])[nth]
    none = np.zeros(len(flow), np.int64)
    draft = Packets(flow, ts, back, (nth > 2).astype(np.int64), flags, none, none, none - 1)
    packets = speech.speak(flows, draft)
    hello = packets.payload[3::5][flow]
    own = np.stack([none, none, none + 1, none + 1, none + 1], axis=1)[np.arange(len(flow)), nth]
    peer = np.stack([none, none + 1, none + 1, none + 1, 1 + hello], axis=1)[np.arange(len(flow)), nth]
    isn = flows.isn[flow]
    seq = (isn[np.arange(len(flow)), back] + own) % 2**32
    ack = np.where(nth > 0, (isn[np.arange(len(flow)), 1 - back] + peer) % 2**32, 0)
    return flows, Packets(flow, ts, back, packets.payload, flags, seq, ack, packets.text)


def main() -> int:
    """Write the captures; return the exit code."""
    made = ensure(default_cache())
    for path in (made.mix, made.dns, made.half_open):
        print(f"{path}  {path.stat().st_size:,} B")
    return 0


if __name__ == "__main__":
    sys.exit(main())
