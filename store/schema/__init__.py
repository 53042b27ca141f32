"""The one declaration of every table and column; everything else about tables is derived from here.

Arrow schemas, DuckDB views, Parquet encodings, JSON Schema, ``docs/schema.md`` and the Rust field list
(``wire/src/columns/tables.rs``) come from these modules. A column name means one type and one unit in all tables
(held by a test). Semantics of the flow columns: ``docs/flow-semantics.md``.

This package must not import anything of ours outside of it, and must not touch a disk.
"""

from __future__ import annotations

from typing import Final

from store.schema._column import (
    F32,
    F64,
    FLAG,
    I8,
    I16,
    I32,
    I64,
    IP,
    MAC,
    NAME,
    TEXT,
    TIME,
    UID,
    Column,
    Logins,
    Origin,
    Table,
)
from store.schema._site import SITE_SUFFIX, site_columns
from store.schema._words import AppBasis, ConnState, DirBasis, Direction, EndReason, Outcome, Quality, Severity
from store.schema.captures import COUNTERS, FOREIGN_LOG, PACKET_STORE
from store.schema.derived import DERIVED, DERIVED_TABLES, HOST_DAY, TAP_MINUTE, TREND_HOUR, WEEK_STATES, Derived
from store.schema.findings import ALERT, ASSESSMENT
from store.schema.flow import FLOW
from store.schema.flow_ext import FLOW_EXT
from store.schema.memory import ASSET_SEEN, EDGE, EDGE_DAY, IDENTITY, MEMORY, NAME_SEEN, OBSERVABLE
from store.schema.records import RECORDS

__all__ = [
    "ALERT",
    "ASSESSMENT",
    "ASSET_SEEN",
    "COUNTERS",
    "DERIVED",
    "DERIVED_TABLES",
    "EDGE",
    "EDGE_DAY",
    "F32",
    "F64",
    "FEATURE_DEFS_VERSION",
    "FLAG",
    "FLOW",
    "FLOW_EXT",
    "FOREIGN_LOG",
    "HOST_DAY",
    "I8",
    "I16",
    "I32",
    "I64",
    "IDENTITY",
    "IP",
    "MAC",
    "MEMORY",
    "NAME",
    "NAME_SEEN",
    "OBSERVABLE",
    "PACKET_STORE",
    "RECORDS",
    "SCHEMA_VERSION",
    "SITE_SUFFIX",
    "TABLES",
    "TAP_MINUTE",
    "TEXT",
    "TIME",
    "TREND_HOUR",
    "UID",
    "WEEK_STATES",
    "AppBasis",
    "Column",
    "ConnState",
    "Derived",
    "DirBasis",
    "Direction",
    "EndReason",
    "Logins",
    "Origin",
    "Outcome",
    "Quality",
    "Severity",
    "Table",
    "site_columns",
    "table",
]

SCHEMA_VERSION: Final = 6
"""Version written into every segment footer; a change of any stored column raises it."""

FEATURE_DEFS_VERSION: Final = 1
"""Version of ``docs/flow-semantics.md`` that the numbers of a flow row obey."""

TABLES: Final[tuple[Table, ...]] = (FLOW, FLOW_EXT, *RECORDS, PACKET_STORE, COUNTERS, FOREIGN_LOG, ALERT, ASSESSMENT)
"""Every table; those of a capture in the order in which they are written."""


def table(name: str) -> Table:
    """Return the table of that name.

    Raises:
        KeyError: no such table.
    """
    for candidate in (*TABLES, *MEMORY, *DERIVED_TABLES):
        if candidate.name == name:
            return candidate
    raise KeyError(name)
