"""The chart's geometry: bounded, inside its frame, with round axes; and colours that can be told apart."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reporting.html
from reporting.html._chart import LEFT, MOST_COLUMNS, MOST_LANES, RIGHT, chart
from reporting.html._scale import time_ticks, value_axis, zone_name
from reporting.html.model import Series

STYLE = (Path(reporting.html.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
BEIJING = timezone(timedelta(hours=8))


def iso(at_s: float) -> str:
    """Return an epoch time as ISO 8601 UTC."""
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def series(points: list[tuple[float, int]], bucket_s: float = 60) -> Series:
    """Return a series of (time, bytes) with one packet per 100 B."""
    return {"bucket_s": bucket_s, "points": [{"ts": iso(at), "bytes": n, "packets": n // 100} for at, n in points]}


def incident(first: float, last: float, severity: str = "high") -> dict[str, Any]:
    """Return the part of an incident that the chart reads."""
    return {"first": iso(first), "last": iso(last), "severity": severity}


@settings(deadline=None)
@given(st.floats(1e-6, 1e14))
def test_value_axis_holds_the_peak_with_few_round_steps(peak: float) -> None:
    """The axis reaches the peak, wastes less than a step and a half, and has two to five marks."""
    axis = value_axis(peak)
    assert axis.ticks[0].at == 0
    assert axis.top >= peak * (1 - 1e-6)
    assert 2 <= len(axis.ticks) <= 6
    assert axis.top - peak <= axis.ticks[1].at * (1 + 1e-6)


@pytest.mark.parametrize(
    ("peak", "labels", "prefix"),
    [(6500, ["0", "2", "4", "6", "8"], "k"), (0.5, ["0", "0.2", "0.4", "0.6"], ""), (1e9, ["0", "0.5", "1"], "G")],
)
def test_value_axis_labels(peak: float, labels: list[str], prefix: str) -> None:
    """Labels are short numbers in the unit's own prefix."""
    axis = value_axis(peak, 2 if prefix == "G" else 4)
    assert ([tick.label for tick in axis.ticks], axis.prefix) == (labels, prefix)


def test_time_marks_are_round_in_the_zone_shown() -> None:
    """A day from 16:00 UTC is marked at midnight, 03:00, … of Beijing time, the date below the first mark of a day."""
    start = datetime(2026, 3, 11, 16, tzinfo=UTC).timestamp()
    ticks = time_ticks(start, start + 86_400, BEIJING)
    assert [tick.label for tick in ticks][:3] == ["00:00", "03:00", "06:00"]
    assert [tick.day for tick in ticks if tick.day] == ["2026-03-12", "2026-03-13"]
    assert zone_name(BEIJING, start) == "UTC+08:00"
    assert zone_name(UTC, start) == "UTC"


@settings(deadline=None)
@given(st.floats(0.001, 4e8), st.floats(1, 2e9))
def test_time_marks_are_few_and_inside(span: float, start: float) -> None:
    """From a millisecond to a dozen years: at most eleven marks, all within the range."""
    ticks = time_ticks(start, start + span, UTC)
    assert len(ticks) <= 11
    assert all(start - 1e-6 <= tick.at <= start + span for tick in ticks)


def test_long_series_is_bounded_and_keeps_its_sum() -> None:
    """Ten weeks of minutes becomes at most MOST_COLUMNS columns; the mean rate is unchanged."""
    drawn = chart(series([(n * 60.0, 600) for n in range(100_000)]), [], UTC)
    assert drawn is not None
    assert len(drawn.bits.outline.split()) <= 2 * MOST_COLUMNS + 2
    assert drawn.bits.peak == pytest.approx(80.0)


def test_far_outlier_does_not_allocate() -> None:
    """Two points thirty years apart cost no more than the columns drawn."""
    drawn = chart(series([(0.0, 100), (9.5e8, 100)]), [], UTC)
    assert drawn is not None
    assert len(drawn.bits.outline.split()) <= 2 * MOST_COLUMNS + 2


def test_single_interval_and_silence_are_drawn() -> None:
    """One interval fills the frame; a series of zeros lies on the axis."""
    for value in (1000, 0):
        drawn = chart(series([(1000.0, value)]), [], UTC)
        assert drawn is not None
        xs = [float(pair.split(",")[0]) for pair in drawn.bits.outline.split()]
        assert (min(xs), max(xs)) == (LEFT, RIGHT)
    assert chart(series([]), [], UTC) is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1e4, 1e5), st.floats(0, 1e5)), max_size=40))
def test_marks_stay_inside_and_never_overlap(spans: list[tuple[float, float]]) -> None:
    """Incidents at any time get a place in a lane or are counted as left out."""
    incidents = [incident(1e6 + start, 1e6 + start + length) for start, length in spans]
    drawn = chart(series([(1e6 + n * 600, 1000) for n in range(100)], 600), incidents, UTC)
    assert drawn is not None
    assert len(drawn.marks) + drawn.unmarked == len(spans)
    assert len({mark.y for mark in drawn.marks}) <= MOST_LANES
    for mark in drawn.marks:
        assert LEFT <= mark.x1 < mark.x2 <= RIGHT
        others = [m for m in drawn.marks if m.y == mark.y and m.number != mark.number]
        assert all(abs(m.x1 - mark.x1) >= 18 for m in others)


def _luminance(colour: str) -> float:
    """Return the relative luminance of ``#rrggbb`` or ``#rgb`` (WCAG 2.2, relative luminance)."""
    digits = colour[1:] if len(colour) == 7 else "".join(c * 2 for c in colour[1:])
    linear = []
    for n in (0, 2, 4):
        part = int(digits[n : n + 2], 16) / 255
        linear.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _variables() -> dict[str, str]:
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6})", STYLE))


def test_text_has_enough_contrast() -> None:
    """Every pair of text and ground used reaches 4.5 to 1 (WCAG 2.2, 1.4.3)."""
    v = _variables()
    pairs = [(v["ink"], v["paper"]), (v["soft"], v["paper"]), (v["soft"], v["wash"]), (v["ink"], v["wash"])]
    pairs += [("#fff", v["critical"]), ("#fff", v["high"]), ("#1b1203", v["medium"]), ("#2b2408", v["low"])]
    for step, ground in re.findall(r"\.heat-(\d) { background: (#[0-9a-f]{6})", STYLE):
        text = re.search(rf"\.heat-{step} {{[^}}]*[^-]color: (#[0-9a-f]+)", STYLE)
        pairs.append((text[1] if text else v["ink"], ground))
    assert [pair for pair in pairs if _contrast(*pair) < 4.5] == []


def test_severities_differ_in_grey() -> None:
    """Critical, high, medium, low, info grow lighter by steps that a grey print shows."""
    v = _variables()
    shades = [_luminance(v[name]) for name in ("critical", "high", "medium", "low", "info")]
    assert all(darker + 0.05 < lighter for darker, lighter in pairwise(shades))
