"""Files that are not there until they are complete: hidden name, lock, fsync, rename, fsync of the folder.

The lock tells a living writer from a dead one: a staged file whose lock nobody holds was left by a killed process
and is removed by ``sweep``.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final

PREFIX: Final = ".tmp-"
"""Start of the hidden name; no reader's pattern matches it."""


class StagedFile:
    """A file under a hidden name, locked by this process until it is published or discarded."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path, self._lock = _create(folder)

    def sync(self) -> None:
        """Force the bytes written so far to the disk."""
        os.fsync(self._lock)

    def publish(self, target: Path) -> None:
        """Make the file visible as ``target`` in one step (replacing one of that name) and let go of it."""
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path.replace(target)
        sync_folder(target.parent)
        self._release()

    def discard(self) -> None:
        """Remove the file; harmless when it is gone already."""
        self.path.unlink(missing_ok=True)
        self._release()

    def _release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def _create(folder: Path) -> tuple[Path, int]:
    """Create and lock a new hidden file; a sweeper may win the moment between both, then try again."""
    while True:
        path = folder / f"{PREFIX}{os.getpid()}-{secrets.token_hex(8)}"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.fstat(lock).st_nlink:
            return path, lock
        os.close(lock)


def sync_folder(folder: Path) -> None:
    """Force the names inside ``folder`` to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(root: Path) -> int:
    """Remove the staged files under ``root`` that no living process holds.

    Returns:
        How many were removed.
    """
    removed = 0
    for path in root.rglob(f"{PREFIX}*"):
        if path.is_file() and _remove_unowned(path):
            removed += 1
    return removed


def _remove_unowned(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
