"""SQL that adds days up, and the rule by which rows go when there are too many of them.

The rule: rows with the lowest worth go, worth = log2(1 + count) + log2(1 + days from first to last) + last day / 30 d
(the ageing of Maltrail's trails, with the span beside the count). Three conversations over 300 days are worth 10.2
points, as much as 1 200 on one day; a row loses a point for each 30 days of silence. Ties go by the hash of the key,
never by arrival. Of one day, where the span says nothing, unanswered conversations go first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from store import schema

MILLION: Final = 1_000_000

BUDGET: Final = {
    "edge": 8 * MILLION,
    "observable": 4 * MILLION,
    "identity": 2 * MILLION,
    "asset_seen": 2 * MILLION,
    "name_seen": 4 * MILLION,
}
"""Rows of a table of the state (10^3 … 10^8): 13 months of a site of 5 000 hosts hold some 5 million edges; 8 million
take 400 MB on the disk and are added up in a minute."""

DAY_BUDGET: Final = {
    "edge_day": MILLION,
    "observable": MILLION // 2,
    "identity": MILLION // 4,
    "asset_seen": MILLION // 4,
    "name_seen": MILLION // 2,
}
"""Rows of a table of one day's partial (10^3 … 10^7): 5 000 hosts with 200 edges each; a flood of scanned or forged
addresses ends here."""

OF_PARTIAL: Final = {"edge": "edge_day"}
"""Table of the partials that a table of the state is the sum of, where it has another name."""

_SUMMED: Final = ("days", "conversations", "answered", "src_bytes", "dst_bytes", "sightings")
_COUNT: Final = {"edge": "conversations", "edge_day": "conversations", "asset_seen": "conversations"}
_DAY_US: Final = 86_400_000_000


def partial_of(table: str) -> str:
    """Return the table of the partials that ``table`` of the state is the sum of."""
    return OF_PARTIAL.get(table, table)


def key_of(table: str) -> str:
    """Return the key columns of a memory table as SQL."""
    return ", ".join(schema.table(table).key)


def as_row(table: str, source: str) -> str:
    """Return SQL of partial rows in the form of the state: each is one day."""
    names = [column.name for column in schema.table(table).columns]
    shown = ", ".join("1::INTEGER AS days" if name == "days" else name for name in names)
    return f"SELECT {shown} FROM {source}"


def merged(table: str, parts: Sequence[str]) -> str:
    """Return SQL of the sum over parts in the form of the state."""
    declared = schema.table(table)
    shown = []
    for column in declared.columns:
        if column.name in declared.key:
            shown.append(column.name)
        elif column.name in _SUMMED:
            kind = "INTEGER" if column.type == schema.I32 else "BIGINT"
            shown.append(f"CAST(sum({column.name}) AS {kind}) AS {column.name}")
        else:
            shown.append(f"{'min' if column.name == 'first_ts' else 'max'}({column.name}) AS {column.name}")
    sql = f"SELECT {', '.join(shown)} FROM ({' UNION ALL '.join(parts)}) GROUP BY {key_of(table)}"
    return without_routers(sql) if table == "identity" else sql


def without_routers(sql: str) -> str:
    """Return identities without the addresses of a MAC that was seen to forward for others, on any day."""
    routers = f"SELECT value FROM ({sql}) WHERE kind = 'router'"
    return f"SELECT * FROM ({sql}) WHERE NOT (kind = 'mac' AND value IN ({routers}))"


def worth(table: str) -> str:
    """Return SQL of what a row of the state is worth."""
    count = _COUNT.get(table, "sightings")
    return (
        f"log2(1 + {count}) + log2(1 + (epoch_us(last_ts) - epoch_us(first_ts)) / {_DAY_US}.0) "
        f"+ epoch_us(last_ts) / {30 * _DAY_US}.0"
    )


def kept(table: str, source: str, budget: int, *, is_day: bool = False) -> str:
    """Return SQL of the rows that stay within the budget, by worth."""
    first = "(answered > 0) DESC, " if is_day and table == "edge_day" else ""
    order = f"{first}{worth(table)} DESC, hash({key_of(table)}), {key_of(table)}"
    return f"SELECT * FROM {source} ORDER BY {order} LIMIT {int(budget)}"
