"""Draw the flows and packets of the benchmark traffic: who talks to whom, how much, when, with which TCP numbers.

Everything is a numpy column; nothing here knows about bytes on the wire (that is ``bench._frames``). The proportions
are those of the mix that the project's prototypes were measured with; where the description leaves a choice open, the
choice is named beside the number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SPAN_NS: Final = 600 * 10**9
"""Length of the mix, ns."""
PARETO_SHAPE: Final = 1.05
"""Shape of the flow sizes: mean finite, variance not."""
PARETO_MIN: Final = 4
"""Smallest size outside the quarter with 1-3 packets; with it the body holds about half of the packets."""
TINY_SHARE: Final = 0.25
"""Share of flows with 1-3 packets."""
HEAVY_SHARE: Final = 0.01
"""Share of flows (2 000 of 200 000) that hold the rest of the packets."""
LARGEST_SHARE: Final = 0.02
"""No flow holds more than this part of all packets, so that one hot cache line does not make the benchmark."""
LONG_GAP_SHARE: Final = 0.0004
"""Share of packets that come more than 60 s after the one before."""
HOSTS: Final = 20_000
SERVERS: Final = 2_000
"""Hosts that answer; chosen with weight 1/rank (heavy-tailed)."""
ZERO_PAYLOAD: Final = 0.42
"""Share of packets without payload."""
DATA_CLASSES: Final = ((12, 300, 0.20), (300, 1200, 0.13), (1348, 1349, 0.25))
"""(lowest, highest + 1, share of all packets) of payload lengths, bytes."""
FIN_OF_LONG: Final = 0.80
RST_OF_LONG: Final = 0.107
RST_OF_TINY: Final = 0.72
"""Shares of endings among TCP flows of 4 and more packets, and of 2 and 3: together 60 % FIN, 20 % RST, 20 % open."""

FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
"""TCP flag bits (RFC 9293 section 3.1)."""


class Framing(IntEnum):
    """What lies around the transport header."""

    PLAIN = 0
    VLAN = 1
    QINQ = 2
    MPLS = 3
    GRE = 4
    VXLAN = 5
    IPV6 = 6
    IPV6_VLAN = 7
    IPV6_HOPS = 8
    IPV6_FRAGMENT = 9


FRAMING_SHARES: Final = (0.60, 0.10, 0.02, 0.02, 0.01, 0.02, 0.15, 0.03, 0.03, 0.02)
"""Share of flows per framing, in the order of :class:`Framing`."""
PROTO_SHARES: Final = ((6, 0.72), (17, 0.25), (1, 0.03))
"""Share of flows per protocol; 1 stands for ICMP and ICMPv6."""


@dataclass(frozen=True, slots=True)
class Flows:
    """One entry per flow: framing, protocol, number of packets, host numbers, ports (ICMP: identifier, 0), ISNs."""

    framing: Ints
    proto: Ints
    size: Ints
    client: Ints
    server: Ints
    sport: Ints
    dport: Ints
    isn: Ints  # shape (flows, 2): originator, responder


@dataclass(frozen=True, slots=True)
class Packets:
    """One entry per packet: flow number, time (ns), sender is responder, payload (B), TCP flags and numbers.

    ``text`` is where the payload lies in the library of messages; -1: it is random.
    """

    flow: Ints
    ts: Ints
    back: Ints
    payload: Ints
    flags: Ints
    seq: Ints
    ack: Ints
    text: Ints

    def sorted(self) -> Packets:
        """Return the packets in time order (ties keep the order inside their flow)."""
        order = np.argsort(self.ts, kind="stable")
        return Packets(*(getattr(self, name)[order] for name in self.__slots__))


def draw_sizes(rng: np.random.Generator, flows: int, packets: int) -> Ints:
    """Return the number of packets per flow, summing to ``packets``, in random order.

    Raises:
        ValueError: ``packets`` is too small for that many flows.
    """
    tiny = int(flows * TINY_SHARE)
    heavy = max(1, int(flows * HEAVY_SHARE))
    pareto = np.sort(PARETO_MIN * rng.random(flows - tiny) ** (-1 / PARETO_SHAPE))
    body = np.floor(pareto[:-heavy]).astype(np.int64)
    small = rng.integers(1, 4, tiny)
    rest = packets - int(body.sum()) - int(small.sum())
    floor = int(body[-1])
    if rest < heavy * (floor + 1):
        raise ValueError(f"mix: {packets} packets for {flows} flows; allowed: at least 18 per flow; give more packets")
    weight = pareto[-heavy:] / pareto[-heavy] - 1
    weight = np.minimum(weight, LARGEST_SHARE * weight.sum())
    extra = np.floor((rest - heavy * floor) * weight / weight.sum()).astype(np.int64)
    top = extra + floor
    top[0] += rest - int(top.sum())
    sizes = np.concatenate([small, body, top])
    rng.shuffle(sizes)
    return sizes


def draw_flows(rng: np.random.Generator, sizes: Ints) -> Flows:
    """Return the flows' identities; every (client, server, ports, protocol, framing) occurs once."""
    count = len(sizes)
    framing = rng.choice(len(FRAMING_SHARES), count, p=FRAMING_SHARES)
    proto = rng.choice([p for p, _ in PROTO_SHARES], count, p=[s for _, s in PROTO_SHARES])
    weight = 1 / np.arange(1, SERVERS + 1)
    server = rng.choice(SERVERS, count, p=weight / weight.sum())
    client = rng.integers(SERVERS, HOSTS, count)
    services = np.array([443, 80, 53, 445, 22, 3389, 8080, 123, 389, 502])
    dport = np.where(proto == 1, 0, services[rng.integers(0, len(services), count)])
    sport = _distinct_ports(rng, client * SERVERS + server)
    isn = rng.integers(0, 2**32, (count, 2))
    return Flows(framing, proto, sizes, client, server, sport, dport, isn)


def _distinct_ports(rng: np.random.Generator, pair: Ints) -> Ints:
    """Number the flows of one host pair through the ephemeral ports from a random start, so that no tuple repeats."""
    order = np.argsort(pair, kind="stable")
    ranked = pair[order]
    first = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    start = np.maximum.accumulate(np.where(first, np.arange(len(pair)), 0))
    nth = np.empty(len(pair), np.int64)
    nth[order] = np.arange(len(pair)) - start
    base = (pair * 2654435761 + int(rng.integers(0, 2**20))) % 16384
    return 49152 + (base + nth) % 16384


Speak = Callable[[Flows, "Packets"], "Packets"]
"""Gives packets with payload something to say; may change their direction and length."""


def draw_packets(rng: np.random.Generator, flows: Flows, speak: Speak | None = None) -> Packets:
    """Return all packets in flow order: control flags, directions, payload lengths, times, sequence numbers."""
    flow = np.repeat(np.arange(len(flows.size)), flows.size)
    first = np.concatenate([[0], np.cumsum(flows.size)[:-1]])
    nth = np.arange(len(flow)) - first[flow]
    left = flows.size[flow] - 1 - nth
    tcp = flows.proto[flow] == 6
    flags, back = _control(rng, flows, flow, nth, left)
    free = (flags == ACK) & (nth > 2) | ~tcp
    payload = _payloads(rng, free, tcp)
    flags = np.where(tcp & (payload > 0), flags | PSH, flags)
    ts = _times(rng, flows, flow, nth)
    zero = np.zeros(len(flow), np.int64)
    packets = Packets(flow, ts, back, payload, flags, zero, zero, zero - 1)
    if speak is not None:
        packets = speak(flows, packets)
    return _numbered(packets, flows, first)


def _control(rng: np.random.Generator, flows: Flows, flow: Ints, nth: Ints, left: Ints) -> tuple[Ints, Ints]:
    """Return TCP flags and the direction of every packet (0 = originator): opening, data, closing."""
    count = len(flows.size)
    tcp = (flows.proto == 6)[flow]
    fate = rng.random(count)
    long = flows.size > 3
    fin = ((fate < FIN_OF_LONG) & long)[flow] & tcp
    reset = (fate >= FIN_OF_LONG) & (fate < FIN_OF_LONG + RST_OF_LONG) & long
    refused = (fate < RST_OF_TINY) & ~long & (flows.size > 1)
    rst = (reset | refused)[flow] & tcp
    closing = np.minimum(3, flows.size - 3)[flow] - left
    one_sided = ((rng.random(count) < 0.1) & (flows.proto == 17))[flow]
    back = np.where(nth == 0, 0, rng.random(len(flow)) < 0.55).astype(np.int64)
    back = np.where(one_sided, 0, back)
    back = np.where((flows.proto == 1)[flow], nth % 2, back)
    opening = tcp & (nth < 3)
    back = np.where(opening, (nth == 1).astype(np.int64), back)
    flags = np.where(tcp, ACK, 0)
    flags = np.where(tcp & (nth == 0), SYN, flags)
    flags = np.where(tcp & (nth == 1), SYN | ACK, flags)
    flags = np.where(fin & ((closing == 1) | (closing == 2)), FIN | ACK, flags)
    back = np.where(fin & (closing > 0), (closing == 2).astype(np.int64), back)
    flags = np.where(rst & (left == 0), RST | ACK, flags)
    return flags, back


def _payloads(rng: np.random.Generator, free: NDArray[np.bool_], tcp: NDArray[np.bool_]) -> Ints:
    """Return payload lengths so that the shares hold over all packets; openings and closings carry none."""
    count = len(free)
    forced = int((~free).sum())
    pool = int((free & tcp).sum())
    empty = min(1.0, max(0.0, (ZERO_PAYLOAD * count - forced) / max(pool, 1)))
    shares = np.array([share for _, _, share in DATA_CLASSES])
    kind = rng.choice(len(DATA_CLASSES), count, p=shares / shares.sum())
    low = np.array([low for low, _, _ in DATA_CLASSES])[kind]
    high = np.array([high for _, high, _ in DATA_CLASSES])[kind]
    payload = low + (rng.random(count) * (high - low)).astype(np.int64)
    return np.where(~free | tcp & (rng.random(count) < empty), 0, payload)


def _times(rng: np.random.Generator, flows: Flows, flow: Ints, nth: Ints) -> Ints:
    """Return packet times, ns from the start of the mix, growing inside each flow and inside the span."""
    count = len(flows.size)
    mean = np.minimum(rng.lognormal(np.log(0.03), 1.5, count), 2.0)
    gap = np.minimum(rng.exponential(1.0, len(flow)) * mean[flow], 55.0)
    gap[nth == 0] = 0.0
    total = np.bincount(flow, gap, count)
    gap *= np.minimum(1.0, 400.0 / np.maximum(total, 1e-9))[flow]
    total = np.minimum(total, 400.0)
    wanted = int(LONG_GAP_SHARE * len(flow))
    able = rng.permutation(np.flatnonzero((nth > 3) & (total < 300.0)[flow]))
    _, first = np.unique(flow[able], return_index=True)
    chosen = rng.choice(able[first], min(wanted, len(first)), replace=False)
    gap[chosen] += rng.uniform(61.0, 120.0, len(chosen))
    span = np.bincount(flow, gap, count)
    start = rng.random(count) * (SPAN_NS / 1e9 - 1.0 - span)
    running = np.cumsum(gap)
    offset = running - running[np.cumsum(flows.size)[flow] - flows.size[flow]]
    ts: Ints = ((start[flow] + offset) * 1e9).astype(np.int64) + nth
    return ts


def _numbered(packets: Packets, flows: Flows, first: Ints) -> Packets:
    """Fill sequence and acknowledgement numbers: each side continues where it was, and acknowledges all it was sent."""
    tcp = flows.proto[packets.flow] == 6
    used = np.where(tcp, packets.payload + (packets.flags & SYN > 0) + (packets.flags & FIN > 0), 0)
    sent = []
    for side in (0, 1):
        mine = np.where(packets.back == side, used, 0)
        before = np.cumsum(mine) - mine
        sent.append(before - before[first][packets.flow])
    own = np.where(packets.back == 1, sent[1], sent[0])
    peer = np.where(packets.back == 1, sent[0], sent[1])
    isn = flows.isn[packets.flow]
    seq = (isn[np.arange(len(isn)), packets.back] + own) % 2**32
    ack = (isn[np.arange(len(isn)), 1 - packets.back] + peer) % 2**32
    ack = np.where(packets.flags & ACK > 0, ack, 0)
    return replace(packets, seq=np.where(tcp, seq, 0), ack=np.where(tcp, ack, 0))
