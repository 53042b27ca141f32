"""States: the sum over some days, kept for quick answers, named by the partials that it is the sum of."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from store import schema
from store._lake_reader import in_utc
from store._macros import literal, literal_glob
from store.memory._merge import BUDGET, as_row, kept, key_of, merged, partial_of
from store.memory._partials import FORMAT, plain_schema, writer

META: Final = "meta.json"

SMALL_BYTES: Final = 4_000_000
"""Bytes of partials that are added up whenever somebody asks (0 … 10^8), in less than 0.2 s: no state is kept."""

SMALL_DAYS: Final = 16
"""Days that are added up likewise (1 … 100): opening a file takes a millisecond."""

STATES_KEPT: Final = 6
"""States that are kept (2 … 100): that of all days, of all but the last, and those as of ranges judged lately."""

_ROWS_PER_BATCH: Final = 122_880


@dataclass(frozen=True, slots=True)
class State:
    """A sum on the disk."""

    folder: Path
    rows: Mapping[str, int]
    evicted: Mapping[str, int]

    def select(self, table: str) -> str:
        """Return SQL of the rows of a table."""
        return f"SELECT * FROM read_parquet({literal(literal_glob(self.folder / f'{table}.parquet'))})"


def state_key(partials: Sequence[Path]) -> str:
    """Return the name of the sum over partials."""
    parts = (str(FORMAT), json.dumps(BUDGET, sort_keys=True), *(path.name for path in partials))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def find(folder: Path, partials: Sequence[Path]) -> State | None:
    """Return the state that is the sum over partials, None when there is none on the disk."""
    own = folder / state_key(partials)
    try:
        meta = json.loads((own / META).read_text())
    except (OSError, ValueError):
        return None
    return State(own, meta["rows"], meta["evicted"])


def is_small(partials: Sequence[Path]) -> bool:
    """Tell whether adding up takes no state."""
    return len(partials) <= SMALL_DAYS and sum(_size(path) for path in partials) <= SMALL_BYTES


def select(folder: Path, partials: Sequence[Path], table: str) -> str | None:
    """Return SQL of a table over partials: out of the state, or by adding up; None when there is nothing."""
    state = find(folder, partials)
    if state is not None:
        return state.select(table)
    source = files(partials, table)
    return None if source is None else merged(table, [as_row(table, source)])


def files(partials: Sequence[Path], table: str) -> str | None:
    """Return SQL that reads a table of partials, None when none of them has it."""
    name = f"{partial_of(table)}.parquet"
    there = [literal(literal_glob(path / name)) for path in partials if (path / name).exists()]
    return f"read_parquet([{', '.join(there)}])" if there else None


def ensure(connection: duckdb.DuckDBPyConnection, folder: Path, partials: Sequence[Path]) -> State | None:
    """Return the state of partials, made when it is not there; None for what is small.

    Of many days, the sum of all but the last is kept too: on a live site only the last day grows.
    """
    if is_small(partials):
        return None
    held = find(folder, partials)
    if held is None:
        base = find(folder, partials[:-1])
        if base is None and len(partials) > SMALL_DAYS:
            base = _make(connection, folder, partials[:-1], None)
        held = _make(connection, folder, partials, base)
    (held.folder / META).touch()
    return held


def prune(folder: Path) -> None:
    """Remove the states that were used least lately; they can be made again."""
    held = [path for path in folder.glob("*") if (path / META).exists() or path.name.startswith(".tmp-")]
    held.sort(key=lambda path: ((path / META).stat().st_mtime_ns if (path / META).exists() else 0, path.name))
    for path in held[:-STATES_KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def _make(connection: duckdb.DuckDBPyConnection, folder: Path, partials: Sequence[Path], base: State | None) -> State:
    """Add up, drop what is over the budget, and write it; from ``base`` and the last day where nothing was dropped."""
    own = folder / state_key(partials)
    staged = folder / f".tmp-{own.name}"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    meta: dict[str, dict[str, Any]] = {"rows": {}, "evicted": {}}
    for table, budget in BUDGET.items():
        if base is not None and not base.evicted.get(table):
            last = files(partials[-1:], table)
            parts = [base.select(table), *([] if last is None else [as_row(table, last)])]
        else:
            source = files(partials, table)
            parts = [] if source is None else [as_row(table, source)]
        meta["rows"][table], meta["evicted"][table] = _write(connection, table, parts, budget, staged)
    (staged / META).write_text(json.dumps(meta, sort_keys=True))
    shutil.rmtree(own, ignore_errors=True)
    staged.rename(own)
    return State(own, meta["rows"], meta["evicted"])


def _write(
    connection: duckdb.DuckDBPyConnection, table: str, parts: Sequence[str], budget: int, folder: Path
) -> tuple[int, int]:
    """Write the sum of a table; return how many rows it has and how many were over the budget."""
    form = plain_schema(schema.table(table).columns)
    cursor = connection.cursor()
    keys = ", ".join(f"{name} NULLS FIRST" for name in key_of(table).split(", "))
    with writer(folder / f"{table}.parquet", form) as out:
        if not parts:
            return 0, 0
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE summed AS {merged(table, parts)}")
        ((count,),) = cursor.execute("SELECT count(*) FROM summed").fetchall()
        source = "SELECT * FROM summed" if count <= budget else kept(table, "summed", budget)
        names = ", ".join(form.names)
        for batch in cursor.sql(f"SELECT {names} FROM ({source}) ORDER BY {keys}").to_arrow_reader(_ROWS_PER_BATCH):
            out.write_table(in_utc(pa.Table.from_batches([batch])).cast(form))
        cursor.execute("DROP TABLE summed")
    return min(count, budget), max(0, count - budget)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))
