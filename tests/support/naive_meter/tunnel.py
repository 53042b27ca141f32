"""Tunnels: what may lie inside an IP packet (flow-semantics.md 1.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from naive_meter.bits import Bytes
from naive_meter.link import by_ethertype, ethernet, ppp_payload
from naive_meter.network import ip_packet
from naive_meter.packet import Around, MalformedError, NotFollowedError, Packet

if TYPE_CHECKING:
    from naive_meter.network import IpHeader

TEB: Final = 0x6558


def enter(buf: Bytes, header: IpHeader, own: Packet) -> Packet | None:
    """Return the packet inside a tunnel, None when this is no tunnel.

    Raises:
        MalformedError: it looked like one, but a header is broken.
        NotFollowedError: it is one, but what it carries makes no flow.
    """
    around = own.around
    outer = around.outer_ips or (header.src, header.dst)
    inside = replace(around, outer_ips=outer, depth=around.depth + 1)
    if header.proto == 4:
        return ip_packet(buf, header.body, header.end, _named(inside, "ipip"), 4)
    if header.proto == 41:
        name = "6in4" if header.version == 4 else "ipip"
        return ip_packet(buf, header.body, header.end, _named(inside, name), 6)
    if header.proto == 47:
        return _gre(buf, header.body, header.end, inside)
    if header.proto == 17 and own.ports is not None:
        return _by_port(buf, header, own.ports, replace(inside, strict=True))
    return None


def _by_port(buf: Bytes, header: IpHeader, ports: tuple[int, int], inside: Around) -> Packet | None:
    """Try the tunnels of the receiver's port, then of the sender's; what fails was none."""
    for port in (ports[1], ports[0]):
        try:
            if port in _BY_PORT:
                return _BY_PORT[port](buf, header.body + 8, header.end, inside)
        except (MalformedError, NotFollowedError):
            continue
    return None


def _named(around: Around, name: str, number: int | None = None) -> Around:
    """Add one tunnel to the path; the innermost tunnel with a number gives the tunnel id."""
    kept = around.tunnel_id if number is None else number
    return replace(around, tunnels=(*around.tunnels, name), tunnel_id=kept)


def _gre(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 4, end, "gre_short")
    flags, kind = buf.u16(at), buf.u16(at + 2)
    if flags & 7 == 1:
        return _gre1(buf, at, end, around)
    if flags & 7:
        raise NotFollowedError(kind)
    place = 8 if flags & 0xC000 else 4
    size = place + sum(4 for bit in (0x2000, 0x1000) if flags & bit)
    buf.need(at, size, end, "gre_short")
    key = buf.u32(at + place) if flags & 0x2000 else None
    if flags & 0x4000:
        size = _after_routes(buf, at + size, end) - at
    if kind in {0x88BE, 0x22EB}:
        return _erspan(buf, at + size, end, around, _erspan_kind(kind, flags))
    inside = _named(around, "gre", key)
    if kind == TEB:
        return ethernet(buf, at + size, end, inside)
    return by_ethertype(buf, at + size, end, inside, kind, None)


def _after_routes(buf: Bytes, at: int, end: int) -> int:
    """Return where the payload starts behind a source route (RFC 1701): entries up to an empty one."""
    for _ in range(16):
        buf.need(at, 4, end, "gre_routes")
        length = buf.u8(at + 3)
        if length == 0:
            return at + 4
        at += 4 + length
    raise MalformedError("gre_routes")


def _gre1(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    """Decode enhanced GRE (RFC 2637); its key is a length and the receiver's call: no id of the tunnel."""
    flags, kind = buf.u16(at), buf.u16(at + 2)
    size = 4 + sum(4 for bit in (0x8000, 0x2000, 0x1000, 0x0080) if flags & bit)
    buf.need(at, size, end, "gre_short")
    if kind != 0x880B or not flags & 0x1000:
        raise NotFollowedError(kind)
    return ppp_payload(buf, at + size, end, _named(around, "gre"))


def _erspan_kind(kind: int, flags: int) -> int:
    """Return the ERSPAN type: III by its ethertype, II when the GRE header has a sequence number, else I."""
    if kind == 0x22EB:
        return 3
    return 2 if flags & 0x1000 else 1


def _erspan(buf: Bytes, at: int, end: int, around: Around, kind: int) -> Packet:
    if kind == 1:
        return ethernet(buf, at, end, _named(around, "erspan"))
    size = 8 if kind == 2 else 12
    buf.need(at, size, end, "erspan_short")
    session = buf.u16(at + 2) & 0x03FF
    if kind == 3 and buf.u8(at + 11) & 1:
        size += 8
        buf.need(at, size, end, "erspan_short")
    return ethernet(buf, at + size, end, _named(around, "erspan", session))


def _vxlan(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 8, end, "vxlan_short")
    if not buf.u8(at) & 0x08:
        raise MalformedError("vxlan_flags")
    return ethernet(buf, at + 8, end, _named(around, "vxlan", buf.u24(at + 4)))


def _geneve(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 8, end, "geneve_short")
    size = 8 + (buf.u8(at) & 0x3F) * 4
    buf.need(at, size, end, "geneve_short")
    if buf.u8(at) >> 6:
        raise MalformedError("geneve_version")
    kind = buf.u16(at + 2)
    inside = _named(around, "geneve", buf.u24(at + 4))
    if kind == TEB:
        return ethernet(buf, at + size, end, inside)
    return by_ethertype(buf, at + size, end, inside, kind, None)


def _gtpu(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 8, end, "gtpu_short")
    flags, kind, length = buf.u8(at), buf.u8(at + 1), buf.u16(at + 2)
    if flags >> 5 != 1 or not flags & 0x10 or kind != 255 or at + 8 + length > end:
        raise MalformedError("gtpu_header")
    place = at + 8
    if flags & 7:
        buf.need(place, 4, end, "gtpu_short")
        following = buf.u8(place + 3) if flags & 4 else 0
        place += 4
        while following:
            buf.need(place, 4, end, "gtpu_short")
            size = buf.u8(place) * 4
            if size == 0:
                raise MalformedError("gtpu_extension")
            buf.need(place, size, end, "gtpu_short")
            following, place = buf.u8(place + size - 1), place + size
    return _bare_ip(buf, place, end, _named(around, "gtpu", buf.u32(at + 4)))


def _bare_ip(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 1, end, "ip_short")
    version = buf.u8(at) >> 4
    if version not in {4, 6}:
        raise MalformedError("ip_version")
    return ip_packet(buf, at, end, around, version)


def _teredo(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 4, end, "teredo_short")
    if buf.u16(at) == 1:
        at += 4 + buf.u8(at + 2) + buf.u8(at + 3) + 9
        buf.need(at, 2, end, "teredo_short")
    if buf.u16(at) == 0:
        at += 8
    return ip_packet(buf, at, end, _named(around, "teredo"), 6)


def _l2tp(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 6, end, "l2tp_short")
    flags = buf.u16(at)
    if flags & 0x800F != 2 or (flags & 0x4000 and at + buf.u16(at + 2) > end):
        raise MalformedError("l2tp_control")
    place = at + (4 if flags & 0x4000 else 2)
    buf.need(place, 4, end, "l2tp_short")
    number = buf.u32(place)
    place += 4 + (4 if flags & 0x0800 else 0)
    if flags & 0x0200:
        buf.need(place, 2, end, "l2tp_short")
        place += 2 + buf.u16(place)
    return ppp_payload(buf, place, end, _named(around, "l2tp", number))


def _capwap(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 8, end, "capwap_short")
    word = buf.u32(at)
    size = (word >> 19 & 0x1F) * 4
    if word >> 24 or word & 0x0180 or size < 8:
        raise MalformedError("capwap_header")
    return ethernet(buf, at + size, end, _named(around, "capwap"))


_BY_PORT: Final[dict[int, Callable[[Bytes, int, int, Around], Packet]]] = {
    4789: _vxlan,
    8472: _vxlan,
    6081: _geneve,
    2152: _gtpu,
    3544: _teredo,
    1701: _l2tp,
    5247: _capwap,
}
