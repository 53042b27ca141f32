"""Detectors and alerts as plain objects for people who ask how a verdict is made: commands and the docs page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from detectors import registry
from detectors.model import Detector, Text
from detectors.scoring import evidence_band

NUMBERS_SHOWN: Final = 12
"""Members of a series that an explanation prints (2 … 100); the JSON form of the alert holds all."""


def both(text: Text) -> dict[str, str]:
    """Return a text as an object with both languages."""
    return {"en": text.en, "zh": text.zh}


def facts(detector: Detector) -> dict[str, Any]:
    """Return everything a detector declares, durations as text (s, min, h, d)."""
    rise = detector.confidence
    return {
        "id": detector.id,
        "version": detector.version,
        "title": both(detector.title),
        "question": both(detector.question),
        "family": detector.family or detector.id,
        "needs": {table: list(columns) for table, columns in detector.needs.items()},
        "partition_by": dict(detector.partition_by),
        "window": duration(detector.window_s),
        "span": duration(detector.min_span_s),
        "history": duration(detector.min_history_s),
        "short_mode": detector.short_mode,
        "slow": detector.is_slow,
        "blind_without": list(detector.blind_without),
        "roles_exempt": list(detector.roles_exempt),
        "rules": list(detector.rules),
        "models": list(detector.models),
        "severity": detector.severity.value,
        "impact": detector.impact,
        "confidence": {
            "at_threshold": rise.at_threshold,
            "at_saturation": rise.at_saturation,
            "saturation": rise.saturation,
        },
        "attack": list(detector.attack),
        "params": params(detector),
        "innocent": [both(text) for text in detector.innocent],
        "next_steps": [both(text) for text in detector.next_steps],
        "source": detector.source,
    }


def params(detector: Detector) -> list[dict[str, Any]]:
    """Return the parameters of a detector, each with default, unit, range, reason and source."""
    return [
        {
            "name": name,
            "default": f"{param.default:g}",
            "unit": param.unit,
            "range": f"{param.low:g} .. {param.high:g}",
            "why": param.why,
            "source": param.source,
        }
        for name, param in sorted(detector.params.items())
    ]


def explanation(alert: Mapping[str, Any]) -> dict[str, Any]:
    """Return how an alert came about: the detector's own numbers and thresholds, and what moved its confidence.

    Args:
        alert: One alert as ``reporting.cases.alerts.list_alerts`` yields it.
    """
    detector = registry().get(str(alert["detector"]))
    numbers = json.loads(alert["details"] or "{}")
    names = ("alert_id", "detector", "severity", "confidence", "score", "title_en", "title_zh")
    return {
        **{name: alert[name] for name in (*names, "evidence_en", "evidence_zh", "config_hash")},
        "question": None if detector is None else both(detector.question),
        "impact": None if detector is None else detector.impact,
        "numbers": {name: shortened(value) for name, value in numbers.items()},
        "context": both(evidence_band(alert["context"] or ())),
        "params": [] if detector is None else params(detector),
        "innocent": [] if detector is None else [both(text) for text in detector.innocent],
    }


def shortened(value: object) -> str:
    """Return a number, text or series of a detector's details as text; of a long series its first members."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        shown = ", ".join(shortened(item) for item in value[:NUMBERS_SHOWN])
        return shown + (f" … ({len(value)})" if len(value) > NUMBERS_SHOWN else "")
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shortened(item)}" for name, item in value.items())
    return str(value)


def duration(seconds: float) -> str:
    """Return a duration with its largest whole unit; empty for none."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s" if seconds else ""
