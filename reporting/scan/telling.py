"""The story of an incident as plain objects: for the casebook, the screen, the report and its plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any, Final

from detectors.model import Text
from detectors.story import Story

PLOTS: Final = 3
"""Plots of one incident in the report (0 … 10): the strongest alerts that have a series; more would be skimmed."""


def address_text(address: bytes) -> str:
    """Return the text of an address as stored: RFC 5952, IPv4 for mapped ones."""
    parsed = IPv6Address(address)
    return str(parsed.ipv4_mapped or parsed)


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since the epoch, UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def story_object(told: Story) -> dict[str, Any]:
    """Return the story of an incident as a JSON object, times in microseconds since the epoch."""

    def both(text: Text) -> dict[str, str]:
        return {"en": text.en, "zh": text.zh}

    return {
        "who": [both(text) for text in told.who],
        **{name: both(getattr(told, name)) for name in ("how_in", "reached", "lost", "sure")},
        "timeline": [
            {
                "since_us": micros(step.since),
                "until_us": micros(step.until),
                "stage": step.stage,
                "title": both(step.title),
                "actor": None if step.actor is None else address_text(step.actor),
                "target": None if step.target is None else address_text(step.target),
                "severity": step.severity,
                "detector": step.detector,
                "count": step.count,
                "succeeded": step.succeeded,
                "alert_ids": list(step.alert_ids[:20]),
            }
            for step in told.timeline
        ],
        "steps_left_out": told.steps_left_out,
    }


def plots_of(alerts: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return what is worth drawing of an incident's alerts, strongest first.

    ``kind`` is ``pauses`` (how often a pause of which length stood between two calls: ``edges`` s, ``counts``) or
    ``series`` (``start`` ISO time, ``step_s``, ``values`` with None where nothing was seen, ``low`` and ``high`` of the
    expected band, empty without one).

    Args:
        alerts: Rows of ALERT, strongest first.
    """
    found: list[dict[str, Any]] = []
    for alert in alerts:
        numbers = json.loads(alert["details"] or "{}")
        plot = _pauses(numbers) or _band(numbers)
        if plot is not None:
            found.append(plot | {"title": {"en": alert["title_en"], "zh": alert["title_zh"]}})
    return tuple(found[:PLOTS])


def _pauses(numbers: Mapping[str, Any]) -> dict[str, Any] | None:
    edges, counts = numbers.get("pause_edges_s"), numbers.get("pauses")
    if not edges or not counts or len(edges) != len(counts) + 1:
        return None
    return {"kind": "pauses", "edges": edges, "counts": counts}


def _band(numbers: Mapping[str, Any]) -> dict[str, Any] | None:
    values = numbers.get("values")
    if not values or "series_start" not in numbers:
        return None
    return {
        "kind": "series",
        "start": numbers["series_start"],
        "step_s": numbers.get("step_s", 3600),
        "values": values,
        "low": numbers.get("low") or [],
        "high": numbers.get("high") or [],
    }
