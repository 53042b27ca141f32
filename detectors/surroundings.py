"""What correlation knows of the addresses in its alerts: which asset bore them, since when, in which zone, as what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from detectors.addresses import ip_text, is_v4, mac_text

MAX_ADDRESSES: Final = 3
"""IPv4 addresses one link address bears as a host (1 … 32); one that bears more forwards for others (own: an alias or
two are common, a router bears every subnet behind it). IPv6 is not counted: hosts change it daily (RFC 8981)."""

VIRTUAL_MACS: Final = ("00005e0001", "00005e0002", "00000c07ac", "00000c9ff0", "0007b4")
"""Beginnings of link addresses shared by routers: VRRP (RFC 5798 7.3), HSRP 1 and 2, GLBP (Cisco)."""


class AssetIndex:
    """Names the asset that bore an address at a time: by its link address where that is known to be its own.

    Args:
        heard: Rows of HOST_SEEN: ``ip``, ``mac``, ``first_ts``, ``last_ts``.
        addresses_of: IPv4 addresses that each link address bore over the whole data; counted from ``heard`` when None.
    """

    def __init__(self, heard: Iterable[Mapping[str, Any]], addresses_of: Mapping[bytes, int] | None = None) -> None:
        rows = [row for row in heard if row["ip"] is not None and row["mac"] is not None]
        counts = _counted(rows) if addresses_of is None else addresses_of
        self._spans: dict[bytes, list[tuple[datetime, datetime, bytes]]] = {}
        for row in rows:
            mac = bytes(row["mac"])
            if counts.get(mac, 0) <= MAX_ADDRESSES and not mac.hex().startswith(VIRTUAL_MACS):
                self._spans.setdefault(bytes(row["ip"]), []).append((row["first_ts"], row["last_ts"], mac))
        for spans in self._spans.values():
            spans.sort()

    def at(self, address: bytes | None, moment: datetime) -> str:
        """Return the asset that bore ``address`` at ``moment``: ``mac:…`` or ``ip:…``; empty without an address."""
        if address is None:
            return ""
        spans = self._spans.get(address)
        if not spans:
            return f"ip:{ip_text(address)}"
        return f"mac:{mac_text(min(spans, key=lambda span: (_distance(span, moment), span))[2])}"


def _distance(span: tuple[datetime, datetime, bytes], moment: datetime) -> float:
    if span[0] <= moment <= span[1]:
        return 0.0
    return min(abs((span[0] - moment).total_seconds()), abs((span[1] - moment).total_seconds()))


def _counted(rows: Sequence[Mapping[str, Any]]) -> dict[bytes, int]:
    held: dict[bytes, set[bytes]] = {}
    for row in rows:
        if is_v4(bytes(row["ip"])):
            held.setdefault(bytes(row["mac"]), set()).add(bytes(row["ip"]))
    return {mac: len(ips) for mac, ips in held.items()}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Facts about the addresses of the alerts; each is empty where nobody knows.

    Attributes:
        assets: Which asset bore an address when.
        first_seen: First packet of an address, from the memory or the data.
        zones: Zone of an address.
        roles: Roles of an address in the site policy.
        home: Addresses that are the site's own.
    """

    assets: AssetIndex = field(default_factory=lambda: AssetIndex(()))
    first_seen: Mapping[bytes, datetime] = field(default_factory=dict)
    zones: Mapping[bytes, str] = field(default_factory=dict)
    roles: Mapping[bytes, tuple[str, ...]] = field(default_factory=dict)
    home: frozenset[bytes] = frozenset()


NOTHING_KNOWN: Final = Surroundings()
"""For callers that have nothing but alerts: an asset is an address."""
