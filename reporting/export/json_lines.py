"""JSON lines for Suricata's and OCSF's readers: one object per line, absent values left out, pure ASCII."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from reporting.tables import plain


def write_json_lines(rows: Iterable[Mapping[str, Any]], out: IO[str]) -> int:
    r"""Write one object per line and return how many there were.

    Neither format knows null: a field without value is absent, an object without fields too. Characters beyond ASCII
    are ``\uNNNN``, as Suricata writes them.
    """
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the count
        out.write(json.dumps(plain(_present(row)), separators=(",", ":"), allow_nan=False) + "\n")
    return count


def _present(value: object) -> object:
    if isinstance(value, Mapping):
        kept = {name: _present(inner) for name, inner in value.items() if inner is not None}
        return {name: inner for name, inner in kept.items() if inner != {}}
    return value
