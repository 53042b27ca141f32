"""The bench on which lines become rows: a private database in memory, one thread, nothing loaded or installed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensor.intake.recipe import Recipe
from sensor.intake.values import Addresses, community_messages, flow_uids, looked_up, plain
from store import schema

NAMES_KEPT: Final = 4_000_000
"""Names of servers kept for the flows that they belong to (10^5 …), about 100 B each: a flow is logged when it ends,
its handshake when it happens; of longer files and flows the oldest names are dropped."""

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
    "CREATE MACRO flag_of(x) AS CASE WHEN x IN ('T', 'true', '1') THEN true "
    "WHEN x IN ('F', 'false', '0') THEN false END",
    # Seconds, milliseconds (above the year 5138 when taken for seconds) or ISO 8601.
    "CREATE MACRO micros(x) AS coalesce(TRY_CAST(round(TRY_CAST(x AS DOUBLE) * CASE WHEN TRY_CAST(x AS DOUBLE) > 1e11 "
    "THEN 1e3 ELSE 1e6 END) AS BIGINT), CASE WHEN contains(CAST(x AS VARCHAR), ':') THEN "
    "epoch_us(TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ)) END)",
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
            "not_after BIGINT, key_alg VARCHAR, key_bits INTEGER, sig_alg VARCHAR, san VARCHAR, sha256 VARCHAR, "
            "san_count INTEGER)"
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
            lines: Columns of the log; those that the recipe does not know are ignored. ``place`` tells the ordinal of
                a line.
            is_escaped: The log escapes its texts with backslashes.
        """
        found, judged = self._prepared(recipe, lines)
        usable = pc.and_(judged.column("is_meant"), judged.column("is_good"))
        bad: list[int] = []
        passed_over = 0
        if not pc.all(usable, min_count=0).as_py():
            is_bad = pc.and_(judged.column("is_meant"), pc.invert(judged.column("is_good")))
            bad = sorted(found.column("place").filter(is_bad).to_pylist())
            passed_over = found.num_rows - pc.sum(judged.column("is_meant"), min_count=0).as_py()
            found = found.filter(usable)
        self.database.register("line", found)
        try:
            if recipe.is_named:
                found = self._with_names(found)
            made = self.database.sql(self._query(recipe, found.column_names)).to_arrow_table()
        finally:
            self.database.unregister("line")
        if recipe.source == "line":  # row for row: what is only passed on need not go through the database
            for name, sql in recipe.columns.items():
                if sql in found.column_names:
                    made = made.append_column(name, found.column(sql))
        rows = emitted(schema.table(recipe.table), made, recipe.columns, is_escaped=is_escaped)
        if recipe.names:
            self._keep_names(rows)
        return Rows(rows, tuple(bad), passed_over)

    def _prepared(self, recipe: Recipe, lines: pa.Table) -> tuple[pa.Table, pa.Table]:
        """Return the lines with all that the query of a recipe reads, and what each line is good for."""
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
        wanted = {
            "is_meant": f"coalesce({recipe.where}, false)",
            "is_good": f"coalesce({recipe.good}, false)",
            "digest": f"unhex(md5(concat('{self._salt}', {recipe.uid})))",
            **recipe.ends,
        }
        self.database.register("raw", rows)
        try:
            shown = ", ".join(f"{sql} AS {name}" for name, sql in wanted.items())
            judged = self.database.sql(f"SELECT {shown} FROM raw").to_arrow_table()
        finally:
            self.database.unregister("raw")
        rows = rows.append_column("flow_uid", flow_uids(judged.column("digest")))
        if recipe.ends:
            rows = rows.append_column("community_message", community_messages(judged))
        return rows, judged

    def _query(self, recipe: Recipe, passed: Collection[str]) -> str:
        table = schema.table(recipe.table)
        shown = []
        for column in table.emitted():
            sql = recipe.columns.get(column.name)
            if sql is None or WORD.fullmatch(sql) or (recipe.source == "line" and sql in passed):
                continue
            if column.type in _SQL_TYPES:
                sql = f"TRY_CAST({sql} AS {_SQL_TYPES[column.type]})"
                sql = sql if column.nullable else f"coalesce({sql}, {'false' if column.type == pa.bool_() else '0'})"
            shown.append(f'{sql} AS "{column.name}"')
        return f"SELECT {', '.join(shown)} FROM {recipe.source}"

    def _with_names(self, lines: pa.Table) -> pa.Table:
        """Return the lines with ``known_name`` and ``known_ja4``, as far as records of their flows told them."""
        count = lines.num_rows
        columns = {"known_name": pa.nulls(count, pa.string()), "known_ja4": pa.nulls(count, pa.string())}
        if self._named:
            place = lines.append_column("ordinal", pa.array(np.arange(count)))
            self.database.register("wanted", place.select(["flow_uid", "ordinal"]))
            found = self.database.sql(
                "SELECT ordinal, arg_min(server_name, ts) AS known_name, arg_min(ja4, ts) AS known_ja4 "
                "FROM names JOIN wanted USING (flow_uid) GROUP BY ordinal"
            ).to_arrow_table()
            self.database.unregister("wanted")
            positions = np.full(count, -1, np.int64)
            positions[found.column("ordinal").to_numpy()] = np.arange(found.num_rows)
            indices = pa.array(positions, mask=positions < 0)
            columns = {name: found.column(name).combine_chunks().take(indices) for name in columns}
        for name, column in columns.items():
            lines = lines.append_column(name, column)
        return lines

    def _keep_names(self, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        name = next(n for n in ("server_name", "host", "query") if n in rows.column_names)
        ja4 = "ja4" if "ja4" in rows.column_names else "CAST(NULL AS VARCHAR)"
        wanted = [n for n in ("flow_uid", "ts", name, "ja4") if n in rows.column_names]
        self.database.register("named_rows", rows.select(wanted))
        self.database.execute(
            f"INSERT INTO names SELECT flow_uid, epoch_us(ts), {name}, {ja4} FROM named_rows "
            f"WHERE {name} IS NOT NULL OR {ja4} IS NOT NULL"
        )
        self.database.unregister("named_rows")
        self._named += rows.num_rows
        if self._named > NAMES_KEPT:
            self.database.execute(f"DELETE FROM names WHERE rowid < (SELECT max(rowid) - {NAMES_KEPT // 2} FROM names)")
            self._named = NAMES_KEPT // 2


WORD: Final = re.compile(r"'([^']*)'")
"""SQL of a column that is the same word in all rows."""


def emitted(table: schema.Table, found: pa.Table, told: Mapping[str, str], *, is_escaped: bool) -> pa.Table:
    """Return rows with the emitted columns of a table; what the log does not tell is NULL, 0, FALSE or empty.

    Args:
        table: Whose columns.
        found: Columns that were worked out.
        told: SQL of the columns; words that are the same in all rows were not worked out.
        is_escaped: The log escapes its texts with backslashes.
    """
    count = found.num_rows
    columns: Sequence[schema.Column] = table.emitted()
    arrays = []
    for column in columns:
        if column.name in found.column_names:
            arrays.append(_typed(found.column(column.name).combine_chunks(), column, is_escaped=is_escaped))
        elif (word := WORD.fullmatch(told.get(column.name, ""))) is not None:
            indices = pa.repeat(pa.scalar(0, pa.int32()), count)
            values = pa.DictionaryArray.from_arrays(indices, pa.array([word[1]], pa.string()))
            arrays.append(values if column.type == schema.NAME else values.cast(column.type))
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
