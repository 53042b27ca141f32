"""SQL of the read views: one per table, ``flow`` with the site policy, ``conversation`` and ``logins``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from store import schema
from store._links import LINK_TABLE, NOT_FOLLOWING, OF_SOURCES, linked, record_view
from store._macros import literal
from store.login_view import LOGIN_VIEW
from store.window import Window

HIVE: Final = "hive_partitioning = true, hive_types = {'case': VARCHAR, 'date': VARCHAR, 'sensor': VARCHAR}"
"""Folder keys are text: DuckDB would guess numbers and dates."""

_REFINED: Final = (schema.FLOW, schema.ALERT, schema.ASSESSMENT)
"""Tables whose view says more, or less, than the stored rows; those are the view ``<name>_stored``."""

_SCALARS: Final = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    schema.TIME: "TIMESTAMPTZ",
}


def sql_type(kind: pa.DataType) -> str:
    """Return DuckDB's name of an Arrow type of the schema."""
    if pa.types.is_dictionary(kind):
        return "VARCHAR"
    if pa.types.is_fixed_size_binary(kind):
        return "BLOB"
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    return _SCALARS[kind]


def empty_select(table: schema.Table) -> str:
    """Return a query with the stored columns of a table plus ``case_name``, and no row."""
    shown = [f'CAST(NULL AS {sql_type(c.type)}) AS "{c.name}"' for c in table.stored()]
    return f"SELECT {', '.join(shown)}, CAST(NULL AS VARCHAR) AS case_name WHERE false"


def table_view(table: schema.Table, patterns: Sequence[str], window: Window, *, is_refined: bool = False) -> str:
    """Return the statement that makes the view of a table's stored columns plus ``case_name``.

    Args:
        table: Table to show.
        patterns: Globs of its segments; empty when there are none: the view is empty and typed.
        window: Event time outside of which rows are left out.
        is_refined: The view ``<name>`` will say less: this one is ``<name>_stored``.
    """
    name = f"{table.name}_stored" if is_refined or table in _REFINED else table.name
    if not patterns:
        return f"CREATE VIEW {name} AS {empty_select(table)}"
    shown = [f'"{c.name}"' for c in table.stored()] + ['"case" AS case_name']
    files = ", ".join(map(literal, patterns))
    return f"CREATE VIEW {name} AS SELECT {', '.join(shown)} FROM read_parquet([{files}], {HIVE}){window.filter(table)}"


def _flow_columns() -> str:
    joined = {"direction": _DIRECTION, "src_zone": "zone_of(src_ip)", "dst_zone": "zone_of(dst_ip)"}
    return ", ".join(f"{joined[c.name]} AS {c.name}" if c.name in joined else c.name for c in schema.FLOW.columns)


_DIRECTION: Final = (
    "CASE WHEN src_home AND dst_home THEN 'internal' WHEN src_home THEN 'outbound' "
    "WHEN dst_home THEN 'inbound' ELSE 'external' END"
)


def _flow_view(*, is_linked: bool) -> str:
    """Return the statement of ``flow``: every column of the schema, the joined ones computed, plus home flags, case."""
    only = f" WHERE {NOT_FOLLOWING.format(uid='flow_uid')}" if is_linked else ""
    return (
        f"CREATE VIEW flow AS SELECT {_flow_columns()}, src_home, dst_home, case_name FROM "
        f"(SELECT *, is_home(src_ip) AS src_home, is_home(dst_ip) AS dst_home FROM flow_stored AS held{only})"
    )


_COVERS: Final = """
SELECT 1 FROM assessment_stored AS later WHERE later.case_name = held.case_name AND later.revision > held.revision
AND (later.detector = held.detector OR later.is_full)
AND (later.range_start IS NULL OR {first} >= later.range_start)
AND (later.range_end IS NULL OR {last} < later.range_end)
"""
"""A later evaluation of the case, by the same detector, whose range holds the moments."""

_SLOT: Final = "least(held.ts_end, held.range_end - INTERVAL 1 microsecond)"
"""Moment by which an alert belongs to a range: its end, inside the range that was evaluated (NULLs are no bound)."""

_NEVER: Final = "'-infinity'::TIMESTAMPTZ"
_ALWAYS: Final = "'infinity'::TIMESTAMPTZ"

CURRENT_VIEWS: Final = (
    "CREATE VIEW alert AS SELECT * FROM alert_stored AS held WHERE NOT EXISTS "
    f"({_COVERS.format(first=_SLOT, last=_SLOT)}) QUALIFY row_number() OVER (PARTITION BY case_name, alert_id "
    "ORDER BY ts_end DESC, range_start DESC NULLS LAST, revision DESC) = 1",
    "CREATE VIEW assessment AS SELECT * FROM assessment_stored AS held WHERE NOT EXISTS ("
    + _COVERS.format(
        first=f"coalesce(held.range_start, {_NEVER})",
        last=f"coalesce(held.range_end - INTERVAL 1 microsecond, {_ALWAYS})",
    )
    + ")",
)
"""``alert`` and ``assessment`` show what no later evaluation of the same range superseded (ADR 0021).

What an alert says twice, because it was seen from two ranges, counts once: as it was seen last.
"""


def _pairs(*patterns: str) -> tuple[str, ...]:
    return tuple(p.format(side) for p in patterns for side in ("src", "dst"))


_FIRST: Final = (
    *_pairs("{}_ip", "{}_port"),
    *("ip_proto", "ip_version", "ethertype", "icmp_type", "icmp_code"),
    *_pairs("{}_mac"),
    "dir_basis",
    "src_flags_first",
)
"""Identity: of the first segment that knows it."""

_LAST: Final = ("app_proto", "conn_state", "history", "end_reason")
"""State: of the last segment that knows it."""

_SUM: Final = _pairs("{}_pkts", "{}_bytes_ip", "{}_bytes_payload", "{}_data_pkts", "{}_syn")
_OR: Final = (*_pairs("{}_tcp_flags"), "quality_flags")
_WIDE_FIRST: Final = (
    *("community_id", "vlan_outer", "vlan_inner", "tunnel_type", "tunnel_id", "sensor_id", "rtt_syn_ns"),
    *_pairs("{}_ttl_max"),
)
_WIDE_LAST: Final = ("server_name", "ja4", "app_basis")
_WIDE_SUM: Final = _pairs("{}_bytes_l2", "{}_bytes_seq", "{}_gap_bytes", "{}_fin", "{}_rst", "{}_psh", "{}_retx_pkts")

CONVERSATION_COLUMNS: Final = (
    *("root_uid", "flow_uids", "ts_start", "ts_end", "duration_s"),
    *_pairs("{}_ip", "{}_port"),
    *("ip_proto", "ip_version", "ethertype", "icmp_type", "icmp_code"),
    *_pairs("{}_mac"),
    *("app_proto", "conn_state", "history", "dir_basis", "end_reason"),
    *_pairs("{}_pkts", "{}_bytes_ip", "{}_bytes_payload", "{}_data_pkts", "{}_syn", "{}_tcp_flags"),
    *("src_flags_first", "src_home", "dst_home", "direction", "quality_flags", "is_closed"),
    *("community_id", "sensor_id", "vlan_outer", "server_name", "server_domain", "ja4", "src_zone", "dst_zone"),
    *_pairs("{}_gap_bytes", "{}_retx_pkts", "{}_ttl_max"),
)
"""Columns of ``conversation``, the contract with the detectors."""

_CLOSED: Final = "is_final AND end_reason NOT IN ('shutdown', 'forced')"

_END_NS: Final = "epoch_us(ts_start) * 1000 + duration_ns"


def _conversation_full(*, is_linked: bool) -> str:
    """Return the SQL of all conversations with the columns that foreign formats need too.

    Nearly all flows have one segment: they pass without grouping; only the others are grouped by their root.
    """
    first, last, total = _FIRST + _WIDE_FIRST, _LAST + _WIDE_LAST, _SUM + _WIDE_SUM
    plain = (*first, *last, *(f"CAST({c} AS BIGINT) AS {c}" for c in total), *_OR)
    grouped = (
        *(f"arg_min({c}, segment_seq) AS {c}" for c in first),
        *(f"arg_max({c}, segment_seq) AS {c}" for c in last),
        *(f"CAST(sum({c}) AS BIGINT) AS {c}" for c in total),
        *(f"bit_or({c}) AS {c}" for c in _OR),
    )
    one = (
        "SELECT flow_uid AS root_uid, [flow_uid] AS flow_uids, ts_start, ts_end, duration_ns / 1e9 AS duration_s, "
        f"{', '.join(plain)}, {_CLOSED} AS is_closed, case_name FROM flow_stored "
        "WHERE is_final AND flow_root_uid IS NULL"
    )
    many = (
        "SELECT coalesce(flow_root_uid, flow_uid) AS root_uid, list(flow_uid ORDER BY segment_seq) AS flow_uids, "
        "min(ts_start) AS ts_start, max(ts_end) AS ts_end, "
        f"(max({_END_NS}) - min(epoch_us(ts_start)) * 1000) / 1e9 AS duration_s, {', '.join(grouped)}, "
        f"arg_max({_CLOSED}, segment_seq) AS is_closed, case_name FROM flow_stored "
        "WHERE NOT (is_final AND flow_root_uid IS NULL) GROUP BY coalesce(flow_root_uid, flow_uid), case_name"
    )
    every = f"{one} UNION ALL {many}"
    if is_linked:
        every = linked(every)
    return (
        f"SELECT *, {_DIRECTION} AS direction, zone_of(src_ip) AS src_zone, zone_of(dst_ip) AS dst_zone, "
        "registered_domain(server_name) AS server_domain FROM "
        f"(SELECT *, is_home(src_ip) AS src_home, is_home(dst_ip) AS dst_home FROM ({every}))"
    )


def derived_views(*, is_linked: bool) -> tuple[str, ...]:
    """Return the statements in the order they must run in, after the views of the tables and the macros.

    Args:
        is_linked: Several programs saw the flows (``store._links``): each flow and what was said in it counts once.
    """
    links = (LINK_TABLE, *(record_view(table) for table in OF_SOURCES)) if is_linked else ()
    return (
        *links,
        _flow_view(is_linked=is_linked),
        *CURRENT_VIEWS,
        f"CREATE VIEW conversation_full AS {_conversation_full(is_linked=is_linked)}",
        f"CREATE VIEW conversation AS SELECT {', '.join(CONVERSATION_COLUMNS)} FROM conversation_full",
        LOGIN_VIEW,
    )
