"""One comparison of records: what a tool says of a kind of message, and which rows of ours say the same.

A comparison is data: where the truth comes from, which table of ours it is held against, how rows find each other
(a key of endpoints and kind, in order of time) and how our value is written in the words of the tool.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Agreement, Exceptions, Measured
from tests.oracles.support.record_rows import plain, record_rows

Row = Mapping[str, Any]
Said = tuple[str, Mapping[str, str]]
"""Key of a row and its values by our column names; a column it lacks is not compared."""
Truth = Iterator[tuple[str, Sequence[Said]]]
"""Captures (path below the data folder) with what is said of them, in order of time."""
LEAST_SHARE: Final = 0.98
"""Share of comparable rows that must be equal on all fields both have."""


def cell(row: Row, name: str, said: str) -> str:
    """Return a value of ours as text: absent ``-``, flags ``T`` and ``F``, lists joined by commas, bytes as a MAC."""
    value = row[name]
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value.hex(":") if isinstance(value, bytes) else str(value)


def shown(name: str, value: str) -> str:
    """Return a value of either side in the form in which it is compared."""
    return plain(value)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to compare with what, and how.

    Args:
        name: tool and log.
        least: comparable rows there are at least: fewer would mean that the loader lost some.
        table: our table.
        truth: what the tool says.
        keys: keys under which a row of ours can be found; none: it has no counterpart there.
        cell: our value of a column, given what the tool says, in the tool's words.
        shown: a value of either side in comparable form.
        reuses: a row of ours answers several of the tool's.
        prepared: what is done to the rows of a capture first, where the tool makes one of several.
    """

    name: str
    least: int
    table: str
    truth: Callable[[Path], Truth]
    keys: Callable[[Row], Iterable[str]]
    cell: Callable[[Row, str, str], str] = cell
    shown: Callable[[str, str], str] = shown
    reuses: bool = False
    prepared: Callable[[Sequence[Row]], Sequence[Row]] = tuple

    def run(self, root: Path, exceptions: Exceptions) -> Agreement:
        """Compare all captures."""
        agreement = Agreement()
        for trace, said in self.truth(root):
            if said:
                self._add(agreement, trace, said, self.prepared(record_rows(root / trace, self.table)), exceptions)
        return agreement

    def _add(
        self, agreement: Agreement, trace: str, truth: Iterable[Said], rows: Iterable[Row], exceptions: Exceptions
    ) -> None:
        ours: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            for key in self.keys(row):
                ours[key].append(row)
        wanted: list[Measured] = []
        had: list[Measured] = []
        seen: dict[str, int] = defaultdict(int)
        for key, values in truth:
            seen[key] += 1
            # Equal keys are told apart by their order, so that one line of the table explains one row.
            name = key if seen[key] == 1 else f"{key} #{seen[key]}"
            near = ours[key]
            found = (near[0] if self.reuses else near.pop(0)) if near else None
            if exceptions.find("excluded", trace, name) is not None:
                continue
            wanted.append(Measured(name, self._line(values, values.__getitem__)))
            if found is not None:
                had.append(Measured(name, self._line(values, _told(self, found, values))))
        agreement.add(trace, wanted, had)

    def _line(self, names: Iterable[str], value: Callable[[str], str]) -> tuple[str, ...]:
        return tuple(f"{name}={self.shown(name, value(name))}" for name in sorted(names))


def _told(comparison: Comparison, row: Row, said: Mapping[str, str]) -> Callable[[str], str]:
    return lambda name: comparison.cell(row, name, said[name])


def ends(row: Row) -> str:
    """Return client and server of a row of ours."""
    return f"{row['sender_ip']}:{row['sender_port']}>{row['receiver_ip']}:{row['receiver_port']}"
