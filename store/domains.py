"""Registered domains by the public suffix list, for SQL too: ``registered_domain(name)`` and ``subdomain(name)``.

The list is the one of the installed package ``publicsuffixlist`` (publicsuffix.org, ICANN and private sections), or a
newer one imported into the home (``store.reference.suffixes``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from store.reference import suffixes

REMEMBERED: Final = 1 << 17
"""Names whose domain is remembered (2^10 … 2^20; about 200 B each): splitting one takes 7 us, a look-up 0.2 us."""


def registered_domain(name: str) -> str | None:
    """Return the part of a name that somebody registered, lower case: ``example.co.uk`` of ``a.b.example.co.uk``.

    Returns:
        None for a name that has none: a single label, a public suffix itself, an address.

    Source: publicsuffix.org "Format", rules and wildcards; a name under no known suffix counts by its last label.
    """
    return _registered(name, suffixes.chosen())


@lru_cache(maxsize=REMEMBERED)
def _registered(name: str, source: Path | None) -> str | None:
    text = name.rstrip(".").lower()
    if "." not in text or ":" in text or text.replace(".", "").isdigit():
        return None
    return suffixes.splitter(source)(text)


def subdomain(name: str) -> str | None:
    """Return what stands before the registered domain, without the dot; empty for the domain itself, None without."""
    domain = registered_domain(name)
    return None if domain is None else name.rstrip(".").lower()[: -len(domain)].rstrip(".")


def add_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a connection the scalar functions ``registered_domain`` and ``subdomain`` (text to text, NULL to NULL)."""
    for function in (registered_domain, subdomain):
        connection.create_function(
            function.__name__, _over(function), ["VARCHAR"], "VARCHAR", type="arrow", null_handling="special"
        )


def _over(function: Callable[[str], str | None]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def each(names: pa.ChunkedArray) -> pa.Array:
        return pa.array([None if name is None else function(name) for name in names.to_pylist()], pa.string())

    return each
