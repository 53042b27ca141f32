"""What the first payload of a direction says about who the client is (flow-semantics.md 4.4).

Only what the comparison needs: DNS, HTTP, TLS, DHCP, DHCPv6 and NTP. The Rust meter knows more protocols.
"""

from __future__ import annotations

import re
from typing import Final

DNS_PORTS: Final = {53, 5353, 5355}
DHCP_PORTS: Final = {67, 68}
DHCP_COOKIE: Final = b"\x63\x82\x53\x63"
DHCPV6_PORTS: Final = {546, 547}
DHCPV6_ASKS: Final = {1, 3, 4, 5, 6, 8, 9, 11, 12}
DHCPV6_ANSWERS: Final = {2, 7, 13}
NTP_PORT: Final = 123
HTTP_REQUEST: Final = re.compile(rb"(GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) \S")
HTTP_RESPONSE: Final = re.compile(rb"HTTP/1\.[01] \d\d\d")


def sender_is_client(proto: int, ports: tuple[int, int], payload: bytes) -> bool | None:
    """Return whether the payload shows its sender to be the client (True) or the server (False); None = nothing."""
    if proto == 6:
        return _tcp(payload)
    if proto == 17 and DNS_PORTS & set(ports) and len(payload) >= 12:
        return not payload[2] & 0x80
    if proto == 17 and set(ports) == DHCP_PORTS and payload[236:240] == DHCP_COOKIE:
        return payload[0] == 1
    if proto == 17 and ports[1] in DHCPV6_PORTS and len(payload) > (34 if payload[0] in {12, 13} else 4):
        return True if payload[0] in DHCPV6_ASKS else False if payload[0] in DHCPV6_ANSWERS else None
    if proto == 17 and NTP_PORT in ports and _is_ntp(payload):
        return {3: True, 4: False}.get(payload[0] & 7)
    return None


def _is_ntp(payload: bytes) -> bool:
    """Return whether an NTP header (RFC 5905 7.3) stands there: version, stratum, poll and precision in range."""
    if len(payload) < 48 or len(payload) % 4 or not 1 <= payload[0] >> 3 & 7 <= 4 or payload[1] > 16:
        return False
    return (payload[2] <= 17 or payload[2] >= 0xF8) and (payload[3] in {0, 32} or payload[3] >= 0xD0)


def _tcp(payload: bytes) -> bool | None:
    if len(payload) >= 6 and payload[0] == 22 and payload[1] == 3 and payload[5] in {1, 2}:
        return payload[5] == 1
    if HTTP_REQUEST.match(payload):
        return True
    if HTTP_RESPONSE.match(payload):
        return False
    return None
