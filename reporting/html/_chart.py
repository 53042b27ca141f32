"""Geometry of the traffic chart: two curves over one time axis, incidents above them. The template draws it.

Five inks at most: text, grid, traffic, and two of severity; what an incident is called never depends on its colour.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, NamedTuple

from reporting.html._scale import Tick, ValueAxis, time_ticks, value_axis
from reporting.html.model import Series

WIDTH: Final = 960
LEFT: Final = 58
RIGHT: Final = 942
LANE: Final = 24
"""Height of one lane of incident marks, px."""

MOST_LANES: Final = 4
MARK_GAP: Final = 30
"""Space one mark with its number needs before the next may start in the same lane, px."""

MOST_COLUMNS: Final = 480
"""Columns of the curve; more would be narrower than two pixels. Longer captures get wider intervals."""

BITS_HEIGHT: Final = 150
PACKETS_HEIGHT: Final = 84


class Placed(NamedTuple):
    """A tick with its place in pixels."""

    at: float
    label: str
    day: str


class Mark(NamedTuple):
    """An incident on the time axis: its number, severity, lane and extent, px."""

    number: int
    severity: str
    y: float
    x1: float
    x2: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One curve: its frame, value axis and outline (points of an SVG polygon)."""

    top: float
    bottom: float
    axis: ValueAxis
    ticks: list[Placed]
    outline: str
    peak: float
    peak_at_s: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template needs to draw; ``unmarked`` counts incidents that found no place."""

    width: int
    height: float
    left: int
    right: int
    bits: Panel
    packets: Panel
    times: list[Placed]
    marks: list[Mark]
    unmarked: int
    bucket_s: float
    start_s: float
    end_s: float


def epoch(moment: str) -> float:
    """Return an ISO 8601 time as seconds since the epoch."""
    return datetime.fromisoformat(moment).timestamp()


class _Grid(NamedTuple):
    start_s: float
    bucket_s: float
    bytes: list[int]
    packets: list[int]


def _grid(series: Series) -> _Grid:
    """Return the series on an even grid of at most ``MOST_COLUMNS`` intervals; left-out intervals are zero."""
    times = [epoch(point["ts"]) for point in series["points"]]
    start, bucket = min(times), series["bucket_s"]
    count = math.floor((max(times) - start) / bucket + 1e-6) + 1
    if count > MOST_COLUMNS:
        bucket *= math.ceil(count / MOST_COLUMNS)
        count = math.floor((max(times) - start) / bucket + 1e-6) + 1
    volume, packets = [0] * count, [0] * count
    for at, point in zip(times, series["points"], strict=True):
        column = min(int((at - start) / bucket + 1e-6), count - 1)
        volume[column] += point["bytes"]
        packets[column] += point["packets"]
    return _Grid(start, bucket, volume, packets)


def _panel(values: Sequence[float], grid: _Grid, top: float, height: float, end_s: float) -> Panel:
    bottom = top + height
    peak = max(values)
    axis = value_axis(peak, 4 if height > 100 else 2)
    steps = [(LEFT, bottom)]
    for number, value in enumerate(values):
        y = bottom - value / axis.top * height
        for moment in (number, number + 1):
            at = min(grid.start_s + moment * grid.bucket_s, end_s)
            steps.append((round(_x(at, grid.start_s, end_s)), y))
    steps.append((RIGHT, bottom))
    outline = " ".join(f"{x:g},{y:.1f}" for x, y in steps)
    ticks = [Placed(bottom - tick.at / axis.top * height, tick.label, "") for tick in axis.ticks]
    return Panel(top, bottom, axis, ticks, outline, peak, grid.start_s + values.index(peak) * grid.bucket_s)


def _x(at: float, start: float, end: float) -> float:
    return LEFT + (at - start) / (end - start) * (RIGHT - LEFT)


def _marks(incidents: Sequence[Mapping[str, Any]], start: float, end: float) -> tuple[list[Mark], int, int]:
    """Place the incidents in lanes, most severe (first in the list) first; return marks, lanes used, left out."""
    taken: list[list[tuple[float, float]]] = []
    marks: list[Mark] = []
    left_out = 0
    for number, incident in enumerate(incidents, start=1):
        x1 = min(max(_x(epoch(incident["first"]), start, end), LEFT), RIGHT - 3)
        x2 = min(max(_x(epoch(incident["last"]), start, end), x1 + 3), RIGHT)
        low, high = x1 - MARK_GAP / 2, max(x2, x1 + MARK_GAP / 2)
        free = (n for n, spans in enumerate(taken) if all(high < a or low > b for a, b in spans))
        lane = next(free, len(taken))
        if lane >= MOST_LANES:
            left_out += 1
            continue
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        marks.append(Mark(number, incident["severity"], 6 + LANE * lane + LANE / 2, x1, x2))
    return marks, len(taken), left_out


def chart(series: Series, incidents: Sequence[Mapping[str, Any]], zone: tzinfo) -> Chart | None:
    """Return the chart of a series with incidents (``first``, ``last``, ``severity``), or None without points."""
    if not series["points"]:
        return None
    grid = _grid(series)
    end = grid.start_s + len(grid.bytes) * grid.bucket_s
    marks, lanes, left_out = _marks(incidents, grid.start_s, end)
    top = 6 + LANE * lanes + 22
    rates = [count * 8 / grid.bucket_s for count in grid.bytes]
    bits = _panel(rates, grid, top, BITS_HEIGHT, end)
    packets = _panel([count / grid.bucket_s for count in grid.packets], grid, bits.bottom + 34, PACKETS_HEIGHT, end)
    return Chart(
        width=WIDTH,
        height=packets.bottom + 40,
        left=LEFT,
        right=RIGHT,
        bits=bits,
        packets=packets,
        times=[_placed(tick, grid.start_s, end) for tick in time_ticks(grid.start_s, end, zone)],
        marks=marks,
        unmarked=left_out,
        bucket_s=grid.bucket_s,
        start_s=grid.start_s,
        end_s=end,
    )


def _placed(tick: Tick, start: float, end: float) -> Placed:
    return Placed(_x(tick.at, start, end), tick.label, tick.day)
