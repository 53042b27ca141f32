"""Terminal columns and line breaks, for Latin and Chinese text alike."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reporting.width import cells, pad, wrap

_TEXT = st.text(alphabet=st.sampled_from("ab cd.,;:%()-/ 网络安全，。；（）é\u0301"), max_size=120)


@given(_TEXT, st.integers(min_value=4, max_value=40))
def test_no_line_is_too_wide_and_nothing_but_blanks_is_lost(text: str, columns: int) -> None:
    """Every line fits, and the lines hold all visible characters in order."""
    lines = wrap(text, columns)
    assert all(cells(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_wide_characters_count_two_and_marks_none() -> None:
    """The counts of UAX 11, which terminals follow."""
    assert cells("态势") == 4
    assert cells("（a）") == 5
    assert cells("e\u0301") == 1
    assert cells("\u202eabc") == 3
    assert cells(pad("态", 6)) == 6


def test_words_stay_whole_and_dots_stay_with_their_word() -> None:
    """A Latin word is cut only when it alone is too wide; ``.pcap`` is not parted from its dot."""
    assert wrap("write the .pcap file", 13) == ["write the", ".pcap file"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_closing_punctuation_never_begins_a_line() -> None:
    """The mark goes with the character before it, even when that moves to the next line."""
    assert wrap("网络安全。", 8) == ["网络安", "全。"]


def test_opening_punctuation_never_ends_a_line() -> None:
    """The mark goes with what it opens, even when that moves it to the next line."""
    assert wrap("安全（甲）", 8) == ["安全", "（甲）"]
    assert wrap("safe（12）and", 6) == ["safe", "（12）", "and"]
