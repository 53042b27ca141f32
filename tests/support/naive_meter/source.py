"""Reading pcap and pcapng files frame by frame; a damaged file ends the reading, it does not raise.

Source: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.
"""

from __future__ import annotations

import gzip
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from naive_meter.packet import Frame

MAX_RECORD: Final = 262_144
"""Largest captured length believed, bytes (MAXIMUM_SNAPLEN of libpcap); more is a damaged record."""

NS: Final = 1_000_000_000
LATEST: Final = 2**63 - 1
"""Latest time there is, ns since the epoch; later stamps are damage and become this one."""


@dataclass(slots=True)
class Capture:
    """Frames of a capture file and, when the file is damaged, what the matter was."""

    frames: list[Frame] = field(default_factory=list)
    problem: str | None = None


def _unpacked(path: Path) -> bytes:
    raw = path.read_bytes()
    if raw[:2] == b"\x1f\x8b":
        out = bytearray()
        stream = gzip.GzipFile(fileobj=io.BytesIO(raw))
        try:
            while chunk := stream.read1(65536):
                out += chunk
        except (EOFError, OSError):
            pass
        return bytes(out)
    if raw[:4] == b"\x28\xb5\x2f\xfd":
        return bytes(pa.input_stream(io.BytesIO(raw), compression="zstd").read())
    return raw


def read_capture(path: Path) -> Capture:
    """Return all frames of a file up to its end or its first damage."""
    data = _unpacked(path)
    capture = Capture()
    frames = _pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else _pcap(data)
    try:
        while (frame := next(frames, None)) is not None:
            capture.frames.append(frame)
    except (ValueError, struct.error) as damage:
        capture.problem = str(damage)
    return capture


def _pcap(data: bytes) -> Iterator[Frame]:
    kinds = {0xA1B2C3D4: (1000, 16), 0xA1B23C4D: (1, 16), 0xA1B2CD34: (1000, 24)}
    order = next((o for o in "<>" if len(data) >= 24 and struct.unpack_from(f"{o}I", data)[0] in kinds), None)
    if order is None:
        raise ValueError("no pcap or pcapng header")
    unit, head = kinds[struct.unpack_from(f"{order}I", data)[0]]
    link = struct.unpack_from(f"{order}I", data, 20)[0] & 0xFFFF
    at, ordinal = 24, 0
    while at < len(data):
        if at + head > len(data):
            raise ValueError("record header cut off")
        seconds, rest, kept, length = struct.unpack_from(f"{order}IIII", data, at)
        start = at + head
        if kept > MAX_RECORD or start + kept > len(data):
            raise ValueError("record cut off")
        yield Frame(ordinal, at, seconds * NS + rest * unit, data[start : start + kept], max(length, kept), 0, link)
        at, ordinal = start + kept, ordinal + 1


@dataclass(slots=True)
class _Section:
    """State of the pcapng section being read; interfaces are counted through the whole file."""

    order: str = "<"
    first: int = 0
    interfaces: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(link type, snap length, ticks per second, offset in seconds)."""


def _options(body: bytes, order: str) -> dict[int, bytes]:
    out: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(body):
        code, size = struct.unpack_from(f"{order}HH", body, at)
        if code == 0:
            break
        out.setdefault(code, body[at + 4 : at + 4 + size])
        at += 4 + size + (-size % 4)
    return out


def _interface(body: bytes, order: str) -> tuple[int, int, int, int]:
    link, _, snap = struct.unpack_from(f"{order}HHI", body)
    options = _options(body[8:], order)
    resolution = options.get(9, b"\x06")[0] if options.get(9, b"\x06") else 6
    ticks = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    offset = options.get(14, b"")
    return link, snap, ticks, struct.unpack(f"{order}q", offset)[0] if len(offset) == 8 else 0


def _pcapng(data: bytes) -> Iterator[Frame]:
    section = _Section()
    at, ordinal, last_ts = 0, 0, 0
    while at < len(data):
        if at + 12 > len(data):
            raise ValueError("block header cut off")
        if data[at : at + 4] == b"\x0a\x0d\x0d\x0a":
            order = ">" if data[at + 8 : at + 12] == b"\x1a\x2b\x3c\x4d" else "<"
            section = _Section(order, section.first + len(section.interfaces))
        kind, size = struct.unpack_from(f"{section.order}II", data, at)
        if size < 12 or size % 4 or at + size > len(data):
            raise ValueError("block cut off or of impossible length")
        body = data[at + 8 : at + size - 4]
        if kind == 1:
            section.interfaces.append(_interface(body, section.order))
        elif kind in {2, 3, 6}:
            frame = _packet_block(kind, body, section, (ordinal, at, last_ts))
            yield frame
            ordinal, last_ts = ordinal + 1, frame.ts_ns
        at += size


def _packet_block(kind: int, body: bytes, section: _Section, where: tuple[int, int, int]) -> Frame:
    """Return the frame of an enhanced (6), obsolete (2) or simple (3) packet block.

    A simple block has no time; it is given that of the frame before it.
    """
    order = section.order
    ordinal, offset, last_ts = where
    if kind == 3:
        (length,) = struct.unpack_from(f"{order}I", body)
        number, high, low, start = 0, 0, 0, 4
        snap = section.interfaces[0][1] if section.interfaces else 0
        kept = min(length, snap or length)
    else:
        form = f"{order}IIIII" if kind == 6 else f"{order}HxxIIII"
        number, high, low, kept, length = struct.unpack_from(form, body)
        start = 20
    if number >= len(section.interfaces):
        raise ValueError("packet of an interface that was never described")
    if kept > MAX_RECORD or start + kept > len(body):
        raise ValueError("packet longer than its block")
    link, _, ticks, shift = section.interfaces[number]
    stamp = min((high << 32 | low) * NS // ticks, LATEST)
    ts_ns = last_ts if kind == 3 else min(max(stamp + shift * NS, -LATEST - 1), LATEST)
    data = body[start : start + kept]
    return Frame(ordinal, offset, ts_ns, data, max(length, kept), section.first + number, link)
