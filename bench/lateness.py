"""Measure how late idle flows are written, from the order of the rows alone.

The probe capture holds one-packet UDP flows with known deadlines and, every 50 ms, a *marker*: a TCP tuple reset by
its responder and reopened with a new sequence number at the next tick, so that the old row is written
(``end_reason=reuse``) exactly at that tick. The markers around an idle row in the emitted order say when, in packet
time, it was written.
"""

from __future__ import annotations

import json
import struct
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from bench._frames import file_header

TICK_NS: Final = 50_000_000
"""Distance of markers, ns; also the resolution of the result."""
SPAN_NS: Final = 120 * 10**9
IDLE_LIMIT_NS: Final = 30 * 10**9
"""Idle time-out of a one-sided UDP flow (docs/flow-semantics.md, section 3)."""
START_NS: Final = 1_767_225_600 * 10**9
_ETHERNET: Final = bytes.fromhex("020000000002 020000000001 0800")
_SYN, _RST_ACK = 0x02, 0x14


def _ipv4(proto: int, source: int, target: int, body: bytes) -> bytes:
    header = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(body), 0, 0x4000, 64, proto, 0, source, target)
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    return _ETHERNET + header[:10] + struct.pack("!H", total) + header[12:] + body


def _tcp(source: int, target: int, ports: tuple[int, int], seq: int, ack: int, flags: int) -> bytes:
    return _ipv4(6, source, target, struct.pack("!HHIIBBHHH", *ports, seq, ack, 0x50, flags, 1024, 0, 0))


def probe_frames() -> Iterator[tuple[int, bytes]]:
    """Yield (time in ns, frame): markers every tick, and idle flows at odd times in the first 80 s."""
    client, server = 0x0A000001, 0x0A000002
    for tick in range(SPAN_NS // TICK_NS):
        at = START_NS + tick * TICK_NS
        yield at, _tcp(client, server, (50000, 80), 1000 + 7919 * tick, 0, _SYN)
        yield at + 1_000_000, _tcp(server, client, (80, 50000), 0, 1001 + 7919 * tick, _RST_ACK)
        if at < START_NS + 80 * 10**9:
            port = 1024 + tick
            yield at + 3_333_333, _ipv4(17, client, server, struct.pack("!HHHH4s", port, 9999, 12, 0, b"idle"))


def write_probe(path: Path) -> None:
    """Write the probe capture."""
    with path.open("wb") as file:
        file.write(file_header(65535))
        for at, frame in probe_frames():
            file.write(struct.pack("<IIII", at // 10**9, at % 10**9, len(frame), len(frame)) + frame)


def lateness_ns(rows: Iterable[tuple[int, str, int]]) -> list[int]:
    """Return an upper bound of the lateness of every idle UDP row, ns.

    Args:
        rows: (IP protocol, end reason, ts_start in ns) in the order of emission.
    """
    waiting: list[int] = []
    bounds: list[int] = []
    for proto, reason, start in rows:
        if proto == 17 and reason == "idle":
            waiting.append(start + IDLE_LIMIT_NS)
        elif proto == 6 and reason == "reuse":
            now = start + TICK_NS
            bounds += [max(0, now - deadline) for deadline in waiting]
            waiting.clear()
    return bounds


def emitted(path: Path) -> Iterator[tuple[int, str, int]]:
    """Yield (IP protocol, end reason, ts_start in ns) of the flow rows in the order in which the core emits them."""
    import pyarrow as pa  # noqa: PLC0415 - only this measurement looks into the batches
    import sensor._wire as wire  # noqa: PLC0415 - compiled

    core = wire.Meter(str(path), source_id=bytes(32), options_json="{}")
    while (batches := core.read()) is not None:
        for name, batch in batches:
            if name != "flow":
                continue
            table = pa.record_batch(batch).select(["ip_proto", "end_reason", "ts_start"])
            starts = table.column("ts_start").cast(pa.int64()).to_pylist()
            protos, reasons = table.column("ip_proto").to_pylist(), table.column("end_reason").to_pylist()
            yield from zip(protos, reasons, (start * 1000 for start in starts), strict=True)


def measure() -> dict[str, float]:
    """Return the number of idle rows seen and their largest lateness bound, s."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "probe.pcap"
        write_probe(path)
        bounds = lateness_ns(emitted(path))
    return {"idle_rows": len(bounds), "worst_s": max(bounds, default=0) / 1e9, "resolution_s": TICK_NS / 1e9}


if __name__ == "__main__":
    print(json.dumps(measure()))
    sys.exit(0)
