"""Who is who in the made-up network: hosts, their addresses and the habits of their TCP stacks.

Internet peers use the documentation ranges of RFC 5737 and the names of RFC 2606, so nobody real is named.
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


@dataclass(frozen=True, slots=True)
class Stack:
    """How an operating system fills the headers that it is free to fill.

    ``window_scale`` is the shift it offers, None when it offers none; ``window`` is what it announces once the
    connection stands, in bytes.
    """

    ttl: int
    syn_window: int
    window: int
    window_scale: int | None
    mss: int = 1460

    def syn_options(self, *, answer_scale: bool) -> bytes:
        """Return the options of a SYN or SYN/ACK; scaling only where allowed. Source: RFC 9293, 7323, 2018."""
        options = struct.pack("!BBH", 2, 4, self.mss)
        if self.window_scale is not None and answer_scale:
            options += struct.pack("!BBBBBBBB", 1, 3, 3, self.window_scale, 1, 1, 4, 2)
        return options


WINDOWS: Final = Stack(ttl=128, syn_window=64240, window=262656, window_scale=8)
LINUX: Final = Stack(ttl=64, syn_window=64240, window=64256, window_scale=7)
EMBEDDED: Final = Stack(ttl=64, syn_window=8192, window=8192, window_scale=None)
INTERNET: Final = Stack(ttl=52, syn_window=65160, window=65152, window_scale=7, mss=1452)


class Segment(Enum):
    """Where a host is attached; each is one router port. The value is the third octet of its network."""

    OFFICE = 1
    SERVERS = 8
    PRINTERS = 9
    STATION = 40
    CONTROL = 41
    UPLINK = 254


@dataclass(frozen=True, slots=True)
class Host:
    """One machine: name, packed IPv4 and MAC address, segment and TCP stack."""

    name: str
    ip: bytes
    mac: bytes
    segment: Segment
    stack: Stack

    @property
    def address(self) -> str:
        """The IPv4 address as text."""
        return str(ipaddress.IPv4Address(self.ip))


ROUTER_MAC: Final = bytes.fromhex("001b0dc0a801")
UPSTREAM_MAC: Final = bytes.fromhex("0019e2b0fe02")
BROADCAST_MAC: Final = b"\xff" * 6
HOME_NETWORK: Final = "10.20.0.0/16"
DOMAIN: Final = "bureau.example"


def router_ip(segment: Segment) -> bytes:
    """Return the router's own address in a segment (the .1 of its network)."""
    return bytes((10, 20, segment.value, 1))


def inside(segment: Segment, last_octet: int) -> bytes:
    """Return the packed address of a host number in a segment."""
    return bytes((10, 20, segment.value, last_octet))


def _host(name: str, segment: Segment, last_octet: int, oui: str, stack: Stack) -> Host:
    # The lower half of the MAC is spread from the address so that neighbours do not look like one batch of cards.
    tail = ((segment.value << 8 | last_octet) * 0x9E3779B1 >> 4) & 0xFFFFFF
    return Host(name, inside(segment, last_octet), bytes.fromhex(oui) + tail.to_bytes(3, "big"), segment, stack)


def _outside(name: str, address: str) -> Host:
    return Host(name, ipaddress.IPv4Address(address).packed, UPSTREAM_MAC, Segment.UPLINK, INTERNET)


OFFICE_PCS: Final = tuple(_host(f"pc-{n:02}", Segment.OFFICE, 20 + n, "3c5282", WINDOWS) for n in range(1, 13))
ADMIN_PC: Final = _host("admin-pc", Segment.OFFICE, 11, "3c5282", LINUX)
INTRUDER: Final = _host("intruder", Segment.OFFICE, 147, "b827eb", LINUX)

RESOLVER: Final = _host("dns", Segment.SERVERS, 10, "525400", LINUX)
CLOCK: Final = _host("ntp", Segment.SERVERS, 12, "525400", LINUX)
INTRANET: Final = _host("oa", Segment.SERVERS, 15, "525400", LINUX)
FILE_SERVER: Final = _host("files", Segment.SERVERS, 21, "525400", LINUX)
JUMP_HOST: Final = _host("jump", Segment.SERVERS, 30, "525400", LINUX)
DISPATCH_MASTER: Final = _host("dispatch", Segment.SERVERS, 50, "a4bf01", LINUX)
SERVERS: Final = (RESOLVER, CLOCK, INTRANET, FILE_SERVER, JUMP_HOST, DISPATCH_MASTER)

PRINTER: Final = _host("printer", Segment.PRINTERS, 10, "3024a9", EMBEDDED)
OUTSTATION_NORTH: Final = _host("rtu-north", Segment.STATION, 11, "00a045", EMBEDDED)
OUTSTATION_SOUTH: Final = _host("rtu-south", Segment.STATION, 12, "00a045", EMBEDDED)
PLC: Final = _host("plc-pumps", Segment.STATION, 20, "00800f", EMBEDDED)
HMI: Final = _host("hmi", Segment.CONTROL, 5, "a4bf01", WINDOWS)
STATION_DEVICES: Final = (OUTSTATION_NORTH, OUTSTATION_SOUTH, PLC)

WEBSITES: Final = (
    _outside("www.example.com", "203.0.113.17"),
    _outside("news.example.com", "203.0.113.40"),
    _outside("mail.example.net", "198.51.100.25"),
    _outside("update.example.net", "198.51.100.80"),
    _outside("maps.example.org", "192.0.2.61"),
    _outside("cloud.example.org", "192.0.2.90"),
)
UPSTREAM_RESOLVER: Final = _outside("resolver.example.net", "198.51.100.53")
UPSTREAM_CLOCK: Final = _outside("ntp.example.org", "192.0.2.123")


@dataclass(slots=True)
class Ports:
    """Hands out ephemeral ports per host, in order, as Windows and Linux nearly do."""

    first: int = 49152
    _next: dict[bytes, int] = field(default_factory=dict)

    def take(self, host: Host) -> int:
        """Return the host's next free port; wraps at 65535 (IANA dynamic range, RFC 6335)."""
        port = self._next.get(host.ip, self.first + host.ip[3] * 7)
        self._next[host.ip] = port + 1 if port < 65535 else self.first
        return port
