"""The SQL that turns any view into columns a CSV file can hold: addresses, identifiers and times as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_TIME: Final = "strftime({}, '%Y-%m-%dT%H:%M:%S.%fZ')"
_LIST_SEPARATOR: Final = ";"
"""Between the items of a list in one cell: a comma would need quotes everywhere."""


def flat_select(view: str, columns: Sequence[tuple[str, str]]) -> str:
    """Return the SELECT of a view's columns as text, numbers and booleans.

    Args:
        view: Name of the view.
        columns: Name and DuckDB type of each column, as DESCRIBE gives them.
    """
    return f"SELECT {', '.join(_column(name, kind) for name, kind in columns)} FROM {_quoted(view)}"


def _column(name: str, kind: str) -> str:
    own = _quoted(name)
    return f"{_expression(name, own, kind)} AS {own}"


def _expression(name: str, own: str, kind: str) -> str:
    if kind.endswith("[]"):
        item = _expression(name.removesuffix("s"), "item", kind.removesuffix("[]"))
        text = f"list_transform({own}, lambda item: CAST({item} AS VARCHAR))"
        return f"array_to_string({text}, '{_LIST_SEPARATOR}')"
    if kind == "BLOB":
        return f"{_macro(name)}({own})"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return _TIME.format(own)
    return f"to_json({own})" if kind.startswith(("STRUCT", "MAP")) else own


def _macro(name: str) -> str:
    """Return the function that shows a binary column of that name; plain hex for what has no text form of its own."""
    if name == "community_id":
        return "cid_text"
    for ending, macro in (("uid", "uid_text"), ("_ip", "ip_text"), ("_mac", "mac_text")):
        if name.endswith(ending):
            return macro
    return "hex"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
