"""The memory of one case: bringing it up to the lake, asking it, and saying how it stands."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from store import schema
from store._policy import SitePolicy
from store.memory import _partials, _states
from store.memory._day_sql import SOURCES
from store.memory._merge import BUDGET
from store.names import checked_name
from store.window import LAST_DAY, Window, day_number, day_start, day_text

if TYPE_CHECKING:
    from store.lake import Lake

UPDATE_MEMORY: Final = "1GB"
"""Memory of the queries that make partials and states before they spill (text DuckDB reads; 256 MB … 8 GB)."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What an update did: days made anew, days held in all."""

    made: int
    days: int


@dataclass(frozen=True, slots=True)
class Status:
    """How the memory stands.

    Attributes:
        days: Days remembered.
        first: First moment of the first day; None without days.
        last: End of the last day.
        file_bytes: Bytes on the disk.
        rows: By table.
        evicted: Rows that went over the budget of a day or of the state, by table.
        stale: Days whose segments have changed since; None when the lake was not asked.
        only_here: Days that the lake does not hold any more.
    """

    days: int
    first: datetime | None
    last: datetime | None
    file_bytes: int
    rows: Mapping[str, int] = field(default_factory=dict)
    evicted: Mapping[str, int] = field(default_factory=dict)
    stale: int | None = None
    only_here: int = 0


class Memory:
    """What is remembered of one case.

    Args:
        folder: Folder of the memory of a home; need not exist.
        case: Case.
    """

    def __init__(self, folder: Path, case: str) -> None:
        self.case = checked_name("case", case)
        self.root = Path(folder).absolute() / self.case
        self._days = self.root / "days"
        self._states = self.root / "states"

    def partials(self, before: int | None = None) -> dict[int, Path]:
        """Return the partials by the number of their day, oldest first; only those before a day if one is given."""
        found: dict[int, Path] = {}
        for path in sorted(self._days.glob("[0-9]*.*")):
            day = day_number(path.name.partition(".")[0])
            if day is not None and (before is None or day < before):
                found[day] = path
        return dict(sorted(found.items()))

    def update(self, lake: Lake, policy: SitePolicy, connection: duckdb.DuckDBPyConnection | None = None) -> Updated:
        """Make the partials of the days whose segments changed, and the state.

        Days that the lake does not hold any more stay as they are: the memory outlives the lake.

        Args:
            lake: Lake of the home.
            policy: Site policy in force for the case.
            connection: One that knows the views of the whole case, where the caller has one anyway.
        """
        with self._locked():
            wanted = self._wanted(lake, policy)
            held = {day: path.name.partition(".")[2] for day, path in self.partials().items()}
            changed = {day: key for day, key in wanted.items() if held.get(day) != key}
            if changed:
                self._make(lake, policy, changed, connection if len(changed) == len(wanted) else None)
            for day in sorted({*held, *wanted})[: -_partials.MAX_DAYS]:
                for path in self._days.glob(f"{day_text(day)}.*"):
                    shutil.rmtree(path)
            self._ensure(lake, None)
        return Updated(len(changed), len(self.partials()))

    def rebuild(self, lake: Lake, policy: SitePolicy) -> Updated:
        """Make all days that the lake holds anew."""
        with self._locked():
            shutil.rmtree(self._states, ignore_errors=True)
            for day in self._wanted(lake, policy):
                for path in self._days.glob(f"{day_text(day)}.*"):
                    shutil.rmtree(path)
        return self.update(lake, policy)

    def prepare(self, lake: Lake, before: int) -> None:
        """Make the state as of the start of a day, so that asking for it is quick."""
        with self._locked():
            self._ensure(lake, before)

    def select(self, table: str, before: int | None = None) -> str | None:
        """Return SQL of a table of the memory, as of the start of a day if one is given; None when it is empty."""
        held = list(self.partials(before).values())
        if table == schema.EDGE_DAY.name:
            source = _states.files(held, table)
            return None if source is None else f"SELECT * FROM {source}"
        return _states.select(self._states, held, table) if held else None

    def key(self, before: int | None = None) -> str:
        """Return a name of what is remembered (before a day): equal names, equal rows."""
        return _states.state_key(list(self.partials(before).values()))

    def status(self, lake: Lake | None = None, policy: SitePolicy | None = None) -> Status:
        """Return how the memory stands, and with a lake, whether it is up to date."""
        held = self.partials()
        evicted: Counter[str] = Counter()
        for path in held.values():
            if (path / _partials.EVICTED).exists():
                evicted.update(json.loads((path / _partials.EVICTED).read_text()))
        state = _states.find(self._states, list(held.values()))
        evicted.update(state.evicted if state else {})
        stale, only_here = None, 0
        if lake is not None:
            wanted = self._wanted(lake, policy or SitePolicy())
            names = {day: path.name.partition(".")[2] for day, path in held.items()}
            stale = sum(names.get(day) != key for day, key in wanted.items())
            only_here = len(set(held) - set(wanted))
        return Status(
            days=len(held),
            first=day_start(min(held)) if held else None,
            last=day_start(min(max(held) + 1, LAST_DAY)) if held else None,
            file_bytes=sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file()),
            rows=self._counts(),
            evicted=dict(sorted((name, n) for name, n in evicted.items() if n)),
            stale=stale,
            only_here=only_here,
        )

    def _counts(self) -> dict[str, int]:
        counts = {}
        with duckdb.connect(":memory:") as connection:
            for table in (*BUDGET, schema.EDGE_DAY.name):
                sql = self.select(table)
                rows = [] if sql is None else connection.execute(f"SELECT count(*) FROM ({sql})").fetchall()
                counts[table] = rows[0][0] if rows else 0
        return counts

    def _wanted(self, lake: Lake, policy: SitePolicy) -> dict[int, str]:
        return _partials.day_keys(lake, self.case, policy, self._mixed_days(lake))

    def _mixed_days(self, lake: Lake) -> list[int]:
        """Return the days of rows in segments that have no date of their own: of damaged captures only."""
        if not _partials.has_mixed(lake, self.case):
            return []
        times = {table.name: "ts_start" if table.name == "flow" else "ts" for table in SOURCES}
        parts = " UNION ALL ".join(
            f"SELECT DISTINCT CAST(floor(epoch_us({time}) / 86400000000.0) AS INTEGER) AS day "
            f"FROM {'flow_stored' if name == 'flow' else name}"
            for name, time in times.items()
        )
        with lake.reader(self.case) as reader:
            sql = f"SELECT DISTINCT day FROM ({parts}) ORDER BY day DESC LIMIT {_partials.MAX_DAYS}"
            days: list[int] = reader.arrow(sql)["day"].to_pylist()
        return days

    def _make(
        self,
        lake: Lake,
        policy: SitePolicy,
        days: Mapping[int, str],
        connection: duckdb.DuckDBPyConnection | None,
    ) -> None:
        if connection is not None:
            _partials.write_days(connection, self._days, days)
            return
        window = Window(day_start(min(days)), day_start(max(days) + 1) if max(days) < LAST_DAY else None)
        with lake.reader(self.case, policy, memory_limit=UPDATE_MEMORY, window=window) as reader:
            _partials.write_days(reader.connection, self._days, days)

    def _ensure(self, lake: Lake, before: int | None) -> None:
        held = list(self.partials(before).values())
        if not held or _states.is_small(held):
            return
        connection = lake.bare(UPDATE_MEMORY)
        try:
            _states.ensure(connection, self._states, held)
        finally:
            connection.close()
        _states.prune(self._states)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes from changing the memory of the case meanwhile."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
