"""What the first payload of a direction says about who the client is (flow-semantics.md 4.4).

Only what the comparison needs: DNS, HTTP, TLS and DHCP. The Rust meter knows more protocols.
"""

from __future__ import annotations

import re
from typing import Final

DNS_PORTS: Final = {53, 5353, 5355}
DHCP_PORTS: Final = {67, 68}
DHCP_COOKIE: Final = b"\x63\x82\x53\x63"
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
    return None


def _tcp(payload: bytes) -> bool | None:
    if len(payload) >= 6 and payload[0] == 22 and payload[1] == 3 and payload[5] in {1, 2}:
        return payload[5] == 1
    if HTTP_REQUEST.match(payload):
        return True
    if HTTP_RESPONSE.match(payload):
        return False
    return None
