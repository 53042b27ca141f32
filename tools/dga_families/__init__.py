"""Names as known domain generation algorithms make them: training and test data of the detector ``dga``.

Written from published descriptions of the families (alphabet, lengths, kind of generator, suffixes); no code of others.
Seeds are our own: the lists have the shape of a family's output, they are not the names of a given day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import Final

from tools.dga_families import digests, letters, spoken

Family = Callable[[Random], Iterator[str]]
"""Yields registered domains without end."""

RANDOM: Final[dict[str, Family]] = {**letters.FAMILIES, **digests.FAMILIES, **spoken.SYLLABLES}
"""Families whose names are random letters, digits or syllables."""

WORDS: Final[dict[str, Family]] = spoken.WORDS
"""Families that join words of a list; a lexical model cannot be expected to know them."""


def names(family: str, count: int, seed: int) -> list[str]:
    """Return the first distinct names of a family; fewer where its words allow no more.

    Args:
        family: a key of ``RANDOM`` or ``WORDS``.
        count: how many.
        seed: of the generator.

    Raises:
        KeyError: no such family.
    """
    found: dict[str, None] = {}
    made = (RANDOM | WORDS)[family](Random(f"{family}/{seed}"))  # noqa: S311 # names, not secrets
    for name in islice(made, 20 * count):
        found[name] = None
        if len(found) >= count:
            break
    return list(found)
