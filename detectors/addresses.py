"""Text, ranges and SQL conditions for the 16-byte addresses of our tables (IPv4 is mapped, RFC 4291 2.5.5.2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

V4_PREFIX: Final = bytes(10) + b"\xff\xff"
"""First twelve bytes of every IPv4 address in a table."""


def ip_bytes(text: str) -> bytes:
    """Return the 16-byte form of an address.

    Raises:
        ValueError: ``text`` is not an address.
    """
    address = ipaddress.ip_address(text)
    return V4_PREFIX + address.packed if address.version == 4 else address.packed


def is_v4(address: bytes) -> bool:
    """Tell whether a 16-byte address is a mapped IPv4 address."""
    return address[:12] == V4_PREFIX


def ip_text(address: bytes | None) -> str:
    """Return the usual text of a 16-byte address, ``-`` for none."""
    if address is None:
        return "-"
    return str(ipaddress.IPv4Address(address[12:]) if is_v4(address) else ipaddress.IPv6Address(address))


def mac_text(address: bytes | None) -> str:
    """Return the colon-separated text of a link address, ``-`` for none."""
    return "-" if address is None else address.hex(":")


def in_ranges(address: bytes, ranges: Sequence[tuple[bytes, bytes]]) -> bool:
    """Tell whether an address lies in one of the closed ranges."""
    return any(low <= address <= high for low, high in ranges)


def unicast_sql(column: str) -> str:
    """Return an SQL condition that is true when ``column`` is a unicast host address.

    Excluded: ff00::/8, 224.0.0.0/4 and 240.0.0.0/4 with the limited broadcast, 0.0.0.0/8 and :: (RFC 6890, RFC 4291).
    """
    v4 = r"\x00" * 10 + r"\xFF\xFF"
    unspecified = r"\x00" * 16
    return (
        rf"({column} < '\xFF'::BLOB AND {column} <> '{unspecified}'::BLOB"
        rf" AND NOT ({column} >= '{v4}\xE0'::BLOB AND {column} <= '{v4}\xFF\xFF\xFF\xFF'::BLOB)"
        rf" AND NOT ({column} >= '{v4}\x00'::BLOB AND {column} < '{v4}\x01'::BLOB))"
    )


def link_local_sql(column: str) -> str:
    """Return an SQL condition that is true for fe80::/10 and 169.254.0.0/16 (RFC 4291 2.4, RFC 3927)."""
    v4 = r"\x00" * 10 + r"\xFF\xFF"
    return (
        rf"(({column} >= '\xFE\x80'::BLOB AND {column} < '\xFE\xC0'::BLOB)"
        rf" OR ({column} >= '{v4}\xA9\xFE'::BLOB AND {column} < '{v4}\xA9\xFF'::BLOB))"
    )
