"""What the memory keeps for years: who spoke with whom, what was seen, who is who (not in the lake: store/memory/).

A row is the sum over whole UTC days; sums are commutative, so the order in which days arrive never shows.
"""

from __future__ import annotations

from typing import Final

from store.schema._column import I16, I32, I64, IP, NAME, TEXT, TIME, Table, c

HIGH_PORT: Final = 32768
"""Ports from here on count as one, 0, in the memory (Linux takes ephemeral ports from here, RFC 6335 from 49152)."""

KEPT_HIGH_PORTS: Final = (34962, 34963, 34964, 44818, 47808)
"""Servers above ``HIGH_PORT`` that keep their port: PROFINET, EtherNet/IP, BACnet (IANA)."""

_FIRST: Final = c("first_ts", TIME, "First time seen.", "us UTC")
_LAST: Final = c("last_ts", TIME, "Last time seen.", "us UTC")
_DAYS: Final = c("days", I32, "Distinct UTC days on which it was seen.")
_PAIR: Final = (
    c("src_ip", IP, "Originator address.", null=True),
    c("dst_ip", IP, "Responder address.", null=True),
    c("ip_proto", I16, "IANA protocol number after all extension headers; NULL for non-IP.", null=True),
    c("dst_port", I32, "Responder port; 0 for all high ports.", null=True),
)
_SUMS: Final = (
    c("conversations", I64, "Conversations that began."),
    c("answered", I64, "Of them, those in which the responder sent payload or completed the handshake."),
    c("src_bytes", I64, "Payload bytes of the originator.", "B"),
    c("dst_bytes", I64, "Payload bytes of the responder.", "B"),
)

EDGE: Final = Table(
    "edge",
    "Who spoke with whom over which service: one row per originator, responder, protocol and port.",
    (*_PAIR, _FIRST, _LAST, _DAYS, *_SUMS),
    key=("src_ip", "dst_ip", "ip_proto", "dst_port"),
)
EDGE_DAY: Final = Table(
    "edge_day",
    "One day of an edge, with the hours in which conversations began.",
    (
        c("day", TIME, "Start of the UTC day.", "us UTC"),
        *_PAIR,
        _FIRST,
        _LAST,
        *_SUMS,
        c("hours", I32, "Bit n: a conversation began in hour n of the day.", "bits"),
    ),
    key=("day", "src_ip", "dst_ip", "ip_proto", "dst_port"),
)
OBSERVABLE: Final = Table(
    "observable",
    "Names and fingerprints seen: domain, server_name, ja4, hassh, user_agent, certificate, secret-free text only.",
    (
        c("kind", NAME, "domain, server_name, ja4, hassh, ssh_banner, user_agent or certificate (SHA-256)."),
        c("value", TEXT, "The text, escaped."),
        _FIRST,
        _LAST,
        _DAYS,
        c("sightings", I64, "Records or conversations that showed it."),
        c("hosts", I32, "Largest number of home hosts on one day that showed it, or were shown it (certificate)."),
    ),
    key=("kind", "value"),
)
IDENTITY: Final = Table(
    "identity",
    "Which address bore which mark of identity, and when.",
    (
        c("kind", NAME, "mac, dhcp_id, hostname, certificate, snmp_engine; router: a MAC that forwards for others."),
        c("value", TEXT, "The mark as text, escaped."),
        c("ip", IP, "Address that bore it; NULL for a router.", null=True),
        _FIRST,
        _LAST,
        _DAYS,
        c("sightings", I64, "Records or conversations that showed it."),
    ),
    key=("kind", "value", "ip"),
)
ASSET_SEEN: Final = Table(
    "asset_seen",
    "Addresses that sent packets: since when, how regularly.",
    (
        c("ip", IP, "Address.", null=True),
        _FIRST,
        _LAST,
        _DAYS,
        c("conversations", I64, "Conversations that began."),
    ),
    key=("ip",),
)

NAME_SEEN: Final = Table(
    "name_seen",
    "Which home host asked for which registered domain, and which names a home host was called by.",
    (
        c("ip", IP, "Address.", null=True),
        c("side", NAME, "asked: a registered domain, in DNS or as the server's name; served: a name clients gave it."),
        c("value", TEXT, "The name, escaped."),
        _FIRST,
        _LAST,
        _DAYS,
        c("sightings", I64, "Records or conversations that showed it."),
    ),
    key=("ip", "side", "value"),
)

MEMORY: Final = (EDGE, EDGE_DAY, OBSERVABLE, IDENTITY, ASSET_SEEN, NAME_SEEN)
"""Tables of the memory; each is the lake's view of that name, and ``<name>_before`` as of the start of the range."""
