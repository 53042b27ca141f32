"""What a file is, told by its content: a log of Zeek, Suricata's EVE, or something else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sensor.intake.content import Content
from sensor.intake.zeek_kinds import kind_of_members, kind_of_name
from sensor.intake.zeek_text import Header
from store.errors import TaishiError

LOOKED_AT: Final = 256 << 10
"""Bytes of the content that are looked at (4 KiB … 8 MiB): the first line may be cut or long."""

ZEEK: Final = "zeek"
EVE: Final = "eve"
ENGINES: Final = {ZEEK: "zeek", EVE: "suricata"}
"""Programs whose logs are read, by the word of the command."""


@dataclass(frozen=True, slots=True)
class Log:
    """What a file is.

    Attributes:
        family: ``ZEEK`` or ``EVE``.
        kind: ``eve``, or the name of Zeek's log; empty when nobody can tell.
        form: ``tsv`` or ``json``.
    """

    family: str
    kind: str
    form: str


def recognise(path: Path) -> Log | None:
    """Return what a file is, None when it is no log of those tools.

    Raises:
        TaishiError: the file cannot be read; exit code 3 when absent.
    """
    head = Content(path).head(LOOKED_AT)
    lines = [line for line in head.split(b"\n") if line.strip()]
    if any(line.lstrip(b" \t").startswith((b"#separator", b"#fields", b"#path")) for line in lines[:50]):
        header = Header()
        for line in lines[:50]:
            if line.lstrip(b" \t").startswith(b"#"):
                header = header.told(line)
        return Log(ZEEK, header.path or kind_of_name(path.name), "tsv")
    for line in lines[:50]:
        if (found := _of_json(line, path)) is not None:
            return found
    return None


def is_log(path: Path) -> bool:
    """Tell whether a file is a log of those tools; one that cannot be read is none."""
    try:
        return path.is_file() and recognise(path) is not None
    except TaishiError:
        return False


def _of_json(line: bytes, path: Path) -> Log | None:
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        value = json.loads(line)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    if "event_type" in value and "timestamp" in value:
        return Log(EVE, "eve", "json")
    told = value.get("_path") or value.get("@stream")
    if isinstance(told, str):
        return Log(ZEEK, told, "json")
    if "ts" in value:
        named = kind_of_name(path.name)
        return Log(ZEEK, kind_of_members(set(value)) or named, "json")
    return None
