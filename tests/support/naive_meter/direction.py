"""Who is the originator: the first rule that applies at the first packet (flow-semantics.md 4)."""

from __future__ import annotations

from naive_meter import hints, service_ports
from naive_meter.key import is_reply, is_request
from naive_meter.packet import Identity, Packet

SYN, RST, ACK = 0x02, 0x04, 0x10


def is_group(packet: Packet, address: bytes) -> bool:
    """Return whether an IP address is multicast or broadcast and so can never be an originator."""
    if packet.version == 4:
        return address[12] & 0xF0 == 0xE0 or address[12:] == b"\xff" * 4
    if packet.version == 6:
        return address[0] == 0xFF
    return False


def may_originate(packet: Packet, sender: bool) -> bool:
    """Return whether the sender (or the receiver) of a packet may be its flow's originator."""
    own, other = (packet.src, packet.dst) if sender else (packet.dst, packet.src)
    return not is_group(packet, own) or is_group(packet, other)


def first_decision(packet: Packet, who: Identity) -> tuple[bool, str]:
    """Return whether the sender of a flow's first packet is the originator, and the rule that says so."""
    sender, basis = _rule(packet, who)
    return (sender if may_originate(packet, sender) else not sender), basis


def _rule(packet: Packet, who: Identity) -> tuple[bool, str]:
    if packet.tcp is not None and packet.tcp.flags & (SYN | ACK) == SYN:
        return True, "syn"
    if who.icmp is not None and is_request(who.proto, who.icmp[0]):
        return True, "icmp"
    if who.icmp is not None and is_reply(who.proto, who.icmp[0]):
        return False, "icmp"
    hint = app_hint(packet, who)
    if hint is not None:
        return hint, "app"
    by_port = service_ports.sender_is_client(*who.ports) if who.ports is not None else None
    return (True, "first_packet") if by_port is None else (by_port, "service_port")


def app_hint(packet: Packet, who: Identity) -> bool | None:
    """Return what the payload of a packet says of its sender."""
    if who.ports is None or packet.later_fragment or not packet.payload:
        return None
    return hints.sender_is_client(who.proto or 0, who.ports, packet.payload)
