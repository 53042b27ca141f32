"""Tunnel headers around IP packets or Ethernet frames.

Source: RFC 2784/2890 (GRE), RFC 2637 (PPTP), draft-foschiano-erspan (ERSPAN), RFC 7348 (VXLAN), RFC 8926 (Geneve),
3GPP TS 29.281 (GTP-U), RFC 2003 (IP in IP), RFC 4213 (6in4), RFC 4380 (Teredo), RFC 2661 (L2TP), RFC 5415 (CAPWAP).
"""

from __future__ import annotations

import struct

from capture.ip import ip, udp
from capture.link import ip_ethertype

TEB = 0x6558
"""GRE and Geneve protocol type of a transparently bridged Ethernet frame."""


def gre(
    src: str, dst: str, inner: bytes, *, proto: int | None = None, key: int | None = None, seq: int | None = None
) -> bytes:
    """Return a GRE version 0 packet; ``proto`` defaults to the version of the inner IP packet."""
    flags = (0x2000 if key is not None else 0) | (0x1000 if seq is not None else 0)
    head = struct.pack(">HH", flags, ip_ethertype(inner) if proto is None else proto)
    for field in (key, seq):
        head += b"" if field is None else struct.pack(">I", field)
    return ip(src, dst, 47, head + inner)


def pptp(src: str, dst: str, packet: bytes, call: int, seq: int = 1) -> bytes:
    """Return an enhanced GRE (version 1) packet carrying PPP."""
    body = b"\xff\x03\x00\x21" + packet
    return ip(src, dst, 47, struct.pack(">HHHHI", 0x3001, 0x880B, len(body), call, seq) + body)


def erspan(src: str, dst: str, frame: bytes, *, kind: int = 2, session: int = 0, vlan: int = 0) -> bytes:
    """Return an ERSPAN type 1, 2 or 3 packet carrying an Ethernet frame."""
    if kind == 1:
        return gre(src, dst, frame, proto=0x88BE)
    if kind == 2:
        return gre(src, dst, struct.pack(">HHI", 0x1000 | vlan, session, 0) + frame, proto=0x88BE, seq=7)
    head = struct.pack(">HHIHH", 0x2000 | vlan, session, 0, 0, 0)
    return gre(src, dst, head + frame, proto=0x22EB, seq=7)


def vxlan(src: str, dst: str, frame: bytes, vni: int, *, port: int = 4789, sport: int = 54321) -> bytes:
    """Return a VXLAN packet."""
    return udp(src, dst, sport, port, struct.pack(">II", 0x08000000, vni << 8) + frame)


def geneve(src: str, dst: str, inner: bytes, vni: int, *, proto: int = TEB, options: bytes = b"") -> bytes:
    """Return a Geneve packet; ``options`` are whole words."""
    head = struct.pack(">BBHI", len(options) // 4, 0, proto, vni << 8)
    return udp(src, dst, 54321, 6081, head + options + inner)


def gtpu(src: str, dst: str, packet: bytes, teid: int, *, seq: int | None = None) -> bytes:
    """Return a GTP-U G-PDU."""
    optional = b"" if seq is None else struct.pack(">HBB", seq, 0, 0)
    head = struct.pack(">BBHI", 0x30 | (0 if seq is None else 2), 255, len(optional) + len(packet), teid)
    return udp(src, dst, 2152, 2152, head + optional + packet)


def ipip(src: str, dst: str, packet: bytes) -> bytes:
    """Return an IP packet in an IP packet; protocol 4 or 41 by the inner version."""
    return ip(src, dst, 41 if packet[0] >> 4 == 6 else 4, packet)


def teredo(src: str, dst: str, packet: bytes, *, origin: bool = False, sport: int = 50000, dport: int = 3544) -> bytes:
    """Return a Teredo datagram, optionally with an origin indication."""
    return udp(src, dst, sport, dport, (b"\0\0" + b"\x11" * 6 if origin else b"") + packet)


def l2tp(src: str, dst: str, packet: bytes, tunnel: int, session: int) -> bytes:
    """Return an L2TP version 2 data message carrying PPP."""
    body = b"\xff\x03" + (b"\x00\x57" if packet[0] >> 4 == 6 else b"\x00\x21") + packet
    return udp(src, dst, 1701, 1701, struct.pack(">HHHH", 0x4002, 8 + len(body), tunnel, session) + body)


def capwap(src: str, dst: str, frame: bytes) -> bytes:
    """Return a CAPWAP data message with an IEEE 802.3 frame (header length 2 words, T bit clear)."""
    return udp(src, dst, 5247, 5247, struct.pack(">II", 0x00100000, 0) + frame)
