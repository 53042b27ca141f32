"""The alert budget: how many alerts of one day a list shows before it counts the rest; what is stored stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

ALERTS_PER_DAY: Final = 20
"""Alerts of one UTC day in a list on the screen (1 … 1000), the highest scores first: what an analyst can look into
(detectors.md 7: <= 20 alerts and <= 5 incidents per analyst-day)."""


class Budget:
    """Lets the first alerts of each day through and counts the others.

    Args:
        per_day: Alerts of one UTC day, by the start of the alert; None lets all through.
    """

    def __init__(self, per_day: int | None = ALERTS_PER_DAY) -> None:
        self._per_day = per_day
        self._seen: Counter[str] = Counter()

    def within(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows that fit; they come with the highest score first."""
        for row in rows:
            day = f"{row['ts_start']:%Y-%m-%d}"
            self._seen[day] += 1
            if self._per_day is None or self._seen[day] <= self._per_day:
                yield row

    def beyond(self) -> tuple[int, int]:
        """Return how many rows did not fit, and on how many days; asked for after the last row."""
        if self._per_day is None:
            return 0, 0
        over = [count - self._per_day for count in self._seen.values() if count > self._per_day]
        return sum(over), len(over)
