"""Rows of one query, cut into buckets that are read back one by one: grouped once, on the disk in between.

The file has no name, so that nobody can mistake it for data and the kernel removes it however the process ends; only
its owner could ever open it. Rows lie in it as Arrow messages, one for each batch and bucket; the places are kept in
memory (16 B each).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from store.errors import Problem, TaishiError
from store.text import Text

_ROOM: Final = Text("make room or choose another --home", "请腾出空间或改用其他 --home")

MAX_BUCKETS: Final = 512
"""Buckets of one file (1 … 65 535): each takes one message per batch, and messages of less than 32 rows are mostly
headers."""

ROWS_PER_BATCH: Final = 16_384
"""Rows that are cut at once (2^13 … 2^18): about 2 MB, held several times on their way. Fewer make smaller messages;
65 536 rows took 25 MB more and no less CPU."""

FREE_SHARE: Final = 0.5
"""Share of the free disk that one file may take (0 … 1): the sensor and the segments need the rest."""


class BucketFile:
    """The rows of a stream, by bucket; the caller closes it.

    Args:
        rows: Stream whose last column is the bucket of the row (unsigned, below ``buckets``).
        buckets: How many there are, 1 … ``MAX_BUCKETS``.
        folder: Existing folder on whose file system the rows lie meanwhile.
        limit: Bytes that the file may have at most.

    Raises:
        TaishiError: the disk is full or refuses, or the rows need more than ``limit`` or ``FREE_SHARE`` of the disk.
        pyarrow.ArrowException: the stream ended with an error.
    """

    def __init__(self, rows: pa.RecordBatchReader, buckets: int, folder: Path, limit: int) -> None:
        self._folder = folder
        self._schema = pa.schema(list(rows.schema)[:-1])
        self._places = [array("q") for _ in range(buckets)]
        # The name is like that of a spill folder: should the system lack nameless files and the process die between
        # making and unlinking it, the sweep of the lake knows whose it was.
        with self._refusal():
            self._file = tempfile.TemporaryFile(dir=folder, prefix=f"{os.getpid()}-")  # noqa: SIM115 - lives on
            limit = min(limit, int(_free(folder) * FREE_SHARE))
        self.size = 0
        try:
            for batch in rows:
                self._write(batch, limit)
            with self._refusal():
                self._file.flush()
        except BaseException:
            self.close()
            raise

    def read(self, bucket: int, columns: Sequence[str]) -> pa.Table:
        """Return columns of the rows of one bucket, in no particular order.

        Raises:
            TaishiError: the disk refuses.
            KeyError: no such column.
        """
        places = self._places[bucket]
        batches = [self._message(places[n], places[n + 1]) for n in range(0, len(places), 2)]
        return pa.Table.from_batches(batches, self._schema).select(list(columns))

    def close(self) -> None:
        """Give the disk space back; harmless when called twice."""
        self._file.close()

    def _write(self, batch: pa.RecordBatch, limit: int) -> None:
        """Append a batch, sorted by bucket and cut where the bucket changes."""
        bucket = batch.column(batch.num_columns - 1)
        import pyarrow.compute as pc  # noqa: PLC0415 - 25 ms that readers who cut nothing need not pay

        ordered = batch.select(self._schema.names).take(pc.array_sort_indices(bucket))
        counts = sorted((entry["values"], entry["counts"]) for entry in pc.value_counts(bucket).to_pylist())
        first = 0
        for number, count in counts:
            message = ordered.slice(first, count).serialize()
            first += count
            if self.size + message.size > limit:
                raise TaishiError(
                    Problem(
                        str(self._folder),
                        Text(
                            f"sorting the conversations takes more than {limit:,} bytes",
                            f"会话排序需要超过 {limit:,} 字节",
                        ),
                        Text("allowed: half of the free space", "可用：剩余空间的一半"),
                        _ROOM,
                    )
                )
            with self._refusal():
                self._file.write(message)
            self._places[number].extend((self.size, message.size))
            self.size += message.size

    def _message(self, offset: int, size: int) -> pa.RecordBatch:
        with self._refusal():
            content = os.pread(self._file.fileno(), size, offset)
        if len(content) != size:
            raise TaishiError(
                Problem(
                    str(self._folder),
                    Text(
                        f"a temporary file lost its end ({len(content)} of {size} bytes at {offset})",
                        f"临时文件尾部缺失（偏移 {offset} 处 {size} 字节中只有 {len(content)}）",
                    ),
                    Text("needed: a disk that keeps what is written", "需要：能保住所写内容的磁盘"),
                    Text("check it", "请检查磁盘"),
                )
            )
        return pa.ipc.read_record_batch(pa.py_buffer(content), self._schema)

    @contextlib.contextmanager
    def _refusal(self) -> Iterator[None]:
        """Say what is needed when the disk refuses."""
        try:
            yield
        except OSError as error:
            raise TaishiError(
                Problem(
                    str(self._folder),
                    Text(f"no temporary file ({error.strerror})", f"无法建立临时文件（{error.strerror}）"),
                    Text("needed: free space and write permission", "需要：剩余空间和写权限"),
                    _ROOM,
                )
            ) from error


def _free(folder: Path) -> int:
    """Return the bytes that an ordinary user may still write on the folder's file system."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
