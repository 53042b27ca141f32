"""What could not be read of a log: counted by reason, the first of each with its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from store.text import Text

SHOWN: Final = 3
"""Reasons that the text names (1 … 10); the others are in the count."""

QUOTED: Final = 60
"""Letters quoted of a line (20 … 500)."""


@dataclass(slots=True)
class Refusals:
    """Lines that were refused: nothing is lost without being counted here."""

    count: int = 0
    _first: dict[Text, tuple[int, str]] = field(default_factory=dict)
    _counts: dict[Text, int] = field(default_factory=dict)

    def add(self, reason: Text, line: int, quoted: str, count: int = 1) -> None:
        """Count lines of one reason; ``line`` and ``quoted`` are of the first of them."""
        self.count += count
        self._first.setdefault(reason, (line, quoted[:QUOTED]))
        self._counts[reason] = self._counts.get(reason, 0) + count

    def text(self) -> Text | None:
        """Return what was refused and where, None when nothing was."""
        if not self.count:
            return None
        english, chinese = [], []
        for reason, (line, quoted) in list(self._first.items())[:SHOWN]:
            shown = f" ({quoted!r})" if quoted else ""
            shown_zh = f"（{quoted!r}）" if quoted else ""
            number = self._counts[reason]
            english.append(f"{number} x {reason.en}, first in line {line}{shown}")
            chinese.append(f"{number} 行{reason.zh}，首见于第 {line} 行{shown_zh}")
        return Text(
            f"{self.count} line(s) refused: {'; '.join(english)}",
            f"{self.count} 行未能读取：{'；'.join(chinese)}",
        )
