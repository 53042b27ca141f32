"""Where the real captures lie, and which of them are small enough for the slow meter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

SMALL: Final = 300_000
"""Largest file the naive meter is asked to read in a test, bytes: about a second."""

PATTERNS: Final = ("*.pcap", "*.pcapng", "*.cap", "*.pcap.gz")


def folder() -> Path | None:
    """Return the folder of real captures: TAISHI_DATA, else ``shared/data`` beside the repository or above it."""
    named = os.environ.get("TAISHI_DATA")
    if named:
        return Path(named) if Path(named).is_dir() else None
    for above in Path(__file__).resolve().parents:
        candidate = above / "shared" / "data"
        if candidate.is_dir():
            return candidate
    return None


def small_captures(*below: str, limit: int = SMALL) -> list[Path]:
    """Return the captures of some subfolders that are at most ``limit`` bytes, sorted; [] without the folder."""
    root = folder()
    if root is None:
        return []
    found = {path for name in below for pattern in PATTERNS for path in (root / name).rglob(pattern)}
    return sorted(path for path in found if path.stat().st_size <= limit)
