"""What a detector is: its texts, its parameters with their reasons, and the frozen record that binds them.

Nothing here runs a detector (that is ``engine.py``) and nothing here knows a single detector.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from store.schema import Severity

Tables = Mapping[str, pa.Table]
"""Arrow tables by name: the tables of ``needs``, the policy tables, and the rule tables as ``rules/<file>``."""

Params = Mapping[str, float]
"""Effective parameters by name, every one of the detector present."""

SEVERITY_RANK: Final[Mapping[Severity, int]] = {
    Severity.INFO: 0,
    Severity.LOW: 1,
    Severity.MEDIUM: 2,
    Severity.HIGH: 3,
    Severity.CRITICAL: 4,
}
"""Order of severities, for comparisons."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text for people, in English and Chinese."""

    en: str
    zh: str

    def fill(self, **values: object) -> Text:
        """Return the text with ``{name}`` placeholders replaced in both languages.

        Raises:
            KeyError: a placeholder has no value.
        """
        return Text(self.en.format(**values), self.zh.format(**values))


SEVERITY_TEXT: Final[Mapping[Severity, Text]] = {
    Severity.INFO: Text("informational", "提示"),
    Severity.LOW: Text("low", "低"),
    Severity.MEDIUM: Text("medium", "中"),
    Severity.HIGH: Text("high", "高"),
    Severity.CRITICAL: Text("critical", "严重"),
}


@dataclass(frozen=True, slots=True)
class Param:
    """One tunable number: its default, unit, allowed range, and why it is what it is."""

    default: float
    unit: str
    low: float
    high: float
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Confidence:
    """Confidence by a count: ``at_threshold`` at the threshold, rising to ``at_saturation`` at ``saturation``."""

    at_threshold: float
    at_saturation: float
    saturation: float

    def of(self, count: float, threshold: float) -> float:
        """Return the confidence of ``count``, linear between threshold and saturation, never outside them."""
        if count >= self.saturation or self.saturation <= threshold:
            return self.at_saturation
        share = max(0.0, (count - threshold) / (self.saturation - threshold))
        return self.at_threshold + share * (self.at_saturation - self.at_threshold)


@dataclass(frozen=True, slots=True)
class Detector:
    """One detector: its question, what it reads, how it is tuned, how to understand its alerts, and its function.

    ``id`` is the file name. ``needs`` maps a table to the columns read; ``partition_by`` maps each of those tables to
    the column inside whose values the logic is closed, so that buckets of it can be judged one by one. ``min_span_s``
    and ``min_history_s`` say below which data the detector is not assessed; with ``short_mode`` it runs all the same
    and its alerts are at most medium. ``confidence.saturation`` and the thresholds in ``params`` are in the same unit.
    Alerts whose actor has a role of ``roles_exempt`` in the site policy are dropped; families ``ics…`` and ``zone…``
    may not declare any (``is_role_proof``), the engine refuses them.

    ``needs`` may name any table of ``store.schema``, ``conversation``, ``logins``, ``<record table>_site``
    (``schema.site_columns``), the memory as it stood before the range (``edge_before``, …), and nothing else.
    ``blind_without``: tables of which at least one must have rows; else the assessment says "no data". ``models`` are
    trained models (``detectors.models``), given as the table ``model/<name>``. ``is_slow``: what it finds counts in the
    slow accumulator (half-life 180 d) of an entity's score.
    """

    id: str
    version: int
    title: Text
    question: Text
    needs: Mapping[str, tuple[str, ...]]
    partition_by: Mapping[str, str]
    params: Mapping[str, Param]
    attack: tuple[str, ...]
    severity: Severity
    impact: int
    confidence: Confidence
    innocent: tuple[Text, ...]
    next_steps: tuple[Text, ...]
    source: str
    run: Callable[[Tables, Params], pa.Table]
    window_s: float = 0.0
    min_span_s: float = 0.0
    min_history_s: float = 0.0
    short_mode: bool = False
    roles_exempt: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    family: str = field(default="")
    blind_without: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    is_slow: bool = False


_ROLE_PROOF: Final = ("ics", "zone")
"""How families start that no role may quiet: who commands a station and who crosses a zone is never a role's matter."""


def is_role_proof(family: str) -> bool:
    """Tell whether detectors of this family (or of this id, without a family) may not be quieted by a role."""
    return family.startswith(_ROLE_PROOF)


def nearest(found: str, allowed: Iterable[str]) -> str:
    """Return the allowed name closest to ``found``, or an empty string when none is close."""
    close = difflib.get_close_matches(found, list(allowed), n=1, cutoff=0.5)
    return close[0] if close else ""


def effective_params(detector: Detector, override: Mapping[str, float]) -> dict[str, float]:
    """Return every parameter of the detector with the overrides applied.

    Args:
        detector: whose parameters.
        override: parameter name to value; names and ranges are checked.

    Returns:
        Parameter name to value, sorted by name.

    Raises:
        ValueError: one or more overrides are unknown or out of range; all are listed.
    """
    problems = [text for name, value in sorted(override.items()) if (text := _problem(detector, name, value))]
    if problems:
        raise ValueError("\n".join(problems))
    return {name: float(override.get(name, param.default)) for name, param in sorted(detector.params.items())}


def _problem(detector: Detector, name: str, value: float) -> str:
    where = f"parameter {detector.id}.{name}"
    param = detector.params.get(name)
    if param is None:
        close = nearest(name, detector.params)
        hint = f"use {close!r}" if close else "remove it"
        return f"{where}: unknown parameter; allowed: {', '.join(sorted(detector.params))}; {hint}"
    if not param.low <= value <= param.high:
        allowed = f"{param.low:g} to {param.high:g} {param.unit}"
        return f"{where}: {value:g} is out of range; allowed: {allowed}; default {param.default:g} ({param.why})"
    return ""
