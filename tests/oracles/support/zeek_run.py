"""Compare a meter with all of Zeek's baselines: which rows count, which agree, which do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.oracles.support import zeek
from tests.oracles.support.agreement import Agreement, Exceptions, Measured
from tests.oracles.support.uncounted import Sender, uncounted

SAME: Final = "the same rows of the same capture in another test"
Conversations = Callable[[Path], Iterable[Mapping[str, Any]]]


@dataclass(slots=True)
class ZeekResult:
    """The agreement, why how many rows were left out, and to how many rows the bytes that Zeek skips were added."""

    agreement: Agreement = field(default_factory=Agreement)
    excluded: Counter[str] = field(default_factory=Counter)
    corrected: int = 0
    excluded_keys: set[tuple[str, str]] = field(default_factory=set)

    def unexpected(self) -> list[tuple[str, Measured]]:
        """Return our rows that Zeek does not have, other than those that stand for rows left out."""
        return [(trace, m) for trace, m in self.agreement.extra if (trace, m.key) not in self.excluded_keys]


def compare(root: Path, conversations: Conversations, exceptions: Exceptions) -> ZeekResult:
    """Compare every baseline; a capture tested twice with the same rows counts once.

    Args:
        root: folder of the captures.
        conversations: capture path to conversations (one per root flow).
        exceptions: the table; its ``excluded`` entries leave rows out.
    """
    result = ZeekResult()
    seen: set[tuple[str, tuple[Measured, ...]]] = set()
    for baseline in zeek.baselines(root):
        if baseline.forbidden:
            result.excluded[baseline.forbidden.split(":")[0]] += len(baseline.rows)
            continue
        missing = uncounted(root / baseline.trace)
        truth = _comparable(baseline, exceptions, result, missing)
        identity = (baseline.trace, tuple(sorted(truth, key=lambda m: (m.key, str(m.values)))))
        if not truth or identity in seen:
            result.excluded[SAME] += len(truth)
            continue
        seen.add(identity)
        result.agreement.add(baseline.trace, truth, zeek.ours_measured(conversations(root / baseline.trace)))
    return result


def _comparable(
    baseline: zeek.Baseline, exceptions: Exceptions, result: ZeekResult, missing: Mapping[Sender, tuple[int, int]]
) -> list[Measured]:
    by_rule = zeek.excluded_by_rule(baseline.rows)
    kept: list[Measured] = []
    for index, row in enumerate(baseline.rows):
        measured = zeek.measured(row, missing)
        entry = exceptions.find("excluded", baseline.trace, measured.key)
        reason = by_rule.get(index) or (entry.reason if entry else "")
        if reason:
            result.excluded[reason] += 1
            result.excluded_keys.add((baseline.trace, measured.key))
        else:
            result.corrected += measured != zeek.measured(row)
            kept.append(measured)
    return kept
