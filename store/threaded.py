"""Encoding beside metering: one background thread feeds the segment writers of a capture through a bounded queue.

pyarrow releases the GIL while it encodes, the Rust core while it meters, so both run at the same time.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa

from store.segment import SegmentWriter, publish

DEPTH: Final = 4
"""Batches that may wait (1 …): two hide the jitter of encoding, more only cost memory (37 MB per 65 536 flow rows)."""

_Item = tuple[str, pa.RecordBatch] | None


class ThreadedWriter:
    """Takes batches of several tables and writes them in the background; the first failure is raised to the caller.

    Args:
        writers: One segment writer per table name. Published in this order.
        depth: Batches that may wait before ``write`` blocks.
    """

    def __init__(self, writers: Mapping[str, SegmentWriter], depth: int = DEPTH) -> None:
        self._writers = dict(writers)
        self._queue: queue.Queue[_Item] = queue.Queue(depth)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="taishi-segments", daemon=True)
        self._thread.start()

    def write(self, table: str, batch: pa.RecordBatch) -> None:
        """Hand a batch over; blocks while the queue is full.

        Raises:
            KeyError: no writer for that table.
            TaishiError: an earlier batch could not be written.
        """
        self._writers[table]  # a wrong name must fail here, not in the background
        self._raise_failure()
        self._queue.put((table, batch))

    def drain(self) -> None:
        """Wait until every batch is written and end the thread; afterwards only ``close`` and ``abort`` are of use.

        Raises:
            TaishiError: a batch could not be written.
        """
        self._stop()
        self._raise_failure()

    def close(self, counters: Mapping[str, int]) -> tuple[Path, ...]:
        """Wait for the thread and publish all segments, or none.

        Raises:
            TaishiError: a batch could not be written; nothing was published.
        """
        self._stop()
        if self._failure is not None:
            self._abort_writers()
        self._raise_failure()
        return publish(list(self._writers.values()), counters)

    def abort(self) -> None:
        """End the thread and remove everything that is not visible."""
        self._failure = self._failure or InterruptedError("aborted")
        self._stop()
        self._abort_writers()

    def _stop(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _abort_writers(self) -> None:
        for writer in self._writers.values():
            writer.abort()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        """Write until told to stop; after a failure go on emptying the queue, so that no caller hangs."""
        while (item := self._queue.get()) is not None:
            if self._failure is None:
                try:
                    self._writers[item[0]].write(item[1])
                except BaseException as failure:  # whatever it is, it belongs to the caller
                    self._failure = failure
