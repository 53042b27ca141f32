"""Ports that mark the responder (flow-semantics.md 4.5); the same list as in ``wire/src/flow/direction.rs``."""

from __future__ import annotations

from typing import Final

WELL_KNOWN: Final = 1024
"""System ports lie below this (RFC 6335, section 6)."""

SERVICE_PORTS: Final = frozenset(
    {
        1080, 1194, 1433, 1434, 1494, 1521, 1701, 1719, 1720, 1723, 1812, 1813, 1883, 1900, 2049, 2055, 2152, 2181,
        2404, 3128, 3260, 3268, 3306, 3389, 3478, 3544, 3702, 4500, 4739, 4789, 4840, 5060, 5061, 5222, 5269, 5353,
        5355, 5432, 5500, 5672, 5900, 5938, 5985, 5986, 6379, 6443, 6881, 8000, 8080, 8443, 8888, 9092, 9200, 20000,
        44818, 47808,
    }
)  # fmt: skip


def is_service(port: int) -> bool:
    """Return whether a port is in the service list; port 0 is not."""
    return 0 < port < WELL_KNOWN or port in SERVICE_PORTS


def sender_is_client(sport: int, dport: int) -> bool | None:
    """Return whether the ports make the sender the originator; None when they do not decide."""
    if is_service(sport) != is_service(dport):
        return is_service(dport)
    if is_service(sport) and (sport < WELL_KNOWN) != (dport < WELL_KNOWN):
        return dport < WELL_KNOWN
    return None
