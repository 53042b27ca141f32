"""Names that become folders of the lake: cases and sensors. One rule, so that no name can leave its folder."""

from __future__ import annotations

import re
from typing import Final

from store.errors import TaishiError

MAX_CHARS: Final = 64
"""Longest name in characters: with 4-byte letters 256 bytes less the key stay under the 255 bytes of a file name."""

MAX_BYTES: Final = 200
"""Longest name in UTF-8 bytes; file systems allow 255 for ``sensor=<name>``."""

_NAME: Final = re.compile(r"\w[\w.-]*", re.UNICODE)


def checked_name(kind: str, name: str) -> str:
    """Return ``name`` when it can be a folder of the lake.

    Args:
        kind: what it names, for the message: ``case`` or ``sensor``.
        name: letters and digits of any script, ``_``, ``-`` and ``.``, not starting with ``.`` or ``-``.

    Raises:
        TaishiError: the name is empty, too long or holds another character.
    """
    if _NAME.fullmatch(name) and len(name) <= MAX_CHARS and len(name.encode()) <= MAX_BYTES:
        return name
    raise TaishiError(
        f"{kind} name {name!r}: not usable as a folder; allowed: letters, digits, '_', '-' and '.', first a letter, "
        f"digit or '_', at most {MAX_CHARS} characters; choose another name",
        exit_code=2,
    )
