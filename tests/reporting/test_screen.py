"""The screen: order, width, both languages, and no control of the terminal by strings from the wire."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from reporting.result import LAYER_2, ScanResult, Spoken
from reporting.screen import render, show
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES, Words


def _text(result: ScanResult, lang: str) -> str:
    return "\n".join(line.plain for line in render(result, Words(lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_line_is_wider_than_100_columns(result: ScanResult, empty_result: ScanResult, lang: str) -> None:
    """Wide characters count two; only commands to copy may be longer, and these are not."""
    for shown in (result, empty_result):
        widths = [cells(line) for line in _text(shown, lang).split("\n")]
        assert max(widths) <= MAX_COLUMNS


@pytest.mark.parametrize("lang", LANGUAGES)
def test_sections_come_in_the_order_of_the_contract(result: ScanResult, lang: str) -> None:
    """Verdict, home networks, not seen, what is looked for at all, incidents, talkers, spoken, unreadable."""
    words = Words(lang)
    text = _text(result, lang)
    keys = ("home", "blind", "scope", "talkers", "spoken", "unreadable")
    heads = [f"\n{words(f'screen.{key}')}" for key in keys]
    heads.insert(3, f"\n{words('screen.incidents', n=5)}")
    places = [text.index(head) for head in heads]
    assert text.startswith(words("severity.critical"))
    assert places == sorted(places)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_wire_strings_cannot_drive_the_terminal(result: ScanResult, lang: str) -> None:
    """Escape sequences, markup and direction overrides come out as visible text."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=False, highlight=False, markup=False, width=100)
    show(render(result, Words(lang)), console)
    text = out.getvalue()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[31mred" in text
    assert "[bold]markup[/bold]" in text


def test_no_color_is_honoured(result: ScanResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR a terminal gets no colour sequences."""
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    show(render(result, Words("en")), Console(file=out, force_terminal=True, width=100))
    assert "\x1b[31m" not in out.getvalue()
    assert "37;41m" not in out.getvalue()


def test_chinese_screen_holds_no_english_headings(result: ScanResult) -> None:
    """Every fixed text of the Chinese screen is Chinese."""
    text = _text(result, "zh-CN")
    english = Words("en")
    for key in ("screen.home", "screen.blind", "screen.talkers", "incident.evidence", "talker.peers", "spoken.flows"):
        assert english(key) not in text


def test_english_screen_holds_no_chinese(result: ScanResult) -> None:
    """Nothing of the other language leaks."""
    assert not any("\u4e00" <= char <= "\u9fff" for char in _text(result, "en"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_detectors_are_called_by_name(result: ScanResult, lang: str) -> None:
    """A detector that could not judge is named in the reader's language; its id is for ``-o json``."""
    text = _text(result, lang)
    assert {"en": "too little for: Slow scan (", "zh-CN": "不足以研判：慢速扫描（"}[lang] in text
    assert "scan_slow" not in text
    assert result.as_json()["not_assessed"][0]["detector"] == "scan_slow"


def test_protocols_without_a_name_are_described_in_the_language(result: ScanResult) -> None:
    """What was not recognised and what has no IP is no protocol name, so it is translated."""
    text = _text(replace(result, spoken=(Spoken("", False, 1, 2), Spoken(LAYER_2, False, 1, 2))), "zh-CN")
    assert "未识别" in text
    assert "二层" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_scope_is_not_among_what_was_not_seen(empty_result: ScanResult, lang: str) -> None:
    """What is looked for stands under a heading of its own; with nothing missed, "not seen" says that."""
    words = Words(lang)
    lines = _text(empty_result, lang).split("\n")
    at = lines.index(words("screen.blind"))
    assert lines[at + 1].strip() == words("screen.all_seen")
    scope = lines.index(words("screen.scope"))
    assert lines[scope + 1].split() == [*words("screen.covered").split(), words.pick("scans", "扫描")]
    assert lines[scope + 2].split() == [*words("screen.not_covered").split(), words.pick("floods", "洪泛")]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("length", range(5, 65, 3))
def test_the_facts_break_between_facts_only(result: ScanResult, lang: str, length: int) -> None:
    """However long the name of the case is (up to 64), no fact is torn apart and no line is too wide."""
    shown = render(replace(result, case="c" * length), Words(lang))
    whole = "\n".join(line.plain for line in shown)
    facts = whole[whole.index("c" * length) - len(Words(lang).pick("case ", "案例 ")) :].split("\n\n")[0]
    totals = Words(lang)("screen.facts", case="c" * length, first="F", last="L", span="S", frames=1, flows=1, hosts=1)
    lines = facts.split("\n")
    assert all(cells(line) <= MAX_COLUMNS for line in lines)
    assert len(" ".join(lines).split(" · ")) == len(totals.split(" · "))
    assert all(line.endswith(" ·") for line in lines[:-1])


def test_every_incident_says_what_to_type_next(result: ScanResult) -> None:
    """The next command is on one line, whole, so that it can be copied."""
    lines = _text(result, "en").split("\n")
    for incident in result.incidents:
        for command in incident.next:
            assert any(line.endswith(command) for line in lines)


def test_an_empty_scan_still_says_every_section(empty_result: ScanResult) -> None:
    """No frame at all is no blank screen."""
    text = _text(empty_result, "en")
    assert text.startswith("CLEAR")
    for part in ("Home networks", "Not seen", "Incidents (0)", "Unreadable frames"):
        assert part in text
