"""What the cells of rule tables may hold: each check says nothing of an allowed value, else what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable

from detectors.model import nearest

Check = Callable[[str], str]
"""Returns an empty string for an allowed value, else the text of what is allowed."""


def text(value: str) -> str:
    """Allow any text but an empty one."""
    return "" if value.strip() else "a text that is not empty"


def any_text(value: str) -> str:
    """Allow everything."""
    del value
    return ""


def number(low: int, high: int, *, optional: bool = False) -> Check:
    """Return a check for whole numbers of a range."""

    def check(value: str) -> str:
        if optional and value == "":
            return ""
        inside = value.isascii() and value.isdigit() and low <= int(value) <= high
        return "" if inside else f"a whole number {low} to {high}{' or nothing' if optional else ''}"

    return check


def one_of(*names: str) -> Check:
    """Return a check for the given words."""

    def check(value: str) -> str:
        if value in names:
            return ""
        close = nearest(value, names)
        return f"{', '.join(name or 'nothing' for name in names)}" + (f" (nearest: {close})" if close else "")

    return check


def pattern(expression: str, said: str) -> Check:
    """Return a check for texts that match; ``said`` is what is allowed, in words."""
    compiled = re.compile(expression)
    return lambda value: "" if compiled.fullmatch(value) else said
