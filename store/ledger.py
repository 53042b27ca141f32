"""Which segments a case has taken in: hashes of the files, one line each, so that taking one twice changes nothing.

The ledger lies inside the folder it speaks of (``<table>/case=<case>/.adopted``): removing the folder forgets both.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE: Final = ".adopted"
"""Name of the ledger; hidden from every reader's pattern."""


class Ledger:
    """The adopted hashes of one table in one case; use inside ``opened``."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        size = os.fstat(handle).st_size
        text = os.pread(handle, size, 0).decode("ascii", "replace")
        self._torn = bool(text) and not text.endswith("\n")
        self._known = {line for line in text.split("\n") if line}

    def __contains__(self, content_hash: str) -> bool:
        """Tell whether the hash was taken in before."""
        return content_hash in self._known

    def add(self, content_hash: str) -> None:
        """Remember the hash, on the disk before this returns; a line torn by a crash is closed first."""
        line = ("\n" if self._torn else "") + content_hash + "\n"
        os.write(self._handle, line.encode())
        os.fsync(self._handle)
        self._torn = False
        self._known.add(content_hash)


@contextmanager
def opened(folder: Path) -> Iterator[Ledger]:
    """Yield the ledger of ``folder`` (``<lake>/<table>/case=<case>``), locked against other processes."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield Ledger(handle)
    finally:
        os.close(handle)


def listed(folder: Path) -> frozenset[str] | None:
    """Return the hashes in the ledger of ``folder`` without locking it; None when it has no ledger."""
    try:
        text = (folder / FILE).read_text("ascii", "replace")
    except FileNotFoundError:
        return None
    return frozenset(text.split())
