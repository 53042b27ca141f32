"""How regular is it? RITA's beacon sub-scores for many pairs at once, from their formulas (detectors.md section 1.1).

Every function works on groups: the values of all pairs lie one after the other in a flat array, and ``offsets`` says
where each pair begins (``offsets[i]`` to ``offsets[i + 1]``). One pair is a group of its own. Nothing here knows a
window, a table or a threshold of an alert.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WEIGHT: Final = 0.25
"""Weight of each of the four sub-scores (RITA default_config.hjson)."""

SENSITIVITY: Final = 0.05
"""Histogram bars closer than this share of the tallest are of one height (RITA: modal_sensitivity)."""

OUTLIER_BARS: Final = 1
BIMODAL_BARS: Final = 11
"""Bars that may differ without harm to the fit of two heights; with fewer bars it is not examined (bimodal_*)."""

DURATION_BARS: Final = 6
IDEAL_RUN: Final = 12
"""Fewer bars score no duration; a run of so many is perfectly consistent (duration_*)."""

MIN_SKEW_SPREAD: Final = 10
"""Quartiles closer than this have no skew worth a number (RITA beacons.go)."""

BEACON_CUTS: Final = (50.0, 70.0, 90.0, 100.0)
"""Base, low, medium and high of the beacon score times 100 (RITA default_config.hjson)."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Values of many pairs, flat, each pair's sorted upwards."""

    values: Floats
    offsets: Ints

    @property
    def sizes(self) -> Ints:
        """Number of values of each pair."""
        return np.diff(self.offsets)

    @property
    def owner(self) -> Ints:
        """Number of the pair that each value belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.sizes)


def groups(values: npt.ArrayLike, offsets: npt.ArrayLike | None = None) -> Groups:
    """Return groups of values in any order; one group without ``offsets``."""
    flat = np.asarray(values, dtype=np.float64)
    cuts = np.asarray([0, len(flat)] if offsets is None else offsets, dtype=np.int64)
    owner = np.repeat(np.arange(len(cuts) - 1), np.diff(cuts))
    return Groups(flat[np.lexsort((flat, owner))], cuts)


def intervals(times: Groups) -> Groups:
    """Return the pauses between different times of each pair, in seconds; times are cut to whole seconds before."""
    seconds, owner = np.floor(times.values), times.owner
    pauses = np.diff(seconds)
    keep = (owner[1:] == owner[:-1]) & (pauses > 0)
    counts = np.bincount(owner[1:][keep], minlength=len(times.offsets) - 1)
    return groups(pauses[keep], np.concatenate(([0], np.cumsum(counts))))


def quartiles(held: Groups) -> tuple[Floats, Floats, Floats]:
    """Return lower quartile, median and upper quartile of each pair.

    The quartiles are the medians of the two halves, without the middle value when the number is odd.

    Raises:
        ValueError: a pair has fewer than 3 values.
    """
    if len(held.offsets) < 2 or held.sizes.min(initial=3) < 3:
        raise ValueError("quartiles: a pair has fewer than 3 values; allowed: 3 and more; leave such pairs out")
    start, size, half = held.offsets[:-1], held.sizes, held.sizes // 2
    return (
        _median(held.values, start, half),
        _median(held.values, start, size),
        _median(held.values, start + size - half, half),
    )


def _median(values: Floats, start: Ints, size: Ints) -> Floats:
    middle: Floats = (values[start + (size - 1) // 2] + values[start + size // 2]) / 2
    return middle


def bowley(held: Groups) -> Floats:
    """Return Bowley's skewness of each pair, 0 where the quartiles are close or one of them is the median."""
    low, middle, high = quartiles(held)
    spread = high - low
    flat = (spread < MIN_SKEW_SPREAD) | (middle == low) | (middle == high)
    skew: Floats = np.where(flat, 0.0, (low + high - 2 * middle) / np.where(flat, 1.0, spread))
    return skew


def deviation(held: Groups, default: float) -> tuple[Floats, Floats]:
    """Return the median absolute deviation of each pair, and the score ``(median - it) / median``, never below 0.

    Args:
        held: at least one value per pair.
        default: score of a pair whose median is below 1.

    Raises:
        ValueError: a pair has no values.
    """
    if len(held.offsets) < 2 or held.sizes.min(initial=1) < 1:
        raise ValueError("deviation: a pair has no values; allowed: 1 and more; leave such pairs out")
    middle = _median(held.values, held.offsets[:-1], held.sizes)
    away = groups(np.abs(held.values - middle[held.owner]), held.offsets)
    mad = _median(away.values, away.offsets[:-1], away.sizes)
    score = np.where(middle >= 1, (middle - mad) / np.maximum(middle, 1), default)
    return mad, np.maximum(score, 0.0)


def statistical(held: Groups, default: float) -> Floats:
    """Return the score of how alike the values of each pair are: mean of the skew score and the deviation score."""
    score: Floats = (1 - np.abs(bowley(held)) + deviation(held, default)[1]) / 2
    return score


def timestamp_score(times: Groups) -> Floats:
    """Return how regular the pauses of each pair are, 0..1; a pair needs four different seconds."""
    return statistical(intervals(times), 1.0)


def size_score(sizes: Groups) -> Floats:
    """Return how alike the bytes per connection of each pair are, 0..1; a pair needs three."""
    return statistical(sizes, 0.0)


def edges(start: float, end: float, bins: int) -> Floats:
    """Return the edges of equal bins; ValueError when there is no bin, or no time between start and end."""
    if bins < 1 or end <= start:
        raise ValueError(f"edges: {bins} bins over {end - start:g} s; allowed: at least 1 over more than 0 s")
    return np.linspace(start, end, bins + 1)


def histogram(times: Groups, start: float, end: float, bins: int) -> Ints:
    """Return the connections per bin, one row per pair; the last bin holds its upper edge too.

    Raises:
        ValueError: as ``edges``, or there are no times.
    """
    if not len(times.values):
        raise ValueError("histogram: no times; allowed: at least one; leave such pairs out")
    width = (edges(start, end, bins)[-1] - start) / bins
    place = np.clip(((times.values - start) / width).astype(np.int64), 0, bins - 1)
    pairs = len(times.offsets) - 1
    return np.bincount(times.owner * bins + place, minlength=pairs * bins).reshape(pairs, bins)


def bars(bins: Ints) -> Ints:
    """Return the number of bins that are not empty, per pair."""
    held: Ints = (bins > 0).sum(axis=1)
    return held


def longest_run(bins: Ints) -> Ints:
    """Return the longest run of bins that are not empty, per pair; the end of the window joins its start."""
    best = run = np.zeros(len(bins), dtype=np.int64)
    for column in np.concatenate((bins, bins), axis=1).T > 0:
        run = np.where(column, run + 1, 0)
        best = np.maximum(best, run)
    return np.minimum(best, bins.shape[1])


def variation_score(bins: Ints) -> Floats:
    """Return 1 - deviation / mean of the bins, empty ones included, at least 0; ValueError when a pair has none."""
    if not bins.size or (bins.mean(axis=1) <= 0).any():
        raise ValueError("variation: a histogram is empty; allowed: at least one connection; leave such pairs out")
    score: Floats = np.maximum(0.0, 1 - bins.std(axis=1) / bins.mean(axis=1))
    return score


def heights(bins: Ints, sensitivity: float = SENSITIVITY) -> Ints:
    """Return every bin cut down to a multiple of the height tolerance, empty ones as -1; ValueError without bins."""
    if not bins.size:
        raise ValueError("heights: no bins; allowed: at least one; give a histogram")
    step = np.maximum(1, np.ceil(bins.max(axis=1, keepdims=True) * sensitivity)).astype(np.int64)
    return np.where(bins > 0, bins // step * step, -1)


def bimodal_score(kinds: Ints, minimum: int = BIMODAL_BARS, outliers: int = OUTLIER_BARS) -> Floats:
    """Return which share of the bars has one of the two commonest heights, per pair, at most 1.

    Args:
        kinds: heights of the bins, -1 for empty ones (``heights``).
        minimum: bars below which there is no score.
        outliers: bars that may differ without harm; with none left beside one, there is no score.

    Raises:
        ValueError: a pair has no bar.
    """
    held = (kinds >= 0).sum(axis=1)
    if not kinds.size or (held < 1).any():
        raise ValueError("bimodal: a histogram has no bar; allowed: at least one; leave such pairs out")
    same = (kinds[:, :, None] == kinds[:, None, :]).sum(axis=2) * (kinds >= 0)
    first = same.max(axis=1)
    top = np.take_along_axis(kinds, same.argmax(axis=1)[:, None], axis=1)
    second = np.where(kinds == top, 0, same).max(axis=1)
    left = held - outliers
    score = np.minimum(1.0, (first + second) / np.maximum(left, 1))
    return np.where((held >= minimum) & (left > 1), score, 0.0)


def histogram_score(bins: Ints, minimum: int = BIMODAL_BARS) -> Floats:
    """Return how even the bins of each pair are, or how well they have just two heights."""
    return np.maximum(variation_score(bins), bimodal_score(heights(bins), minimum))


def duration_score(
    window: tuple[float, float],
    reach: tuple[Floats, Floats],
    held: Ints,
    run: Ints,
    minimum: int = DURATION_BARS,
    ideal: int = IDEAL_RUN,
) -> Floats:
    """Return how much of the window each pair fills: the time it reaches over or its longest run of bars.

    Args:
        window: start and end.
        reach: first and last time of each pair.
        held: bars of each pair.
        run: its longest run of bars.
        minimum: bars below which there is no score.
        ideal: a run of that many bars is perfect.

    Raises:
        ValueError: the window or a reach ends before it starts, or ``minimum`` or ``ideal`` is below 1.
    """
    if minimum < 1 or ideal < 1 or window[1] <= window[0] or (reach[1] < reach[0]).any():
        raise ValueError("duration: a window or minimum is empty; allowed: end after start, bars from 1; correct it")
    coverage = np.minimum(1.0, (reach[1] - reach[0]) / (window[1] - window[0]))
    return np.where(held >= minimum, np.maximum(coverage, np.minimum(1.0, run / ideal)), 0.0)


def combined(parts: tuple[Floats, ...], weights: tuple[float, ...] = (WEIGHT,) * 4) -> Floats:
    """Return the weighted sum of sub-scores, rounded to a thousandth.

    Raises:
        ValueError: a part or weight lies outside 0..1, or the weights do not add up to 1.
    """
    both = np.concatenate([np.ravel(np.asarray(part, np.float64)) for part in (*parts, weights)])
    if both.min() < 0 or both.max() > 1 or abs(sum(weights) - 1) > 1e-9:
        raise ValueError("combined: a score or weight is out of range; allowed: 0 to 1, weights adding up to 1")
    total = sum(weight * np.asarray(part, np.float64) for part, weight in zip(parts, weights, strict=True))
    return np.round(np.asarray(total), 3)


@dataclass(frozen=True, slots=True)
class Scores:
    """Sub-scores of many pairs and what they make together (RITA's beacon score, rounded to a thousandth)."""

    times: Floats
    sizes_score: Floats
    duration: Floats
    histogram: Floats
    beacon: Floats
    bins: Ints


def score(times: Groups, sizes: Groups, start: float, end: float, bins: int) -> Scores:
    """Return RITA's beacon score of every pair over one window.

    Args:
        times: seconds of the connections inside the window; at least four different whole seconds per pair.
        sizes: bytes per connection, at least three per pair.
        start: start of the window in seconds.
        end: its end, later.
        bins: bins of the histogram, at most some hundreds.

    Raises:
        ValueError: a pair or the window is smaller than that.
    """
    held = histogram(times, start, end, bins)
    reach = (times.values[times.offsets[:-1]], times.values[times.offsets[1:] - 1])
    lasting = duration_score((start, end), reach, bars(held), longest_run(held))
    parts = (timestamp_score(times), size_score(sizes), lasting, histogram_score(held))
    return Scores(*parts, combined(parts), held)


def bucketed(value: float, cuts: tuple[float, float, float, float]) -> float:
    """Return RITA's threat score of a value: 0 below the first cut, then 0.2 to 0.8, linear between the four cuts."""
    if value < cuts[0]:
        return 0.0
    return float(np.interp(value, cuts, (0.2, 0.4, 0.6, 0.8)))
