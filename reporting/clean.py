"""Making strings that came from the wire safe to show: on a terminal, in CSV cells and in Zeek logs."""

from __future__ import annotations

import unicodedata
from typing import Final

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories that move the cursor, reorder text or show nothing: controls, formats (bidirectional
overrides), surrogates, private use, unassigned, line and paragraph separators (UAX #44)."""

_FORMULA_START: Final = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make spreadsheets run a cell.

Source: OWASP, "CSV Injection".
"""


def clean(text: str) -> str:
    r"""Return ``text`` with every control, format or invisible character written as ``\xNN`` or ``\u{N}``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{{{code:x}}}"


def csv_cell(text: str) -> str:
    """Return ``text`` cleaned, with a leading apostrophe when a spreadsheet would take it for a formula."""
    safe = clean(text)
    return f"'{safe}" if text.startswith(_FORMULA_START) else safe


def zeek_cell(text: str) -> str:
    r"""Return ``text`` as Zeek's ASCII writer prints it: separators, controls and backslashes as ``\xNN``.

    Source: Zeek, threading/formatters/Ascii.cc (a lone ``-`` or ``(empty)`` would read as a mark, so its first byte is
    escaped).
    """
    if text == "":
        return "(empty)"
    raw = text.encode("utf-8", "backslashreplace")
    body = "".join(chr(b) if 0x20 <= b < 0x7F and b not in b"\\," else f"\\x{b:02x}" for b in raw)
    return f"\\x{ord(body[0]):02x}{body[1:]}" if body in {"-", "(empty)"} else body
