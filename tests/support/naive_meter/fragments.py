"""Which flow a later fragment belongs to (flow-semantics.md 1.8)."""

from __future__ import annotations

from typing import Final

from naive_meter.key import Identity, identity
from naive_meter.packet import Packet

LIFE_NS: Final = 30_000_000_000
"""How long a first fragment is remembered, ns (RFC 791 suggests 15 s, Linux keeps 30 s)."""

CAPACITY: Final = 16_384
"""First fragments remembered; the oldest goes first."""

Place = tuple[bytes, bytes, int, int, int | None]


class FragmentCache:
    """Remembers the identity of first fragments."""

    def __init__(self) -> None:
        """Start empty."""
        self._known: dict[Place, tuple[int, Identity]] = {}

    def resolve(self, packet: Packet, ts_ns: int) -> Identity:
        """Return the identity of a packet: its own, or for a later fragment that of its first one."""
        own = identity(packet)
        if packet.fragment is None:
            return own
        ident, proto, offset = packet.fragment
        place = (packet.src, packet.dst, ident, proto, packet.around.tunnel_id)
        if offset == 0:
            if packet.ports is not None or packet.icmp is not None:
                self._known.pop(place, None)
                self._known[place] = (ts_ns, own)
                if len(self._known) > CAPACITY:
                    del self._known[next(iter(self._known))]
            return own
        known = self._known.get(place)
        return known[1] if known is not None and ts_ns - known[0] <= LIFE_NS else own
