"""What machines do unasked: DHCP leases, ARP, and clock synchronisation."""

from __future__ import annotations

import struct
from typing import Final

from reporting.demo import frames
from reporting.demo.conversation import round_trip
from reporting.demo.network import BROADCAST_MAC, ROUTER_MAC, Host, router_ip
from reporting.demo.tap import MICROSECOND, MILLISECOND, SECOND, Tap

NTP_PORT: Final = 123
NTP_EPOCH_OFFSET_S: Final = 2_208_988_800
"""Seconds from 1900-01-01 to 1970-01-01. Source: RFC 5905 section 6."""

DHCP_DISCOVER: Final = 1
DHCP_OFFER: Final = 2
DHCP_REQUEST: Final = 3
DHCP_ACK: Final = 5
LEASE_S: Final = 8 * 3600

_NOBODY: Final = bytes(4)
_EVERYBODY: Final = b"\xff" * 4


def _option(code: int, value: bytes) -> bytes:
    return bytes((code, len(value))) + value


def dhcp_message(
    kind: int, xid: int, client: Host, options: bytes, *, ciaddr: bytes = _NOBODY, yiaddr: bytes = _NOBODY
) -> bytes:
    """Return a DHCPv4 message, padded to the BOOTP least length of 300 B. Source: RFC 2131 section 2, RFC 1542 2.1."""
    op = 2 if kind in (DHCP_OFFER, DHCP_ACK) else 1
    fixed = struct.pack("!BBBBIHH4s4s4s4s", op, 1, 6, 0, xid, 0, 0, ciaddr, yiaddr, _NOBODY, _NOBODY)
    legacy = client.mac + bytes(10) + bytes(64) + bytes(128)
    body = fixed + legacy + bytes.fromhex("63825363") + _option(53, bytes((kind,))) + options + b"\xff"
    return body.ljust(300, b"\0")


def _client_options(client: Host, *, asked: bytes | None, server: bytes | None) -> bytes:
    options = _option(61, b"\x01" + client.mac) + _option(12, client.name.encode("ascii"))
    if asked:
        options += _option(50, asked)
    if server:
        options += _option(54, server)
    return options + _option(55, bytes((1, 3, 6, 15, 42)))


def _server_options(server: bytes, resolver: bytes) -> bytes:
    options = _option(54, server) + _option(51, LEASE_S.to_bytes(4, "big")) + _option(1, b"\xff\xff\xff\0")
    return options + _option(3, server) + _option(6, resolver)


def _broadcast(tap: Tap, at: int, client: Host, message: bytes) -> None:
    datagram = frames.udp(_NOBODY, _EVERYBODY, 68, 67, message)
    packet = frames.ipv4(
        _NOBODY, _EVERYBODY, frames.PROTO_UDP, datagram, ident=tap.rng.getrandbits(16), ttl=client.stack.ttl
    )
    tap.frame(at, frames.ethernet(BROADCAST_MAC, client.mac, frames.ETHERTYPE_IPV4, packet))


def _from_router(tap: Tap, at: int, client: Host, message: bytes) -> None:
    source = router_ip(client.segment)
    datagram = frames.udp(source, client.ip, 67, 68, message)
    packet = frames.ipv4(source, client.ip, frames.PROTO_UDP, datagram, ident=tap.rng.getrandbits(16), ttl=64)
    tap.frame(at, frames.ethernet(client.mac, ROUTER_MAC, frames.ETHERTYPE_IPV4, packet))


def lease(tap: Tap, client: Host, resolver: Host, at: int) -> int:
    """Let ``client`` obtain its address (four messages, then its ARP announcement); return the time when it is done."""
    xid, server = tap.rng.getrandbits(32), router_ip(client.segment)
    granted = _server_options(server, resolver.ip)
    _broadcast(
        tap, at, client, dhcp_message(DHCP_DISCOVER, xid, client, _client_options(client, asked=None, server=None))
    )
    at += tap.jitter(2 * MILLISECOND, 9 * MILLISECOND)
    _from_router(tap, at, client, dhcp_message(DHCP_OFFER, xid, client, granted, yiaddr=client.ip))
    at += tap.jitter(MILLISECOND, 4 * MILLISECOND)
    _broadcast(
        tap,
        at,
        client,
        dhcp_message(DHCP_REQUEST, xid, client, _client_options(client, asked=client.ip, server=server)),
    )
    at += tap.jitter(2 * MILLISECOND, 6 * MILLISECOND)
    _from_router(tap, at, client, dhcp_message(DHCP_ACK, xid, client, granted, yiaddr=client.ip))
    at += tap.jitter(20 * MILLISECOND, 60 * MILLISECOND)
    announcement = frames.arp(1, (client.mac, client.ip), (bytes(6), client.ip))
    tap.frame(at, frames.ethernet(BROADCAST_MAC, client.mac, frames.ETHERTYPE_ARP, announcement))
    return at


def renew(tap: Tap, client: Host, resolver: Host, at: int) -> None:
    """Let ``client`` renew its lease, unicast. Source: RFC 2131 section 4.4.5."""
    xid, server = tap.rng.getrandbits(32), router_ip(client.segment)
    request = dhcp_message(
        DHCP_REQUEST, xid, client, _client_options(client, asked=None, server=None), ciaddr=client.ip
    )
    datagram = frames.udp(client.ip, server, 68, 67, request)
    ident = tap.rng.getrandbits(16)
    tap.packet(
        at, client, frames.ipv4(client.ip, server, frames.PROTO_UDP, datagram, ident=ident, ttl=client.stack.ttl)
    )
    at += tap.jitter(2 * MILLISECOND, 6 * MILLISECOND)
    granted = _server_options(server, resolver.ip)
    _from_router(tap, at, client, dhcp_message(DHCP_ACK, xid, client, granted, ciaddr=client.ip, yiaddr=client.ip))


def resolve_gateway(tap: Tap, host: Host, at: int) -> None:
    """Let ``host`` ask for the router's MAC address and get it."""
    gateway = router_ip(host.segment)
    asked = frames.arp(1, (host.mac, host.ip), (bytes(6), gateway))
    tap.frame(at, frames.ethernet(BROADCAST_MAC, host.mac, frames.ETHERTYPE_ARP, asked))
    at += tap.jitter(60 * MICROSECOND, 400 * MICROSECOND)
    told = frames.arp(2, (ROUTER_MAC, gateway), (host.mac, host.ip))
    tap.frame(at, frames.ethernet(host.mac, ROUTER_MAC, frames.ETHERTYPE_ARP, told))


def router_resolves(tap: Tap, host: Host, at: int) -> None:
    """Let the router ask for a host's MAC address and get it."""
    tap.router_asks(at, host.segment, host.ip)
    at += tap.jitter(80 * MICROSECOND, 600 * MICROSECOND)
    told = frames.arp(2, (host.mac, host.ip), (ROUTER_MAC, router_ip(host.segment)))
    tap.frame(at, frames.ethernet(ROUTER_MAC, host.mac, frames.ETHERTYPE_ARP, told))


def _ntp_time(ts_ns: int) -> bytes:
    seconds, rest = divmod(ts_ns, SECOND)
    return struct.pack("!II", seconds + NTP_EPOCH_OFFSET_S, (rest << 32) // SECOND)


def synchronise(tap: Tap, client: Host, server: Host, at: int, *, stratum: int = 3) -> None:
    """Let ``client`` ask ``server`` for the time. Source: RFC 5905 section 7.3."""
    port = tap.rng.randint(49152, 65535) if client.stack.ttl == 128 else NTP_PORT
    nothing = bytes(8)
    ask = struct.pack("!BBbbIII", 0x23, 0, 10, -20, 0, 0, 0) + nothing * 3 + _ntp_time(at)
    tap.datagram(at, client, server, (port, NTP_PORT), ask)
    heard = at + round_trip(tap, server)
    head = struct.pack("!BBbbIII", 0x24, stratum, 10, -23, 0x0000_01A0, 0x0000_0840, 0xC0A80001)
    told = (
        head
        + _ntp_time(at - 37 * SECOND)
        + _ntp_time(at)
        + _ntp_time(heard - 60 * MICROSECOND)
        + _ntp_time(heard - 25 * MICROSECOND)
    )
    tap.datagram(heard, server, client, (NTP_PORT, port), told)
