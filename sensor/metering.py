"""Metering one capture file into segments: hash it, let the Rust core read it, write what it emits, make it visible.

All or nothing becomes visible: the row of ``packet_store`` comes last and says "this capture is in". A damaged capture
is no failure: what could be read is kept, and the result says what was wrong.

Options of the meter (keys of ``options``, all optional; the core refuses unknown ones): ``timeouts``, ``active_s``,
``max_flows``, ``vlan_in_key``, ``dedup_us``, ``ext``, ``parsers``. They are stored with the capture: packets are
selected by metering again.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol, cast

import pyarrow as pa

from store import schema
from store.errors import TaishiError
from store.lake import Lake
from store.segment import SegmentWriter
from store.threaded import ThreadedWriter

Progress = Callable[[int, int], None]
"""Called now and then with (bytes read, bytes of the file)."""


class Meter(Protocol):
    """What the compiled meter offers; see docs/architecture.md, wire → sensor."""

    def read(self) -> Sequence[tuple[str, Any]] | None:
        """Return the next batches as (table, batch), None at the end."""

    def counters(self) -> Mapping[str, int]:
        """Return the terms of the conservation law."""

    def info(self) -> Mapping[str, Any]:
        """Return frames, bytes_read, file_bytes, first_ts_ns, last_ts_ns, problem, interfaces."""


class Core(Protocol):
    """What the compiled module offers."""

    def Meter(self, path: str, *, source_id: bytes, options_json: str) -> Meter:  # noqa: N802 - a class over there
        """Return a meter over a capture file."""

    def select(
        self, path: str, source_id: bytes, options_json: str, uids: list[bytes], out_path: str
    ) -> Mapping[str, object]:
        """Write the frames of those flows; return counts."""


ROWS_PER_SEGMENT: Final = 500_000
"""Rows after which a new segment begins (10^5 … 10^7), about 75 MB of flows. The footer of a segment grows with its row
groups and is held by its writer and, unpacked, by every query that reads it: 10 MB for 2 000 000 flows."""

SENSOR_ID: Final = "scan"
"""Sensor identity of captures that were read from files."""


@dataclass(frozen=True, slots=True)
class MeterResult:
    """What metering one capture gave."""

    path: Path
    sha256: str
    pcap_file_id: int
    file_bytes: int
    frames: int
    first_ts_ns: int | None
    last_ts_ns: int | None
    problem: str | None
    counters: Mapping[str, int] = field(default_factory=dict)
    segments: tuple[Path, ...] = ()
    interfaces: tuple[object, ...] = ()
    is_known: bool = False


def meter_capture(
    path: Path,
    lake: Lake,
    case: str,
    *,
    sensor_id: str = SENSOR_ID,
    options: Mapping[str, object] | None = None,
    progress: Progress | None = None,
    digest: bytes | None = None,
) -> MeterResult:
    """Meter a capture into ``case``; a capture that the case holds already is not read again.

    Args:
        path: pcap or pcapng, plain or compressed.
        lake: Lake to write into; what killed processes left in it is removed first.
        case: Case the rows belong to.
        sensor_id: Stable identity of who meters.
        options: Options of the meter.
        progress: Called while the file is read.
        digest: ``file_digest(path)`` where the caller knows it: hashing costs as much as metering.

    Raises:
        TaishiError: the file cannot be opened (exit code 3 when absent), the options are unusable, the disk refuses,
            or the case holds the capture metered with other options.
    """
    told = json.dumps(dict(options or {}), sort_keys=True)
    digest = file_digest(path) if digest is None else digest
    known = _known(lake, case, path, digest.hex(), told)
    if known is not None:
        return known
    lake.sweep()
    meter = _open_meter(path, digest, told)
    file_id = capture_id(digest)
    writer = _writers(lake, case, sensor_id, {"pcap_file_id": file_id})
    try:
        _pump(meter, writer, progress)
        counters, info = dict(meter.counters()), dict(meter.info())
        result = _result(path, digest, counters, info)
        writer.write(schema.COUNTERS.name, _counter_rows(file_id, counters))
        writer.write(schema.PACKET_STORE.name, _capture_row(result, told))
        segments = writer.close(counters)
    except BaseException:
        writer.abort()
        raise
    return replace(result, segments=segments)


def file_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file as stored (compressed files are not unpacked): its source id.

    Raises:
        TaishiError: not readable; exit code 3 when absent.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise TaishiError(
            f"{path}: cannot be read ({error.strerror}); allowed: a readable capture file; check name and permission",
            exit_code=3 if isinstance(error, FileNotFoundError) else 1,
        ) from error


def capture_id(digest: bytes) -> int:
    """Return the key of a capture in ``packet_store``: 63 bits of its SHA-256, as signed integers hold them."""
    return int.from_bytes(digest[:8], "big") >> 1


def wire_core() -> Core:
    """Return the compiled core; imported late, so that reading a lake works where it is not built.

    Raises:
        TaishiError: it is not built.
    """
    try:
        return cast(Core, importlib.import_module("sensor._wire"))
    except ImportError as error:
        raise TaishiError(
            f"sensor._wire: {error}; needed: the compiled core; run 'make dev' or install a wheel"
        ) from error


def _open_meter(path: Path, digest: bytes, options: str) -> Meter:
    core = wire_core()
    try:
        return core.Meter(str(path), source_id=digest, options_json=options)
    except OSError as error:
        raise TaishiError(f"{path}: cannot be opened ({error}); allowed: a readable capture file; check it") from error
    except ValueError as error:
        raise TaishiError(f"meter options {options}: {error}; correct the options", exit_code=2) from error


def _writers(lake: Lake, case: str, sensor_id: str, stamps: Mapping[str, object]) -> ThreadedWriter:
    """Return writers of all tables a capture fills, the one that declares it complete last."""
    tables = [table for table in schema.TABLES if table.wire]
    writers = {
        table.name: SegmentWriter(lake.root, table, case, sensor_id, stamps=stamps, row_limit=ROWS_PER_SEGMENT)
        for table in (*tables, schema.COUNTERS, schema.PACKET_STORE)
    }
    return ThreadedWriter(writers)


def _pump(meter: Meter, writer: ThreadedWriter, progress: Progress | None) -> None:
    """Hand every batch of the core to the writer."""
    while (batches := meter.read()) is not None:
        for table, batch in batches:
            writer.write(table, pa.record_batch(batch))
        if progress is not None:
            info = meter.info()
            progress(info["bytes_read"], info["file_bytes"])


def _result(path: Path, digest: bytes, counters: Mapping[str, int], info: Mapping[str, Any]) -> MeterResult:
    return MeterResult(
        path=path,
        sha256=digest.hex(),
        pcap_file_id=capture_id(digest),
        file_bytes=info["file_bytes"],
        frames=info["frames"],
        first_ts_ns=info.get("first_ts_ns"),
        last_ts_ns=info.get("last_ts_ns"),
        problem=info.get("problem"),
        counters=counters,
        interfaces=tuple(info.get("interfaces") or ()),
    )


def _counter_rows(file_id: int, counters: Mapping[str, int]) -> pa.RecordBatch:
    names = sorted(counters)
    wanted = schema.COUNTERS.arrow(schema.COUNTERS.emitted())
    values = {"pcap_file_id": [file_id] * len(names), "counter": names, "count": [counters[n] for n in names]}
    return pa.RecordBatch.from_pydict(values, schema=wanted)


def _capture_row(result: MeterResult, options: str) -> pa.RecordBatch:
    row = {
        "pcap_file_id": result.pcap_file_id,
        "path": str(result.path.absolute()).encode("utf-8", "backslashreplace").decode(),
        "sha256": result.sha256,
        "file_bytes": result.file_bytes,
        "frames": result.frames,
        "first_ts": _us(result.first_ts_ns),
        "last_ts": _us(result.last_ts_ns),
        "is_complete": result.problem is None,
        "problem": result.problem,
        "meter_options": options,
    }
    return pa.RecordBatch.from_pylist([row], schema=schema.PACKET_STORE.arrow(schema.PACKET_STORE.emitted()))


def _us(time_ns: int | None) -> int | None:
    return None if time_ns is None else time_ns // 1000


def _known(lake: Lake, case: str, path: Path, sha256: str, options: str) -> MeterResult | None:
    """Return the result of an earlier metering of the same bytes into the same case.

    Raises:
        TaishiError: it was metered with other options: rows of both would count everything twice.
    """
    if not lake.segments(schema.PACKET_STORE, case):
        return None
    with lake.reader(case) as reader:
        rows = reader.arrow("SELECT * FROM packet_store WHERE sha256 = ?", [sha256]).to_pylist()
        if not rows:
            return None
        row = rows[0]
        counted = reader.arrow(
            "SELECT counter, count FROM sensor_counter WHERE pcap_file_id = ?", [row["pcap_file_id"]]
        )
    if row["meter_options"] != options:
        raise TaishiError(
            f"{path}: case {case!r} holds this capture metered with {row['meter_options']}, now asked with {options}; "
            "allowed: the same options in one case; name another case with --into"
        )
    return MeterResult(
        path=path,
        sha256=sha256,
        pcap_file_id=row["pcap_file_id"],
        file_bytes=row["file_bytes"],
        frames=row["frames"],
        first_ts_ns=_ns(row["first_ts"]),
        last_ts_ns=_ns(row["last_ts"]),
        problem=row["problem"],
        counters=dict(zip(counted["counter"].to_pylist(), counted["count"].to_pylist(), strict=True)),
        is_known=True,
    )


def _ns(stored: datetime | None) -> int | None:
    """Return a stored time in nanoseconds (its microseconds are all that is left)."""
    return None if stored is None else int(pa.scalar(stored, schema.TIME).value) * 1000
