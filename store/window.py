"""A range of event time, half open, and what it means for views and folders of the lake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from store._dates import UNDATED, time_column
from store.schema import Table

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)

ANY_DATE: Final = frozenset({"mixed", UNDATED})
"""Date folders that may hold rows of any day: what did not get a folder of its own, and tables without a time."""


LAST_DAY: Final = (datetime(9999, 12, 31, tzinfo=UTC) - EPOCH) // DAY
"""The last day that has a name."""


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that began at ``since`` or later and before ``until``; None leaves that side open.

    Raises:
        ValueError: a bound has no zone, or the range is empty.
    """

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        for bound in (self.since, self.until):
            if bound is not None and bound.tzinfo is None:
                raise ValueError(f"{bound}: no time zone; allowed: times with one; add Z for UTC")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise ValueError(f"{self.since} to {self.until}: empty; allowed: since before until; swap or widen them")

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is left out."""
        return self.since is None and self.until is None

    def condition(self, column: str) -> str:
        """Return SQL that is true for rows in the range, by their time column; ``true`` without bounds."""
        parts = []
        if self.since is not None:
            parts.append(f"{column} >= {moment(self.since)}")
        if self.until is not None:
            parts.append(f"{column} < {moment(self.until)}")
        return " AND ".join(parts) or "true"

    def filter(self, table: Table) -> str:
        """Return the WHERE clause of a table's view, empty when it shows every row.

        A table without a time goes by the flows it belongs to; what belongs to no flow is shown whole.
        """
        if self.is_all or not any(column.name == "flow_uid" for column in table.columns):
            return ""
        column = time_column(table)
        if column is not None:
            return f" WHERE {self.condition(column)}"
        return " WHERE flow_uid IN (SELECT flow_uid FROM flow_stored)"

    def dates(self, names: Iterable[str]) -> list[str]:
        """Return those of the date folders (``YYYY-MM-DD``) that can hold rows of the range, sorted."""
        low = "" if self.since is None else day_text(day_of(self.since))
        high = "~" if self.until is None else day_text(day_of(self.until - timedelta(microseconds=1)))
        return sorted(name for name in set(names) if name in ANY_DATE or low <= name <= high)


def moment(time: datetime) -> str:
    """Return a time as an SQL literal."""
    return f"TIMESTAMPTZ '{time.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"


def day_of(time: datetime) -> int:
    """Return the number of the UTC day of a time; 0 is 1970-01-01."""
    return (time - EPOCH) // DAY


def day_start(day: int) -> datetime:
    """Return the first moment of a day."""
    return EPOCH + day * DAY


def day_text(day: int) -> str:
    """Return a day as the lake names its folder."""
    return day_start(day).date().isoformat()


def day_number(text: str) -> int | None:
    """Return the number of the day that a folder is named after, None for any other name."""
    try:
        return (datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) - EPOCH) // DAY
    except ValueError:
        return None
