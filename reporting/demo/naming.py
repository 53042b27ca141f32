"""DNS: queries of the office to its resolver, and of the resolver to the one upstream."""

from __future__ import annotations

import struct
from typing import Final

from reporting.demo.conversation import round_trip
from reporting.demo.network import RESOLVER, UPSTREAM_RESOLVER, Host, Segment
from reporting.demo.tap import MICROSECOND, Tap

DNS_PORT: Final = 53
A_RECORD: Final = 1
NAME_ERROR: Final = 3
_TTL_S: Final = 300


def _labels(name: str) -> bytes:
    """Return a name as length-prefixed labels. Source: RFC 1035 section 3.1."""
    return b"".join(bytes((len(part),)) + part.encode("ascii") for part in name.split(".")) + b"\0"


def question(ident: int, name: str) -> bytes:
    """Return a query for the address of ``name``, recursion desired. Source: RFC 1035 section 4.1."""
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + _labels(name) + struct.pack("!HH", A_RECORD, 1)


def answer(ident: int, name: str, address: bytes | None) -> bytes:
    """Return the response: one A record, or "no such name" when ``address`` is None. Source: RFC 1035 section 4.1."""
    flags = 0x8180 | (0 if address else NAME_ERROR)
    head = struct.pack("!HHHHHH", ident, flags, 1, 1 if address else 0, 0, 0)
    body = _labels(name) + struct.pack("!HH", A_RECORD, 1)
    if address is None:
        return head + body
    return head + body + struct.pack("!HHHIH", 0xC00C, A_RECORD, 1, _TTL_S, 4) + address


def _exchange(tap: Tap, asker: Host, server: Host, name: str, address: bytes | None, at: int, answer_at: int) -> int:
    ident, port = tap.rng.getrandbits(16), tap.rng.randint(49152, 65535)
    tap.datagram(at, asker, server, (port, DNS_PORT), question(ident, name))
    if not answer_at:
        answer_at = at + round_trip(tap, server) + tap.jitter(40 * MICROSECOND, 300 * MICROSECOND)
    tap.datagram(answer_at, server, asker, (DNS_PORT, port), answer(ident, name, address))
    return answer_at


def look_up(tap: Tap, client: Host, target: Host, name: str, at: int) -> int:
    """Let ``client`` resolve ``name`` to ``target``; return the time of the answer, ns.

    One in three lookups of an outside name is not in the resolver's cache and goes upstream first.
    """
    if target.segment is Segment.UPLINK and tap.rng.random() < 1 / 3:
        asked = at + round_trip(tap, RESOLVER)
        heard = _exchange(tap, RESOLVER, UPSTREAM_RESOLVER, name, target.ip, asked, 0)
        return _exchange(tap, client, RESOLVER, name, target.ip, at, heard + round_trip(tap, RESOLVER))
    return _exchange(tap, client, RESOLVER, name, target.ip, at, 0)


def look_up_missing(tap: Tap, client: Host, name: str, at: int) -> None:
    """Let ``client`` ask for a name that does not exist (a typing error, a stale search suffix)."""
    _exchange(tap, client, RESOLVER, name, None, at, 0)
