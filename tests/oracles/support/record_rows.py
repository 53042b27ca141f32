"""Run the meter over a capture, once per session, and return the rows of one table in order of their times."""

from __future__ import annotations

import importlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.meter import address_text
from tests.oracles.support.truth import absent

SHOWN: Final = 200
"""Bytes of a text that are compared: less than what any of the tools keeps."""
_ESCAPED: Final = re.compile(rb"\\x([0-9a-fA-F]{2})")
_ADDRESS: Final = 16
Metered = tuple[dict[str, list[Any]], dict[bytes, tuple[int, int]]]


@cache
def _metered(path: Path) -> Metered:
    """Return the record batches of a capture by table, and the ports of its flows."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    try:
        wire = importlib.import_module("sensor._wire")
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    meter = wire.Meter(str(path), source_id=bytes(32), options_json=json.dumps({}))
    tables: dict[str, list[Any]] = {}
    ports: dict[bytes, tuple[int, int]] = {}
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name == "flow":
                columns = pa.record_batch(batch).select(["flow_uid", "src_port", "dst_port"])
                ports |= {flow["flow_uid"]: (flow["src_port"], flow["dst_port"]) for flow in columns.to_pylist()}
            else:
                tables.setdefault(name, []).append(pa.record_batch(batch))
    return tables, ports


def record_rows(path: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of ``table`` that the meter makes of a capture, addresses as text, with ``sender_port``."""
    tables, ports = _metered(path)
    rows: list[dict[str, Any]] = [row for batch in tables.get(table, []) for row in batch.to_pylist()]
    for row in rows:
        for name, value in row.items():
            if name.endswith("_ip") and isinstance(value, bytes) and len(value) == _ADDRESS:
                row[name] = address_text(value)
        src, dst = ports[row["flow_uid"]]
        if "receiver_port" in row:
            row["sender_port"] = src if dst == row["receiver_port"] else dst
    return sorted(rows, key=lambda row: row["ts"])


def plain(text: str | None) -> str:
    """Return a text without the escapes of whoever wrote it, cut to :data:`SHOWN` bytes; absent and ``-`` are empty."""
    if text is None or text == "-":
        return ""
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    return raw.strip()[:SHOWN].decode("latin-1")
