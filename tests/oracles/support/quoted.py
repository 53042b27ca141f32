"""Find ICMP errors and the packets they quote: tshark counts such a frame as one of the quoted stream.

A meter counts it as ICMP and must not count it in the quoted flow, so these frames are taken off tshark's sums. Frames
are read with scapy's file reader and a few lines here, not with our own parser.

Source: RFC 792 and RFC 4443 (errors quote the packet that caused them).
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from scapy.utils import RawPcapReader

from tests.oracles.support.tuples import Sums, add

_LINK_HEADER: Final = {1: 12, 0: 4, 108: 4, 113: 14, 12: 0, 14: 0, 101: 0, 228: 0, 229: 0}
"""pcap link type to the offset of the ethertype (Ethernet, cooked), or of the IP header (raw, null)."""
_TAGS: Final = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
_ERRORS_V4: Final = frozenset({3, 4, 5, 11, 12})
_ERRORS_V6: Final = frozenset({1, 2, 3, 4})
_EXTENSIONS: Final = frozenset({0, 43, 60})
"""IPv6 headers that may precede ICMPv6 or the quoted transport header: hop-by-hop, routing, destination options."""


class Network(NamedTuple):
    """An IP header: protocol, addresses, where its payload starts."""

    proto: int
    source: str
    target: str
    payload: int


def take_off(sums: Sums, capture: Path) -> Sums:
    """Return the sums of a capture without the ICMP errors that tshark counts as packets of the quoted stream."""
    less: Sums = {}
    for proto, ends, size in quotations(capture):
        add(less, proto, ends, (1, 0, size, 0))
    left = {}
    for key, values in sums.items():
        rest = [value - off for value, off in zip(values, less.get(key, [0] * 4), strict=True)]
        if any(rest):
            left[key] = rest
    return left


def quotations(capture: Path) -> Iterator[tuple[str, tuple[tuple[str, int], tuple[str, int]], int]]:
    """Yield (protocol, (quoted sender, quoted receiver), frame length) of every ICMP error that quotes TCP or UDP."""
    with RawPcapReader(str(capture)) as reader:
        for frame, meta in reader:
            link = int(getattr(meta, "linktype", None) or getattr(reader, "linktype", None) or 1)
            outer = network(frame, network_offset(frame, link))
            if outer is None or not _is_error(frame, outer):
                continue
            inner = network(frame, outer.payload + 8)
            if inner is None or inner.proto not in (6, 17) or len(frame) < inner.payload + 4:
                continue
            ports = struct.unpack_from("!HH", frame, inner.payload)
            proto = "tcp" if inner.proto == 6 else "udp"
            yield proto, ((inner.source, ports[0]), (inner.target, ports[1])), meta.wirelen


def _is_error(frame: bytes, outer: Network) -> bool:
    kinds = {1: _ERRORS_V4, 58: _ERRORS_V6}.get(outer.proto, frozenset())
    return len(frame) > outer.payload and frame[outer.payload] in kinds


def network_offset(frame: bytes, link: int) -> int:
    """Return where the outermost IP header starts (tags skipped), or the frame's length for an unknown link type."""
    at = _LINK_HEADER.get(link, len(frame))
    if link in (1, 113):
        while frame[at : at + 2] in _TAGS:
            at += 4
        at += 2
    return at


def network(frame: bytes, at: int) -> Network | None:
    """Read the IPv4 or IPv6 header at an offset; ``None`` when there is none, or a later fragment."""
    head = frame[at : at + 40]
    if len(head) >= 20 and head[0] >> 4 == 4:
        if int.from_bytes(head[6:8], "big") & 0x1FFF:
            return None
        source, target = (str(ipaddress.IPv4Address(head[start : start + 4])) for start in (12, 16))
        return Network(head[9], source, target, at + (head[0] & 15) * 4)
    if len(head) == 40 and head[0] >> 4 == 6:
        source, target = (str(ipaddress.IPv6Address(head[start : start + 16])) for start in (8, 24))
        proto, payload = head[6], at + 40
        while proto in _EXTENSIONS and payload + 2 <= len(frame):
            proto, payload = frame[payload], payload + 8 + frame[payload + 1] * 8
        return Network(proto, source, target, payload)
    return None
