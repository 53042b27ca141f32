"""The text catalogue: every sentence the program says, per language, kept as data in ``reporting/lang``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
CHINESE: Final = "zh-CN"
LANGUAGES: Final = (CHINESE, ENGLISH)

_FOLDER: Final = Path(__file__).parent / "lang"


class Words:
    """The catalogue of one language; ``words("scan.help")`` looks a text up and fills it in."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self._texts = _load(lang)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key`` with ``{name}`` fields filled from ``values``.

        Raises:
            KeyError: no such text; a test holds that every used key exists in both languages.
        """
        text = self._texts[key]
        return text.format(**values) if values else text

    def has(self, key: str) -> bool:
        """Return whether the catalogue has a text of that key."""
        return key in self._texts

    def keys(self) -> frozenset[str]:
        """Return all keys of the catalogue."""
        return frozenset(self._texts)

    def pick(self, en: str, zh: str) -> str:
        """Return the one of two texts that is in this language."""
        return zh if self.lang == CHINESE else en


def default_language(environ: Mapping[str, str] | None = None) -> str:
    """Return the language of the environment: ``zh-CN`` when the locale is Chinese, else ``en``.

    Source: POSIX.1-2017, 8.2 (LC_ALL before LC_MESSAGES before LANG; the first that is set and not empty rules).
    """
    env = os.environ if environ is None else environ
    locale = next((env[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


@cache
def _load(lang: str) -> dict[str, str]:
    with (_FOLDER / f"{lang}.toml").open("rb") as file:
        return dict(_flatten("", tomllib.load(file)))


def _flatten(prefix: str, table: Mapping[str, object]) -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            flat.extend(_flatten(f"{prefix}{key}.", value))
        else:
            flat.append((f"{prefix}{key}", str(value).strip()))
    return flat
