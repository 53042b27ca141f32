"""The content of a log file: decompressed, in blocks of whole lines, hashed as it passes by.

A log that has grown since it was taken in begins with the content that was taken in: where the hash of the content so
far is one that the case holds, reading starts anew behind it.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa

from sensor.identity import unreadable
from store.text import Text

BLOCK: Final = 8 << 20
"""Bytes read at a time (1 … 64 MiB): some 60 000 lines of conn.log, enough to work column by column."""

MAX_LINE: Final = 16 << 20
"""Bytes a line may have (1 … 256 MiB); a longer one is cut, and its pieces are refused as the broken lines they are."""

_DAMAGE: Final = (EOFError, zlib.error, gzip.BadGzipFile, pa.ArrowException)


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines of a log.

    Attributes:
        data: Whole lines; of the last block perhaps one without its end.
        first_line: Number of the first one, from 1.
        starts_anew: What came before was taken in earlier.
        is_tail: A single line without its end: the log was cut there, or is being written.
    """

    data: bytes
    first_line: int
    starts_anew: bool = False
    is_tail: bool = False


class _Hashing(io.RawIOBase):
    """A file whose bytes are hashed and counted as they are read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.sha256 = hashlib.sha256()
        self.bytes_read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._file.readinto(buffer) or 0
        self.sha256.update(memoryview(buffer)[:count])
        self.bytes_read += count
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class Content:
    """One log file, read once from its beginning to its end.

    Args:
        path: The file, plain or compressed by gzip, bzip2 or zstd (told by its first bytes).
        known: SHA-256 (hex) of contents that were taken in, by their length.
        tell: Called now and then with (bytes read, bytes of the file).

    Raises:
        TaishiError: the file cannot be opened; exit code 3 when absent.
    """

    def __init__(
        self, path: Path, known: Mapping[int, str] | None = None, tell: Callable[[int, int], None] | None = None
    ) -> None:
        self._path = path
        self._known = dict(known or {})
        self._tell = tell
        self._hash = hashlib.sha256()
        self.content_bytes = 0
        self.problem: Text | None = None
        try:
            self._raw = _Hashing(path)
            self.file_bytes = path.stat().st_size
            self._stream = _decompressed(io.BufferedReader(self._raw, 1 << 20))
        except OSError as error:
            raise unreadable(path, error) from error

    def blocks(self) -> Iterator[Block]:
        """Yield the lines; damage ends them and is said in ``problem``.

        Raises:
            TaishiError: the system does not let us read on.
        """
        line, rest, anew = 1, b"", False
        for chunk in self._chunks():
            whole = rest + chunk
            cut = whole.rfind(b"\n") + 1
            if not cut and len(whole) > MAX_LINE:
                cut = len(whole)
            rest = whole[cut:]
            for data, is_new in self._pieces(whole[:cut], anew):
                anew = False
                yield Block(data, line, starts_anew=is_new)
                line += data.count(b"\n")
            anew = self._at_known()
        if rest.strip():
            yield Block(rest, line, starts_anew=anew, is_tail=True)
        elif anew:
            yield Block(b"", line, starts_anew=True)

    def head(self, limit: int) -> bytes:
        """Return the first bytes of the content and close the file; damage ends them.

        Raises:
            TaishiError: the system does not let us read.
        """
        try:
            return self._stream.read(limit).removeprefix(b"\xef\xbb\xbf")
        except (*_DAMAGE, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise unreadable(self._path, error) from error
            return b""
        finally:
            self._raw.close()

    def keep_tail(self, data: bytes) -> None:
        """Count the last line, which has no end, as taken in."""
        self._hash.update(data)
        self.content_bytes += len(data)

    def content_sha256(self) -> str:
        """Return the hash of the content up to the end of the last whole line (hex)."""
        return self._hash.hexdigest()

    def file_sha256(self) -> str:
        """Return the hash of the file as stored (hex), what damage or trailing data left unread included.

        Raises:
            TaishiError: the system does not let us read on.
        """
        buffer = bytearray(1 << 20)
        try:
            while self._raw.readinto(buffer):
                pass
        except OSError as error:
            raise unreadable(self._path, error) from error
        finally:
            self._raw.close()
        return self._raw.sha256.hexdigest()

    def _chunks(self) -> Iterator[bytes]:
        is_first = True
        while True:
            try:
                chunk = self._stream.read(BLOCK)
            except (*_DAMAGE, OSError) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise unreadable(self._path, error) from error
                self.problem = Text(
                    f"the compressed data end too early or are damaged ({error})",
                    f"压缩数据过早结束或已损坏（{error}）",
                )
                return
            if not chunk:
                return
            if self._tell is not None:
                self._tell(self._raw.bytes_read, self.file_bytes)
            yield chunk.removeprefix(b"\xef\xbb\xbf") if is_first else chunk
            is_first = False

    def _pieces(self, data: bytes, anew: bool) -> Iterator[tuple[bytes, bool]]:
        """Yield the block, cut where a known content ends inside of it, and whether reading starts anew there."""
        begin = self.content_bytes
        start = 0
        for end in sorted(n for n in self._known if begin < n < begin + len(data)):
            self._hash.update(data[self.content_bytes - begin : end - begin])
            self.content_bytes = end
            if self._at_known():
                yield data[start : end - begin], anew
                start, anew = end - begin, True
        piece = data[start:]
        self._hash.update(data[self.content_bytes - begin :])
        self.content_bytes = begin + len(data)
        if piece:
            yield piece, anew

    def _at_known(self) -> bool:
        return self._known.get(self.content_bytes) == self._hash.hexdigest() if self._known else False


def _decompressed(file: io.BufferedReader) -> io.BufferedIOBase:
    magic = file.peek(4)[:4]
    if magic.startswith(b"\x1f\x8b"):
        return cast(io.BufferedIOBase, gzip.GzipFile(fileobj=file))
    if magic.startswith(b"BZh"):
        return cast(io.BufferedIOBase, bz2.BZ2File(file))
    if magic == b"\x28\xb5\x2f\xfd":
        return cast(io.BufferedIOBase, pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"))
    return file
