"""Traffic drawn by ``bench``: every flow is known before a meter runs; argus and nfdump look at the same file."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from bench._frames import Encoder, host_v4, record_lengths, write_pcaps
from bench._population import Flows, Framing, Packets, draw_flows, draw_packets, draw_sizes
from tests.oracles.support import flow_tools
from tests.oracles.support.meter import conversations
from tests.oracles.support.tuples import Sums, add, of_conversations

IPV6 = (Framing.IPV6, Framing.IPV6_VLAN, Framing.IPV6_HOPS, Framing.IPV6_FRAGMENT)
DECODED_BY_ALL = (Framing.PLAIN, Framing.VLAN, Framing.IPV6)
"""Framings that argus 3.0 and nfdump 1.7 decode like us."""
SEED = 7


class Drawn(NamedTuple):
    """A capture and the flows it was drawn from."""

    capture: Path
    flows: Flows
    packets: Packets
    lengths: np.ndarray[tuple[int], np.dtype[np.int64]]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Draw 1 000 flows of all framings."""
    rng = np.random.default_rng(SEED)
    flows = draw_flows(rng, draw_sizes(rng, 1000, 26_000))
    packets = draw_packets(rng, flows).sorted()
    encoder = Encoder(flows, SEED)
    capture = tmp_path_factory.mktemp("drawn") / "mix.pcap"
    write_pcaps(encoder, packets, [(capture, 65535)])
    shapes = encoder.shapes(packets)
    rows = [np.flatnonzero(shapes == shape) for shape in np.unique(shapes)]
    names = packets.__slots__
    headers = [encoder.headers(Packets(*(getattr(packets, name)[row] for name in names))) for row in rows]
    return Drawn(capture, flows, packets, record_lengths(headers, rows, packets.payload))


def _address(host: int, framing: Framing) -> str:
    if framing in IPV6:
        return str(ipaddress.IPv6Address((0x20010DB8 << 96) + host + 1))
    return str(ipaddress.IPv4Address(int(host_v4(np.array([host]))[0])))


def _known(drawn: Drawn, framings: tuple[Framing, ...], *, icmp: bool) -> Sums:
    """Return the sums per 5-tuple that were drawn (packets and frame bytes each way)."""
    flows, packets, lengths = drawn.flows, drawn.packets, drawn.lengths
    count = len(flows.size)
    side = packets.back * count + packets.flow
    number = np.bincount(side, minlength=2 * count)
    octets = np.bincount(side, lengths, 2 * count).astype(np.int64)
    sums: Sums = {}
    for flow in range(count):
        framing, proto = Framing(int(flows.framing[flow])), int(flows.proto[flow])
        if framing not in framings or (proto == 1 and not icmp):
            continue
        name = {6: "tcp", 17: "udp", 1: "icmpv6" if framing in IPV6 else "icmp"}[proto]
        ports = (0, 0) if proto == 1 else (int(flows.sport[flow]), int(flows.dport[flow]))
        ends = (
            (_address(int(flows.client[flow]), framing), ports[0]),
            (_address(int(flows.server[flow]), framing), ports[1]),
        )
        both = (int(number[flow]), int(number[count + flow]), int(octets[flow]), int(octets[count + flow]))
        add(sums, name, ends, both)
    return sums


def test_every_drawn_flow_is_metered_exactly(drawn: Drawn) -> None:
    """Packets and frame bytes each way of all framings, tunnels and protocols are those that were drawn."""
    ours = of_conversations(conversations(drawn.capture), frozenset({1, 6, 17, 58}))
    assert ours == _known(drawn, tuple(Framing), icmp=True)


def test_closed_flows_are_known_from_the_draw(drawn: Drawn) -> None:
    """Each TCP flow that both sides closed is SF, and there are as many as were drawn."""
    flags, flow = drawn.packets.flags, drawn.packets.flow
    closed = [np.bincount(flow[(flags & 1 > 0) & (drawn.packets.back == side)], minlength=1000) for side in (0, 1)]
    both = int(((closed[0] > 0) & (closed[1] > 0) & (drawn.flows.size > 5)).sum())
    states = [row["conn_state"] for row in conversations(drawn.capture, active_s=0) if row["ip_proto"] == 6]
    assert both > 100
    assert states.count("SF") >= both


@pytest.mark.parametrize("tool", [*sorted(flow_tools.installed()), "the draw itself"])
def test_argus_and_nfdump_agree_with_the_draw(drawn: Drawn, tmp_path: Path, tool: str) -> None:
    """The tools that are installed see the packets and bytes that were drawn (argus frame bytes, nfdump IP bytes)."""
    link = {Framing.PLAIN: 14, Framing.VLAN: 18, Framing.IPV6: 14}
    for framing in DECODED_BY_ALL:
        known = _known(drawn, (framing,), icmp=False)
        tools = flow_tools.installed()
        (tmp_path / framing.name).mkdir()
        theirs = tools[tool](drawn.capture, tmp_path / framing.name) if tool in tools else known
        off = link[framing] if tool == "nfdump" else 0
        expected = {k: [ab, ba, ab_b - off * ab, ba_b - off * ba] for k, (ab, ba, ab_b, ba_b) in known.items()}
        assert {key: theirs.get(key) for key in known} == expected
