"""The one schema module keeps its own promises."""

from __future__ import annotations

import re
from collections import Counter

import pyarrow as pa
import pytest

from store import schema

DECLARED = (*schema.TABLES, *schema.DERIVED_TABLES)
COLUMNS = [(table, column) for table in DECLARED for column in table.columns]
UNITS = {"-", "B", "pkt", "ns", "us", "us UTC", "s", "hop", "bits", "bit/B", "ratio", "0..1", "0..100"}


def test_a_name_means_one_type_and_one_unit() -> None:
    """Whoever knows a column in one table knows it in all."""
    meanings: dict[str, set[tuple[pa.DataType, str]]] = {}
    for _, column in COLUMNS:
        meanings.setdefault(column.name, set()).add((column.type, column.unit))
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


def test_names_and_units_are_regular() -> None:
    """Names are snake_case; units come from the known list; a time in the name agrees with the unit."""
    for table, column in COLUMNS:
        where = f"{table.name}.{column.name}"
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column.name), where
        assert column.unit in UNITS, f"{where}: unit {column.unit!r}; allowed: {sorted(UNITS)}"
        for suffix, unit in (("_ns", "ns"), ("_s", "s")):
            if column.name.endswith(suffix):
                assert column.unit == unit, where


def test_every_column_says_what_it_means() -> None:
    """The meaning is a sentence."""
    assert [f"{t.name}.{c.name}" for t, c in COLUMNS if not c.doc.endswith(".")] == []
    assert [t.name for t in DECLARED if not t.doc.endswith(".")] == []


@pytest.mark.parametrize("table", DECLARED, ids=lambda table: table.name)
def test_table_is_consistent(table: schema.Table) -> None:
    """Column names are unique, key and order name columns that exist, Arrow agrees on nulls."""
    names = Counter(column.name for column in table.columns)
    assert [name for name, count in names.items() if count > 1] == []
    assert set(table.key) | set(table.sort) <= set(names)
    arrow = table.arrow()
    assert arrow.names == [column.name for column in table.stored()]
    assert all(arrow.field(column.name).nullable == column.nullable for column in table.stored())


def test_addresses_and_times_have_the_lake_types() -> None:
    """16-byte addresses, microsecond UTC times: what Spark and DuckDB both read."""
    for table, column in COLUMNS:
        if column.name.endswith("_ip") and column.unit == "-":
            assert column.type == schema.IP, f"{table.name}.{column.name}"
        if pa.types.is_timestamp(column.type):
            assert column.type == schema.TIME, f"{table.name}.{column.name}"
        assert not pa.types.is_unsigned_integer(column.type), f"{table.name}.{column.name}"
