"""Finding one thing by its id, by an unambiguous beginning of it, and naming the nearest when there is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

NEAREST: Final = 3
"""Ids offered instead of an unknown one (1 … 10): what fits one line."""

_COMPARED: Final = 2_000
"""Ids compared letter by letter (some 0.1 ms each); of more, those with the longest equal beginning are compared."""


def resolve(wanted: str, names: Mapping[str, str]) -> str | None:
    """Return the id meant by ``wanted``: a whole name, or the beginning of the names of one thing only.

    Args:
        wanted: as typed.
        names: every name a thing can be called by -> its id.
    """
    if wanted in names:
        return names[wanted]
    folded = wanted.casefold()
    ids = {own for name, own in names.items() if name.casefold().startswith(folded)} if folded else set()
    return ids.pop() if len(ids) == 1 else None


def nearest(wanted: str, ids: Iterable[str]) -> list[str]:
    """Return the ids most like ``wanted``, likest first: those that begin with it, else those fewest letters away."""
    known = sorted(set(ids))
    begins = [name for name in known if wanted and name.casefold().startswith(wanted.casefold())]
    if begins:
        return begins[:NEAREST]
    if len(known) > _COMPARED:
        known = sorted(known, key=lambda name: (-_shared(wanted, name), name))[:_COMPARED]
    return difflib.get_close_matches(wanted, known, n=NEAREST, cutoff=0.0)


def _shared(one: str, other: str) -> int:
    """Return how many letters two ids have in common at their beginning."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
