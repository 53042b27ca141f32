"""A text for people in both languages, as ``store`` and ``sensor`` say it; which one is shown is decided elsewhere."""

from __future__ import annotations

from typing import Final, NamedTuple

CHINESE: Final = "zh-CN"
"""Language tag of the Chinese texts (BCP 47); every other tag gets English."""


class Text(NamedTuple):
    """A text in English and in Chinese."""

    en: str
    zh: str

    def of(self, lang: str) -> str:
        """Return the text of a language."""
        return self.zh if lang == CHINESE else self.en
