"""The bench on which lines become rows: a private database in memory, one thread, nothing loaded or installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import duckdb
import numpy as np
import pyarrow as pa

from sensor.intake.recipe import Recipe
from sensor.intake.values import Addresses, community_messages, looked_up, plain
from store import schema

NAMES_KEPT: Final = 4_000_000
"""Names of servers kept for the flows that they belong to (10^5 …), about 100 B each: a flow is logged when it ends, its
handshake when it happens; of longer files and flows the oldest names are dropped."""

_SQL_TYPES: Final = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    schema.TIME: "BIGINT",
}

_MACROS: Final = (
    "CREATE MACRO int_of(x) AS TRY_CAST(x AS BIGINT)",
    "CREATE MACRO nanos(x) AS TRY_CAST(round(TRY_CAST(x AS DOUBLE) * 1e9) AS BIGINT)",
    "CREATE MACRO flag_of(x) AS CASE WHEN x IN ('T', 'true', '1') THEN true WHEN x IN ('F', 'false', '0') THEN false END",
    # Seconds, milliseconds (above the year 5138 when taken for seconds) or ISO 8601.
    "CREATE MACRO micros(x) AS coalesce(TRY_CAST(round(TRY_CAST(x AS DOUBLE) * CASE WHEN TRY_CAST(x AS DOUBLE) > 1e11 "
    "THEN 1e3 ELSE 1e6 END) AS BIGINT), CASE WHEN contains(x, ':') THEN epoch_us(TRY_CAST(x AS TIMESTAMPTZ)) END)",
    "CREATE MACRO list_of(x) AS CASE WHEN x IS NULL OR x = '' THEN CAST([] AS VARCHAR[]) WHEN starts_with(x, '[') AND "
    "json_valid(x) THEN json_extract_string(x, '$[*]') ELSE string_split(x, ',') END",
    "CREATE MACRO without_password(x) AS CASE WHEN contains(x, '@') THEN "
    r"regexp_replace(x, '://([^/@:]*):[^/@]*@', '://\1@') ELSE x END",
)


@dataclass(frozen=True, slots=True)
class Rows:
    """What lines made.

    Attributes:
        rows: Emitted columns of the recipe's table.
        bad: Ordinals of the lines that should make a row and cannot.
        passed_over: Lines that are not meant to make one.
    """

    rows: pa.Table
    bad: tuple[int, ...]
    passed_over: int


class Bench:
    """Makes rows of lines, and remembers between logs what one says of another's rows.

    Args:
        salt: Separates the flows of one sensor from those of another.
    """

    def __init__(self, salt: str) -> None:
        config = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "threads": "1",
        }
        self.database = duckdb.connect(":memory:", config=config)
        self.database.execute("SET TimeZone = 'UTC'")
        for macro in _MACROS:
            self.database.execute(macro)
        self.database.execute("CREATE TABLE names(flow_uid BLOB, ts BIGINT, server_name VARCHAR, ja4 VARCHAR)")
        self.database.execute(
            "CREATE TABLE certificate(key VARCHAR PRIMARY KEY, subject VARCHAR, issuer VARCHAR, not_before BIGINT, "
            "not_after BIGINT, key_alg VARCHAR, key_bits INTEGER, sig_alg VARCHAR, san VARCHAR, sha256 VARCHAR, san_count INTEGER)"
        )
        self._salt = salt
        self._addresses = Addresses()
        self._named = 0

    def __enter__(self) -> Self:
        """Return the bench itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the database."""
        self.database.close()

    def rows(self, recipe: Recipe, lines: pa.Table, *, is_escaped: bool) -> Rows:
        """Return the rows that lines make, and which lines make none.

        Args:
            recipe: How.
            lines: Columns of text; those that the recipe does not know are ignored. ``place`` tells the ordinal of a line.
            is_escaped: The log escapes its texts with backslashes.
        """
        prepared = self._prepared(recipe, lines)
        self.database.register("raw", prepared)
        try:
            bad = self.database.execute(
                f"SELECT place FROM raw WHERE ({recipe.where}) AND NOT coalesce({recipe.good}, false) ORDER BY place"
            ).fetchall()
            passed_over = 0
            if recipe.where != "true":
                sql = f"SELECT count(*) FROM raw WHERE NOT coalesce({recipe.where}, false)"
                ((passed_over,),) = self.database.execute(sql).fetchall()
            found = self.database.sql(self._query(recipe)).to_arrow_table()
        finally:
            self.database.unregister("raw")
        rows = emitted(schema.table(recipe.table), found, is_escaped=is_escaped)
        if recipe.names:
            self._keep_names(rows)
        return Rows(rows, tuple(place for (place,) in bad), passed_over)

    def _prepared(self, recipe: Recipe, lines: pa.Table) -> pa.Table:
        count = lines.num_rows
        columns: dict[str, pa.ChunkedArray | pa.Array] = {}
        for name in recipe.known():
            known = name in lines.column_names
            column = lines.column(name) if known else pa.chunked_array([pa.nulls(count, pa.string())])
            columns[name] = self._addresses.parse(column) if name in recipe.addresses else column
        columns["place"] = lines.column("place") if "place" in lines.column_names else pa.array(np.arange(count))
        rows = pa.table(columns)
        for lookup in recipe.lookups:
            rows = looked_up(rows, lookup)
        if recipe.ends:
            rows = rows.append_column("community_message", community_messages(self._ends(rows, recipe)))
        return rows

    def _ends(self, rows: pa.Table, recipe: Recipe) -> pa.Table:
        """Return what the community id is made of."""
        self.database.register("ends", rows)
        try:
            shown = ", ".join(f"{sql} AS {name}" for name, sql in recipe.ends.items())
            found = self.database.sql(f"SELECT {shown} FROM ends").to_arrow_table()
        finally:
            self.database.unregister("ends")
        for name in ("src", "dst"):
            position = found.column_names.index(name)
            found = found.set_column(position, name, found.column(name).cast(pa.binary(16)))
        return found

    def _query(self, recipe: Recipe) -> str:
        table = schema.table(recipe.table)
        shown = []
        for column in table.emitted():
            sql = recipe.columns.get(column.name)
            if sql is None:
                continue
            if column.type in _SQL_TYPES:
                sql = f"TRY_CAST({sql} AS {_SQL_TYPES[column.type]})"
                sql = sql if column.nullable else f"coalesce({sql}, {'false' if column.type == pa.bool_() else '0'})"
            shown.append(f'{sql} AS "{column.name}"')
        named = (
            ", named AS (SELECT names.flow_uid, arg_min(names.server_name, names.ts) AS known_name, "
            "arg_min(names.ja4, names.ts) AS known_ja4 FROM names SEMI JOIN line USING (flow_uid) GROUP BY names.flow_uid)"
        )
        return (
            f"WITH hashed AS (SELECT *, md5(concat('{self._salt}', {recipe.uid})) AS digest FROM raw "
            f"WHERE ({recipe.where}) AND ({recipe.good})), line AS (SELECT *, {_UID} AS flow_uid FROM hashed)"
            f"{named if 'named' in recipe.source else ''} SELECT {', '.join(shown)} FROM {recipe.source}"
        )

    def _keep_names(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        names = (
            "server_name" if "server_name" in rows.column_names else "host" if "host" in rows.column_names else "query"
        )
        ja4 = "ja4" if "ja4" in rows.column_names else "CAST(NULL AS VARCHAR)"
        self.database.register(
            "named_rows", rows.select([n for n in ("flow_uid", "ts", names, "ja4") if n in rows.column_names])
        )
        self.database.execute(
            f"INSERT INTO names SELECT flow_uid, epoch_us(ts), {names}, {ja4} FROM named_rows "
            f"WHERE {names} IS NOT NULL OR {ja4} IS NOT NULL"
        )
        self.database.unregister("named_rows")
        self._named += rows.num_rows
        if self._named > NAMES_KEPT:
            self.database.execute(f"DELETE FROM names WHERE rowid < (SELECT max(rowid) - {NAMES_KEPT // 2} FROM names)")
            self._named = NAMES_KEPT // 2


_UID: Final = "unhex(concat(substr(digest, 1, 12), '8', substr(digest, 14, 3), '9', substr(digest, 18, 15)))"
"""Version 8 of RFC 9562: a record knows its connection's identifier, not when the connection began, so no time."""


def emitted(table: schema.Table, found: pa.Table, *, is_escaped: bool) -> pa.Table:
    """Return rows with the emitted columns of a table; what the log does not tell is NULL, 0, FALSE or empty."""
    count = found.num_rows
    columns: Sequence[schema.Column] = table.emitted()
    arrays = []
    for column in columns:
        if column.name in found.column_names:
            arrays.append(_typed(found.column(column.name).combine_chunks(), column, is_escaped=is_escaped))
        else:
            arrays.append(_constant(column, count))
    return pa.Table.from_arrays(arrays, schema=table.arrow(columns))


def _typed(values: pa.Array, column: schema.Column, *, is_escaped: bool) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        encoded = values.cast(pa.string()).dictionary_encode()
        words = plain(encoded.dictionary, is_escaped=is_escaped)
        return pa.DictionaryArray.from_arrays(encoded.indices, words).cast(column.type)
    if column.type == pa.string():
        return plain(values.cast(pa.string()), is_escaped=is_escaped)
    if column.type == pa.list_(pa.string()):
        flat = plain(values.values, is_escaped=is_escaped)
        return pa.ListArray.from_arrays(values.offsets, flat, mask=None).cast(column.type)
    return values.cast(column.type)


def _constant(column: schema.Column, count: int) -> pa.Array:
    if column.nullable:
        return pa.nulls(count, column.type)
    if pa.types.is_list(column.type):
        return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], column.type.value_type))
    if pa.types.is_dictionary(column.type) or column.type == pa.string():
        raise TypeError(f"{column.name}: a text that may not be NULL needs a value")
    return pa.repeat(pa.scalar(False if column.type == pa.bool_() else 0, column.type), count)
