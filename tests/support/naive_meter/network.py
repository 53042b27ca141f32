"""IPv4 and IPv6 with all extension headers, down to the transport header or the tunnel (flow-semantics.md 1.3-1.7)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from naive_meter import transport
from naive_meter.bits import Bytes, sums_to_zero
from naive_meter.packet import Around, MalformedError, NotFollowedError, Packet, Quality, TooDeepError

MAX_DEPTH: Final = 4
"""IP headers followed inside the outermost one (Zeek's Tunnel::max_depth is 2 … 4; flows.md 12.1 says 4)."""

OFFLOAD_LEN: Final = 9216
"""IP total length above which no physical frame carried it, bytes (jumbo frames)."""

EXTENSIONS: Final = {0, 43, 60, 51, 135, 139, 140}
"""Hop-by-hop, routing, destination, AH, mobility, HIP, shim6 (IANA ipv6-parameters)."""


@dataclass(frozen=True, slots=True)
class IpHeader:
    """An IP header read so far: where its payload lies and what it says of itself."""

    version: int
    at: int
    body: int
    end: int
    proto: int
    src: bytes
    dst: bytes
    ttl: int
    dscp: int
    total: int
    fragment: tuple[int, int, int] | None = None
    verifiable: bool = True
    """False when lengths or addresses are not those the checksum was made over."""
    is_fragment: bool = False

    @property
    def pseudo(self) -> bytes:
        """Return the addresses as the pseudo header has them."""
        return self.src[-4:] + self.dst[-4:] if self.version == 4 else self.src + self.dst


def ip_packet(buf: Bytes, at: int, end: int, around: Around, version: int) -> Packet:
    """Decode an IP packet at ``at`` that may reach up to ``end`` (wire offset), and all tunnels in it."""
    from naive_meter import tunnel  # noqa: PLC0415 - tunnels hold IP packets and IP packets hold tunnels

    buf.need(at, 1, end, "ip_short")
    if buf.u8(at) >> 4 != version:
        raise MalformedError("ip_version")
    if around.depth > MAX_DEPTH:
        raise TooDeepError
    if around.layers >= 16:
        raise MalformedError("too_many_layers")
    here = replace(around, layers=around.layers + 1)
    header, here = _ipv4(buf, at, end, here) if version == 4 else _ipv6(buf, at, end, here)
    header = _authentication(buf, header) if version == 4 else _extensions(buf, header)
    own = transport.read(buf, header, replace(here, strict=False))
    if own.later_fragment:
        return own
    try:
        inner = tunnel.enter(buf, header, own)
    except TooDeepError:
        own, inner = _marked(own, Quality.TUNNEL_DEPTH), None
    except NotFollowedError:
        inner = None
    except MalformedError:
        own, inner = (own if own.proto == 17 else _marked(own, Quality.PARSE_ERROR)), None
    return transport.verified(buf, header, own) if inner is None else inner


def _marked(packet: Packet, quality: Quality) -> Packet:
    return replace(packet, around=replace(packet.around, quality=packet.quality | quality))


def _fitted(claimed: int, room: int, around: Around) -> tuple[int, Around]:
    """Clamp a length to what the outer packet holds; inside a UDP tunnel a lie means: no tunnel."""
    if claimed <= room:
        return claimed, around
    if around.strict:
        raise MalformedError("inner_length")
    return room, replace(around, quality=around.quality | Quality.PARSE_ERROR)


def _ipv4(buf: Bytes, at: int, end: int, around: Around) -> tuple[IpHeader, Around]:
    buf.need(at, 20, end, "ipv4_short")
    size = (buf.u8(at) & 15) * 4
    if size < 20:
        raise MalformedError("ipv4_header_length")
    buf.need(at, size, end, "ipv4_options")
    claimed = buf.u16(at + 2)
    if claimed == 0 and not around.strict:
        claimed = end - at
        around = replace(around, quality=around.quality | Quality.OFFLOAD)
    if claimed < size:
        raise MalformedError("ipv4_total_length")
    total, around = _fitted(claimed, end - at, around)
    if total > OFFLOAD_LEN:
        around = replace(around, quality=around.quality | Quality.OFFLOAD)
    if not sums_to_zero(buf.data[at : at + size]):
        around = replace(around, quality=around.quality | Quality.BAD_CHECKSUM)
    fragment = buf.u16(at + 6)
    proto = buf.u8(at + 9)
    header = IpHeader(
        version=4,
        at=at,
        body=at + size,
        end=at + total,
        proto=proto,
        src=b"\0" * 10 + b"\xff\xff" + buf.data[at + 12 : at + 16],
        dst=b"\0" * 10 + b"\xff\xff" + buf.data[at + 16 : at + 20],
        ttl=buf.u8(at + 8),
        dscp=buf.u8(at + 1) >> 2,
        total=total,
        fragment=(buf.u16(at + 4), proto, (fragment & 0x1FFF) * 8) if fragment & 0x3FFF else None,
        verifiable=claimed <= end - at and not _source_routed(buf.data[at + 20 : at + size]),
        is_fragment=bool(fragment & 0x3FFF),
    )
    return header, around


def _ipv6(buf: Bytes, at: int, end: int, around: Around) -> tuple[IpHeader, Around]:
    buf.need(at, 40, end, "ipv6_short")
    claimed = 40 + buf.u16(at + 4)
    following = buf.u8(at + 6)
    if claimed == 40 and following == 0:
        claimed += _jumbo(buf, at + 40)
    total, around = _fitted(claimed, end - at, around)
    if total > OFFLOAD_LEN:
        around = replace(around, quality=around.quality | Quality.OFFLOAD)
    header = IpHeader(
        version=6,
        at=at,
        body=at + 40,
        end=at + total,
        proto=following,
        src=buf.data[at + 8 : at + 24],
        dst=buf.data[at + 24 : at + 40],
        ttl=buf.u8(at + 7),
        dscp=(buf.u16(at) >> 4 & 0xFF) >> 2,
        total=total,
        verifiable=claimed <= end - at,
    )
    return header, around


def _source_routed(options: bytes) -> bool:
    """Return whether IPv4 options replace the destination that the checksum covers (RFC 791, 3.1)."""
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] in {131, 137}:
            return True
        size = 1 if options[at] == 1 else (options[at + 1] if at + 1 < len(options) else 0)
        if size < 1 or (size < 2 and options[at] != 1):
            return False
        at += size
    return False


def _option(body: bytes, wanted: int) -> bytes | None:
    """Return the value of an option in a hop-by-hop or destination header (RFC 8200, 4.2)."""
    at = 2
    while at < len(body):
        if body[at] == 0:
            at += 1
            continue
        size = body[at + 1] if at + 1 < len(body) else len(body)
        if at + 2 + size > len(body):
            return None
        if body[at] == wanted:
            return body[at + 2 : at + 2 + size]
        at += 2 + size
    return None


def _jumbo(buf: Bytes, at: int) -> int:
    """Return the length in a jumbo payload option, 0 without one (RFC 2675)."""
    size = (buf.u8(at + 1) + 1) * 8 if at + 2 <= len(buf.data) else 0
    value = _option(buf.data[at : at + size], 0xC2) if at + size <= len(buf.data) else None
    return int.from_bytes(value[:4], "big") if value is not None and len(value) >= 4 else 0


def _authentication(buf: Bytes, header: IpHeader) -> IpHeader:
    """Step over authentication headers of IPv4; one that does not fit stays the protocol of the packet."""
    for _ in range(16):
        if header.proto != 51 or (header.fragment is not None and header.fragment[2]):
            break
        if header.body + 2 > len(buf.data):
            break
        after = header.body + (buf.u8(header.body + 1) + 2) * 4
        if after > min(header.end, len(buf.data)):
            break
        header = replace(header, proto=buf.u8(header.body), body=after)
    return header


def _extensions(buf: Bytes, header: IpHeader) -> IpHeader:
    """Walk the IPv6 extension headers up to the transport protocol or a later fragment."""
    for _ in range(17):
        if header.fragment is not None and header.fragment[2] > 0:
            return header
        if header.proto != 44 and header.proto not in EXTENSIONS:
            return header
        at, kind = header.body, header.proto
        buf.need(at, 8, len(buf.data), "ipv6_extension")
        size = 8
        if kind != 44:
            size = (buf.u8(at + 1) + 2) * 4 if kind == 51 else (buf.u8(at + 1) + 1) * 8
        buf.need(at, size, header.end, "ipv6_extension")
        readdressed = (kind == 43 and buf.u8(at + 3)) or (kind == 60 and _option(buf.data[at : at + size], 0xC9))
        if kind == 44:
            place = buf.u16(at + 2)
            fragment = (buf.u32(at + 4), buf.u8(at), place & 0xFFF8) if place & 0xFFF9 else None
            header = replace(header, fragment=fragment, is_fragment=True)
        verifiable = header.verifiable and not readdressed
        header = replace(header, proto=buf.u8(at), body=at + size, verifiable=verifiable)
    raise MalformedError("ipv6_extension")
