"""One capture per bit of ``quality_flags``, and the counters of frames that make no flow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from capture import ip as net
from capture import link
from capture.conversation import Talk, plain, udp_exchange
from capture.files import SECOND, T0, Shot, write_pcap
from expect import Metering, conserved, holds, only

MIDSTREAM, ONE_SIDED, FLIPPED, DUPLICATES, TRUNCATED, BAD_CHECKSUM, OFFLOAD = 1, 2, 4, 8, 16, 32, 64
CLOCK_STEP, PARSE_ERROR, TUNNEL_DEPTH = 512, 2048, 4096
A, B = "10.0.0.1", "10.0.0.2"


def lone(packet: bytes, **fields: int) -> list[Shot]:
    """Return one packet from client to server as a capture."""
    return [Shot(T0, plain(packet, True), **fields)]


def with_bad_ip_checksum() -> bytes:
    """Return a UDP packet whose IPv4 header checksum is wrong."""
    return net.ip(A, B, 17, net.udp_datagram(A, B, 5000, 123, b"x"), bad_checksum=True)


SYN: Final = net.tcp(A, B, 50000, 80, "S")
BIG: Final = net.tcp(A, B, 50000, 80, "A", payload=b"x" * (8 * 1460 + 1))

CASES: Final[dict[str, tuple[Sequence[Shot], int]]] = {
    "nothing to say": (Talk().handshake().shots, 0),
    "midstream": (Talk().send("c", "A").send("s", "A").shots, MIDSTREAM),
    "one-sided": (Talk().send("c", "S").shots, ONE_SIDED),
    "flipped by a late ACK": (
        Talk(server=("10.0.0.2", 40000)).send("s", "SA").send("c", "A").shots,
        FLIPPED,
    ),
    "truncated": (lone(net.udp(A, B, 5000, 123, b"x" * 100), snap=60), ONE_SIDED | TRUNCATED),
    "transport header cut off": (lone(SYN, snap=40), ONE_SIDED | TRUNCATED),
    "bad IP checksum": (lone(with_bad_ip_checksum()), ONE_SIDED | BAD_CHECKSUM),
    "bad TCP checksum": (Talk().send("c", "S", bad_checksum=True).shots, ONE_SIDED | BAD_CHECKSUM),
    "bad UDP checksum": (lone(net.udp(A, B, 5000, 123, b"x", bad_checksum=True)), ONE_SIDED | BAD_CHECKSUM),
    "offload by length 0": (
        lone(net.ip(A, B, 6, net.tcp_segment(A, B, 50000, 80, "S"), total_len=0)),
        ONE_SIDED | OFFLOAD,
    ),
    "offload by payload": (lone(BIG), ONE_SIDED | OFFLOAD | MIDSTREAM),
    "clock step": (
        Talk().handshake().send("c", "A", dt_ns=-2 * SECOND).shots,
        CLOCK_STEP,
    ),
    "length beyond the frame": (
        lone(net.ip(A, B, 17, net.udp_datagram(A, B, 5000, 123, b"x" * 8), total_len=400)),
        ONE_SIDED | PARSE_ERROR,
    ),
    "TCP header too short": (lone(net.ip(A, B, 6, b"\x01\x02\x03\x04")), ONE_SIDED | PARSE_ERROR),
}


@pytest.mark.parametrize("name", CASES)
def test_bits(name: str, metering: Metering) -> None:
    """The capture made for a bit sets exactly the bits it must."""
    shots, bits = CASES[name]
    metered = metering(shots)
    conserved(metered)
    holds(only(metered), quality_flags=bits)


def test_checksum_letters(metering: Metering) -> None:
    """A wrong checksum earns a C before the letter of the packet in TCP; the packet counts all the same."""
    row = only(metering(Talk().send("c", "S", bad_checksum=True).send("s", "SA").send("c", "A").shots))
    holds(row, history="CShA", conn_state="S1", src_pkts=2)


def test_zero_udp_checksum_is_none(metering: Metering) -> None:
    """A UDP checksum of zero was not computed, so it cannot be wrong."""
    datagram = net.udp_datagram(A, B, 5000, 123, b"xyz")
    row = only(metering(lone(net.ip(A, B, 17, datagram[:6] + b"\0\0" + datagram[8:]))))
    holds(row, quality_flags=ONE_SIDED)


def test_malformed_transport_has_no_ports(metering: Metering) -> None:
    """A transport header that cannot be read leaves a flow of that protocol with ports NULL."""
    for proto, body in ((6, b"\0" * 12), (6, net.tcp_segment(A, B, 1, 2)[:12] + b"\xf0" + b"\0" * 7), (17, b"\0" * 5)):
        row = only(metering(lone(net.ip(A, B, proto, body))))
        holds(row, ip_proto=proto, src_port=None, dst_port=None, src_tcp_flags=None, src_bytes_payload=len(body))


def test_header_cut_off_by_the_snap_length(metering: Metering) -> None:
    """With the transport header cut off, the payload on the wire is still what the IP length says."""
    row = only(metering(lone(net.tcp(A, B, 50000, 80, "PA", payload=b"x" * 50), snap=14 + 20 + 10)))
    holds(row, src_port=None, src_bytes_payload=50, src_bytes_ip=90, src_bytes_l2=104, src_entropy=None)


def test_lengths_are_of_the_wire(metering: Metering) -> None:
    """A snap length changes no length column."""
    row = only(metering(lone(net.udp(A, B, 5000, 123, b"x" * 500), snap=50)))
    holds(row, src_bytes_l2=14 + 528, src_bytes_ip=528, src_bytes_payload=500, len_max=500.0, src_entropy=0.0)


def test_ethernet_padding_is_no_payload(metering: Metering) -> None:
    """Padding to the minimal frame counts as frame bytes only."""
    row = only(metering([Shot(T0, link.ethernet(net.udp(A, B, 5000, 123, b"x"), pad=True))]))
    holds(row, src_bytes_l2=60, src_bytes_ip=29, src_bytes_payload=1)


def test_duplicates(meter: Metering, tmp_path: Path) -> None:
    """A routed copy inside the window is counted in dup_pkts and in nothing else; off by default."""
    packet = net.udp(A, B, 5000, 123, b"x" * 20)
    routed = net.ip(A, B, 17, packet[20:], ttl=63)
    shots = [
        Shot(T0, plain(packet, True)),
        Shot(T0 + 5000, plain(routed, True)),
        Shot(T0 + SECOND, plain(packet, True)),
    ]
    path = write_pcap(tmp_path / "dup.pcap", shots)
    row = only(meter(path, dedup_us=10))
    holds(row, dup_pkts=1, src_pkts=2, quality_flags=ONE_SIDED | DUPLICATES, src_ttl_min=64, iat_max=1_000_000.0)
    conserved(meter(path, dedup_us=10))
    holds(only(meter(path)), dup_pkts=0, src_pkts=3, src_ttl_min=63)


UNREADABLE: Final = {
    "empty frame": b"",
    "short Ethernet": b"\x01" * 10,
    "short IPv4": link.ethernet(b"\x45\0\0", 0x0800),
    "IPv4 header length 16": link.ethernet(b"\x44" + SYN[1:], 0x0800),
    "IPv4 total length below the header": link.ethernet(net.ip(A, B, 17, b"", total_len=10), 0x0800),
    "IPv4 ethertype, version 6": link.ethernet(b"\x65" + SYN[1:], 0x0800),
    "short IPv6": link.ethernet(b"\x60" + b"\0" * 20, 0x86DD),
    "seventeen tags": link.ethernet(SYN, vlans=[(0x8100, 1)] * 17),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_undecodable(name: str, metering: Metering) -> None:
    """A frame without a readable IP header is counted under one reason and makes no flow."""
    metered = metering([Shot(T0, UNREADABLE[name]), *udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.1)])])
    conserved(metered)
    assert len(metered.rows) == 1
    errors = {name: n for name, n in metered.counters.items() if name.startswith("decode_error.") and n}
    assert list(errors.values()) == [1]


def test_other_ethertypes(metering: Metering) -> None:
    """Ethertypes that make no flow are counted under their number."""
    frames = [link.ethernet(b"x" * 50, kind) for kind in (0x88E5, 0x8863, 0x88E5, 0x05FF)]
    metered = metering([Shot(T0 + n, frame) for n, frame in enumerate(frames)])
    conserved(metered)
    found = {name: n for name, n in metered.counters.items() if name.startswith("non_flow.") and n}
    assert found == {"non_flow.0x88e5": 2, "non_flow.0x8863": 1, "non_flow.0x05ff": 1}
