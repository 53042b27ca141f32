"""IPv4 and IPv6 packets with the segments they carry: TCP, UDP, SCTP, ICMP, anything, whole or in fragments.

Source: RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792, RFC 4443, RFC 9260.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import Final

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMP6: Final = 58

FLAG_BITS: Final = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, "U": 0x20, "E": 0x40, "C": 0x80}
"""Letters of TCP flags: FIN SYN RST PSH ACK URG ECE CWR."""


def packed(address: str) -> bytes:
    """Return the 4 or 16 bytes of an address text."""
    return ipaddress.ip_address(address).packed


def mapped(address: str) -> bytes:
    """Return the 16 bytes under which the schema stores an address (IPv4 mapped into IPv6)."""
    raw = packed(address)
    return raw if len(raw) == 16 else b"\0" * 10 + b"\xff\xff" + raw


def ones_sum(data: bytes) -> int:
    """Return the Internet checksum of ``data`` (Source: RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _pseudo(src: str, dst: str, proto: int, length: int) -> bytes:
    head = packed(src) + packed(dst)
    if len(head) == 8:
        return head + struct.pack(">BBH", 0, proto, length)
    return head + struct.pack(">IHBB", length, 0, 0, proto)


def flag_byte(letters: str) -> int:
    """Return the TCP flag octet of letters such as ``"SA"``."""
    return sum(FLAG_BITS[letter] for letter in letters)


def tcp_segment(
    src: str,
    dst: str,
    sport: int,
    dport: int,
    flags: str = "",
    *,
    seq: int = 0,
    ack: int = 0,
    payload: bytes = b"",
    window: int = 65535,
    options: bytes = b"",
    bad_checksum: bool = False,
) -> bytes:
    """Return a TCP segment with its checksum; options are padded to whole words."""
    options += b"\0" * (-len(options) % 4)
    offset = (20 + len(options)) // 4
    fields = (sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, offset << 4, flag_byte(flags), window)
    head = struct.pack(">HHIIBBH", *fields)
    body = options + payload
    length = len(head) + 4 + len(body)
    check = ones_sum(_pseudo(src, dst, TCP, length) + head + b"\0\0\0\0" + body) ^ (0x5555 if bad_checksum else 0)
    return head + struct.pack(">HH", check, 0) + body


def mss(value: int) -> bytes:
    """Return a maximum-segment-size option."""
    return struct.pack(">BBH", 2, 4, value)


def wscale(shift: int) -> bytes:
    """Return a window-scale option with its leading no-operation."""
    return struct.pack(">BBBB", 1, 3, 3, shift)


def udp_datagram(
    src: str, dst: str, sport: int, dport: int, payload: bytes = b"", *, bad_checksum: bool = False
) -> bytes:
    """Return a UDP datagram with its checksum."""
    length = 8 + len(payload)
    head = struct.pack(">HHH", sport, dport, length)
    check = ones_sum(_pseudo(src, dst, UDP, length) + head + b"\0\0" + payload) or 0xFFFF
    return head + struct.pack(">H", check ^ (0x5555 if bad_checksum else 0)) + payload


def icmp_message(src: str, dst: str, kind: int, code: int, rest: int = 0, payload: bytes = b"") -> bytes:
    """Return an ICMP message, ICMPv6 when the addresses are IPv6; ``rest`` is the second word of the header."""
    body = struct.pack(">I", rest) + payload
    head = struct.pack(">BB", kind, code)
    pseudo = _pseudo(src, dst, ICMP6, 8 + len(payload)) if ":" in src else b""
    return head + struct.pack(">H", ones_sum(pseudo + head + b"\0\0" + body)) + body


def echo(src: str, dst: str, ident: int, *, reply: bool = False, seq: int = 1, payload: bytes = b"ping") -> bytes:
    """Return a whole IP packet with an echo request or reply."""
    six = ":" in src
    kind = (129 if reply else 128) if six else (0 if reply else 8)
    return ip(src, dst, ICMP6 if six else ICMP, icmp_message(src, dst, kind, 0, ident << 16 | seq, payload))


def ip(
    src: str,
    dst: str,
    proto: int,
    payload: bytes,
    *,
    ttl: int = 64,
    tos: int = 0,
    ident: int = 0,
    offset: int = 0,
    more: bool = False,
    total_len: int | None = None,
    bad_checksum: bool = False,
    ext: bytes = b"",
    first_header: int | None = None,
    whole: bool = False,
    flow: int = 0,
) -> bytes:
    """Return an IP packet, version by the addresses.

    Args:
        src: sender address.
        dst: receiver address.
        proto: protocol number of ``payload``.
        payload: what the packet carries.
        ttl: TTL or hop limit.
        tos: traffic class octet.
        ident: identification (IPv4, or of the fragment header).
        whole: set "don't fragment" (IPv4).
        flow: flow label (IPv6).
        offset: fragment offset, bytes, multiple of 8.
        more: more-fragments bit.
        total_len: lie told in the length field; None = the truth.
        bad_checksum: spoil the IPv4 header checksum.
        ext: ready IPv6 extension headers before ``payload``; their chain must end in ``proto``.
        first_header: next-header field of the fixed IPv6 header when ``ext`` is given.
    """
    if ":" in src:
        if offset or more:
            ext += struct.pack(">BBHI", proto, 0, offset | int(more), ident)
            first_header = 44 if first_header is None else first_header
        length = len(ext + payload) if total_len is None else total_len
        head = struct.pack(">IHBB", 6 << 28 | tos << 20 | flow, length, first_header or (0 if ext else proto), ttl)
        return head + packed(src) + packed(dst) + ext + payload
    length = 20 + len(payload) if total_len is None else total_len
    head = struct.pack(">BBHHHBB", 0x45, tos, length, ident, offset // 8 | more << 13 | whole << 14, ttl, proto)
    ends = packed(src) + packed(dst)
    check = ones_sum(head + b"\0\0" + ends) ^ (0x5555 if bad_checksum else 0)
    return head + struct.pack(">H", check) + ends + payload


def fragments(src: str, dst: str, proto: int, payload: bytes, *, ident: int, size: int) -> list[bytes]:
    """Return ``payload`` cut into IP fragments of at most ``size`` bytes (multiple of 8) each."""
    cuts = range(0, len(payload), size)
    return [
        ip(src, dst, proto, payload[at : at + size], ident=ident, offset=at, more=at + size < len(payload))
        for at in cuts
    ]


def tcp(
    src: str, dst: str, sport: int, dport: int, flags: str = "", *, seq: int = 0, ack: int = 0, payload: bytes = b""
) -> bytes:
    """Return a whole IP packet with a TCP segment."""
    return ip(src, dst, TCP, tcp_segment(src, dst, sport, dport, flags, seq=seq, ack=ack, payload=payload))


def udp(src: str, dst: str, sport: int, dport: int, payload: bytes = b"", *, bad_checksum: bool = False) -> bytes:
    """Return a whole IP packet with a UDP datagram."""
    return ip(src, dst, UDP, udp_datagram(src, dst, sport, dport, payload, bad_checksum=bad_checksum))
