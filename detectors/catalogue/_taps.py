"""What a tap showed over time, as arrays of minutes, and the stretches in which it showed nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors.sql import rows
from store.schema import TAP_MINUTE

COLUMNS: Final = tuple(column.name for column in TAP_MINUTE.stored())
"""Columns of ``tap_minute`` that are read."""

MINUTE_US: Final = 60_000_000
WEEK_MIN: Final = 7 * 24 * 60
SUMS: Final = (
    *(
        "conversations",
        "with_data",
        "one_sided",
        "tcp_bytes",
        "payload_bytes",
        "encrypted_bytes",
        "gap_bytes",
        "clock_steps",
    ),
)
"""Counts of a row that may be added up."""

Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Silence:
    """From the last moment that something was under way to the next packet, us since the epoch."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return (self.end - self.start) / 1e6


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap, or a VLAN or zone behind it: rows in order of time, and the stretches between them."""

    part: str
    sensor: str
    name: str
    slot: Times
    first: Times
    last: Times
    sums: Mapping[str, NDArray[np.float64]]

    @property
    def start(self) -> int:
        """Return the first moment, us."""
        return int(self.first[0])

    @property
    def end(self) -> int:
        """Return the last moment, us."""
        return int(self.last.max())

    @property
    def span_s(self) -> float:
        """Return the seconds between."""
        return (self.end - self.start) / 1e6

    def total(self, name: str) -> float:
        """Return the sum of a count."""
        return float(self.sums[name].sum())

    def silences(self) -> list[Silence]:
        """Return every stretch in which no conversation was under way, in order of time."""
        until = np.maximum.accumulate(self.last)[:-1]
        at = np.flatnonzero(self.first[1:] > until)
        return [Silence(int(until[i]), int(self.first[i + 1])) for i in at]

    def active_minutes(self) -> NDArray[np.bool_]:
        """Return, minute by minute from the first, whether a conversation was under way."""
        base = self.slot[0] // MINUTE_US
        size = int(self.end // MINUTE_US - base) + 1
        change = np.zeros(size + 1, dtype=np.int64)
        np.add.at(change, self.slot // MINUTE_US - base, 1)
        np.add.at(change, self.last // MINUTE_US - base + 1, -1)
        return np.cumsum(change[:-1]) > 0


def taps_of(table: pa.Table) -> list[Tap]:
    """Return taps, VLANs and zones of ``tap_minute``, sorted; a row that was given twice counts once."""
    lists = ", ".join(f"list({name} ORDER BY slot) AS {name}" for name in ("slot", "first", "last", *SUMS))
    sums = ", ".join(f"max({name}) AS {name}" for name in SUMS)
    sql = f"""
        WITH once AS (
            SELECT part, sensor_id, name, epoch_us(minute) AS slot, min(epoch_us(first_ts)) AS first,
                max(greatest(epoch_us(last_ts), epoch_us(first_ts))) AS last, {sums}
            FROM t WHERE minute IS NOT NULL AND first_ts IS NOT NULL GROUP BY part, sensor_id, name, slot
        )
        SELECT part, sensor_id, name, {lists} FROM once GROUP BY part, sensor_id, name ORDER BY part, sensor_id, name"""
    return [_tap(row) for row in rows(sql, {"t": table})]


def _tap(row: Mapping[str, Any]) -> Tap:
    def times(name: str) -> Times:
        return np.asarray(row[name], dtype=np.int64)

    sums = {name: np.nan_to_num(np.asarray(row[name], dtype=np.float64)) for name in SUMS}
    return Tap(row["part"], row["sensor_id"], row["name"], times("slot"), times("first"), times("last"), sums)


def moment(us: int) -> datetime:
    """Return a moment of us since the epoch."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(us))


def busy_share(active: NDArray[np.bool_], start_minute: int, at_minute: int) -> tuple[float, int]:
    """Return in which share of the weeks before a minute's hour of the week was fully active, and in how many weeks.

    Args:
        active: minutes of a tap.
        start_minute: first of them, minutes since the epoch.
        at_minute: minute judged, minutes since the epoch.
    """
    offsets = np.arange(1, (at_minute - start_minute) // WEEK_MIN + 1) * WEEK_MIN
    weeks = [active[lo : lo + 60] for lo in (at_minute - start_minute - offsets) if lo >= 0 and lo + 60 <= len(active)]
    if not weeks:
        return 0.0, 0
    return float(np.concatenate(weeks).mean()), len(weeks)
