"""Compare two multisets of flows per capture, and hold the differences against a checked-in table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.oracles.support.truth import rows_of

ANY_ROW = "*"
"""In a table of exceptions: every row of the capture."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A flow as both sides can state it: a printable identity and the values that must be equal."""

    key: str
    values: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One truth row without an equal one of ours; ``found`` are the values of ours that come nearest (or none)."""

    trace: str
    key: str
    expected: tuple[int | str, ...]
    found: tuple[int | str, ...] | None

    def line(self) -> str:
        """Return the difference on one line."""
        ours = "nothing" if self.found is None else " ".join(map(str, self.found))
        return f"{self.trace}  {self.key}: expected {' '.join(map(str, self.expected))}; found {ours}"


@dataclass(slots=True)
class Agreement:
    """Result of a comparison: equal rows, differing ones, and rows of ours that the truth does not have."""

    equal: int = 0
    differing: list[Difference] = field(default_factory=list)
    extra: list[tuple[str, Measured]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Number of truth rows compared."""
        return self.equal + len(self.differing)

    @property
    def share(self) -> float:
        """Share of truth rows with an equal one of ours; 1 when there was nothing to compare."""
        return self.equal / self.total if self.total else 1.0

    def add(self, trace: str, truth: Iterable[Measured], ours: Iterable[Measured]) -> None:
        """Compare the flows of one capture: equal ones cancel out, the rest is paired by identity for the record."""
        wanted, had = Counter(truth), Counter(ours)
        common = wanted & had
        self.equal += common.total()
        left: dict[str, list[Measured]] = defaultdict(list)
        for measured in (had - common).elements():
            left[measured.key].append(measured)
        for measured in (wanted - common).elements():
            near = left.get(measured.key)
            found = near.pop(0).values if near else None
            self.differing.append(Difference(trace, measured.key, measured.values, found))
        self.extra += [(trace, measured) for rest in left.values() for measured in rest]


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a table of exceptions: ``kind`` is ``excluded`` (not comparable) or ``differs``."""

    trace: str
    row: str
    kind: str
    reason: str


class Exceptions:
    """A checked-in table of exceptions (CSV: trace, row, kind, reason)."""

    def __init__(self, listed: Sequence[Listed]) -> None:
        self.listed = tuple(listed)
        self._used: set[Listed] = set()

    @classmethod
    def load(cls, path: Path) -> Exceptions:
        """Read the table.

        Raises:
            ValueError: an unknown kind or an empty field; all of them are named.
        """
        listed, wrong = [], []
        for number, row in enumerate(rows_of(path), start=2):
            entry = Listed(row["trace"], row["row"], row["kind"], row["reason"])
            if entry.kind not in ("excluded", "differs") or not all((entry.trace, entry.row, entry.reason)):
                wrong.append(
                    f"{path.name}:{number}: {row}; allowed: kind excluded or differs, no empty field; fix the row"
                )
            listed.append(entry)
        if wrong:
            raise ValueError("\n".join(wrong))
        return cls(listed)

    def find(self, kind: str, trace: str, key: str) -> Listed | None:
        """Return the entry for that row (exact row before ``*``) and remember that it was needed."""
        rows = [e for e in self.listed if e.kind == kind and e.trace == trace and e.row in (key, ANY_ROW)]
        rows.sort(key=lambda entry: entry.row == ANY_ROW)
        if rows:
            self._used.add(rows[0])
        return rows[0] if rows else None

    def unused(self) -> list[Listed]:
        """Return the entries that no row needed: they are out of date."""
        return [entry for entry in self.listed if entry not in self._used]


def unlisted(agreement: Agreement, exceptions: Exceptions) -> list[Difference]:
    """Return the differences that the table does not explain."""
    return [d for d in agreement.differing if exceptions.find("differs", d.trace, d.key) is None]


def grouped(differences: Iterable[Difference]) -> Mapping[str, list[Difference]]:
    """Return the differences by capture, in order."""
    groups: dict[str, list[Difference]] = defaultdict(list)
    for difference in differences:
        groups[difference.trace].append(difference)
    return dict(sorted(groups.items()))
