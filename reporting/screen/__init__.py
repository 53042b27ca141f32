"""The screen of a scan: verdict first, then what it rests on; at most 100 columns, safe against wire strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.text import Text as Line

from reporting.figures import count_text, span_text, time_text
from reporting.result import ScanResult
from reporting.screen._coverage import blind_lines, file_lines, home_lines, scope_lines, unreadable_lines
from reporting.screen._incidents import incident_lines
from reporting.screen._lines import SEVERITY_STYLE, packed, paragraph
from reporting.screen._traffic import login_lines, protection_lines, spoken_lines, talker_lines, told_lines
from reporting.words import Words

PARTS: Final = (
    *(home_lines, blind_lines, scope_lines),
    *(incident_lines, talker_lines, spoken_lines, protection_lines, told_lines, login_lines),
    *(unreadable_lines, file_lines),
)
"""Sections in their order; one that has nothing to say is left out."""


def render(result: ScanResult, words: Words) -> list[Line]:
    """Return the screen as styled lines of at most 100 terminal columns.

    Args:
        result: what the scan found.
        words: the catalogue of the language.
    """
    lines = _verdict(result, words)
    for part in PARTS:
        block = part(result, words)
        if block:
            lines += [Line(""), *block]
    if result.report:
        lines += [Line(""), *paragraph(words("screen.report", path=result.report), indent=0)]
    return lines


def show(lines: Sequence[Line], console: Console | None = None) -> None:
    """Print styled lines; colours only on a terminal and never with ``NO_COLOR``."""
    target = Console(highlight=False, markup=False, emoji=False) if console is None else console
    for line in lines:
        target.print(line, soft_wrap=True, overflow="ignore", crop=False)


def _verdict(result: ScanResult, words: Words) -> list[Line]:
    mark = words(f"severity.{result.severity}") if result.severity else words("severity.clear")
    style = SEVERITY_STYLE[result.severity or "clear"]
    lines = paragraph(words.pick(result.verdict.en, result.verdict.zh), indent=0, label=mark, label_style=style)
    totals = result.totals
    facts = words(
        "screen.facts",
        case=result.case,
        first=time_text(totals.first),
        last=time_text(totals.last),
        span=span_text(totals.span_s, words),
        frames=count_text(totals.frames),
        flows=count_text(totals.conversations),
        hosts=count_text(totals.hosts),
    )
    return lines + packed(facts, style="dim")
