"""Reasons of unreadable frames: every one of the decoder has its text, in both languages, and fits the screen."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from reporting.result import ScanResult, Unreadable
from reporting.screen import render
from reporting.unreadable import ETHERTYPES, REASONS, reason_text
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES, Words
from store.text import Text

RUST = Path(__file__).parents[2] / "wire" / "src" / "decode" / "reason.rs"


def test_every_reason_of_the_decoder_has_its_text() -> None:
    """The Rust list is read: a reason that is added there is missed here."""
    declared = re.findall(r'pub const [A-Z0-9_]+: &str = "([a-z0-9_]+)";', RUST.read_text(encoding="utf-8"))
    assert len(declared) > 8
    assert set(REASONS) == set(declared)


def test_texts_are_in_their_language() -> None:
    """Reasons are said in words of each language; types are written as the counters write them."""
    for text in REASONS.values():
        assert text.en.isascii() or "…" in text.en
        assert any("\u4e00" <= char <= "\u9fff" for char in text.zh)
    assert all(re.fullmatch(r"0x[0-9a-f]{4}", kind) for kind in ETHERTYPES)
    assert list(ETHERTYPES) == sorted(ETHERTYPES)


def test_types_are_named_and_unknown_ones_numbered() -> None:
    """What has a usual name gets it; the number stays beside it, because tools go by it."""
    assert reason_text("non_flow.0x88e5").en == "neither IP nor metered: MACsec, encrypted (0x88e5)"
    assert "0x1234" in reason_text("non_flow.0x1234").zh
    assert reason_text("decode_error.of_tomorrow") == Text("of_tomorrow", "of_tomorrow")
    assert reason_text("other") == Text("other", "other")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_screen_shows_no_raw_ids(result: ScanResult, lang: str) -> None:
    """All reasons and types at once: no counter's name, no line too long, nothing cut."""
    names = [*(f"decode_error.{name}" for name in REASONS), *(f"non_flow.{kind}" for kind in (*ETHERTYPES, "0x1234"))]
    shown = replace(result, unreadable=tuple(Unreadable(name, 7) for name in names))
    lines = [line.plain for line in render(shown, Words(lang))]
    text = "\n".join(lines)
    assert "decode_error" not in text
    assert "non_flow" not in text
    assert all(reason_text(name).of(lang) in text for name in names)
    assert max(cells(line) for line in lines) <= MAX_COLUMNS
    assert shown.as_json()["unreadable"][0]["reason"].startswith("decode_error.")
