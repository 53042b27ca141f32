"""Names that become folders of the lake: cases and sensors. One rule, so that no name can leave its folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from store.errors import Problem, TaishiError
from store.text import Text

MAX_CHARS: Final = 64
"""Longest name in characters: with 4-byte letters 256 bytes less the key stay under the 255 bytes of a file name."""

MAX_BYTES: Final = 200
"""Longest name in UTF-8 bytes; file systems allow 255 for ``sensor=<name>``."""

Kind = Literal["case", "sensor"]
"""What a name can stand for."""

_KINDS: Final[Mapping[str, str]] = {"case": "案例", "sensor": "传感器"}
"""The kinds in Chinese, for messages."""

_NAME: Final = re.compile(r"\w[\w.-]*", re.UNICODE)


def checked_name(kind: Kind, name: str) -> str:
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
        Problem(
            Text(f"{kind} name {name!r}", f"{_KINDS[kind]}名 {name!r}"),
            Text("not usable as a folder", "不能作为目录名"),
            Text(
                "allowed: letters, digits, '_', '-' and '.', first a letter, digit or '_', at most "
                f"{MAX_CHARS} characters",
                f"可用：字母、数字、“_”、“-”和“.”，以字母、数字或“_”开头，最多 {MAX_CHARS} 个字符",
            ),
            Text("choose another name", "请换一个名字"),
        ),
        exit_code=2,
    )
