"""One thing that was looked at, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from reporting.result import Text

NOTHING: Final = Text("", "")
"""No advice."""


class Status(StrEnum):
    """How it is: fine, worth a look, or broken."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """The result of looking at one thing.

    Attributes:
        name: Stable name for programs, e.g. ``lake.segments``.
        status: How it is.
        found: What was found.
        advice: What to do; empty when nothing.
        verifies: Its failure means that data is not what it was when written.
    """

    name: str
    status: Status
    found: Text
    advice: Text = NOTHING
    verifies: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "check": self.name,
            "status": self.status.value,
            "found": {"en": self.found.en, "zh": self.found.zh},
            "advice": {"en": self.advice.en, "zh": self.advice.zh},
        }


def fine(name: str, en: str, zh: str | None = None) -> Check:
    """Return a check that found nothing wrong; ``zh`` is left out where the text is the same in both languages."""
    return Check(name, Status.OK, Text(en, en if zh is None else zh))
