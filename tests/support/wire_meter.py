"""The Rust meter behind the same interface as the naive one (contract: docs/architecture.md, wire → sensor)."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from naive_meter import Metered, Row, Timeouts
from naive_meter.source_id import source_id as named

from store import schema

TIMEOUT_NAMES: Final = {
    "tcp_unanswered": "syn",
    "tcp_half_open": "half_open",
    "tcp_established": "established",
    "tcp_one_fin": "fin",
    "tcp_closed": "closed",
    "udp_one_sided": "udp_one",
    "udp_answered": "udp_both",
    "dns_answered": "dns",
    "icmp": "icmp",
    "other": "other",
}
"""Names of the time-outs in the options of the Rust meter, by the names of the naive one."""


def missing() -> str | None:
    """Return why the Rust meter cannot be used here; None when it can."""
    try:
        importlib.import_module("sensor._wire")
    except ImportError as error:
        return f"sensor._wire cannot be imported ({error}); build it with: make build"
    return None


def wire_meter(
    path: Path,
    *,
    timeouts: Timeouts | None = None,
    active_s: float = 300.0,
    dedup_us: int = 0,
    max_flows: int | None = None,
    source_id: bytes | None = None,
    floats: str = "double",
) -> Metered:
    """Return the flow rows of a capture file, ``flow`` and ``flow_ext`` joined, as the Rust meter makes them.

    Args:
        path: capture file.
        timeouts: idle time-outs; None = the defaults.
        active_s: active time-out, s.
        dedup_us: window for suppressing SPAN duplicates, us; 0 = off.
        max_flows: bound of the flow table; None = the default.
        source_id: 32 bytes that seed the identifiers; None = those of the file.
        floats: "double" = float columns as computed, as the naive meter has them; "single" = as they are stored.
    """
    wire = importlib.import_module("sensor._wire")
    options: dict[str, Any] = {"ext": True, "active_s": active_s, "dedup_us": dedup_us, "floats": floats}
    if max_flows is not None:
        options["max_flows"] = max_flows
    if timeouts is not None:
        options["timeouts"] = {name: getattr(timeouts, ours) for ours, name in TIMEOUT_NAMES.items()}
    seed = named(path.read_bytes()) if source_id is None else source_id
    meter = wire.Meter(path, seed, json.dumps(options))
    flows: list[Row] = []
    extended: dict[bytes, Row] = {}
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            table = pa.Table.from_batches([pa.record_batch(batch)])
            if name == schema.FLOW.name:
                flows += _rows(table)
            elif name == schema.FLOW_EXT.name:
                extended |= {row["flow_uid"]: row for row in _rows(table)}
    rows = [{**row, **extended.get(row["flow_uid"], {}), **_nanoseconds(row)} for row in flows]
    return Metered(rows, dict(meter.counters()), meter.info()["problem"])


def _rows(table: pa.Table) -> list[Row]:
    """Return a table as rows with times as integers (us)."""
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        kind = column.type
        columns[name] = (column.cast(pa.int64()) if pa.types.is_timestamp(kind) else column).to_pylist()
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _nanoseconds(row: Row) -> Row:
    """Return what can be said of the times at nanosecond precision: the duration is exact, the start is not."""
    return {"ts_start_ns": row["ts_start"] * 1000, "ts_end_ns": row["ts_end"] * 1000}
