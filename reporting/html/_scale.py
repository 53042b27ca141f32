"""Axes: round steps for values and times, and the labels that go with them."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

_TIME_STEPS_S: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_DAY_S: Final = 86400
_PREFIXES: Final = ("", "k", "M", "G", "T", "P")


class Tick(NamedTuple):
    """One mark of an axis: where (in the axis' own unit) and what stands beside it; ``day`` is a second line."""

    at: float
    label: str
    day: str = ""


class ValueAxis(NamedTuple):
    """A value axis from 0 to ``top``; ``prefix`` is the SI prefix that the labels leave out."""

    top: float
    ticks: list[Tick]
    prefix: str


def value_axis(highest: float, most: int = 4) -> ValueAxis:
    """Return an axis from zero that holds ``highest`` with at most ``most`` steps of 1, 2 or 5 times a power of ten."""
    highest = max(highest, 1e-9)
    power = min(max(math.floor(math.log10(highest) / 3), 0), len(_PREFIXES) - 1)
    unit = 1000.0**power
    raw = highest / most
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= raw * (1 - 1e-9))
    count = math.ceil(highest / step - 1e-9)
    ticks = [Tick(n * step, f"{n * step / unit:g}") for n in range(count + 1)]
    return ValueAxis(count * step, ticks, _PREFIXES[power])


def time_step(span_s: float, most: int = 9) -> int:
    """Return the step between time marks, s: the smallest usual one that needs at most ``most`` marks."""
    for step in _TIME_STEPS_S:
        if span_s / step <= most:
            return step
    return math.ceil(span_s / most / _DAY_S) * _DAY_S


def time_ticks(start_s: float, end_s: float, zone: tzinfo) -> list[Tick]:
    """Return marks at round local times between two epoch times (s); the day stands below its first mark."""
    step = time_step(max(end_s - start_s, 1))
    offset = datetime.fromtimestamp(start_s, zone).utcoffset()
    shift = offset.total_seconds() if offset else 0.0
    at = math.ceil((start_s + shift) / step) * step - shift
    ticks: list[Tick] = []
    last_day = ""
    while at <= end_s:
        when = datetime.fromtimestamp(at, zone)
        day = when.strftime("%Y-%m-%d")
        label = day[5:] if step >= _DAY_S else when.strftime("%H:%M:%S" if step < 60 else "%H:%M")
        ticks.append(Tick(at, label, day if day != last_day and step < _DAY_S else ""))
        last_day = day
        at += step
    return ticks


def zone_name(zone: tzinfo, at_s: float) -> str:
    """Return the zone as ``UTC`` or ``UTC+08:00``, at an epoch time."""
    offset = datetime.fromtimestamp(at_s, zone).utcoffset()
    minutes = round(offset.total_seconds() / 60) if offset else 0
    if minutes == 0:
        return "UTC"
    sign = "+" if minutes > 0 else "-"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
