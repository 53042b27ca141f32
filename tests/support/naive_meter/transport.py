"""Transport headers: ports, flags, options, payload length, checksum (flow-semantics.md 1.5-1.7)."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from naive_meter.bits import Bytes, sums_to_zero
from naive_meter.packet import Around, Identity, Packet, Quality, TcpHeader

if TYPE_CHECKING:
    from naive_meter.network import IpHeader

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMP6: Final = 58
DCCP: Final = 33
HEADER_SIZE: Final = {TCP: 20, UDP: 8, ICMP: 8, ICMP6: 8, 132: 12, DCCP: 12}
"""Bytes of the fixed header by protocol: TCP, UDP, ICMP, ICMPv6, SCTP, DCCP."""

BIG_SEGMENT: Final = 8 * 1460
"""TCP payload above which the frame is one of segmentation offload, bytes."""


def read(buf: Bytes, header: IpHeader, around: Around) -> Packet:
    """Return the packet of an IP header, with the transport header when there is one and it can be read."""
    packet = Packet(
        around=around,
        version=header.version,
        proto=header.proto,
        src=header.src,
        dst=header.dst,
        payload_len=max(header.end - header.body, 0),
        payload=buf.data[header.body : header.end],
        ttl=header.ttl,
        dscp=header.dscp,
        ip_len=header.total,
        fragment=header.fragment,
        is_fragment=header.is_fragment,
        body=_comparable(buf, header),
    )
    if packet.later_fragment:
        return packet
    fixed = HEADER_SIZE.get(header.proto)
    if fixed is not None:
        packet = _with_header(buf, header, packet, fixed)
    if header.fragment is not None:
        place = (header.src, header.dst, header.fragment[0], header.fragment[1], around.tunnel_id)
        first = (place, Identity(packet.proto, packet.ports, packet.icmp, packet.icmp_id))
        packet = replace(packet, around=replace(packet.around, firsts=(*around.firsts, first)))
    return packet


def _with_header(buf: Bytes, header: IpHeader, packet: Packet, fixed: int) -> Packet:
    """Read the transport header, or say by quality bits why it cannot be read."""
    room = header.end - header.body
    if room >= fixed and header.body + fixed > len(buf.data):
        return replace(_marked(packet, Quality.TRUNCATED), payload_len=room - fixed, payload=b"")
    size = _header_size(buf, header, fixed) if room >= fixed else None
    if size is None:
        return _marked(packet, Quality.PARSE_ERROR)
    start = header.body + size
    packet = replace(packet, payload_len=header.end - start, payload=buf.data[start : header.end])
    packet = _fields(buf, header, packet, size)
    if header.proto == UDP:
        stated = buf.u16(header.body + 4)
        if (stated > room and header.fragment is None) or 0 < stated < HEADER_SIZE[UDP]:
            packet = _marked(packet, Quality.PARSE_ERROR)
    if header.proto == TCP and packet.payload_len > BIG_SEGMENT:
        packet = _marked(packet, Quality.OFFLOAD)
    return packet


def verified(buf: Bytes, header: IpHeader, packet: Packet) -> Packet:
    """Return the packet, marked when the checksum of its transport header is certainly wrong."""
    known = packet.ports is not None or packet.icmp is not None
    return packet if not known or _checksum_right(buf, header) else _marked(packet, Quality.BAD_CHECKSUM)


def _marked(packet: Packet, quality: Quality) -> Packet:
    return replace(packet, around=replace(packet.around, quality=packet.quality | quality))


def _comparable(buf: Bytes, header: IpHeader) -> bytes:
    """Return the captured IP packet with its TTL and IPv4 checksum zeroed."""
    raw = bytearray(buf.data[header.at : header.end])
    for place in (8, 10, 11) if header.version == 4 else (7,):
        raw[place] = 0
    return bytes(raw)


def _header_size(buf: Bytes, header: IpHeader, fixed: int) -> int | None:
    """Return the length that the transport header gives itself, None when it is impossible."""
    least = size = fixed
    if header.proto == TCP:
        size = (buf.u8(header.body + 12) >> 4) * 4
    elif header.proto == DCCP:
        size = buf.u8(header.body + 4) * 4
        least += (buf.u8(header.body + 8) & 1) * 4
    return size if least <= size <= header.end - header.body else None


def _fields(buf: Bytes, header: IpHeader, packet: Packet, size: int) -> Packet:
    at = header.body
    if header.proto in {ICMP, ICMP6}:
        return replace(packet, icmp=(buf.u8(at), buf.u8(at + 1)), icmp_id=buf.u16(at + 4))
    packet = replace(packet, ports=(buf.u16(at), buf.u16(at + 2)))
    if header.proto != TCP:
        return packet
    syn = buf.u8(at + 13) & 0x02
    mss, wscale = _options(buf.data[at + 20 : at + size]) if syn else (None, None)
    tcp = TcpHeader(buf.u8(at + 13), buf.u32(at + 4), buf.u32(at + 8), buf.u16(at + 14), mss, wscale)
    whole = at + size <= len(buf.data)
    return replace(packet, tcp=tcp, headers=(buf.data[header.at : at], buf.data[at : at + size]) if whole else None)


def _options(raw: bytes) -> tuple[int | None, int | None]:
    """Return MSS and window scale of TCP options; a broken option ends the list."""
    mss = wscale = None
    at = 0
    while at < len(raw) and raw[at] != 0:
        if raw[at] == 1:
            at += 1
            continue
        size = raw[at + 1] if at + 1 < len(raw) else 0
        if size < 2 or at + size > len(raw):
            break
        if raw[at] == 2 and size == 4:
            mss = int.from_bytes(raw[at + 2 : at + 4], "big") or None
        elif raw[at] == 3 and size == 3:
            wscale = min(raw[at + 2], 14)
        at += size
    return mss, wscale


def _checksum_right(buf: Bytes, header: IpHeader) -> bool:
    """Return False only for a checksum that is certainly wrong: whole, unfragmented, completely captured."""
    room = header.end - header.body
    if header.fragment is not None or header.end > len(buf.data) or not header.verifiable:
        return True
    body = buf.data[header.body : header.end]
    if header.proto == ICMP:
        return sums_to_zero(body)
    if header.proto == UDP:
        stated = int.from_bytes(body[4:6], "big")
        stated = stated or room
        if body[6:8] == b"\0\0" or not HEADER_SIZE[UDP] <= stated <= room:
            return True
        body, room = body[:stated], stated
    elif header.proto not in {TCP, ICMP6}:
        return True
    return sums_to_zero(header.pseudo + struct.pack(">II", room, header.proto) + body)
