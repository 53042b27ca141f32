"""Families whose names can be spoken: syllables by turns, or words of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Final

_VOWELS: Final = "aeiouy"
_CONSONANTS: Final = "bcdfghjklmnpqrstvwxz"
_FIRST: Final = (
    "summer",
    "winter",
    "silver",
    "golden",
    "always",
    "never",
    "middle",
    "broken",
    "gentle",
    "heavy",
    "simple",
    "spring",
    "through",
    "between",
    "against",
    "better",
    "morning",
    "evening",
    "history",
    "picture",
    "mountain",
    "children",
    "thousand",
    "husband",
    "company",
    "english",
    "welcome",
    "weather",
    "country",
    "remember",
)
_SECOND: Final = (
    "school",
    "garden",
    "father",
    "mother",
    "street",
    "bottle",
    "window",
    "people",
    "letter",
    "number",
    "season",
    "brother",
    "station",
    "question",
    "village",
    "captain",
    "distant",
    "forward",
    "explain",
    "promise",
    "destroy",
    "produce",
    "discover",
    "consider",
    "continue",
    "several",
    "another",
    "surprise",
)


def simda(chance: Random) -> Iterator[str]:
    """Yield consonants and vowels by turns, 7 to 11 of them (Simda)."""
    while True:
        size = chance.randint(7, 11)
        label = "".join(chance.choice(_VOWELS if n % 2 else _CONSONANTS) for n in range(size))
        yield f"{label}.{chance.choice(('com', 'eu', 'info'))}"


def pushdo(chance: Random) -> Iterator[str]:
    """Yield vowels and consonants by turns with doubled consonants, 8 to 12 of them (Pushdo)."""
    while True:
        label = ""
        size = chance.randint(8, 12)
        while len(label) < size:
            label += chance.choice(_CONSONANTS) + chance.choice(_VOWELS[:5]) + chance.choice(("", "", *_CONSONANTS))
        yield f"{label[:size]}.{chance.choice(('com', 'kz', 'ru'))}"


def symmi(chance: Random) -> Iterator[str]:
    """Yield vowels and consonants by turns, 8 to 15 of them, below a dynamic zone (Symmi)."""
    while True:
        label = "".join(chance.choice(_CONSONANTS if n % 2 else _VOWELS) for n in range(chance.randint(8, 15)))
        yield f"{label}.ddns.net"


def suppobox(chance: Random) -> Iterator[str]:
    """Yield two words (Suppobox)."""
    while True:
        yield f"{chance.choice(_FIRST)}{chance.choice(_SECOND)}.net"


def matsnu(chance: Random) -> Iterator[str]:
    """Yield words by turns until 18 characters are full (Matsnu)."""
    while True:
        label, turn = "", 0
        while len(label) < 18:
            label += chance.choice(_SECOND if turn % 2 else _FIRST)
            turn += 1
        yield f"{label[:24]}.com"


def banjori(chance: Random) -> Iterator[str]:
    """Yield one long name of words whose first four letters change (Banjori)."""
    tail = "".join(chance.choice(_FIRST) for _ in range(3))[4:]
    while True:
        yield f"{''.join(chr(97 + chance.randrange(26)) for _ in range(4))}{tail}.com"


SYLLABLES: Final[dict[str, Callable[[Random], Iterator[str]]]] = {"simda": simda, "pushdo": pushdo, "symmi": symmi}
WORDS: Final[dict[str, Callable[[Random], Iterator[str]]]] = {
    "suppobox": suppobox,
    "matsnu": matsnu,
    "banjori": banjori,
}
