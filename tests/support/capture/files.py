"""Capture files: pcap in both byte orders and resolutions, pcapng with several interfaces, plain or gzip.

Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECOND: Final = 1_000_000_000
T0: Final = 1_700_000_000 * SECOND
"""Start of generated traffic, ns since the epoch (2023-11-14)."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame to be written: time in ns, bytes on the wire, how many of them to keep, interface."""

    ts_ns: int
    data: bytes
    snap: int | None = None
    interface: int = 0
    wire_len: int | None = None

    def kept(self) -> bytes:
        """Return the bytes that go into the file."""
        return self.data if self.snap is None else self.data[: self.snap]

    def length(self) -> int:
        """Return the length on the wire that the record states."""
        return len(self.data) if self.wire_len is None else self.wire_len


def _store(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def write_pcap(
    path: Path, shots: Iterable[Shot], *, link: int = 1, nanosecond: bool = True, big_endian: bool = False
) -> Path:
    """Write a pcap file (gzip when the name ends in .gz) and return its path."""
    order = ">" if big_endian else "<"
    magic = 0xA1B23C4D if nanosecond else 0xA1B2C3D4
    unit = 1 if nanosecond else 1000
    out = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for shot in shots:
        seconds, rest = divmod(shot.ts_ns, SECOND)
        out.append(struct.pack(f"{order}IIII", seconds, rest // unit, len(shot.kept()), shot.length()) + shot.kept())
    return _store(path, b"".join(out))


def _block(order: str, kind: int, body: bytes) -> bytes:
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + size + body + size


def write_pcapng(
    path: Path,
    shots: Iterable[Shot],
    *,
    links: Sequence[int] = (1,),
    resolutions: Sequence[int] = (9,),
    big_endian: bool = False,
) -> Path:
    """Write a pcapng file with one interface per entry of ``links`` and return its path.

    ``resolutions`` are the values of if_tsresol: n = 10^-n s, n | 0x80 = 2^-n s.
    """
    order = ">" if big_endian else "<"
    out = [_block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for link, resolution in zip(links, resolutions, strict=True):
        option = struct.pack(f"{order}HHB3xHH", 9, 1, resolution, 0, 0)
        out.append(_block(order, 1, struct.pack(f"{order}HHI", link, 0, 262144) + option))
    for shot in shots:
        resolution = resolutions[shot.interface]
        per_second = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
        ticks = shot.ts_ns * per_second // SECOND
        sizes = (len(shot.kept()), shot.length())
        head = struct.pack(f"{order}IIIII", shot.interface, ticks >> 32, ticks & 0xFFFFFFFF, *sizes)
        out.append(_block(order, 6, head + shot.kept()))
    return _store(path, b"".join(out))
