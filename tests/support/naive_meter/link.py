"""Link layers: from the start of a frame to the first network header or layer-2 flow (flow-semantics.md 1.2, 1.9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from naive_meter.bits import Bytes
from naive_meter.network import ip_packet
from naive_meter.packet import Around, Frame, MalformedError, NotFollowedError, Packet

MAX_LAYERS: Final = 16
"""Headers followed in one frame before giving up (Suricata's limit, flows.md 12.1)."""

LAYER2: Final = {0x0806, 0x8035, 0x88B8, 0x88B9, 0x88BA, 0x88CC, 0x8892, 0x88A4, 0x888E}
WITH_APPID: Final = {0x88B8, 0x88BA}
LLC_BELOW: Final = 0x0600
"""Values of the type field below this are lengths of IEEE 802.3 frames."""

PPP_PROTOCOLS: Final = {0x0021: 0x0800, 0x0057: 0x86DD, 0x0281: 0x8847}


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
        return _mpls(buf, at, end, around)
    if kind == 0x8864:
        return _pppoe(buf, at, end, around)
    if kind < LLC_BELOW and not around.strict:
        return _layer2(buf, at, end, around, 0, macs)
    if kind in LAYER2:
        return _layer2(buf, at, end, around, kind, macs)
    raise NotFollowedError(kind)


def _layer2(buf: Bytes, at: int, end: int, around: Around, kind: int, macs: tuple[bytes, bytes] | None) -> Packet:
    appid = None
    if kind in WITH_APPID:
        buf.need(at, 2, end, "appid_short")
        appid = buf.u16(at)
    if kind in {0x0806, 0x8035} and around.strict:
        buf.need(at, 28, end, "arp_short")
    sender, receiver = macs or (b"\0" * 6, b"\0" * 6)
    return Packet(
        around=replace(around, macs=macs, strict=False),
        version=0,
        proto=None,
        src=sender,
        dst=receiver,
        payload_len=end - at,
        payload=buf.data[at:end],
        ethertype=kind,
        appid=appid,
    )


def _mpls(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    bottom = 0
    while not bottom:
        buf.need(at, 4, end, "mpls_short")
        word = buf.u32(at)
        label = word >> 12 if around.mpls is None else around.mpls
        around, bottom, at = replace(deeper(around), mpls=label), word >> 8 & 1, at + 4
    buf.need(at, 1, end, "mpls_payload")
    nibble = buf.u8(at) >> 4
    if nibble in {4, 6}:
        return ip_packet(buf, at, end, around, nibble)
    if nibble == 0:
        return ethernet(buf, at + 4, end, around)
    raise MalformedError("mpls_payload")


def _pppoe(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 8, end, "pppoe_short")
    if buf.u8(at) != 0x11 or buf.u8(at + 1) != 0:
        raise MalformedError("pppoe_header")
    here = replace(deeper(around), tunnels=(*around.tunnels, "pppoe"), tunnel_id=buf.u16(at + 2))
    return ppp_payload(buf, at + 6, end, here)


def ppp_payload(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    """Decode PPP from its optional HDLC octets on; a one-octet protocol field is allowed (RFC 1661)."""
    buf.need(at, 2, end, "ppp_short")
    if buf.u16(at) == 0xFF03:
        at += 2
        buf.need(at, 2, end, "ppp_short")
    if buf.u8(at) & 1:
        protocol, at = buf.u8(at), at + 1
    else:
        protocol, at = buf.u16(at), at + 2
    if protocol not in PPP_PROTOCOLS:
        raise NotFollowedError(protocol)
    return by_ethertype(buf, at, end, deeper(around), PPP_PROTOCOLS[protocol], None)


def _raw(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 1, end, "raw_short")
    version = buf.u8(at) >> 4
    if version not in {4, 6}:
        raise MalformedError("raw_version")
    return ip_packet(buf, at, end, around, version)


def _null(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    """Decode the four-octet family in either byte order (2 is IPv4; 10, 24, 28, 30 are IPv6 somewhere)."""
    buf.need(at, 4, end, "null_short")
    raw = buf.data[at : at + 4]
    families = {int.from_bytes(raw, "big"), int.from_bytes(raw, "little")}
    if 2 in families:
        return ip_packet(buf, at + 4, end, deeper(around), 4)
    if families & {10, 24, 28, 30}:
        return ip_packet(buf, at + 4, end, deeper(around), 6)
    raise MalformedError("null_family")


def _sll(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 16, end, "sll_short")
    return by_ethertype(buf, at + 16, end, deeper(around), buf.u16(at + 14), None)


def _sll2(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 20, end, "sll2_short")
    return by_ethertype(buf, at + 20, end, deeper(around), buf.u16(at), None)


def _chdlc(buf: Bytes, at: int, end: int, around: Around) -> Packet:
    buf.need(at, 4, end, "chdlc_short")
    return by_ethertype(buf, at + 4, end, deeper(around), buf.u16(at + 2), None)


_STARTS: Final[dict[int, Callable[[Bytes, int, int, Around], Packet]]] = {
    1: ethernet,
    **dict.fromkeys((12, 14, 101, 228, 229), _raw),
    113: _sll,
    276: _sll2,
    0: _null,
    108: _null,
    **dict.fromkeys((9, 50, 51), ppp_payload),
    104: _chdlc,
}
