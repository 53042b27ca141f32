"""Link layers: from the start of a frame to the first network header or layer-2 flow (flow-semantics.md 1.2, 1.9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from naive_meter.bits import Bytes
from naive_meter.network import ip_packet
from naive_meter.packet import Around, Frame, MalformedError, NotFollowedError, Packet, Quality

MAX_LAYERS: Final = 16
"""Headers followed in one frame before giving up (Suricata's limit, flows.md 12.1)."""

LAYER2: Final = {0x0806, 0x8035, 0x88B8, 0x88B9, 0x88BA, 0x88CC, 0x8892, 0x88A4, 0x888E}
WITH_APPID: Final = {0x88B8, 0x88BA}
MAX_LENGTH: Final = 1500
"""Values of the type field up to this are lengths of IEEE 802.3 frames (3.2.6)."""

PPP_PROTOCOLS: Final = {0x0021: 0x0800, 0x0057: 0x86DD, 0x0281: 0x8847, 0x0283: 0x8848}
SNAP: Final = (b"\xaa\xaa\x03\0\0\0", b"\xaa\xaa\x03\0\0\xf8")
"""LLC headers that announce an ethertype (RFC 1042, IEEE 802.1H)."""

ARPHRD_NETLINK: Final = 824
"""Device type whose protocol field is no ethertype (Linux if_arp.h)."""


def deeper(around: Around) -> Around:
    """Count one more header.

    Raises:
        MalformedError: there are too many.
    """
    if around.layers >= MAX_LAYERS:
        raise MalformedError("too_many_layers")
    return replace(around, layers=around.layers + 1)


def decode(frame: Frame) -> Packet:
    """Return the innermost packet of a frame.

    Raises:
        MalformedError: a header could not be read and no IP header lies outside of it.
        NotFollowedError: the frame carries nothing that makes a flow.
    """
    start = _STARTS.get(frame.link)
    if start is None:
        raise MalformedError("link_type")
    return start(Bytes(frame.data), 0, frame.wire_len, Around())


def ethernet(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    """Decode an Ethernet frame at ``at``."""
    buf.need(at, 14, end, "ethernet_short")
    macs = (buf.data[at + 6 : at + 12], buf.data[at : at + 6])
    here = replace(deeper(around), macs=around.macs or macs)
    return by_ethertype(buf, at + 14, end, here, buf.u16(at + 12), macs)


def by_ethertype(buf: Bytes, at: int, end: int, around: Around, kind: int, macs: tuple[bytes, bytes] | None) -> Packet:
    """Decode what an ethertype announces; ``macs`` are (sender, receiver) of the nearest Ethernet header."""
    while kind in {0x8100, 0x88A8, 0x9100}:
        buf.need(at, 4, end, "vlan_short")
        vlans = around.vlans if around.depth else (*around.vlans, buf.u16(at) & 0x0FFF)
        around, kind, at = replace(deeper(around), vlans=vlans), buf.u16(at + 2), at + 4
    if kind in {0x0800, 0x86DD}:
        return ip_packet(buf, at, end, around, 4 if kind == 0x0800 else 6)
    if kind in {0x8847, 0x8848}:
        return _mpls(buf, at, end, around, kind)
    if kind == 0x8864:
        return _pppoe(buf, at, end, around)
    if kind <= MAX_LENGTH:
        return _llc(buf, at, end, around, macs)
    return _layer2(buf, at, end, around, kind, macs)


def _llc(buf: Bytes, at: int, end: int, around: Around, macs: tuple[bytes, bytes] | None) -> Packet:
    around = deeper(around)
    if buf.data[at : at + 6] in SNAP and len(buf.data) >= at + 8:
        kind = buf.u16(at + 6)
        if kind in LAYER2 | {0x0800, 0x86DD}:
            return by_ethertype(buf, at + 8, end, around, kind, macs)
    return _layer2(buf, at, end, around, 0, macs)


def _layer2(buf: Bytes, at: int, end: int, around: Around, kind: int, macs: tuple[bytes, bytes] | None) -> Packet:
    """Make a layer-2 flow packet; inside an IP tunnel the outer packet stays the flow."""
    if around.depth or (kind != 0 and kind not in LAYER2):
        raise NotFollowedError(kind)
    appid = None
    if kind in WITH_APPID:
        if at + 2 <= len(buf.data):
            appid = buf.u16(at)
        else:
            appid = 0
            around = replace(around, quality=around.quality | Quality.PARSE_ERROR)
    sender, receiver = macs or (b"\0" * 6, b"\0" * 6)
    return Packet(
        around=around,
        version=0,
        proto=None,
        src=sender,
        dst=receiver,
        payload_len=end - at,
        payload=buf.data[at:end],
        ethertype=kind,
        appid=appid,
    )


def _mpls(buf: Bytes, at: int, end: int, around: Around, kind: int) -> Packet:
    bottom = 0
    while not bottom:
        buf.need(at, 4, end, "mpls_short")
        word = buf.u32(at)
        label = word >> 12 if around.mpls is None and not around.depth else around.mpls
        around, bottom, at = replace(deeper(around), mpls=label), word >> 8 & 1, at + 4
    buf.need(at, 1, end, "mpls_payload")
    nibble = buf.u8(at) >> 4
    if nibble in {4, 6}:
        return ip_packet(buf, at, end, around, nibble)
    if nibble == 0:
        return ethernet(buf, at + 4, end, around)
    raise NotFollowedError(kind)


def _pppoe(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 8, end, "pppoe_short")
    if buf.u8(at) != 0x11 or buf.u8(at + 1) != 0:
        raise MalformedError("pppoe_header")
    here = replace(deeper(around), tunnels=(*around.tunnels, "pppoe"), tunnel_id=buf.u16(at + 2))
    said = at + 6 + buf.u16(at + 4)
    if said > end:
        here = replace(here, quality=here.quality | Quality.PARSE_ERROR)
    return ppp_payload(buf, at + 6, min(said, end), here, other=0x8864)


def ppp_payload(buf: Bytes, at: int, end: int, around: Around, other: int | None = None) -> Packet:
    """Decode PPP from its optional HDLC octets on; a one-octet protocol field is allowed (RFC 1661).

    Protocols that are not followed are counted under ``other``, by default under their own number.
    """
    if buf.data[at : at + 2] == b"\xff\x03":
        at += 2
    buf.need(at, 1, len(buf.data), "ppp_short")
    if buf.u8(at) & 1:
        protocol, at = buf.u8(at), at + 1
    else:
        buf.need(at, 2, len(buf.data), "ppp_short")
        protocol, at = buf.u16(at), at + 2
    if protocol not in PPP_PROTOCOLS:
        raise NotFollowedError(protocol if other is None else other)
    return by_ethertype(buf, at, end, deeper(around), PPP_PROTOCOLS[protocol], None)


def _raw(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 1, end, "raw_short")
    version = buf.u8(at) >> 4
    if version not in {4, 6}:
        raise MalformedError("raw_version")
    return ip_packet(buf, at, end, around, version)


def _null(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    """Decode the four-octet family in either byte order (2 is IPv4; 10, 23, 24, 28, 30 are IPv6 somewhere)."""
    buf.need(at, 4, end, "null_short")
    raw = buf.data[at : at + 4]
    family = min(int.from_bytes(raw, "big"), int.from_bytes(raw, "little"))
    if family == 2:
        return ip_packet(buf, at + 4, end, deeper(around), 4)
    if family in {10, 23, 24, 28, 30}:
        return ip_packet(buf, at + 4, end, deeper(around), 6)
    raise MalformedError("null_family")


def _sll(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 16, end, "sll_short")
    address = buf.data[at + 6 : at + 12] if buf.u16(at + 4) == 6 else None
    return _cooked(buf, at + 16, end, around, (buf.u16(at + 2), buf.u16(at + 14), address))


def _sll2(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 20, end, "sll2_short")
    address = buf.data[at + 12 : at + 18] if buf.u8(at + 11) == 6 else None
    return _cooked(buf, at + 20, end, around, (buf.u16(at + 8), buf.u16(at), address))


def _cooked(buf: Bytes, at: int, end: int, around: Around, said: tuple[int, int, bytes | None]) -> Packet:
    """Decode what a cooked header announces: (device type, protocol, sender); it names the sender only."""
    device, kind, sender = said
    if device == ARPHRD_NETLINK or (kind < 0x0600 and kind not in {1, 4}):
        raise NotFollowedError(kind)
    macs = None if sender is None else (sender, b"\0" * 6)
    return by_ethertype(buf, at, end, replace(deeper(around), macs=macs), kind, macs)


def _chdlc(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 4, end, "chdlc_short")
    if buf.u16(at + 2) == 0x8035:
        raise NotFollowedError(0x8035)  # SLARP, not RARP
    return by_ethertype(buf, at + 4, end, deeper(around), buf.u16(at + 2), None)


def _ppp_link(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    """Decode PPP, or what else is found under its link types: PPPoE without Ethernet, Cisco HDLC."""
    buf.need(at, 2, end, "ppp_short")
    start = buf.u16(at)
    if start == 0x1100:
        return _pppoe(buf, at, end, around)
    if start in {0x0F00, 0x8F00}:
        return _chdlc(buf, at, end, around)
    return ppp_payload(buf, at, end, around)


_STARTS: Final[dict[int, Callable[[Bytes, int, int, Around], Packet]]] = {
    1: ethernet,
    **dict.fromkeys((12, 14, 101, 228, 229), _raw),
    113: _sll,
    276: _sll2,
    0: _null,
    108: _null,
    **dict.fromkeys((9, 50, 51), _ppp_link),
    104: _chdlc,
}
