"""The key of a flow and the side of a packet (flow-semantics.md 2, 1.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from naive_meter.packet import Identity, Packet
from naive_meter.transport import ICMP, ICMP6

ICMP_PAIRS: Final = {
    ICMP: {8: 0, 13: 14, 15: 16, 17: 18},
    ICMP6: {128: 129},
}
"""Requests with their replies that share an identifier, by protocol."""

ND_PAIRS: Final = {134: 133, 136: 135}
"""Neighbour-discovery replies by the request they are keyed with."""

ONE_WAY_IDS: Final = {"gtpu", "l2tp"}
"""Tunnels whose id is chosen by the receiver, so that the two directions carry different ones
(3GPP TS 29.281, 5.1; RFC 2661, 3.1): such ids are recorded, not keyed."""

End = tuple[bytes, int, int]
"""Address, port (or ICMP type, identifier), ICMP code: what is compared to find the lower end."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a flow; ``lo`` is the lower end."""

    version: int
    lo: End
    hi: End
    kind: str
    proto: int
    tunnels: tuple[str, ...]
    tunnel_id: int | None


def is_request(proto: int | None, kind: int) -> bool:
    """Return whether an ICMP type is an echo, timestamp, information or mask request."""
    return kind in ICMP_PAIRS.get(proto or 0, {})


def is_reply(proto: int | None, kind: int) -> bool:
    """Return whether an ICMP type answers such a request."""
    return kind in ICMP_PAIRS.get(proto or 0, {}).values()


def key_of(packet: Packet, who: Identity) -> tuple[Key, int]:
    """Return the key of a packet and the side that sent it (0 = the lower end)."""
    around = packet.around
    kind = "ports"
    sender: tuple[int, int] = (0, 0)
    receiver: tuple[int, int] = (0, 0)
    if packet.version == 0:
        kind, sender = "link", (0, 0)
    elif who.ports is not None:
        sender, receiver = (who.ports[0], 0), (who.ports[1], 0)
    elif who.icmp is not None:
        kind, sender, receiver = _icmp_ends(who)
    ends = [(packet.src, *sender), (packet.dst, *receiver)]
    side = 0 if ends[0] <= ends[1] else 1
    number = (who.proto or 0) if packet.version else (packet.ethertype or 0) << 16 | (packet.appid or 0)
    tunnel_id = None if ONE_WAY_IDS & set(around.tunnels) else around.tunnel_id
    return Key(packet.version, min(ends), max(ends), kind, number, around.tunnels, tunnel_id), side


def _icmp_ends(who: Identity) -> tuple[str, tuple[int, int], tuple[int, int]]:
    """Return the kind of key and what stands for the ports of sender and receiver."""
    assert who.icmp is not None
    kind, code = who.icmp
    if is_request(who.proto, kind) or is_reply(who.proto, kind):
        same = (who.icmp_id, who.icmp_id)
        return "icmp-id", same, same
    if who.proto == ICMP6 and kind in ND_PAIRS.values():
        return "icmp-nd", (kind, 0), (0, 0)
    if who.proto == ICMP6 and kind in ND_PAIRS:
        return "icmp-nd", (0, 0), (ND_PAIRS[kind], 0)
    return "icmp-type", (kind, code), (kind, code)
