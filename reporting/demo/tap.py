"""The point of observation: collects frames with their times and writes them, in order of time, as a pcap file.

It stands for a mirror of everything that enters a port of the core router, plus what the router itself sends: every
packet is seen once, with its sender's own MAC address and an undiminished TTL.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reporting.demo import frames
from reporting.demo.network import BROADCAST_MAC, ROUTER_MAC, Host, Ports, Segment, router_ip

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE

PCAP_MAGIC_US: Final = 0xA1B2C3D4
LINKTYPE_ETHERNET: Final = 1
SNAPLEN: Final = 262144


@dataclass(slots=True)
class Tap:
    """Collects the frames of the whole day; one source of randomness for all who speak.

    ``frames_seen`` holds (time in ns since the epoch, frame bytes) in order of creation.
    """

    rng: random.Random
    ports: Ports = field(default_factory=Ports)
    frames_seen: list[tuple[int, bytes]] = field(default_factory=list)

    def frame(self, ts_ns: int, data: bytes) -> None:
        """Take one frame."""
        self.frames_seen.append((ts_ns, data))

    def packet(self, ts_ns: int, sender: Host, ip_packet: bytes) -> None:
        """Take one IP packet that ``sender`` hands to the router."""
        self.frame(ts_ns, frames.ethernet(ROUTER_MAC, sender.mac, frames.ETHERTYPE_IPV4, ip_packet))

    def datagram(self, ts_ns: int, sender: Host, receiver: Host, ports: tuple[int, int], payload: bytes) -> None:
        """Take one UDP datagram from ``sender`` to ``receiver``; ``ports`` are (source, destination)."""
        segment = frames.udp(sender.ip, receiver.ip, *ports, payload)
        ident = self.rng.getrandbits(16)
        packed = frames.ipv4(sender.ip, receiver.ip, frames.PROTO_UDP, segment, ident=ident, ttl=sender.stack.ttl)
        self.packet(ts_ns, sender, packed)

    def router_asks(self, ts_ns: int, segment: Segment, target_ip: bytes) -> None:
        """Take the router's ARP request for an address of one of its networks."""
        sender = (ROUTER_MAC, router_ip(segment))
        body = frames.arp(1, sender, (bytes(6), target_ip))
        self.frame(ts_ns, frames.ethernet(BROADCAST_MAC, ROUTER_MAC, frames.ETHERTYPE_ARP, body))

    def jitter(self, low_ns: int, high_ns: int) -> int:
        """Return a random duration between the two bounds, ns."""
        return self.rng.randint(low_ns, high_ns)

    def write(self, path: Path) -> None:
        """Write everything seen, sorted by time (stable), as a little-endian microsecond pcap."""
        self.frames_seen.sort(key=lambda entry: entry[0])
        with path.open("wb") as out:
            out.write(struct.pack("<IHHiIII", PCAP_MAGIC_US, 2, 4, 0, 0, SNAPLEN, LINKTYPE_ETHERNET))
            out.writelines(_records(self.frames_seen))


def _records(entries: Iterable[tuple[int, bytes]]) -> Iterable[bytes]:
    for ts_ns, data in entries:
        seconds, rest = divmod(ts_ns, SECOND)
        yield struct.pack("<IIII", seconds, rest // MICROSECOND, len(data), len(data)) + data
