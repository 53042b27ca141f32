"""Metering one capture file into segments: name it, let the Rust core read it, write what it emits, make it visible.

All or nothing becomes visible: the row of ``packet_store`` comes last and says "this capture is in". A damaged capture
is no failure: what could be read is kept, and the result says what was wrong.

Options of the meter (keys of ``options``, all optional; the core refuses unknown ones): ``timeouts``, ``active_s``,
``max_flows``, ``vlan_in_key``, ``dedup_us``, ``ext``, ``parsers``. They are stored with the capture: packets are
selected by metering again. ``floats`` = ``double`` is for tests only: it hands out what was computed, and no segment
takes that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from sensor.core import Meter, wire_core
from sensor.identity import Digest, capture_id, sample_id, unreadable
from sensor.known import Held, Row
from store import schema
from store.errors import Problem, TaishiError
from store.lake_files import LakeFiles
from store.segment import SegmentWriter
from store.text import Text
from store.threaded import ThreadedWriter

Progress = Callable[[int, int], None]
"""Called now and then with (bytes read, bytes of the file)."""


_CAPTURE: Final = Text("allowed: a readable capture file", "可用：可读的抓包文件")

ROWS_PER_SEGMENT: Final = 500_000
"""Rows after which a new segment begins (10^5 … 10^7), about 75 MB of flows. The footer of a segment grows with its row
groups and is held by its writer and, unpacked, by every query that reads it: 10 MB for 2 000 000 flows."""

SENSOR_ID: Final = "scan"
"""Sensor identity of captures that were read from files."""


@dataclass(frozen=True, slots=True)
class MeterResult:
    """What metering one capture gave; of the two digests (hex) at least one is there."""

    path: Path
    source_id: str
    sha256: str | None
    xxh3_128: str | None
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
    lake: LakeFiles,
    case: str,
    *,
    sensor_id: str = SENSOR_ID,
    options: Mapping[str, object] | None = None,
    progress: Progress | None = None,
    sample: bytes | None = None,
    digest: Digest = Digest.SHA256,
    held: Held | None = None,
    secret_key: bytes | None = None,
) -> MeterResult:
    """Meter a capture into ``case``; a capture that the case holds already is not metered again.

    Args:
        path: pcap or pcapng, plain or compressed.
        lake: Lake to write into; what killed processes left in it is removed first.
        case: Case the rows belong to.
        sensor_id: Stable identity of who meters.
        options: Options of the meter.
        progress: Called while the file is read.
        sample: ``sample_id(path)`` where the caller knows it.
        digest: Digest to make of the file while it is read.
        held: ``Held(lake, case)``, shared by those who meter many captures.
        secret_key: Key of the hashes of secrets, 16 to 64 bytes (``store.site_secret``); None leaves them NULL. It is
            stored nowhere.

    Raises:
        TaishiError: the file cannot be opened (exit code 3 when absent) or read to its end, the options are unusable,
            the disk refuses, or the case holds the capture metered with other options.
    """
    told = json.dumps(dict(options or {}), sort_keys=True)
    held = Held(lake, case) if held is None else held
    source_id, row = held.find(path, sample_id(path) if sample is None else sample)
    if row is not None:
        return _known_result(held, case, path, row, told)
    meter = _open_meter(path, source_id, told, digest, secret_key)
    writer = _writers(lake, case, sensor_id, {"pcap_file_id": capture_id(source_id)})
    try:
        _pump(meter, writer, progress)
        result = _result(path, source_id, meter, digest)
        writer.write(schema.COUNTERS.name, _counter_rows(result.pcap_file_id, result.counters))
        writer.write(schema.PACKET_STORE.name, _capture_row(result, told))
        segments = writer.close(result.counters)
    except BaseException:
        writer.abort()
        raise
    return replace(result, segments=segments)


def _open_meter(path: Path, source_id: bytes, options: str, digest: Digest, secret_key: bytes | None) -> Meter:
    core = wire_core()
    try:
        return core.Meter(
            str(path), source_id=source_id, options_json=options, digest=digest.value, secret_key=secret_key
        )
    except OSError as error:
        told = Text(f"cannot be opened ({error})", f"无法打开（{error}）")
        raise TaishiError(Problem(str(path), told, _CAPTURE, Text("check it", "请检查该文件"))) from error
    except ValueError as error:
        raise TaishiError(
            Problem(
                Text(f"meter options {options}", f"计量选项 {options}"),
                Text(f"{error}", f"不能使用（{error}）"),
                Text("allowed: the options that the message names", "可用：上述信息列出的选项"),
                Text("correct the options", "请改正选项"),
            ),
            exit_code=2,
        ) from error


def _writers(lake: LakeFiles, case: str, sensor_id: str, stamps: Mapping[str, object]) -> ThreadedWriter:
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


def _result(path: Path, source_id: bytes, meter: Meter, digest: Digest) -> MeterResult:
    """Return what the meter says at its end; reads what damage kept it from reading, for the digest."""
    info = meter.info()
    try:
        value = meter.digest()
    except OSError as error:
        raise unreadable(path, error) from error
    hexed = None if value is None else value.hex()
    return MeterResult(
        path=path,
        source_id=source_id.hex(),
        sha256=hexed if digest is Digest.SHA256 else None,
        xxh3_128=hexed if digest is Digest.XXH3_128 else None,
        pcap_file_id=capture_id(source_id),
        file_bytes=info["file_bytes"],
        frames=info["frames"],
        first_ts_ns=info.get("first_ts_ns"),
        last_ts_ns=info.get("last_ts_ns"),
        problem=info.get("problem"),
        counters=dict(meter.counters()),
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
        "source_id": result.source_id,
        "sha256": result.sha256,
        "xxh3_128": result.xxh3_128,
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


def _known_result(held: Held, case: str, path: Path, row: Row, options: str) -> MeterResult:
    """Return the result of an earlier metering of the same bytes into the same case.

    Raises:
        TaishiError: it was metered with other options: rows of both would count everything twice.
    """
    if row["meter_options"] != options:
        before = row["meter_options"]
        raise TaishiError(
            Problem(
                str(path),
                Text(
                    f"case {case!r} holds this capture metered with {before}, now asked with {options}",
                    f"案例 {case!r} 中此抓包的计量选项为 {before}，现要求 {options}",
                ),
                Text("allowed: the same options in one case", "可用：同一案例用同样的选项"),
                Text("name another case with --into", "请用 --into 指定其他案例"),
            )
        )
    return MeterResult(
        path=path,
        source_id=row["source_id"],
        sha256=row["sha256"],
        xxh3_128=row["xxh3_128"],
        pcap_file_id=row["pcap_file_id"],
        file_bytes=row["file_bytes"],
        frames=row["frames"],
        first_ts_ns=_ns(row["first_ts"]),
        last_ts_ns=_ns(row["last_ts"]),
        problem=row["problem"],
        counters=held.counters(row["pcap_file_id"]),
        is_known=True,
    )


def _ns(stored_us: int | None) -> int | None:
    """Return a stored time in nanoseconds (its microseconds are all that is left)."""
    return None if stored_us is None else stored_us * 1000
