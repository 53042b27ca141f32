"""The public suffix list in use: that of the installed package, or a newer one imported into the home."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

from store.reference.files import Kind, imported, refused
from store.text import Text

_VERSION: Final = re.compile(r"^// VERSION: (\d{4}-\d\d-\d\d)", re.MULTILINE)
_MARK: Final = "===BEGIN ICANN DOMAINS==="
_ALLOWED: Final = Text(
    "allowed: public_suffix_list.dat of publicsuffix.org", "可用：publicsuffix.org 的 public_suffix_list.dat"
)

_chosen: list[Path | None] = [None]
"""The imported list of the home opened last; one process works on one home."""


def read(path: Path) -> tuple[int, date | None]:
    """Return how many rules a list has and the day it states.

    Raises:
        TaishiError: it is no public suffix list.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise refused(path, Text(f"not readable ({error})", f"无法读取（{error}）"), _ALLOWED) from error
    rules = [line for line in text.splitlines() if line.strip() and not line.startswith("//")]
    if _MARK not in text or not rules:
        raise refused(path, Text(f"no line {_MARK}", f"没有 {_MARK} 行"), _ALLOWED)
    return len(rules), stated_day(text)


def stated_day(text: str) -> date | None:
    """Return the day in the head of a list, if it states one."""
    found = _VERSION.search(text)
    return None if found is None else date.fromisoformat(found[1])


def choose(folder: Path) -> None:
    """Let the list imported into this folder take over, if there is one; which of the two is newer is told on use."""
    one = imported(folder, Kind.SUFFIX)
    _chosen[0] = None if one is None else folder / one.file


def chosen() -> Path | None:
    """Return the imported list, or None for that of the package."""
    return _chosen[0]


@cache
def splitter(path: Path | None) -> Callable[[str], str | None]:
    """Return the function that finds the registered part of a name, by an imported list if it is newer."""
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 # 15 ms that metering must not pay

    if path is not None:
        try:
            text = path.read_text(encoding="utf-8")
            if (stated_day(text) or date.max) >= (packaged_day() or date.min):
                split: Callable[[str], str | None] = PublicSuffixList(source=text.splitlines()).privatesuffix
                return split
        except (OSError, UnicodeDecodeError, ValueError):
            pass  # a damaged copy is as good as none
    own: Callable[[str], str | None] = PublicSuffixList().privatesuffix
    return own


def packaged_day() -> date | None:
    """Return the day that the list of the installed package states."""
    from importlib.resources import files  # noqa: PLC0415 - asked for by few commands

    try:
        with (files("publicsuffixlist") / "public_suffix_list.dat").open(encoding="utf-8") as file:
            return stated_day(file.read(2_000))
    except (OSError, ModuleNotFoundError):
        return None
