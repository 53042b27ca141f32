"""Partials: what one UTC day adds to the memory, one folder per day, named by what it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from store import schema
from store._lake_reader import in_utc
from store._macros import literal, literal_glob
from store._policy import SitePolicy
from store._views import sql_type
from store.lake_files import LakeFiles
from store.memory._day_sql import DAY_SQL, SOURCES
from store.memory._merge import DAY_BUDGET, kept, key_of
from store.window import ANY_DATE, day_number, day_text

FORMAT: Final = 1
"""Raised when the SQL of a day or the layout changes: partials of another format are made anew."""

MAX_DAYS: Final = 1_500
"""Days that are remembered (30 … 10^4), the newest: four years of a site. A damaged capture holds times all over the
centuries; it must not make a folder for each."""

EVICTED: Final = "evicted.json"
"""File of a partial that says how many rows of which table were over the budget; absent when none were."""

_ROWS_PER_BATCH: Final = 65_536


def columns_of(table: str) -> list[schema.Column]:
    """Return the columns of a partial's table: those of the memory table, but for ``days``, which is one."""
    return [column for column in schema.table(table).columns if column.name != "days"]


def plain_schema(columns: Iterable[schema.Column]) -> pa.Schema:
    """Return how columns lie on the disk: text of few values as text (Parquet has its own dictionaries)."""
    return pa.schema([(c.name, c.type.value_type if pa.types.is_dictionary(c.type) else c.type) for c in columns])


def day_keys(lake: LakeFiles, case: str, policy: SitePolicy, mixed_days: Iterable[int]) -> dict[int, str]:
    """Return the newest days of a case and what the partial of each is made from, as 16 hex digits.

    Args:
        lake: Lake of the home.
        case: Case.
        policy: Its home networks and zones decide who counts as a host.
        mixed_days: Days of the rows in segments without a date of their own.
    """
    by_date = lake.dates(case, SOURCES)
    shared = [path.stem for name in ANY_DATE for path in by_date.get(name, ()) if name != "1970-01-01"]
    days = {day: paths for name, paths in by_date.items() if (day := day_number(name)) is not None}
    for day in mixed_days:
        days.setdefault(day, [])
    home = sorted(str(network.network) for network in policy.home)
    return {
        day: _digest((str(FORMAT), *home, *sorted(path.stem for path in days[day]), "+", *sorted(shared)))
        for day in sorted(days)[-MAX_DAYS:]
    }


def has_mixed(lake: LakeFiles, case: str) -> bool:
    """Tell whether segments without a date of their own exist."""
    return any(next((lake.root / table.name).glob(f"case={case}/date=mixed"), None) is not None for table in SOURCES)


def write_days(connection: duckdb.DuckDBPyConnection, folder: Path, days: Mapping[int, str]) -> None:
    """Make the partials of some days from the views of a connection and put them in place of older ones.

    Args:
        connection: Knows the lake's views, over at least these days.
        folder: Folder of the partials.
        days: Day to the key of what it is made from.
    """
    staged = {day: folder / f".tmp-{day_text(day)}" for day in days}
    for path in staged.values():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    for table in DAY_SQL:
        for day, path in _written(connection, table, staged):
            if pq.read_metadata(path).num_rows > DAY_BUDGET[table]:
                _cut(connection, table, path, staged[day])
    for day, key in days.items():
        for old in folder.glob(f"{day_text(day)}.*"):
            shutil.rmtree(old)
        staged[day].rename(folder / f"{day_text(day)}.{key}")


def part_of_day(connection: duckdb.DuckDBPyConnection, table: str) -> pa.Table:
    """Return what the rows of a connection's views, of one day or a part of it, add to a table of the memory."""
    found = in_utc(connection.sql(_sql(table)).to_arrow_table())
    return found.drop_columns(["day_no"]).cast(plain_schema(columns_of(table)))


def _sql(table: str, days: Iterable[int] = ()) -> str:
    made = {"day": "to_timestamp(day_no * 86400)"}
    shown = ", ".join(f"CAST({made.get(c.name, c.name)} AS {sql_type(c.type)}) AS {c.name}" for c in columns_of(table))
    wanted = ", ".join(map(str, days))
    where = f"WHERE day_no IN ({wanted})" if wanted else ""
    keys = ", ".join(f"{name} NULLS FIRST" for name in key_of(table).split(", ") if name != "day")
    return f"SELECT day_no, {shown} FROM ({DAY_SQL[table]}) {where} ORDER BY day_no, {keys}"


def _written(
    connection: duckdb.DuckDBPyConnection, table: str, staged: Mapping[int, Path]
) -> Iterator[tuple[int, Path]]:
    """Write the rows of a table, which come day by day, and yield each file that is complete."""
    form = plain_schema(columns_of(table))
    for day, batches in _by_day(connection.cursor().sql(_sql(table, staged)).to_arrow_reader(_ROWS_PER_BATCH)):
        path = staged[day] / f"{table}.parquet"
        with writer(path, form) as out:
            for batch in batches:
                out.write_table(in_utc(pa.Table.from_batches([batch])).drop_columns(["day_no"]).cast(form))
        yield day, path


def _by_day(rows: pa.RecordBatchReader) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
    """Yield the batches of each day of rows that are sorted by it."""
    waiting: list[tuple[int, pa.RecordBatch]] = []

    def pieces() -> Iterator[tuple[int, pa.RecordBatch]]:
        for batch in rows:
            days = batch.column("day_no").to_pylist()
            start = 0
            while start < len(days):
                end = start + 1
                if days[-1] == days[start]:
                    end = len(days)
                while end < len(days) and days[end] == days[start]:
                    end += 1
                yield days[start], batch.slice(start, end - start)
                start = end

    source = pieces()

    def of_day(day: int, first: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        yield first
        for other, piece in source:
            if other != day:
                waiting.append((other, piece))
                return
            yield piece

    for day, piece in source:
        yield day, of_day(day, piece)
        while waiting:
            other, held = waiting.pop()
            yield other, of_day(other, held)


def _cut(connection: duckdb.DuckDBPyConnection, table: str, path: Path, folder: Path) -> None:
    """Keep the worthiest rows of a file within the budget of a day, and write down how many went."""
    held = f"read_parquet({literal(literal_glob(path))})"
    rows = pq.read_metadata(path).num_rows
    keys = ", ".join(f"{name} NULLS FIRST" for name in key_of(table).split(", "))
    sql = f"SELECT * FROM ({kept(table, held, DAY_BUDGET[table], is_day=True)}) ORDER BY {keys}"
    left = in_utc(connection.cursor().sql(sql).to_arrow_table()).cast(plain_schema(columns_of(table)))
    with writer(path, left.schema) as out:
        out.write_table(left)
    told = folder / EVICTED
    gone = json.loads(told.read_text()) if told.exists() else {}
    told.write_text(json.dumps({**gone, table: rows - left.num_rows}, sort_keys=True))


def writer(path: Path, form: pa.Schema) -> pq.ParquetWriter:
    """Return a writer of a memory file: compressed, with dictionaries where values repeat."""
    repeated = [name for name in form.names if name in {"kind", "side", "src_ip", "dst_ip", "ip", "ip_proto"}]
    return pq.ParquetWriter(path, form, compression="zstd", use_dictionary=repeated, write_statistics=True)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
