"""SQL macros of every lake connection: addresses and identifiers as text, and the site policy as fast range tests.

Pure SQL: DuckDB's inet extension is not available offline.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from store._policy import SitePolicy, bounds

_LOCAL_ONLY: Final = tuple(
    ipaddress.ip_network(cidr)
    for cidr in ("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "::/127", "ff00::/8")
)
"""Addresses that are no one else's: unspecified, loopback, multicast, broadcast. A flow to them stays at home.
Source: RFC 6890 tables 1, 2, 4, 17, 18; RFC 5771; RFC 4291 section 2.7."""

_V4_PREFIX: Final = "00000000000000000000FFFF"


def _group(position: int) -> str:
    """Return SQL for one 16-bit group of an address in hex, without leading zeros."""
    return f"coalesce(nullif(ltrim(substr(digits, {1 + 4 * position}, 4), '0'), ''), '0')"


def _compressed() -> str:
    """Return SQL that shortens the longest run of at least two zero groups, the first of equals, to '::'.

    ``padded`` is ':g0:g1:…:g7:', so that each run of whole groups is a plain substring.

    Source: RFC 5952 sections 4.2.1 to 4.2.3.
    """
    branches = []
    for run in range(8, 1, -1):
        zeros = "'" + ":0" * run + ":'"
        place = f"strpos(padded, {zeros})"
        left = f"ltrim(left(padded, {place} - 1), ':')"
        right = f"rtrim(substr(padded, {place} + {2 * run + 1}), ':')"
        branches.append(f"WHEN contains(padded, {zeros}) THEN concat({left}, '::', {right})")
    return f"CASE {' '.join(branches)} ELSE trim(padded, ':') END"


_GROUPS: Final = ", ':', ".join(_group(n) for n in range(8))

TEXT_MACROS: Final = (
    f"CREATE MACRO ip6_short(groups) AS list_transform([groups], lambda padded: {_compressed()})[1]",
    f"CREATE MACRO ip6_padded(digits) AS concat(':', {_GROUPS}, ':')",
    "CREATE MACRO ip4_byte(digits, place) AS CAST(CAST('0x' || substr(digits, place, 2) AS INTEGER) AS VARCHAR)",
    "CREATE MACRO ip4_dotted(digits) AS concat_ws('.', ip4_byte(digits, 25), ip4_byte(digits, 27), "
    "ip4_byte(digits, 29), ip4_byte(digits, 31))",
    "CREATE MACRO ip_of_hex(digits) AS CASE WHEN digits IS NULL THEN NULL "
    f"WHEN starts_with(digits, '{_V4_PREFIX}') THEN ip4_dotted(digits) ELSE ip6_short(ip6_padded(lower(digits))) END",
    "CREATE MACRO ip_text(address) AS ip_of_hex(hex(address))",
    r"CREATE MACRO mac_text(address) AS rtrim(regexp_replace(lower(hex(address)), '(..)', '\1:', 'g'), ':')",
    r"CREATE MACRO uid_text(uid) AS regexp_replace(lower(hex(uid)), '^(.{8})(.{4})(.{4})(.{4})(.{12})$', "
    r"'\1-\2-\3-\4-\5')",
    "CREATE MACRO cid_text(digest) AS '1:' || base64(digest)",
)
"""``ip_text`` (RFC 5952, IPv4-mapped as dotted quad), ``mac_text``, ``uid_text`` (UUID), ``cid_text`` (v1)."""


def policy_macros(policy: SitePolicy) -> tuple[str, ...]:
    """Return the macros ``is_home(address)`` and ``zone_of(address)`` of a policy.

    Ranges become constants: a dozen comparisons per row, where a range join would compare every row with every
    range. NULL addresses (non-IP flows) are home and in no zone.
    """
    ranges = _merged([*(bounds(n.network) for n in policy.home), *(bounds(n) for n in _LOCAL_ONLY)])
    home = " OR ".join(_within(low, high) for low, high in ranges)
    zones = sorted(
        ((network.prefixlen + (96 if network.version == 4 else 0), zone.name, bounds(network)))
        for zone in policy.zones
        for network in zone.networks
    )
    cases = " ".join(f"WHEN {_within(*ends)} THEN {literal(name)}" for _, name, ends in reversed(zones))
    zone_sql = f"CASE {cases} ELSE NULL END" if cases else "CAST(NULL AS VARCHAR)"
    return (
        f"CREATE MACRO is_home(address) AS coalesce({home}, true)",
        f"CREATE MACRO zone_of(address) AS {zone_sql}",
    )


def literal(text: str) -> str:
    """Return ``text`` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def literal_glob(path: Path) -> str:
    """Return a pattern that matches exactly ``path``, whatever letters the user's folders have."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _within(low: bytes, high: bytes) -> str:
    return f"address BETWEEN {_blob(low)} AND {_blob(high)}"


def _blob(value: bytes) -> str:
    return "'" + "".join(f"\\x{byte:02X}" for byte in value) + "'::BLOB"


def _merged(ranges: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the ranges sorted, overlapping ones joined."""
    merged: list[tuple[bytes, bytes]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
