"""What people added to the alerts of a case, suppressions and verdicts; light when there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from reporting.cases.case import Case
from store.peek import has_quiet

if TYPE_CHECKING:
    from store.quiet import Feedback

COLUMNS: Final = ("suppressed_by", "feedback", "feedback_reason", "feedback_by")
"""What ``Marks.on`` adds: number of the suppression, last verdict with its reason and author; None without."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Marks on the alerts of a case.

    Attributes:
        by: alert id to the number of the suppression that hides it.
        of: the same ids to severity and detector.
        said: subject of an alert to the last verdict.
    """

    by: Mapping[str, int] = field(default_factory=dict)
    of: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    said: Mapping[str, Feedback] = field(default_factory=dict)

    def count(self, severities: Iterable[str] | None = None, detector: str | None = None) -> int:
        """Return how many alerts are hidden, of these severities and of this detector only when given."""
        wanted = None if severities is None else set(severities)
        return sum(
            (wanted is None or severity in wanted) and detector in {None, own} for severity, own in self.of.values()
        )

    def on(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return an alert with its marks (``COLUMNS``)."""
        last = None
        if self.said:
            from reporting.cases.quiet import subject_of  # noqa: PLC0415 - only with verdicts to look up

            last = self.said.get(subject_of(row))
        verdict = (None,) * 3 if last is None else (last.verdict.value, last.reason, last.actor)
        return {**row, **dict(zip(COLUMNS, (self.by.get(row["alert_id"]), *verdict), strict=True))}


def marks_of(case: Case) -> Marks:
    """Return what people added to the alerts of a case; reads no casebook that holds nothing of it."""
    if not has_quiet(case.home.casebook):
        return Marks()
    from reporting.cases.quiet import gathered_marks  # noqa: PLC0415 - SQLAlchemy, 0.2 s, for those who decided something

    return gathered_marks(case)
