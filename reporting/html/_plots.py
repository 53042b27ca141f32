"""Geometry of an incident's plots: its course by stage, who met whom, pauses between calls, volume with its band.

The templates draw what is computed here. Every plot has a sentence that stands for it where it cannot be seen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any, Final

from reporting.html._chart import epoch
from reporting.html._scale import time_ticks, value_axis

WIDTH: Final = 960
LEFT: Final = 190
RIGHT: Final = 942
ROW: Final = 30
"""Height of one stage of the course and of one peer of the map, px."""

PLOT_LEFT: Final = 58
PLOT_TOP: Final = 26
PLOT_HEIGHT: Final = 110
MOST_PEERS: Final = 10
"""Actors and targets of a map (2 … 30): more lines cross each other beyond reading."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A label with its place, px."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Step:
    """A numbered step of the course: its extent and row, px, and how grave it is."""

    number: int
    x1: float
    x2: float
    y: float
    severity: str


@dataclass(frozen=True, slots=True)
class Course:
    """The steps of an incident over time, one row per stage of an attack."""

    height: float
    rows: list[Placed]
    steps: list[Step]
    times: list[Placed]


@dataclass(frozen=True, slots=True)
class Line:
    """A line from an actor to a target; ``width`` grows with the number of alerts."""

    y1: float
    y2: float
    width: float
    severity: str


@dataclass(frozen=True, slots=True)
class PeerMap:
    """Actors at the left, targets at the right; ``hidden`` targets found no place."""

    height: float
    actors: list[Placed]
    targets: list[Placed]
    lines: list[Line]
    hidden: int


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars or a curve with a band: polygons as texts of points, and the ticks of both axes."""

    kind: str
    height: float
    bars: list[tuple[float, float, float, float]]
    band: str
    curves: list[str]
    values: list[Placed]
    places: list[Placed]
    top: float
    bottom: float


def course(steps: Sequence[Mapping[str, Any]], stages: Mapping[int, str], zone: tzinfo) -> Course | None:
    """Return the course of an incident; None without steps."""
    if not steps:
        return None
    first = float(min(step["since_us"] for step in steps)) / 1e6
    last = max(float(max(step["until_us"] for step in steps)) / 1e6, first + 1e-3)

    def x(at_s: float) -> float:
        return LEFT + (at_s - first) / (last - first) * (RIGHT - LEFT)

    order = sorted({int(step["stage"]) for step in steps})
    rows = {stage: PLOT_TOP + ROW * n for n, stage in enumerate(order)}
    placed = [
        Step(
            n,
            x(step["since_us"] / 1e6),
            max(x(step["until_us"] / 1e6), x(step["since_us"] / 1e6) + 6),
            rows[int(step["stage"])],
            str(step["severity"]),
        )
        for n, step in enumerate(steps, start=1)
    ]
    bottom = PLOT_TOP + ROW * len(order)
    ticks = [Placed(x(tick.at), tick.label) for tick in time_ticks(first, last, zone)]
    return Course(bottom + 24, [Placed(y, stages[stage]) for stage, y in rows.items()], placed, ticks)


def peer_map(steps: Sequence[Mapping[str, Any]]) -> PeerMap | None:
    """Return who met whom; None when no step names both ends."""
    pairs: dict[tuple[str, str], tuple[int, str]] = {}
    for step in steps:
        if step["actor"] and step["target"]:
            key = (str(step["actor"]), str(step["target"]))
            count, severity = pairs.get(key, (0, str(step["severity"])))
            pairs[key] = (count + int(step["count"]), severity)
    if not pairs:
        return None
    actors = list(dict.fromkeys(actor for actor, _ in pairs))[:MOST_PEERS]
    targets = list(dict.fromkeys(target for _, target in pairs))
    shown = targets[:MOST_PEERS]
    height = PLOT_TOP + ROW * max(len(actors), len(shown))

    def spread(names: Sequence[str]) -> dict[str, float]:
        return {name: PLOT_TOP + (height - PLOT_TOP) * (n + 0.5) / len(names) for n, name in enumerate(names)}

    left, right = spread(actors), spread(shown)
    lines = [
        Line(left[actor], right[target], 1 + math.log10(count), severity)
        for (actor, target), (count, severity) in pairs.items()
        if actor in left and target in right
    ]
    return PeerMap(
        height + 8,
        [Placed(y, name) for name, y in left.items()],
        [Placed(y, name) for name, y in right.items()],
        lines,
        len(targets) - len(shown),
    )


def plot(drawn: Mapping[str, Any], zone: tzinfo) -> Plot:
    """Return the geometry of a plot of ``reporting.scan.telling.plots_of``."""
    return _bars(drawn) if drawn["kind"] == "pauses" else _series(drawn, zone)


def _bars(drawn: Mapping[str, Any]) -> Plot:
    edges, counts = [float(edge) for edge in drawn["edges"]], [float(count) for count in drawn["counts"]]
    axis = value_axis(max(counts))
    bottom = PLOT_TOP + PLOT_HEIGHT
    span = max(edges[-1] - edges[0], 1e-9)

    def x(value: float) -> float:
        return PLOT_LEFT + (value - edges[0]) / span * (RIGHT - PLOT_LEFT)

    bars = []
    for (low, high), count in zip(pairwise(edges), counts, strict=True):
        height = count / axis.top * PLOT_HEIGHT
        bars.append((x(low), bottom - height, max(x(high) - x(low) - 1, 1.0), height))
    places = [Placed(x(edges[0] + span * n / 4), f"{edges[0] + span * n / 4:.4g} s") for n in range(5)]
    values = [Placed(bottom - t.at / axis.top * PLOT_HEIGHT, t.label) for t in axis.ticks]
    return Plot("pauses", bottom + 24, bars, "", [], values, places, PLOT_TOP, bottom)


def _series(drawn: Mapping[str, Any], zone: tzinfo) -> Plot:
    values = [None if value is None else float(value) for value in drawn["values"]]
    low, high = [float(v or 0) for v in drawn["low"]], [float(v or 0) for v in drawn["high"]]
    first, step = epoch(str(drawn["start"])), float(drawn["step_s"])
    axis = value_axis(max([v for v in values if v is not None] + high, default=1.0) or 1.0)
    bottom = PLOT_TOP + PLOT_HEIGHT

    def at(n: int, value: float) -> str:
        x = PLOT_LEFT + n / max(1, len(values) - 1) * (RIGHT - PLOT_LEFT)
        return f"{x:.1f},{bottom - value / axis.top * PLOT_HEIGHT:.1f}"

    upper = [at(n, value) for n, value in enumerate(high)]
    lower = [at(n, value) for n, value in enumerate(low)]
    last = first + step * max(1, len(values) - 1)
    places = [
        Placed(PLOT_LEFT + (tick.at - first) / (last - first) * (RIGHT - PLOT_LEFT), tick.day or tick.label)
        for tick in time_ticks(first, last, zone)
    ]
    marks = [Placed(bottom - t.at / axis.top * PLOT_HEIGHT, t.label) for t in axis.ticks]
    band = " ".join(upper + lower[::-1]) if upper and lower else ""
    return Plot("series", bottom + 24, [], band, _pieces(values, at), marks, places, PLOT_TOP, bottom)


def _pieces(values: Sequence[float | None], at: Any) -> list[str]:  # noqa: ANN401  (a local function)
    """Return the curve as polylines, broken where nothing was seen: a gap is no zero."""
    pieces: list[list[str]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(at(n, value))
    return [" ".join(piece) for piece in pieces if piece]


def moment_text(micros: int, zone: tzinfo) -> str:
    """Return microseconds since the epoch as local date and time."""
    return datetime.fromtimestamp(micros / 1e6, zone).strftime("%Y-%m-%d %H:%M:%S")
