"""What is usual at an hour of the week, learnt so that an intruder cannot teach it quickly.

The first two weeks give medians (of the same hour of the week, and of that hour over all working or all weekend days);
from then on every hour is judged before it is learnt, and the odder it was the less of it is learnt.

Source: detectors.md D45; Slips docs/https_anomaly_detection.md (log1p, 1.4826 MAD with a floor, weights .5/.05/.005).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from detectors.catalogue._series import WEEK_H, Floats, Hours

TRAINING_H: Final = 2 * WEEK_H
"""Hours from which the first habits are taken: each hour of the week twice."""

NORMAL_Z: Final = 3.0
"""Below it an hour is normal and learnt with weight .5 (Slips: flow threshold 3.0-3.5)."""

ODD_Z: Final = 5.0
"""From it on an hour is suspicious and learnt with weight .005 (detectors.md D45)."""

LEARN_NORMAL, LEARN_DRIFT, LEARN_SUSPICIOUS = 0.5, 0.05, 0.005
"""Adaptation weights (Slips)."""

_MAD_TO_SIGMA: Final = 1.4826
_MEAN_TO_SIGMA: Final = 1.2533
"""sqrt(pi / 2): mean absolute deviation to the standard deviation of a normal."""

_KINDS: Final = (slice(0, 5), slice(5, 7))
"""Days of the week: working days and weekends."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Hour by hour: deviation in sigmas (NaN where not judged), the usual band on ln(1 + x), and the other day's.

    ``other``: deviation from what is usual at that hour on the other kind of day (weekend for a working day).
    """

    z: Floats
    low: Floats
    high: Floats
    other: Floats

    def row(self, at: int) -> Judged:
        """Return what is said of one series."""
        return Judged(self.z[at], self.low[at], self.high[at], self.other[at])


def judge(values: Floats, first: Hours, floor: float) -> Judged:
    """Judge every hour after the training by what was learnt before it; all parts have the shape of ``values``.

    Args:
        values: counts, a row per series: whole weeks from a Monday on, NaN where unknown.
        first: hour in which each series begins; its training ends ``TRAINING_H`` later.
        floor: smallest standard deviation on ln(1 + x).
    """
    level = np.log1p(values).reshape(len(values), -1, WEEK_H)
    live = np.arange(values.shape[1]).reshape(1, -1, WEEK_H) >= first[:, None, None] + TRAINING_H
    centre, usual, sigma = _trained(np.where(live, np.nan, level), floor)
    z, low, high, other = (np.full(level.shape, np.nan) for _ in range(4))
    for week in range(level.shape[1]):
        seen, own = level[:, week], _each_day(usual)
        top, bottom, spread = np.maximum(centre, own), np.minimum(centre, own), _each_day(sigma)
        odd = np.where(seen > top, seen - top, np.where(seen < bottom, seen - bottom, 0.0 * seen)) / spread
        z[:, week] = np.where(live[:, week], odd, np.nan)
        low[:, week], high[:, week] = bottom - ODD_Z * spread, top + ODD_Z * spread
        other[:, week] = (seen - _each_day(usual[:, ::-1])) / spread
        learnt, size = live[:, week] & ~np.isnan(seen), np.abs(odd)
        weight = np.where(size < NORMAL_Z, LEARN_NORMAL, np.where(size < ODD_Z, LEARN_DRIFT, LEARN_SUSPICIOUS))
        sigma = _followed(sigma, np.where(learnt & (size < NORMAL_Z), np.abs(seen - centre), np.nan), floor)
        centre = np.where(learnt, centre + weight * (seen - centre), centre)
        usual = _by_kind(centre[:, None])
    return Judged(*(part.reshape(values.shape) for part in (z, low, high, other)))


def _trained(training: Floats, floor: float) -> tuple[Floats, Floats, Floats]:
    """Return the medians by hour of the week, those by kind of day and hour, and the deviations by the same."""
    usual = _by_kind(training)
    overall = median(training.reshape(len(training), -1), axis=1)
    usual = np.where(np.isnan(usual), overall[:, None, None], usual)
    centre = median(training, axis=1)
    centre = np.where(np.isnan(centre), _each_day(usual), centre)
    off = np.abs(training - _each_day(usual)[:, None])
    pooled = np.nan_to_num(median(off.reshape(len(off), -1), axis=1))
    return centre, usual, np.fmax(_MAD_TO_SIGMA * np.fmax(_by_kind(off), pooled[:, None, None]), floor)


def _followed(sigma: Floats, off: Floats, floor: float) -> Floats:
    """Return the deviations after the normal hours of a week: they follow slowly, and never below the floor."""
    days = off.reshape(len(off), 7, 24)
    known = np.stack([(~np.isnan(days[:, kind])).sum(axis=1) for kind in _KINDS], axis=1)
    total = np.stack([np.nansum(days[:, kind], axis=1) for kind in _KINDS], axis=1)
    fresh = np.where(known > 0, _MEAN_TO_SIGMA * total / np.maximum(known, 1), sigma)
    return np.fmax(sigma + LEARN_DRIFT * (fresh - sigma), floor)


def _by_kind(level: Floats) -> Floats:
    """Return medians over all weeks by kind of day and hour: (series, weeks, 168) becomes (series, 2, 24)."""
    days = level.reshape(len(level), -1, 7, 24)
    return np.stack([median(days[:, :, kind].reshape(len(days), -1, 24), axis=1) for kind in _KINDS], axis=1)


def _each_day(by_kind: Floats) -> Floats:
    """Return (series, 2, 24) as (series, 168)."""
    return np.repeat(by_kind, (5, 2), axis=1).reshape(len(by_kind), WEEK_H)


def median(level: Floats, axis: int) -> Floats:
    """Return the median of what is known, NaN where nothing is (nanmedian without its warnings, and faster)."""
    ordered = np.sort(level, axis=axis)
    known = np.expand_dims((~np.isnan(level)).sum(axis=axis), axis)
    last = np.maximum(known - 1, 0)
    lower, upper = (np.take_along_axis(ordered, at, axis=axis) for at in (last // 2, (last + 1) // 2))
    return np.asarray(np.squeeze((lower + upper) / 2, axis=axis))
