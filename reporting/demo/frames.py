"""Ethernet, ARP, IPv4, UDP, TCP and ICMP headers as bytes, with correct lengths and checksums.

Pure functions: no clock, no randomness, no file. Addresses are packed bytes (4 for IPv4, 6 for Ethernet).
"""

from __future__ import annotations

import struct
from typing import Final

ETHERTYPE_IPV4: Final = 0x0800
ETHERTYPE_ARP: Final = 0x0806
PROTO_ICMP: Final = 1
PROTO_TCP: Final = 6
PROTO_UDP: Final = 17

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10

MIN_FRAME: Final = 60
"""Smallest Ethernet frame without FCS, B; shorter ones are padded with zeros. Source: IEEE 802.3-2022 3.2.8."""

DONT_FRAGMENT: Final = 0x4000

_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_UDP: Final = struct.Struct("!HHHH")
_TCP: Final = struct.Struct("!HHIIBBHHH")


def checksum(data: bytes, start: int = 0) -> int:
    """Return the Internet checksum of ``data``, with ``start`` added to the sum before it is folded.

    The one's-complement sum of 16-bit words is the number the bytes spell, modulo 0xffff; a big integer gets there
    faster than a loop over words.

    Source: RFC 1071 section 1.
    """
    if len(data) & 1:
        data += b"\0"
    total = int.from_bytes(data, "big") + start
    if total == 0:
        return 0xFFFF
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)


def _pseudo_sum(src: bytes, dst: bytes, proto: int, length: int) -> int:
    """Return the sum of the words of the IPv4 pseudo header (RFC 9293 section 3.1)."""
    return int.from_bytes(src, "big") + int.from_bytes(dst, "big") + proto + length


def ethernet(dst_mac: bytes, src_mac: bytes, ethertype: int, payload: bytes) -> bytes:
    """Return an Ethernet II frame without FCS, padded to the least length."""
    frame = dst_mac + src_mac + ethertype.to_bytes(2, "big") + payload
    return frame.ljust(MIN_FRAME, b"\0")


def ipv4(src: bytes, dst: bytes, proto: int, payload: bytes, *, ident: int, ttl: int, dscp: int = 0) -> bytes:
    """Return an unfragmented IPv4 packet with "don't fragment" set. Source: RFC 791 section 3.1."""
    total = 20 + len(payload)
    bare = _IPV4.pack(0x45, dscp << 2, total, ident & 0xFFFF, DONT_FRAGMENT, ttl, proto, 0, src, dst)
    return bare[:10] + checksum(bare).to_bytes(2, "big") + bare[12:] + payload


def udp(src: bytes, dst: bytes, src_port: int, dst_port: int, payload: bytes) -> bytes:
    """Return a UDP datagram; a checksum of 0 is sent as 0xffff. Source: RFC 768."""
    length = 8 + len(payload)
    bare = _UDP.pack(src_port, dst_port, length, 0)
    found = checksum(bare + payload, _pseudo_sum(src, dst, PROTO_UDP, length)) or 0xFFFF
    return bare[:6] + found.to_bytes(2, "big") + payload


def tcp(
    src: bytes,
    dst: bytes,
    ports: tuple[int, int],
    *,
    seq: int,
    ack: int,
    flags: int,
    window: int,
    options: bytes = b"",
    payload: bytes = b"",
) -> bytes:
    """Return a TCP segment; ``options`` must be padded to a multiple of 4. Source: RFC 9293 section 3.1."""
    offset = (20 + len(options)) << 2
    head = _TCP.pack(*ports, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset, flags, window, 0, 0) + options
    found = checksum(head + payload, _pseudo_sum(src, dst, PROTO_TCP, len(head) + len(payload)))
    return head[:16] + found.to_bytes(2, "big") + head[18:] + payload


def icmp_host_unreachable(original: bytes) -> bytes:
    """Return ICMP type 3 code 1 quoting the IP header and 8 octets of ``original``. Source: RFC 792."""
    body = struct.pack("!BBHI", 3, 1, 0, 0) + original[:28]
    return body[:2] + checksum(body).to_bytes(2, "big") + body[4:]


def arp(operation: int, sender: tuple[bytes, bytes], target: tuple[bytes, bytes]) -> bytes:
    """Return an ARP packet (1 request, 2 reply); sender and target are (MAC, IPv4). Source: RFC 826."""
    return struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, operation) + sender[0] + sender[1] + target[0] + target[1]
