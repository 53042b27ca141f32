"""Who is the originator: the first rule that applies at the first packet (flow-semantics.md 4)."""

from __future__ import annotations

from naive_meter import hints, service_ports
from naive_meter.key import Identity, is_reply, is_request
from naive_meter.packet import Packet

SYN, RST, ACK = 0x02, 0x04, 0x10


def is_group(packet: Packet, address: bytes) -> bool:
    """Return whether an address is multicast or broadcast and so can never be an originator."""
    if packet.version == 4:
        return address[12] & 0xF0 == 0xE0 or address[12:] == b"\xff" * 4
    if packet.version == 6:
        return address[0] == 0xFF
    return bool(address[0] & 1)


def may_originate(packet: Packet, sender: bool) -> bool:
    """Return whether the sender (or the receiver) of a packet may be its flow's originator."""
    own, other = (packet.src, packet.dst) if sender else (packet.dst, packet.src)
    return not is_group(packet, own) or is_group(packet, other)


def first_decision(packet: Packet, who: Identity) -> tuple[bool, str]:
    """Return whether the sender of a flow's first packet is the originator, and the rule that says so."""
    for sender, basis in _rules(packet, who):
        if may_originate(packet, sender):
            return sender, basis
    return may_originate(packet, sender=True), "first_packet"


def _rules(packet: Packet, who: Identity) -> list[tuple[bool, str]]:
    """Return all rules that say something, strongest first."""
    said: list[tuple[bool, str]] = []
    by_port = service_ports.sender_is_client(*who.ports) if who.ports is not None else None
    if packet.tcp is not None and packet.tcp.flags & SYN:
        if not packet.tcp.flags & ACK:
            return [(True, "syn")]
        return [(False, "service_port")] if by_port is False else []
    if who.icmp is not None and is_request(who.proto, who.icmp[0]):
        said.append((True, "icmp"))
    if who.icmp is not None and is_reply(who.proto, who.icmp[0]):
        said.append((False, "icmp"))
    hint = app_hint(packet, who)
    if hint is not None:
        said.append((hint, "app"))
    if by_port is not None:
        said.append((by_port, "service_port"))
    return said


def app_hint(packet: Packet, who: Identity) -> bool | None:
    """Return what the payload of a packet says of its sender."""
    if who.ports is None or packet.later_fragment or not packet.payload:
        return None
    return hints.sender_is_client(who.proto or 0, who.ports, packet.payload)
