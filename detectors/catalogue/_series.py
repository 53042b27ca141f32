"""Hourly series of the trend table as matrices, and which hours the taps saw: shared by the volume detectors.

An hour that a tap did not see is unknown (NaN), an hour that it saw without a row is zero. The first and the last hour
of every stretch that was seen are unknown too: the tap was not there for the whole of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors.model import Tables, Text
from detectors.sql import rows
from store.schema import TREND_HOUR

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Hours = NDArray[np.int64]

COLUMNS: Final = tuple(column.name for column in TREND_HOUR.stored())
"""Columns of ``trend_hour`` that are read."""

WEEK_H: Final = 168
"""Hours of a week."""

_HOUR_US: Final = 3_600_000_000
_MONDAY_H: Final = 96
"""Hours from the epoch (a Thursday) to the first Monday 00:00 UTC."""

_RETIRED_H: Final = 28 * 24
"""A tap unseen for four weeks is gone; until then its absence makes the hours unknown."""

SCOPE_TEXT: Final[Mapping[str, Text]] = {
    "site": Text("the whole site", "全网"),
    "zone": Text("zone", "区域"),
    "service": Text("service", "服务"),
    "asset": Text("host", "主机"),
}
"""What a series is of, in words."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Hours from a Monday 00:00 UTC on, whole weeks: which of them were seen, and conversations of all taps."""

    start_h: int
    seen: Flags
    conversations: Floats

    @property
    def hours(self) -> int:
        """Return how many hours there are, a multiple of 168."""
        return len(self.seen)

    def when(self, hour: int) -> datetime:
        """Return the start of an hour."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=self.start_h + hour)


@dataclass(frozen=True, slots=True)
class Series:
    """Hourly numbers of one thing watched; NaN where unknown or before it was first seen."""

    scope: str
    name: str
    asset_ip: bytes | None
    first: int
    values: Mapping[str, Floats]

    @property
    def label(self) -> Text:
        """Return what it is, for sentences."""
        said = SCOPE_TEXT[self.scope]
        if self.scope == "site":
            return said
        return Text(f"{said.en} {self.name}", f"{said.zh} {self.name}")


def grid_of(seen_hour: pa.Table) -> Grid | None:
    """Return the hours that the taps saw (SEEN_HOUR), None when there are none."""
    if not seen_hour.num_rows:
        return None
    hours = np.asarray(seen_hour["hour"].cast(pa.int64())) // _HOUR_US
    start = int((hours.min() - _MONDAY_H) // WEEK_H * WEEK_H + _MONDAY_H)
    size = int(-(-(hours.max() + 1 - start) // WEEK_H) * WEEK_H)
    sensors = np.asarray(seen_hour["sensor_id"].to_pylist(), dtype=object)
    total, lacking, any_seen = np.zeros(size), np.zeros(size, bool), np.zeros(size, bool)
    counts = np.asarray(seen_hour["conversations"], dtype=np.float64)
    for sensor in sorted(set(sensors)):
        own = sensors == sensor
        at = hours[own] - start
        mine = np.zeros(size, bool)
        mine[at] = True
        heard = np.zeros(size)
        np.maximum.at(heard, at, counts[own])
        total += heard
        any_seen |= mine
        expected = np.zeros(size, bool)
        expected[at.min() : at.max() + _RETIRED_H] = True
        lacking |= expected & ~mine
    whole = any_seen & ~lacking
    return Grid(start, whole & np.r_[False, whole[:-1]] & np.r_[whole[1:], False], total)


def series_of(tables: Tables, grid: Grid, *, min_hours: int, min_span_h: int) -> list[Series]:
    """Return the series of a bucket, sorted by scope and name, that were active long enough to have a habit.

    Args:
        tables: ``trend_hour`` and ``trend_hour_before`` (COLUMNS).
        grid: of the same data.
        min_hours: hours with traffic.
        min_span_h: hours between the first and the end of the grid.
    """
    sql = """
        WITH all_hours AS (
            SELECT scope, name, any_value(asset_ip) AS asset_ip, epoch_us(hour) // 3600000000 - $start AS slot,
                max(bytes_up) AS up, max(bytes_down) AS down, max(conversations) AS conversations,
                max(peers) AS peers, max(failures) AS failures
            FROM (SELECT * FROM trend_hour UNION ALL SELECT * FROM trend_hour_before)
            GROUP BY scope, name, slot
        )
        SELECT scope, name, any_value(asset_ip) AS asset_ip, min(slot) AS first,
            list(slot ORDER BY slot) AS slot, list(up ORDER BY slot) AS up, list(down ORDER BY slot) AS down,
            list(conversations ORDER BY slot) AS conversations, list(peers ORDER BY slot) AS peers,
            list(failures ORDER BY slot) AS failures
        FROM all_hours WHERE slot BETWEEN 0 AND $hours - 1
        GROUP BY scope, name HAVING count(*) >= $min_hours AND min(slot) <= $latest ORDER BY scope, name"""
    inputs = {name: tables[name].select(list(COLUMNS)) for name in ("trend_hour", "trend_hour_before")}
    end = int(np.flatnonzero(grid.seen).max(initial=0)) + 1
    params = {"start": grid.start_h, "hours": grid.hours, "min_hours": min_hours, "latest": end - min_span_h}
    return [_series(row, grid) for row in rows(sql, inputs, params)]


def _series(row: Mapping[str, Any], grid: Grid) -> Series:
    at = np.asarray(row["slot"], dtype=np.int64)
    values = {name: _dense(row[name], at, grid, row["first"]) for name in _MEASURES}
    return Series(row["scope"], row["name"], row["asset_ip"], row["first"], values)


_MEASURES: Final = ("up", "down", "conversations", "peers", "failures")


def _dense(counts: Iterable[int], at: NDArray[np.int64], grid: Grid, first: int) -> Floats:
    dense = np.zeros(grid.hours)
    dense[at] = np.asarray(list(counts), dtype=np.float64)
    dense[~grid.seen] = np.nan
    dense[:first] = np.nan
    return dense


def volume_text(amount: float) -> str:
    """Return bytes as people read them: 12 B, 3.4 kB, 5.6 GB (powers of 1000)."""
    size = float(amount)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"
