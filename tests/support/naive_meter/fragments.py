"""Which flow a later fragment belongs to (flow-semantics.md 1.8)."""

from __future__ import annotations

from typing import Final

from naive_meter.packet import Identity, Packet, Place

LIFE_NS: Final = 30_000_000_000
"""How long a first fragment is remembered, ns (RFC 791 suggests 15 s, Linux keeps 30 s)."""

CAPACITY: Final = 16_384
"""First fragments remembered; the oldest goes first."""


class FragmentCache:
    """Remembers the identity of first fragments."""

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[Place, tuple[int, Identity]] = {}

    def resolve(self, packet: Packet, ts_ns: int) -> Identity:
        """Return the identity of a packet: its own, or for a later fragment that of its first one."""
        for place, identity in packet.around.firsts:
            self._known.pop(place, None)
            self._known[place] = (ts_ns, identity)
            if len(self._known) > CAPACITY:
                del self._known[next(iter(self._known))]
        own = Identity(packet.proto, packet.ports, packet.icmp, packet.icmp_id)
        if packet.fragment is None or packet.fragment[2] == 0:
            return own
        ident, proto, _ = packet.fragment
        known = self._known.get((packet.src, packet.dst, ident, proto, packet.around.tunnel_id))
        return known[1] if known is not None and abs(ts_ns - known[0]) <= LIFE_NS else own
