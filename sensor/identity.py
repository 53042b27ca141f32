"""Which capture a file is: an id that costs the same whatever its size, and digests that prove that it is unchanged.

The id is needed before the first packet is read (it seeds the ids of the flows), the digest only afterwards: the core
makes it of the bytes as they pass by. See ADR 0016.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final

from sensor.core import wire_core
from store.errors import Problem, TaishiError
from store.text import Text

EDGE: Final = 1 << 20
"""Bytes sampled at the beginning and at the end of a file (64 KiB … 16 MiB): headers, and where a growing file grew."""

PIECE: Final = 64 << 10
"""Bytes of each piece between them (4 KiB … 1 MiB): some forty full packets, each with its own time and counters."""

PIECES: Final = 64
"""Pieces (8 … 1024). All in all 6 MiB are read, whatever the size: 5 ms of CPU, below a blink even on a slow disk."""

SAMPLE_TAG: Final = b"taishi capture sample 1\0"
"""Separates these ids from any other SHA-256; the number rises when the sample changes."""

TWIN_TAG: Final = b"taishi capture twin 1\0"
"""The same for captures told apart by their whole content."""


class Digest(StrEnum):
    """Digests of a whole file as stored: name in the core and column of ``packet_store``, strongest first."""

    SHA256 = "sha256"
    """Evidence: nobody can make another file with it."""
    XXH3_128 = "xxh3_128"
    """Tells change, not forgery; thirty times cheaper."""


def sample_id(path: Path) -> bytes:
    """Return the 32 bytes that name a capture by its size and a sample of its content.

    Files of at most 6 MiB are sampled whole. Larger ones that differ outside the sample share the id: ``twin_id``
    tells them apart.

    Raises:
        TaishiError: not readable (exit code 3 when absent), or no regular file.
    """
    try:
        # Before it is opened: opening a pipe waits for somebody who writes into it.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise TaishiError(
                Problem(
                    str(path),
                    Text("no regular file", "不是普通文件"),
                    Text("allowed: capture files", "可用：抓包文件"),
                    Text("write the stream to a file first", "请先把数据流写入文件"),
                )
            )
        with path.open("rb", buffering=0) as file:
            sample = hashlib.sha256(SAMPLE_TAG + status.st_size.to_bytes(8, "big"))
            for offset, length in _pieces(status.st_size):
                sample.update(_piece(file, offset, length))
            return sample.digest()
    except OSError as error:
        raise unreadable(path, error) from error


def twin_id(sample: bytes, sha256: bytes) -> bytes:
    """Return the 32 bytes that name a capture whose sample is that of another one: sample and whole content."""
    return hashlib.sha256(TWIN_TAG + sample + sha256).digest()


def capture_id(source_id: bytes) -> int:
    """Return the key of a capture in ``packet_store``: 63 bits of its source id, as signed integers hold them."""
    return int.from_bytes(source_id[:8], "big") >> 1


def file_digest(path: Path, digest: Digest) -> bytes:
    """Return the digest of a file as stored (compressed files are not unpacked).

    Raises:
        TaishiError: not readable; exit code 3 when absent.
    """
    try:
        return wire_core().digest(str(path), digest.value)
    except OSError as error:
        raise unreadable(path, error) from error


def changed(path: Path, row: Mapping[str, Any]) -> Text | None:
    """Return how a file differs from what a row of ``packet_store`` says of it, None when it is unchanged.

    Args:
        path: The file as it is now.
        row: ``sha256`` and ``xxh3_128`` of the row; the stronger one that is there is compared.

    Raises:
        TaishiError: not readable; exit code 3 when absent.
    """
    digest = next(one for one in Digest if row[one.value] is not None)
    now, then = file_digest(path, digest).hex(), str(row[digest.value])
    if now == then:
        return None
    name = {"sha256": "SHA-256", "xxh3_128": "XXH3-128"}[digest.value]
    return Text(f"{name} {now[:12]}…, then {then[:12]}…", f"{name} 现为 {now[:12]}…，当时为 {then[:12]}…")


def unreadable(path: Path, error: OSError) -> TaishiError:
    """Return the error for a capture file that the system does not let us read."""
    return TaishiError(
        Problem(
            str(path),
            Text(f"cannot be read ({error.strerror})", f"无法读取（{error.strerror}）"),
            Text("allowed: a readable capture file", "可用：可读的抓包文件"),
            Text("check name and permission", "请检查文件名和权限"),
        ),
        exit_code=3 if isinstance(error, FileNotFoundError) else 1,
    )


def _pieces(size: int) -> Iterator[tuple[int, int]]:
    """Yield (offset, length) of what is sampled of a file of that size, in order and without overlap."""
    if size <= 2 * EDGE + PIECES * PIECE:
        yield 0, size
        return
    yield 0, EDGE
    room = size - 2 * EDGE - PIECE
    for number in range(PIECES):
        yield EDGE + room * number // (PIECES - 1), PIECE
    yield size - EDGE, EDGE


def _piece(file: IO[bytes], offset: int, length: int) -> bytes:
    """Return the bytes there; fewer when the file shrinks meanwhile."""
    file.seek(offset)
    parts = []
    while length and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
