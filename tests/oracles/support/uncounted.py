"""Find the packets whose IP bytes Zeek does not count, so that both sides can be compared to the byte all the same.

Segmentation offload leaves frames whose IPv4 total length is 0: Zeek counts the packet with 0 bytes (weird
``ip_hdr_len_zero``). Frames whose total length says more than was captured: Zeek drops the packet (``truncated_IP``).
We count both by what the wire held (docs/flow-semantics.md, section 1). The captures concerned are plain Ethernet and
IPv4; frames are read with scapy, not with our own parser.
"""

from __future__ import annotations

import ipaddress
import struct
from collections import Counter
from pathlib import Path
from typing import Final

from scapy.utils import RawPcapReader

Sender = tuple[str, int, str, int]
"""(sender address, port, receiver address, port) of TCP over IPv4."""
_ETHERNET: Final = 14


def uncounted(capture: Path) -> dict[Sender, tuple[int, int]]:
    """Return per sender and receiver the (packets, IP bytes) that Zeek leaves out; empty when there are none."""
    packets: Counter[Sender] = Counter()
    octets: Counter[Sender] = Counter()
    with RawPcapReader(str(capture)) as reader:
        for frame, _ in reader:
            found = _offloaded(frame)
            if found:
                sender, dropped, size = found
                packets[sender] += dropped
                octets[sender] += size
    return {sender: (packets[sender], octets[sender]) for sender in octets}


def _offloaded(frame: bytes) -> tuple[Sender, int, int] | None:
    """Return (sender, 1 when Zeek drops the packet, IP bytes on the wire) of a frame that Zeek does not count fully."""
    if len(frame) < _ETHERNET + 40 or frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return None
    there = len(frame) - _ETHERNET
    claimed = int.from_bytes(frame[16:18], "big")
    if 0 < claimed <= there:
        return None
    start = _ETHERNET + (frame[14] & 15) * 4
    source, target = (str(ipaddress.IPv4Address(frame[at : at + 4])) for at in (26, 30))
    source_port, target_port = struct.unpack("!HH", frame[start : start + 4])
    return (source, source_port, target, target_port), int(claimed != 0), there
