"""Comparing the rows of two meters, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from expect import same
from naive_meter import Row

from store import schema

PARSED: Final = {"app_proto", "app_basis", "server_name", "ja4"}
"""Columns of the protocol parsers, which the specification leaves out."""

COLUMNS: Final = tuple(
    column.name for table in (schema.FLOW, schema.FLOW_EXT) for column in table.emitted() if column.name not in PARSED
)


def order(row: Row) -> tuple[Any, ...]:
    """Return a key that brings equal rows of two meters to equal places."""
    return row["pcap_first_off"], row["segment_seq"], row["pcap_last_off"]


def differences(left: Sequence[Row], right: Sequence[Row]) -> list[str]:
    """Return what differs between two lists of rows: integers and text exactly, floats at 1e-9 before storage."""
    if len(left) != len(right):
        return [f"{len(left)} rows against {len(right)}: {_shown(left)} / {_shown(right)}"]
    found: list[str] = []
    for a, b in zip(sorted(left, key=order), sorted(right, key=order), strict=True):
        wrong = {name: (a[name], b[name]) for name in COLUMNS if not same(b[name], a[name])}
        if wrong:
            found.append(f"flow at {a['pcap_first_off']} ({a['history']}): {wrong}")
    return found


def _shown(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    names = ("src_port", "dst_port", "src_pkts", "dst_pkts", "history", "end_reason")
    return [(*order(row), *(row[name] for name in names)) for row in sorted(rows, key=order)[:12]]
