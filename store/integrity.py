"""What proves a segment: the SHA-256 of its file, taken while the bytes are written and again when somebody asks.

The hash is the file's name, so ``sha256sum`` proves a segment without this program (ADR 0015).
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

HASH_DIGITS: Final = 64
"""Hex digits of a SHA-256."""


class HashingFile(io.RawIOBase):
    """A file for writing that hashes what lies on the disk, so that nothing is read again.

    Args:
        path: File to write from its start; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self._sha = hashlib.sha256()
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        """Write all of ``data`` and return its size in bytes.

        Raises:
            OSError: the disk is full or refuses.
        """
        view = memoryview(data).cast("B")
        left = view
        while left:
            left = left[os.write(self._handle, left) :]
        self._sha.update(view)
        return len(view)

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if not self.closed:
            super().close()
            os.close(self._handle)

    def hexdigest(self) -> str:
        """Return the hash of everything written so far as 64 hex digits."""
        return self._sha.hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits.

    Raises:
        OSError: not readable.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_hash(text: str) -> bool:
    """Tell whether ``text`` has the form of a segment's name."""
    return len(text) == HASH_DIGITS and set(text) <= set("0123456789abcdef")
