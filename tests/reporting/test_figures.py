"""Numbers as people read them: rounding never says more or less than there is."""

from __future__ import annotations

import pytest

from reporting.figures import bytes_text, share_text, span_text, time_text
from reporting.words import Words


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (9_995, "10.0 kB"), (99_950, "100 kB"), (999_500, "1.00 MB")],
)
def test_bytes_have_three_digits_and_never_reach_1000(count: int, text: str) -> None:
    """The unit changes before the rounding would print 1000."""
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "-"),
        (0, 9, "0 %"),
        (1, 10_000, "< 0.1 %"),
        (9_999, 10_000, "> 99.9 %"),
        (9_999, 9_999, "100 %"),
        (1, 3, "33 %"),
    ],
)
def test_shares_are_honest_at_both_ends(part: int, whole: int, text: str) -> None:
    """Something is never 0 %, and something missing is never 100 %."""
    assert share_text(part, whole) == text


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.0, "0 ms", "0 毫秒"),
        (0.9996, "1 s", "1 秒"),
        (59.97, "1 min", "1 分"),
        (86398.5, "23 h 59 min", "23 小时 59 分"),
        (172800.0, "2 d", "2 天"),
    ],
)
def test_spans_use_their_two_largest_units(seconds: float, english: str, chinese: str) -> None:
    """Rounding carries into the next unit instead of printing 1000 ms or 60 s."""
    assert span_text(seconds, Words("en")) == english
    assert span_text(seconds, Words("zh-CN")) == chinese


def test_times_are_cut_to_seconds() -> None:
    """Fractions are for JSON; a missing time is a dash."""
    assert time_text("2026-11-20T00:00:01.500000Z") == "2026-11-20 00:00:01"
    assert time_text(None) == "-"
