"""Random small captures for Hypothesis: flows that talk, lose, repeat, reorder, fragment, tunnel and step in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from capture import ip as net
from capture import link, tunnel
from capture.conversation import plain
from capture.files import SECOND, T0, Shot
from hypothesis import strategies as st

HOSTS: Final = ("10.0.0.1", "10.0.0.2", "172.16.0.9")
HOSTS6: Final = ("2001:db8::1", "2001:db8::2", "fe80::9")
GROUPS: Final = ("239.255.255.250", "255.255.255.255")
PORTS: Final = (22, 53, 80, 123, 1234, 4789, 8080, 50000, 50001)
FLAGS: Final = ("S", "SA", "A", "A", "A", "PA", "PA", "FA", "F", "R", "RA", "", "SF", "FR", "UA", "SAEC")
TAME: Final = ("A", "A", "PA", "PA", "FA", "UA")
GAPS: Final = (0, 1, 999, 1_000_000, 20_000_000, 700_000_000, SECOND, 3 * SECOND, 5 * SECOND + 1, 11 * SECOND)
LONG_GAPS: Final = (31 * SECOND, 61 * SECOND, 299 * SECOND, 300 * SECOND, 301 * SECOND, -2 * SECOND, -900_000_000, -40)

STACKS: Final = (
    b"",
    net.mss(1400),
    net.mss(1460) + net.wscale(3),
    net.mss(1460) + bytes.fromhex("0402 080a 00000007 00000000 01 030307"),
    net.mss(500) + bytes.fromhex("01 030308 0101 080a 00000000 00000009 0402 00 00"),
    net.mss(99) + bytes.fromhex("0303ff 050a 0102030405060708 fd06 89ab 0001"),
)
OPTIONS: Final = st.one_of(st.sampled_from(STACKS), st.sampled_from(STACKS), st.binary(max_size=40))
"""Options of a SYN: those of stacks, and any octets."""

Enclose = Callable[[bytes], bytes]

TUNNELS: Final[dict[str, Enclose]] = {
    "none": lambda packet: plain(packet, True),
    "vlan": lambda packet: link.ethernet(packet, vlans=[(0x88A8, 7), (0x8100, 0)]),
    "padded": lambda packet: link.ethernet(packet, pad=True),
    "mpls": lambda packet: link.ethernet(link.mpls(packet, [16, 17]), 0x8847),
    "pppoe": lambda packet: link.ethernet(link.pppoe(packet, 5), 0x8864),
    "gre": lambda packet: plain(tunnel.gre("192.0.2.1", "192.0.2.2", packet, key=9), True),
    "vxlan": lambda packet: plain(tunnel.vxlan("192.0.2.1", "192.0.2.2", link.ethernet(packet), 77), True),
    "erspan": lambda packet: plain(tunnel.erspan("192.0.2.1", "192.0.2.2", link.ethernet(packet), session=3), True),
    "ipip": lambda packet: plain(tunnel.ipip("192.0.2.1", "192.0.2.2", packet), True),
}


@st.composite
def ends(draw: st.DrawFn) -> tuple[str, str, int, int]:
    """Draw two different hosts of one IP version and two ports."""
    family = draw(st.sampled_from((HOSTS, HOSTS, HOSTS6)))
    src, dst = draw(st.permutations(family))[:2]
    return src, dst, draw(st.sampled_from(PORTS)), draw(st.sampled_from(PORTS))


@st.composite
def tcp_packets(draw: st.DrawFn, *, tame: bool = False) -> list[bytes]:
    """Draw the packets of a TCP conversation with errors, as IP packets in order.

    A tame one opens with a handshake, has no RST, no later SYN, and no ACK on what is out of sequence.
    """
    a, b, pa, pb = draw(ends())
    next_seq = [draw(st.sampled_from((0, 1000, 2**32 - 5))), draw(st.sampled_from((7, 2**32 - 1)))]
    out: list[bytes] = []
    for step in range(draw(st.integers(1, 14))):
        me = draw(st.integers(0, 1)) if step > 2 else (0, 1, 0)[step]
        wild = step > 2 or (not tame and draw(st.integers(0, 3)) == 0)
        flags = draw(st.sampled_from(TAME if tame else FLAGS)) if wild else ("S", "SA", "A")[step]
        size = draw(st.sampled_from((0, 0, 1, 10, 1460))) if "S" not in flags else 0
        shift = draw(st.sampled_from((0,) * 8 + (-10, -1, 10, 25, -1470, 5_000_000, 2**31 - 9)))
        ack_shift = draw(st.sampled_from((0,) * 8 + (-10, 5, 300, 2**31 - 9)))
        if tame and (step < 3 or "F" in flags):
            shift = ack_shift = 0
        elif tame:
            shift = min(shift, 0)
            flags = "P" if shift else flags
        src, dst, sport, dport = (a, b, pa, pb) if me == 0 else (b, a, pb, pa)
        options = draw(OPTIONS) if "S" in flags else b""
        segment = net.tcp_segment(
            src,
            dst,
            sport,
            dport,
            flags,
            seq=next_seq[me] + shift,
            ack=next_seq[1 - me] + ack_shift if "A" in flags else 0,
            payload=b"q" * size,
            window=draw(st.sampled_from((0, 1000, 65535))),
            options=options,
            bad_checksum=draw(st.integers(0, 30)) == 0,
        )
        if shift == 0 and "R" not in flags:
            next_seq[me] += size + ("S" in flags) + ("F" in flags)
        if draw(st.integers(0, 12)) or (tame and step < 3):
            ttl, tos, ident = (draw(st.sampled_from(values)) for values in ((64, 63, 1), (0, 0, 1, 184), (0, 5)))
            out.append(net.ip(src, dst, net.TCP, segment, ttl=ttl, tos=tos, ident=ident))
    return out


@st.composite
def udp_packets(draw: st.DrawFn) -> list[bytes]:
    """Draw the packets of a UDP exchange, some of them in fragments, in any order."""
    a, b, pa, pb = draw(ends())
    # Random bytes on port 53 are DNS to one meter and noise to the other, which knows the protocol better.
    pa, pb = (123 if port == 53 else port for port in (pa, pb))
    if draw(st.integers(0, 9)) == 0 and ":" not in a:
        b = draw(st.sampled_from(GROUPS))
    out: list[bytes] = []
    for number in range(draw(st.integers(1, 5))):
        forward = b in GROUPS or draw(st.booleans())
        src, dst, sport, dport = (a, b, pa, pb) if forward else (b, a, pb, pa)
        body = draw(st.binary(max_size=40)) * draw(st.sampled_from((1, 1, 60)))
        datagram = net.udp_datagram(src, dst, sport, dport, body, bad_checksum=draw(st.integers(0, 20)) == 0)
        if len(datagram) > 200:
            parts = net.fragments(src, dst, net.UDP, datagram, ident=100 + number, size=160)
            out += draw(st.permutations(parts)) if draw(st.booleans()) else parts
        else:
            out.append(net.ip(src, dst, net.UDP, datagram))
    return out


@st.composite
def other_packets(draw: st.DrawFn) -> list[bytes]:
    """Draw pings, other ICMP and other protocols."""
    a, b, _, _ = draw(ends())
    number = draw(st.sampled_from((0x4444, 0x5555)))
    proto = net.ICMP6 if ":" in a else net.ICMP
    kinds = [
        net.echo(a, b, number),
        net.echo(b, a, number, reply=True),
        net.ip(a, b, proto, net.icmp_message(a, b, 3, 1, payload=b"x" * 28)),
        net.ip(b, a, proto, net.icmp_message(b, a, 136 if ":" in a else 14, 0, number << 16)),
        net.ip(a, b, 89, b"o" * 24),
        net.ip(a, b, 132, b"\x13\x88\x00\x50" + b"\0" * 8 + b"chunk"),
    ]
    return draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=6))


LAYER2: Final = (
    link.ethernet(link.arp(1, link.MAC_A, "10.0.0.1", b"\0" * 6, "10.0.0.2"), 0x0806, dst=link.BROADCAST, pad=True),
    link.ethernet(link.goose(3, b"g" * 30), 0x88B8),
    link.ethernet(link.lldp(), 0x88CC),
    link.stp(),
    link.ethernet(b"?" * 46, 0x88E5),
    b"\x01\x02\x03",
)


@st.composite
def frames(draw: st.DrawFn, *, tame: bool = False) -> list[bytes]:
    """Draw the frames of one flow, all in the same tunnel."""
    packets = draw(st.one_of(tcp_packets(tame=tame), tcp_packets(tame=tame), udp_packets(), other_packets()))
    enclose = TUNNELS[draw(st.sampled_from(("none", "none", "none", *TUNNELS)))]
    return [enclose(packet) for packet in packets]


@st.composite
def captures(draw: st.DrawFn, *, tame: bool = False) -> list[Shot]:
    """Draw a capture of some interleaved flows.

    Args:
        draw: of Hypothesis.
        tame: only well-opened TCP, and time never goes back.
    """
    flows = draw(st.lists(frames(tame=tame), min_size=1, max_size=4))
    flows.append(draw(st.lists(st.sampled_from(LAYER2), max_size=3)))
    out: list[Shot] = []
    now = T0 + draw(st.integers(0, SECOND))
    while any(flows):
        flow = draw(st.sampled_from([flow for flow in flows if flow]))
        frame = flow.pop(0)
        far = draw(st.integers(0, 9)) == 0
        wait = draw(st.sampled_from(LONG_GAPS if far else GAPS))
        now += max(wait, 0) if tame else wait
        snap = draw(st.sampled_from((34, 40, 54, 60, 80))) if draw(st.integers(0, 9)) == 0 else None
        out.append(Shot(now, frame, snap=snap))
    return out
