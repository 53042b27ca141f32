"""What a frame is, what a decoded packet is, and the ways in which a frame can fail to become one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final


class Quality(IntFlag):
    """Bits of ``quality_flags`` (the same numbers as in ``store/schema/``; written out to stay independent)."""

    MIDSTREAM = 1
    ONE_SIDED = 2
    FLIPPED = 4
    DUPLICATES = 8
    TRUNCATED = 16
    BAD_CHECKSUM = 32
    OFFLOAD = 64
    CLOCK_STEP = 512
    PARSE_ERROR = 2048
    TUNNEL_DEPTH = 4096


NO_QUALITY: Final = Quality(0)


class MalformedError(Exception):
    """A header that cannot be read; the text is the reason under which the frame is counted."""


class NotFollowedError(Exception):
    """An ethertype (or PPP protocol, given as one) that makes no flow."""

    def __init__(self, ethertype: int) -> None:
        """Keep the number for the counter ``non_flow.0x….``."""
        super().__init__(f"0x{ethertype:04x}")
        self.ethertype = ethertype


class TooDeepError(Exception):
    """A fifth inner IP header: it is left undecoded."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame as it lies in a capture file."""

    ordinal: int
    offset: int
    ts_ns: int
    data: bytes
    wire_len: int
    interface: int
    link: int


@dataclass(frozen=True, slots=True)
class TcpHeader:
    """The fields of a TCP header that the meter uses; ``mss`` and ``wscale`` are None when the option is absent."""

    flags: int
    seq: int
    ack: int
    window: int
    mss: int | None = None
    wscale: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """What a packet is keyed by beside its addresses; later fragments borrow it from their first one."""

    proto: int | None
    ports: tuple[int, int] | None
    icmp: tuple[int, int] | None
    icmp_id: int


Place = tuple[bytes, bytes, int, int, int | None]
"""Sender, receiver, identification, protocol, tunnel id: what the fragments of one datagram have in common."""

FirstFragment = tuple[Place, Identity]


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around the header being decoded: link addresses, tags, tunnels, depth, quality so far."""

    macs: tuple[bytes, bytes] | None = None
    vlans: tuple[int, ...] = ()
    mpls: int | None = None
    tunnels: tuple[str, ...] = ()
    tunnel_id: int | None = None
    outer_ips: tuple[bytes, bytes] | None = None
    depth: int = 0
    layers: int = 0
    strict: bool = False
    """The next IP header is a guess (inside a UDP tunnel): lengths that do not fit refuse it."""
    firsts: tuple[FirstFragment, ...] = ()
    """First fragments met on the way in."""
    quality: Quality = NO_QUALITY


@dataclass(frozen=True, slots=True)
class Packet:
    """One decoded packet: the innermost header with its surroundings."""

    around: Around
    version: int
    proto: int | None
    src: bytes
    dst: bytes
    payload_len: int
    payload: bytes
    ports: tuple[int, int] | None = None
    icmp: tuple[int, int] | None = None
    icmp_id: int = 0
    ethertype: int | None = None
    appid: int | None = None
    ttl: int | None = None
    dscp: int | None = None
    ip_len: int = 0
    tcp: TcpHeader | None = None
    fragment: tuple[int, int, int] | None = None
    """(identification, protocol in the fragmented header, offset); None for whole packets."""
    is_fragment: bool = False
    """There is a fragment header (of IPv6 even one that cuts nothing)."""
    headers: tuple[bytes, bytes] | None = None
    """The IP headers and the TCP header with its options, of a packet with both captured whole."""
    body: bytes = b""
    """Captured bytes of the innermost IP packet with TTL and header checksum zeroed (for duplicates)."""

    @property
    def quality(self) -> Quality:
        """Return the quality bits this packet adds to its flow."""
        return self.around.quality

    @property
    def later_fragment(self) -> bool:
        """Return whether this is a fragment with an offset, which has no transport header of its own."""
        return self.fragment is not None and self.fragment[2] > 0
