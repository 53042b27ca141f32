"""Run a meter over a capture and return the rows of one table of protocol records, in order of their times."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.meter import address_text
from tests.oracles.support.truth import absent

SHOWN: Final = 200
"""Bytes of a text that are compared: less than what any of the tools keeps."""
_ESCAPED: Final = re.compile(rb"\\x([0-9a-fA-F]{2})")


def record_rows(path: Path, table: str) -> list[dict[str, Any]]:
    """Return the rows of ``table`` that the meter makes of a capture, addresses as text, with ``sender_port``."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    try:
        wire = importlib.import_module("sensor._wire")
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    meter = wire.Meter(str(path), source_id=bytes(32), options_json=json.dumps({}))
    rows: list[dict[str, Any]] = []
    ports: dict[bytes, tuple[int, int]] = {}
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name == table:
                rows += pa.record_batch(batch).to_pylist()
            elif name == "flow":
                columns = pa.record_batch(batch).select(["flow_uid", "src_port", "dst_port"])
                ports |= {flow["flow_uid"]: (flow["src_port"], flow["dst_port"]) for flow in columns.to_pylist()}
    for row in rows:
        row["sender_ip"], row["receiver_ip"] = address_text(row["sender_ip"]), address_text(row["receiver_ip"])
        src, dst = ports[row["flow_uid"]]
        row["sender_port"] = src if dst == row["receiver_port"] else dst
    return sorted(rows, key=lambda row: row["ts"])


def plain(text: str | None) -> str:
    """Return a text without the escapes of whoever wrote it, cut to :data:`SHOWN` bytes; absent and ``-`` are empty."""
    if text is None or text == "-":
        return ""
    raw = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    return raw.strip()[:SHOWN].decode("latin-1")


def log_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a Zeek log: TSV, TSV cut to columns that its first line names, or JSON lines."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    body = [line for line in lines if line and not line.startswith("#")]
    if body and body[0].startswith("{"):
        return [_flat(json.loads(line)) for line in body]
    names = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), None)
    if names is None:
        names, body = (body[0].split("\t"), body[1:]) if body else ([], [])
    return [dict(zip((_dotted(name) for name in names), line.split("\t"), strict=False)) for line in body]


def _dotted(name: str) -> str:
    return name.replace("id_orig_", "id.orig_").replace("id_resp_", "id.resp_")


def _flat(record: Mapping[str, Any]) -> dict[str, str]:
    return {_dotted(name): _text(value) for name, value in record.items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return str(value)
