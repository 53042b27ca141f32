"""Which link addresses forward for others: a policy table for detectors that must not take a router for a culprit."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.surroundings import MAX_ADDRESSES
from store.schema import MAC

ROUTER_MAC: Final = pa.schema([("mac", MAC)])
"""Link addresses that sent as more than ``MAX_ADDRESSES`` IPv4 addresses, or as one that is not the site's own."""

_V4: Final = r"\x00" * 10 + r"\xFF\xFF"

ROUTER_MAC_SQL: Final = rf"""
SELECT mac FROM (
    SELECT src_mac AS mac, src_ip AS ip, src_home AS home FROM conversation WHERE src_pkts > 0
    UNION ALL
    SELECT dst_mac, dst_ip, dst_home FROM conversation WHERE dst_pkts > 0
    UNION ALL
    SELECT sender_mac, sender_ip, TRUE FROM arp
) WHERE mac IS NOT NULL AND ip IS NOT NULL
GROUP BY mac HAVING bool_or(NOT home) OR count(DISTINCT ip) FILTER (
    ip BETWEEN '{_V4}\x00\x00\x00\x00'::BLOB AND '{_V4}\xFF\xFF\xFF\xFF'::BLOB
) > {MAX_ADDRESSES} ORDER BY mac
"""
