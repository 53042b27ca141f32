"""The language of the run: from the locale, or from the command line wherever --lang stands."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reporting.cli._command import named_language
from reporting.words import default_language


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh-CN"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": ""}, "zh-CN"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN"}, "zh-CN"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_locale_decides_in_the_order_of_posix(environ: Mapping[str, str], lang: str) -> None:
    """LC_ALL before LC_MESSAGES before LANG; an empty variable does not count."""
    assert default_language(environ) == lang


@pytest.mark.parametrize(
    ("words", "lang"),
    [
        (["--help", "--lang", "en"], "en"),
        (["scan", "x", "--lang=zh-CN"], "zh-CN"),
        (["--lang", "zh-CN", "scan", "--lang", "en"], "en"),
        (["scan", "--", "--lang", "en"], None),
        (["--lang", "xx"], None),
        (["--lang"], None),
    ],
)
def test_lang_counts_wherever_it_stands(words: list[str], lang: str | None) -> None:
    """The last valid one rules; words after ``--`` are arguments."""
    assert named_language(words) == lang
