"""Change points of daily series: CUSUM finds who changed at all, an exact partition finds when.

The partition minimises squared error plus a penalty for each part; PELT (Killick et al. 2012) prunes the same search
and finds the same minimum, which a test holds against ruptures. Daily series are short: nothing needs pruning here.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from detectors.catalogue._season import median
from detectors.catalogue._series import Floats, Hours, Series

MEASURES: Final = ("bytes", "upload_share", "peers", "failure_share", "night_share")
"""What a day of a series is described by."""

SIGMA_FLOOR: Final = {"bytes": 0.2, "upload_share": 0.03, "peers": 0.1, "failure_share": 0.05, "night_share": 0.05}
"""Smallest standard deviation from day to day: ln(1 + B), ratio, ln(1 + peers), ratio, ratio (own)."""

SEEN_H: Final = 18
"""Hours of a day that must have been seen: three quarters, else the day is unknown."""

_NIGHT: Final = slice(0, 6)
_CLIP: Final = 8.0
"""Deviations count at most so many sigmas: one wild day must not look like a week."""

_CUSUM_K, _CUSUM_H = 0.5, 5.0
"""Slack and limit of the CUSUM (detectors.md 1.8: mean run of 465 days between false alarms of normal noise)."""


def days_of(series: Series) -> dict[str, Floats]:
    """Return each measure of a series day by day, NaN where the day was not seen or had too little to tell.

    Bytes and peer-hours are ln(1 + x) of what the day would have been had all its hours been seen.
    """
    up, down, begun, peers, failed = (
        series.values[name].reshape(-1, 24) for name in ("up", "down", "conversations", "peers", "failures")
    )
    seen = (~np.isnan(up)).sum(axis=1)
    total = _sum(up) + _sum(down)
    night = _sum(up[:, _NIGHT]) + _sum(down[:, _NIGHT])
    whole = 24 / np.maximum(seen, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = {
            "bytes": np.log1p(total * whole),
            "upload_share": np.where(total > 0, _sum(up) / total, np.nan),
            "peers": np.log1p(_sum(peers) * whole),
            "failure_share": np.where(_sum(begun) >= 5, _sum(failed) / _sum(begun), np.nan),
            "night_share": np.where(total > 0, night / total, np.nan),
        }
    known = seen >= SEEN_H
    return {name: np.where(known, level, np.nan) for name, level in found.items()}


def _sum(table: Floats) -> Floats:
    return np.asarray(np.nansum(table, axis=1))


def without_weekdays(daily: Floats) -> Floats:
    """Return a daily series from a Monday on without the effect of the weekday.

    The effect is the median, over the weeks, of a day's distance from the median of its own week: a change of level
    between weeks does not show in it.
    """
    weeks = daily.reshape(-1, 7)
    off = weeks - median(weeks, axis=1)[:, None]
    effect = median(off, axis=0)
    return np.asarray((weeks - np.nan_to_num(effect)).ravel())


def noise(known: Floats, floor: float) -> float:
    """Return the standard deviation from day to day, robust, at least ``floor``."""
    steps = np.abs(np.diff(known))
    return max(floor, 1.4826 * float(np.median(steps)) / 2**0.5) if steps.size else floor


def cusum_alarm(scaled: Floats, training: int) -> int | None:
    """Return the first day on which the two-sided CUSUM of a series passes its limit, None when it never does.

    Args:
        scaled: days in sigmas.
        training: days whose median is the target.
    """
    off = scaled - np.median(scaled[:training])
    over = np.zeros(len(off), bool)
    for sign in (1, -1):
        path = np.cumsum(sign * off - _CUSUM_K)
        over |= path - np.minimum(np.minimum.accumulate(path), 0) > _CUSUM_H
    return int(np.argmax(over)) if over.any() else None


def change_points(scaled: Floats, min_days: int, penalty: float) -> Hours:
    """Return the starts of all parts but the first, of the partition with the least squared error plus penalties.

    Args:
        scaled: days in sigmas.
        min_days: shortest part.
        penalty: price of a further part.
    """
    n = len(scaled)
    level = np.clip(scaled - np.median(scaled), -_CLIP, _CLIP)
    ones, squares = np.r_[0.0, np.cumsum(level)], np.r_[0.0, np.cumsum(level**2)]
    best, back = np.full(n + 1, np.inf), np.zeros(n + 1, dtype=np.int64)
    best[0] = -penalty
    for end in range(min_days, n + 1):
        start = np.arange(end - min_days + 1)
        size = end - start
        cost = squares[end] - squares[start] - (ones[end] - ones[start]) ** 2 / size
        price = best[start] + cost + penalty
        back[end] = start[np.argmin(price)]
        best[end] = price[back[end]]
    cuts: list[int] = []
    at = int(back[n]) if n >= min_days else 0
    while at > 0:
        cuts.append(at)
        at = int(back[at])
    return np.array(cuts[::-1], dtype=np.int64)
