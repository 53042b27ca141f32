"""Link frames: Ethernet with any tags, MPLS, PPPoE, the other link types, ARP, GOOSE, LLDP, STP.

Source: IEEE 802.3, 802.1Q, RFC 3032, RFC 2516, RFC 826, IEC 61850-8-1, tcpdump.org/linktypes.html.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from capture.ip import packed

MAC_A: Final = bytes.fromhex("02000000000a")
MAC_B: Final = bytes.fromhex("02000000000b")
BROADCAST: Final = b"\xff" * 6
IPV4: Final = 0x0800
IPV6: Final = 0x86DD


def ip_ethertype(packet: bytes) -> int:
    """Return the ethertype of an IP packet by its version nibble."""
    return IPV6 if packet[:1] and packet[0] >> 4 == 6 else IPV4


def ethernet(
    payload: bytes,
    ethertype: int | None = None,
    *,
    src: bytes = MAC_A,
    dst: bytes = MAC_B,
    vlans: Sequence[tuple[int, int]] = (),
    pad: bool = False,
) -> bytes:
    """Return an Ethernet frame without FCS.

    Args:
        payload: what follows the last ethertype.
        ethertype: of the payload; None = IPv4 or IPv6 by its first nibble.
        src: sender address.
        dst: receiver address.
        vlans: tags, outermost first, as (tag protocol id, VLAN id).
        pad: fill up to the minimum of 60 bytes as a network card does.
    """
    tags = b"".join(struct.pack(">HH", tpid, vid) for tpid, vid in vlans)
    kind = ip_ethertype(payload) if ethertype is None else ethertype
    frame = dst + src + tags + struct.pack(">H", kind) + payload
    return frame + b"\0" * (60 - len(frame)) if pad and len(frame) < 60 else frame


def mpls(payload: bytes, labels: Sequence[int]) -> bytes:
    """Return ``payload`` behind an MPLS label stack (TTL 64)."""
    last = len(labels) - 1
    return b"".join(struct.pack(">I", label << 12 | (i == last) << 8 | 64) for i, label in enumerate(labels)) + payload


def pppoe(packet: bytes, session: int, *, protocol: int | None = None) -> bytes:
    """Return a PPPoE session payload carrying an IP packet (or another PPP protocol)."""
    kind = protocol if protocol is not None else (0x0057 if packet[0] >> 4 == 6 else 0x0021)
    return struct.pack(">BBHHH", 0x11, 0, session, len(packet) + 2, kind) + packet


def linux_sll(payload: bytes, ethertype: int = IPV4) -> bytes:
    """Return a LINKTYPE_LINUX_SLL frame."""
    return struct.pack(">HHH8sH", 0, 1, 6, MAC_A + b"\0\0", ethertype) + payload


def linux_sll2(payload: bytes, ethertype: int = IPV4) -> bytes:
    """Return a LINKTYPE_LINUX_SLL2 frame."""
    return struct.pack(">HHIHBB8s", ethertype, 0, 1, 1, 0, 6, MAC_A + b"\0\0") + payload


def null_loopback(payload: bytes, *, big_endian: bool = False) -> bytes:
    """Return a LINKTYPE_NULL frame with the family of the packet (BSD numbers 2 and 30)."""
    family = 30 if payload[0] >> 4 == 6 else 2
    return family.to_bytes(4, "big" if big_endian else "little") + payload


def ppp(packet: bytes, *, hdlc: bool = True) -> bytes:
    """Return a PPP frame, with or without the HDLC address and control octets."""
    kind = 0x0057 if packet[0] >> 4 == 6 else 0x0021
    return (b"\xff\x03" if hdlc else b"") + struct.pack(">H", kind) + packet


def cisco_hdlc(packet: bytes) -> bytes:
    """Return a Cisco HDLC frame."""
    return struct.pack(">BBH", 0x0F, 0, ip_ethertype(packet)) + packet


def arp(op: int, sender_mac: bytes, sender_ip: str, target_mac: bytes, target_ip: str) -> bytes:
    """Return the 28 bytes of an Ethernet/IPv4 ARP message."""
    head = struct.pack(">HHBBH", 1, IPV4, 6, 4, op)
    return head + sender_mac + packed(sender_ip) + target_mac + packed(target_ip)


def goose(appid: int, body: bytes) -> bytes:
    """Return a GOOSE payload (after ethertype 0x88b8) with that APPID."""
    return struct.pack(">HHHH", appid, 8 + len(body), 0, 0) + body


def lldp(chassis: bytes = MAC_A) -> bytes:
    """Return a minimal LLDP data unit: chassis, port, time to live, end."""
    return b"\x02\x07\x04" + chassis + b"\x04\x03\x05p1" + b"\x06\x02\x00\x78" + b"\0\0"


def stp(src: bytes = MAC_A) -> bytes:
    """Return a whole IEEE 802.3 frame with a spanning-tree bridge PDU."""
    bpdu = b"\x42\x42\x03" + b"\0" * 35
    return ethernet(bpdu, len(bpdu), src=src, dst=bytes.fromhex("0180c2000000"), pad=True)
