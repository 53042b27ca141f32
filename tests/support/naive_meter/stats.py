"""Statistics of a flow row, from lists and with exact arithmetic until the last step (flow-semantics.md 6)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

BURST_GAP_NS: Final = 1_000_000_000
"""A silence longer than this ends a burst, ns (CIC's activity time-out, flows.md row 105)."""

SPLT: Final = 20
I16_MAX: Final = 32_767
I32_MAX: Final = 2**31 - 1


def real(value: Fraction | float | None) -> float | None:
    """Return a value rounded once, to float64: as it is before a column stores it as float32."""
    return None if value is None else float(value)


def four(prefix: str, samples: Sequence[Fraction | int]) -> dict[str, float | None]:
    """Return minimum, mean, sample standard deviation and maximum."""
    count = len(samples)
    mean = Fraction(sum(samples), 1) / count if count else None
    deviation = None
    if mean is not None and count > 1:
        deviation = math.sqrt(sum((Fraction(x) - mean) ** 2 for x in samples) / (count - 1))
    return {
        f"{prefix}_min": real(min(samples)) if count else None,
        f"{prefix}_mean": real(mean),
        f"{prefix}_std": real(deviation),
        f"{prefix}_max": real(max(samples)) if count else None,
    }


def gaps_ns(times: Sequence[int]) -> list[int]:
    """Return the gaps between successive times; a backward step counts as 0."""
    return [max(b - a, 0) for a, b in pairwise(times)]


def microseconds(gaps: Sequence[int]) -> list[Fraction]:
    """Return nanoseconds as exact microseconds."""
    return [Fraction(gap, 1000) for gap in gaps]


def bursts(times: Sequence[int]) -> dict[str, float | int | None]:
    """Return the activity columns: bursts are separated by more than 1 s of silence."""
    active = [0]
    idle: list[int] = []
    start = latest = times[0]
    for now in times[1:]:
        if now - latest > BURST_GAP_NS:
            idle.append(now - latest)
            active.append(0)
            start = latest = now
        latest = max(latest, now)
        active[-1] = latest - start
    return {
        "active_mean": real(Fraction(sum(active), 1000 * len(active))),
        "active_max": real(Fraction(max(active), 1000)),
        "idle_mean": real(Fraction(sum(idle), 1000 * len(idle))) if idle else None,
        "idle_max": real(Fraction(max(idle), 1000)) if idle else None,
        "subflows": len(active),
    }


def entropy(data: bytes) -> float | None:
    """Return the Shannon entropy in bit per byte; None without bytes."""
    if not data:
        return None
    shares = [count / len(data) for count in Counter(data).values()]
    return real(-sum(share * math.log2(share) for share in shares) + 0.0)


def splt(packets: Sequence[tuple[int, int, bool]]) -> dict[str, list[int]]:
    """Return length, direction and gap of the first payload-bearing packets, given as (time, length, by originator)."""
    chosen = [p for p in packets if p[1] > 0][:SPLT]
    gaps = [0, *gaps_ns([p[0] for p in chosen])]
    return {
        "splt_len": [min(p[1], I16_MAX) for p in chosen],
        "splt_dir": [1 if p[2] else -1 for p in chosen],
        "splt_iat": [min(gap // 1000, I32_MAX) for gap, _ in zip(gaps, chosen, strict=False)],
    }
