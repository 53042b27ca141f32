"""Small valid batches of any table, with chosen values, for the tests of the store."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

import pyarrow as pa

from store import schema

DAY_US = 86_400_000_000
T0_US = 1_700_000_000_000_000
"""2023-11-14 22:13:20 UTC."""


def ip(text: str) -> bytes:
    """Return the 16 stored bytes of an address."""
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed


def uid(number: int) -> bytes:
    """Return a flow uid made of a number."""
    return number.to_bytes(16, "big")


def _default(kind: pa.DataType) -> object:
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return "none"
    if pa.types.is_binary(kind):
        return b""
    if pa.types.is_fixed_size_binary(kind):
        return bytes(kind.byte_width)
    if pa.types.is_boolean(kind):
        return False
    return [] if pa.types.is_list(kind) else 0


def batch(table: schema.Table, rows: Sequence[Mapping[str, object]]) -> pa.RecordBatch:
    """Return the emitted columns of ``table``; what a row leaves out is NULL where allowed, else zero."""
    arrays = []
    for column in table.emitted():
        fallback = None if column.nullable else _default(column.type)
        values = [row.get(column.name, fallback) for row in rows]
        arrays.append(pa.array(values, column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=table.arrow(table.emitted()))


def flow(number: int, **values: object) -> dict[str, object]:
    """Return one closed TCP flow from 10.0.0.1:40000 to 198.51.100.2:443 at ``number % 3600`` s after ``T0_US``."""
    start = T0_US + number % 3600 * 1_000_000
    return {
        "flow_uid": uid(number + 1),
        "is_final": True,
        "ts_start": start,
        "ts_end": start + 500_000,
        "duration_ns": 500_000_000,
        "ip_version": 4,
        "src_ip": ip("10.0.0.1"),
        "dst_ip": ip("198.51.100.2"),
        "src_port": 40000,
        "dst_port": 443,
        "ip_proto": 6,
        "src_pkts": 5,
        "dst_pkts": 4,
        "src_bytes_ip": 700,
        "dst_bytes_ip": 3000,
        "src_bytes_payload": 440,
        "dst_bytes_payload": 2800,
        "src_bytes_seq": 440,
        "dst_bytes_seq": 2800,
        "conn_state": "SF",
        "history": "ShADadFf",
        "end_reason": "end",
        "src_tcp_flags": 27,
        "dst_tcp_flags": 27,
        "dir_basis": "syn",
        "app_proto": "tls",
        **values,
    }
