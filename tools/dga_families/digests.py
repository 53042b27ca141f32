"""Families that turn a digest of date and number into letters."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from random import Random
from typing import Final


def _digests(chance: Random, name: str) -> Iterator[bytes]:
    """Yield digests of a date that never was and a running number."""
    day = chance.getrandbits(32).to_bytes(4, "little")
    number = 0
    while True:
        yield hashlib.new(name, day + number.to_bytes(4, "little"), usedforsecurity=False).digest()
        number += 1


def murofet(chance: Random) -> Iterator[str]:
    """Yield letters made of the two halves of each octet of an MD5, 12 to 16 or more of them (Murofet, Zeus-P2P)."""
    for number, digest in enumerate(_digests(chance, "md5")):
        label = "".join(chr(97 + (octet & 15) % 26) + (chr(97 + (octet >> 4) + 8)) for octet in digest)
        size = 12 + digest[0] % 5 + 8 * (number % 2)
        yield f"{label[:size]}.{('com', 'net', 'org', 'info', 'biz', 'ru')[number % 6]}"


def gameover(chance: Random) -> Iterator[str]:
    """Yield the digits in base 36 of four parts of an MD5 (new Gameover Zeus)."""
    alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
    for number, digest in enumerate(_digests(chance, "md5")):
        label = ""
        for part in range(0, 16, 4):
            value = int.from_bytes(digest[part : part + 4], "little")
            while value:
                value, rest = divmod(value, 36)
                label += alphabet[rest]
        yield f"{label}.{('com', 'net', 'org', 'biz')[number % 4]}"


def dyre(chance: Random) -> Iterator[str]:
    """Yield a letter and 33 hexadecimal digits of a SHA-256 (Dyre)."""
    ends = ("cc", "ws", "to", "in", "hk", "cn", "tk", "so")
    for number, digest in enumerate(_digests(chance, "sha256")):
        yield f"{chr(97 + number % 26)}{digest.hex()[:33]}.{ends[number % 8]}"


def bamital(chance: Random) -> Iterator[str]:
    """Yield an MD5 in hexadecimal (Bamital)."""
    for number, digest in enumerate(_digests(chance, "md5")):
        yield f"{digest.hex()}.{('co.cc', 'cz.cc', 'info', 'org')[number % 4]}"


def padcrypt(chance: Random) -> Iterator[str]:
    """Yield sixteen of eleven letters that stand for hexadecimal digits (PadCrypt)."""
    alphabet = "abcdnfolmk"
    for number, digest in enumerate(_digests(chance, "sha256")):
        label = "".join(alphabet[octet % len(alphabet)] for octet in digest[:16])
        yield f"{label}.{('com', 'co.uk', 'de', 'org', 'net', 'eu')[number % 6]}"


FAMILIES: Final = {"murofet": murofet, "gameover": gameover, "dyre": dyre, "bamital": bamital, "padcrypt": padcrypt}
