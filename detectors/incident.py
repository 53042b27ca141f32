"""What an incident is: a case a person can act on, made of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from detectors.attack import Technique
from detectors.model import Text
from detectors.story import Story
from store.schema import Severity


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident. ``key`` follows from its first alert alone, so that it stays the same while the incident grows.

    ``score`` is 0..100. ``direct``: one alert or one pair of alerts made it, no accumulation. ``evidence`` holds the
    sentences of its alerts in time order. ``next_steps`` are commands in which ``{incident}`` stands for ``id``.
    ``coverage`` says what the data did not allow to judge; ``story`` who, how in, when what, reached, lost, how sure.
    """

    id: str
    key: str
    title: Text
    who: Text
    what: Text
    since: datetime
    until: datetime
    severity: Severity
    score: float
    direct: bool
    succeeded: bool
    progress: int
    alert_ids: tuple[str, ...]
    actors: tuple[bytes, ...]
    targets: tuple[bytes, ...]
    evidence: tuple[Text, ...]
    innocent: tuple[Text, ...]
    next_steps: tuple[Text, ...]
    attack: tuple[Technique, ...]
    coverage: tuple[Text, ...]
    story: Story

    def commands(self) -> tuple[Text, ...]:
        """Return the next steps with the incident's id put in."""
        return tuple(
            Text(step.en.replace("{incident}", self.id), step.zh.replace("{incident}", self.id))
            for step in self.next_steps
        )
