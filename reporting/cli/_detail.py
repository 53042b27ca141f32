"""One thing in full: labels at the left, wrapped texts behind them, commands on lines of their own to be copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reporting.words import Words


class Detail:
    """Collects the lines of one thing and prints them.

    Args:
        words: Catalogue of the language.
        family: First part of the labels' keys, e.g. ``alert``.
        labels: Names of the labels that will be used: the widest sets the margin.
    """

    def __init__(self, words: Words, family: str, labels: Sequence[str]) -> None:
        from reporting.width import cells

        self._words = words
        self._labels = {name: words(f"{family}.{name}") for name in labels}
        self._width = max(cells(text) for text in self._labels.values())
        self._lines: list[Any] = []

    def head(self, severity: str, score: float, title: str) -> None:
        """Add the first line: severity, score and title."""
        from reporting.screen._lines import SEVERITY_STYLE, paragraph

        mark = self._words(f"severity.{severity}")
        self._lines += paragraph(
            f"{score:.0f}  {title}", indent=0, label=mark, label_style=SEVERITY_STYLE[severity], style="bold"
        )

    def title(self, name: str, title: str) -> None:
        """Add a first line without a severity: a name and what it is called."""
        from reporting.screen._lines import paragraph

        self._lines += paragraph(title, indent=0, label=name, label_style="bold", style="bold")

    def add(self, label: str, *texts: str) -> None:
        """Add one labelled paragraph per text; the label stands before the first. Empty texts are left out."""
        from reporting.screen._lines import paragraph

        shown = self._labels[label]
        for text in texts:
            if text:
                self._lines += paragraph(text, indent=2, label=shown or " ", label_columns=self._width)
                shown = " "

    def commands(self, label: str, lines: Sequence[str]) -> None:
        """Add lines that are never wrapped, so that each stays one line of a shell."""
        from rich.text import Text as Line

        from reporting.clean import clean
        from reporting.width import cells

        shown = self._labels[label]
        for text in lines:
            line = Line("  ")
            line.append(shown, style="dim")
            line.append(" " * (self._width - cells(shown) + 2))
            line.append(clean(text), style="cyan")
            self._lines.append(line)
            shown = ""

    def show(self) -> None:
        """Print everything to standard output."""
        from reporting.screen import show

        show(self._lines)


def picked(words: Words, text: Mapping[str, str] | None) -> str:
    """Return the text of the run's language of a stored pair ``{"en": …, "zh": …}``; nothing when there is none."""
    return "" if text is None else words.pick(text["en"], text["zh"])
