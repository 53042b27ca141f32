"""Numbers as a person reads them: bytes, counts, shares, spans and times, in both languages."""

from __future__ import annotations

from typing import Final

from reporting.words import Words

_BYTE_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")


def bytes_text(count: int) -> str:
    """Return ``count`` bytes in decimal units with three digits at least: ``999 B``, ``1.23 kB``, ``45.6 MB``."""
    value = float(count)
    unit = 0
    while value >= 999.5 and unit < len(_BYTE_UNITS) - 1:
        value /= 1000
        unit += 1
    if unit == 0:
        return f"{count} B"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {_BYTE_UNITS[unit]}"


def count_text(count: int) -> str:
    """Return ``count`` with thousands separated by commas."""
    return f"{count:,}"


def share_text(part: float, whole: float) -> str:
    """Return ``part`` of ``whole`` in per cent; what is there never reads as 0 %, what lacks a bit never as 100 %."""
    if whole <= 0:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


def span_text(seconds: float, words: Words) -> str:
    """Return a duration in its two largest units, in words of the language."""
    if round(seconds * 1000) < 1000:
        return words("span.ms", n=round(seconds * 1000))
    if round(seconds, 1) < 60:
        return words("span.s", n=f"{seconds:.3g}")
    whole = round(seconds)
    days, hours, minutes, left = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60, whole % 60
    parts = [("span.d", days), ("span.h", hours), ("span.min", minutes), ("span.s", left)]
    while parts[0][1] == 0:
        parts.pop(0)
    return " ".join(words(key, n=n) for key, n in parts[:2] if n)


def time_text(moment: str | None) -> str:
    """Return an ISO 8601 UTC time (``…T08:00:01.25Z``) as ``… 08:00:01``; ``-`` when there is none."""
    return "-" if moment is None else moment[:19].replace("T", " ")
