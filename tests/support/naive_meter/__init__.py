"""The executable specification: a slow, obvious meter in pure Python, the oracle of the Rust one.

Written from ``docs/flow-semantics.md``. No table tricks and no bounds: a dictionary of flows, lists of packets, and
statistics computed exactly when a row is made.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from naive_meter.link import decode
from naive_meter.packet import MalformedError, NotFollowedError, Packet, Quality
from naive_meter.row import Row
from naive_meter.source import read_capture
from naive_meter.source_id import source_id as named
from naive_meter.table import NS, FlowTable
from naive_meter.timeouts import Timeouts

__all__ = ["Metered", "Row", "Timeouts", "meter"]


class Metered(NamedTuple):
    """What a meter makes of a capture.

    Attributes:
        rows: one per flow segment, column name to value.
        counters: conservation terms, names as in docs/architecture.md.
        problem: what was wrong with the file, None when nothing was.
    """

    rows: list[Row]
    counters: dict[str, int]
    problem: str | None


def meter(
    path: Path,
    *,
    timeouts: Timeouts | None = None,
    active_s: float = 300.0,
    dedup_us: int = 0,
    source_id: bytes | None = None,
) -> Metered:
    """Return the flow rows of a capture file.

    Args:
        path: pcap or pcapng, plain, gzip or zstd.
        timeouts: idle time-outs; None = the defaults of the specification.
        active_s: active time-out, s.
        dedup_us: window for suppressing SPAN duplicates, us; 0 = off.
        source_id: 32 bytes that seed the identifiers; None = those of the file.
    """
    seed = named(path.read_bytes()) if source_id is None else source_id
    table = FlowTable(seed, timeouts or Timeouts(), round(active_s * NS), dedup_us * 1000)
    counters: Counter[str] = table.counters
    counters["frames.filtered"] = 0
    capture = read_capture(path)
    for frame in capture.frames:
        counters["frames.delivered"] += 1
        try:
            packet = decode(frame)
        except MalformedError as reason:
            counters[f"decode_error.{reason}"] += 1
            continue
        except NotFollowedError as other:
            counters["frames.decoded"] += 1
            counters[f"non_flow.0x{other.ethertype:04x}"] += 1
            continue
        counters["frames.decoded"] += 1
        table.add(frame, _with_truncation(frame.wire_len > len(frame.data), packet))
    table.finish()
    return Metered(table.rows, dict(counters), capture.problem)


def _with_truncation(truncated: bool, packet: Packet) -> Packet:
    if not truncated:
        return packet
    return replace(packet, around=replace(packet.around, quality=packet.quality | Quality.TRUNCATED))
