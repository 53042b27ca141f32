"""Saying what a row must hold, with every difference named at once when it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from naive_meter import Metered, Row

Metering = Callable[..., Metered]
"""A meter, or the fixture that writes frames to a file and meters it."""

FLOAT_TOLERANCE: Final = 1e-9
"""Relative difference allowed between floats before they are stored as float32 (issue 2, Proof)."""

FLOAT_FLOOR: Final = 1e-9
"""Absolute difference allowed: us, B or bit. A deviation of equal gaps is 0 only up to the rounding of their mean."""


def only(metered: Metered) -> Row:
    """Return the one row of a capture that must make exactly one."""
    assert len(metered.rows) == 1, [brief(row) for row in metered.rows]
    return metered.rows[0]


def brief(row: Row) -> dict[str, Any]:
    """Return the columns that tell flows apart in a failure message."""
    names = ("src_port", "dst_port", "ip_proto", "tunnel_type", "src_pkts", "dst_pkts", "conn_state", "history")
    return {name: row[name] for name in (*names, "end_reason", "dir_basis")}


def same(found: object, expected: object) -> bool:
    """Return whether two values are equal; floats within the tolerance."""
    if isinstance(found, float) and isinstance(expected, int | float):
        return math.isclose(found, expected, rel_tol=FLOAT_TOLERANCE, abs_tol=FLOAT_FLOOR)
    return found == expected


def holds(row: Row, **expected: object) -> None:
    """Assert that the named columns of a row have these values."""
    wrong = {name: (row[name], value) for name, value in expected.items() if not same(row[name], value)}
    assert not wrong, "column: (found, expected) " + str(wrong)


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return rows by start and segment, since meters write them in the order in which flows end."""
    return sorted(rows, key=lambda row: (row["ts_start"], row["segment_seq"], row["flow_uid"]))


def conserved(metered: Metered) -> None:
    """Assert the conservation law of a run (flows.md 9.6)."""
    counters = metered.counters
    errors = sum(value for name, value in counters.items() if name.startswith("decode_error."))
    others = sum(value for name, value in counters.items() if name.startswith("non_flow."))

    def get(name: str) -> int:
        return counters.get(name, 0)

    assert get("frames.delivered") == get("frames.decoded") + get("frames.filtered") + errors, counters
    assert get("frames.decoded") == get("flow.packets") + get("flow.dup_suppressed") + others, counters
    counted = sum(row["src_pkts"] + row["dst_pkts"] for row in metered.rows)
    assert counted == get("flow.packets"), (counted, counters)
    assert len(metered.rows) == get("flow.rows"), counters
