"""Families that draw letters from a linear congruential or shift generator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from string import ascii_lowercase, digits
from typing import Final

_A_TO_Y: Final = ascii_lowercase[:25]
_MASK: Final = 0xFFFFFFFF


def _park_miller(seed: int) -> Iterator[int]:
    """Yield the minimal standard generator (16807 modulo 2^31 - 1), which several families use."""
    state = seed % 0x7FFFFFFF or 1
    while True:
        state = 16807 * state % 0x7FFFFFFF
        yield state


def _congruential(seed: int, multiplier: int, increment: int) -> Iterator[int]:
    state = seed & _MASK
    while True:
        state = (state * multiplier + increment) & _MASK
        yield state >> 8


def _xorshift(seed: int) -> Iterator[int]:
    state = seed & _MASK or 1
    while True:
        state ^= (state << 13) & _MASK
        state ^= state >> 17
        state ^= (state << 5) & _MASK
        yield state


def _twister(seed: int) -> Iterator[int]:
    chance = Random(seed)  # noqa: S311 # names, not secrets
    while True:
        yield chance.getrandbits(32)


Source = Callable[[int], Iterator[int]]


def _family(
    source: Source, alphabet: str, shortest: int, longest: int, suffixes: str
) -> Callable[[Random], Iterator[str]]:
    """Return a family that draws length, letters and suffix from a number generator."""

    def family(chance: Random) -> Iterator[str]:
        numbers = source(chance.getrandbits(31))
        ends = suffixes.split()
        while True:
            size = shortest + next(numbers) % (longest - shortest + 1)
            label = "".join(alphabet[next(numbers) % len(alphabet)] for _ in range(size))
            yield f"{label}.{ends[next(numbers) % len(ends)]}"

    return family


def _numeric(seed: int) -> Iterator[int]:
    return _congruential(seed, 0x343FD, 0x269EC3)


def _knuth(seed: int) -> Iterator[int]:
    return _congruential(seed, 1664525, 1013904223)


FAMILIES: Final = {
    "conficker": _family(_knuth, ascii_lowercase, 8, 11, "com net org info biz"),
    "kraken": _family(_numeric, ascii_lowercase, 6, 11, "com net org cc dyndns.org yi.org"),
    "ramnit": _family(_park_miller, _A_TO_Y, 8, 19, "com"),
    "dircrypt": _family(_park_miller, ascii_lowercase, 8, 20, "com"),
    "necurs": _family(_xorshift, _A_TO_Y, 7, 21, "com net org ru in cc tk pw xxx bit to eu su"),
    "locky": _family(_xorshift, _A_TO_Y, 6, 18, "ru info biz click su work pl org pw xyz"),
    "qakbot": _family(_twister, ascii_lowercase, 8, 25, "com net org info biz"),
    "cryptolocker": _family(_knuth, _A_TO_Y, 12, 15, "com net biz ru org co.uk info"),
    "tinba": _family(_numeric, _A_TO_Y, 12, 12, "com net in ru pw"),
    "ranbyus": _family(_knuth, _A_TO_Y, 14, 14, "in me cc su tw net com pw org"),
    "nymaim": _family(_xorshift, ascii_lowercase, 6, 12, "com net org info biz ru in"),
    "pykspa": _family(_numeric, ascii_lowercase, 6, 12, "com net org info cc"),
    "fobber": _family(_knuth, ascii_lowercase, 10, 17, "com net"),
    "corebot": _family(_knuth, ascii_lowercase + digits, 12, 23, "ddns.net"),
    "chinad": _family(_twister, ascii_lowercase + digits, 16, 16, "com org net biz info ru cn"),
    "tempedreve": _family(_knuth, ascii_lowercase, 7, 11, "com net org info"),
}
