"""Taking one foreign log into a case: all of it becomes visible at once, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from sensor.identity import sample_id
from sensor.intake.bench import Bench
from sensor.intake.content import Content
from sensor.intake.eve_lines import EveLines
from sensor.intake.made import Made
from sensor.intake.recognise import ENGINES, EVE, Log
from sensor.intake.refusals import Refusals
from sensor.intake.zeek_lines import ZeekLines
from store import schema
from store._dates import time_column
from store.lake_files import LakeFiles, rows_of
from store.segment import SegmentWriter
from store.text import Text
from store.threaded import ThreadedWriter

READER_VERSION: Final = 1
"""Version of the reader; it rises when the rows made of a line change."""

ROWS_PER_SEGMENT: Final = 500_000
"""Rows after which a new segment begins (10^5 … 10^7), as in metering."""


@dataclass(frozen=True, slots=True)
class LogResult:
    """What taking in one log gave.

    Attributes:
        path: The file.
        log: What it is.
        sha256: Of the file as stored (hex).
        file_bytes: Its size.
        lines: Lines that hold data.
        rows: Rows made, by table.
        refused: Lines that could not be read.
        left_out: Lines of kinds that have no table here, by kind.
        problem: What was wrong with the file.
        is_complete: It could be read to its end.
        is_known: The case holds this content: nothing was added.
        is_continued: The log had grown: its beginning was known, and only what is new was added.
    """

    path: Path
    log: Log
    sha256: str
    file_bytes: int
    lines: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    problem: Text | None = None
    is_complete: bool = True
    is_known: bool = False
    is_continued: bool = False


class HeldLogs:
    """The foreign logs that a case holds.

    Args:
        lake: Where the case is; what killed processes left in it is removed first.
        case: Case to look in; need not exist.
    """

    def __init__(self, lake: LakeFiles, case: str) -> None:
        lake.sweep()
        self.rows: list[Mapping[str, Any]] = [
            row for segment in lake.segments(schema.FOREIGN_LOG, case) for row in rows_of(segment, schema.FOREIGN_LOG)
        ]

    def contents(self, sensor_id: str, kind: str) -> dict[int, str]:
        """Return the hashes of the contents of a kind that a sensor brought, by length."""
        return {
            row["content_bytes"]: row["content_sha256"]
            for row in self.rows
            if row["sensor_id"] == sensor_id and row["log_kind"] == kind and row["content_bytes"]
        }

    def engine_of(self, sensor_id: str) -> str | None:
        """Return whose logs the sensor brought so far."""
        return next((row["engine"] for row in self.rows if row["sensor_id"] == sensor_id), None)


def take_in_log(
    path: Path,
    log: Log,
    lake: LakeFiles,
    case: str,
    bench: Bench,
    *,
    sensor_id: str,
    held: HeldLogs,
    progress: Callable[[int, int], None] | None = None,
) -> LogResult:
    """Bring the lines of a log into the tables of a case; content that the case holds already adds nothing.

    Args:
        path: The file.
        log: What it is (``recognise``).
        lake: Lake to write into.
        case: Case the rows belong to.
        bench: Where lines become rows; shared by the logs of one sensor.
        sensor_id: Stable identity of who wrote the log.
        held: The logs that the case holds; the new one is added.
        progress: Called while the file is read.

    Raises:
        TaishiError: the file cannot be read (exit code 3 when absent), or the disk refuses.
    """
    content = Content(path, held.contents(sensor_id, log.kind), progress)
    source_id = sample_id(path).hex()
    reader = EveLines(bench) if log.family == EVE else ZeekLines(log, path, bench)
    taking = _Taking(lake, case, sensor_id, reader)
    try:
        for block in content.blocks():
            if block.starts_anew:
                taking.restart()
            if taking.take(block.data, block.first_line) and block.is_tail:
                content.keep_tail(block.data)
        taking.finish()
        result = taking.result(path, log, content)
        if result.is_known:
            taking.writer.abort()
            return result
        row = _row(result, taking, content, source_id)
        taking.writer.write(schema.FOREIGN_LOG.name, row)
        taking.writer.close({f"record.{name}": count for name, count in result.rows.items()})
    except BaseException:
        taking.writer.abort()
        raise
    held.rows.append({**row.to_pylist()[0], "sensor_id": sensor_id})
    return result


class _Taking:
    """One log on its way: its writers, and what was counted."""

    def __init__(self, lake: LakeFiles, case: str, sensor_id: str, reader: ZeekLines | EveLines) -> None:
        self._lake, self._case, self._sensor_id = lake, case, sensor_id
        self._reader = reader
        self._is_continued = False
        self._begin()

    def _begin(self) -> None:
        tables = [schema.FLOW, *schema.RECORDS, schema.FOREIGN_LOG]
        self.writer = ThreadedWriter(
            {
                table.name: SegmentWriter(
                    self._lake.root, table, self._case, self._sensor_id, stamps={}, row_limit=ROWS_PER_SEGMENT
                )
                for table in tables
            }
        )
        self.refusals = Refusals()
        self.lines = 0
        self.rows: dict[str, int] = {}
        self.left_out: dict[str, int] = {}
        self.first: int | None = None
        self.last: int | None = None

    def restart(self) -> None:
        """Forget what was read so far: it was taken in earlier."""
        self.writer.abort()
        self._begin()
        self._is_continued = True

    def take(self, data: bytes, first_line: int) -> bool:
        """Make rows of some lines; return whether all of them could be read."""
        before = self.refusals.count
        for made in self._reader.rows(data, first_line, self.refusals):
            self._add(made)
        return self.refusals.count == before

    def finish(self) -> None:
        """Make rows of the lines that waited for others."""
        for made in self._reader.finish(self.refusals):
            self._add(made)

    def _add(self, made: Made) -> None:
        self.lines += made.lines
        if made.left_out:
            self.left_out[made.kind] = self.left_out.get(made.kind, 0) + made.left_out
        for name, rows in made.tables.items():
            self._write(name, rows)

    def _write(self, name: str, rows: pa.Table) -> None:
        if not rows.num_rows:
            return
        self.rows[name] = self.rows.get(name, 0) + rows.num_rows
        time = time_column(schema.table(name))
        if time is not None:
            ends = pc.min_max(rows.column(time).cast(pa.int64())).as_py()
            self.first = ends["min"] if self.first is None else min(self.first, ends["min"])
            self.last = ends["max"] if self.last is None else max(self.last, ends["max"])
        for batch in rows.combine_chunks().to_batches():
            self.writer.write(name, batch)

    def result(self, path: Path, log: Log, content: Content) -> LogResult:
        """Return what came of the log."""
        refused = self.lines_refused
        problems = [text for text in (content.problem, self.refusals.text()) if text is not None]
        problem = None
        if problems:
            problem = Text("; ".join(text.en for text in problems), "；".join(text.zh for text in problems))
        return LogResult(
            path=path,
            log=log,
            sha256=content.file_sha256(),
            file_bytes=content.file_bytes,
            lines=self.lines + refused,
            rows=dict(self.rows),
            refused=refused,
            left_out=dict(self.left_out),
            problem=problem,
            is_complete=content.problem is None,
            is_known=self._is_continued and not self.lines and not refused,
            is_continued=self._is_continued,
        )

    @property
    def lines_refused(self) -> int:
        """Lines that could not be read."""
        return self.refusals.count


def _row(result: LogResult, taking: _Taking, content: Content, source_id: str) -> pa.RecordBatch:
    row = {
        "path": str(result.path.absolute()).encode("utf-8", "backslashreplace").decode(),
        "source_id": source_id,
        "sha256": result.sha256,
        "content_sha256": content.content_sha256(),
        "content_bytes": content.content_bytes,
        "file_bytes": result.file_bytes,
        "engine": ENGINES[result.log.family],
        "log_kind": result.log.kind,
        "log_format": result.log.form,
        "reader_version": READER_VERSION,
        "lines": result.lines,
        "rows_made": sum(result.rows.values()),
        "lines_refused": result.refused,
        "lines_left_out": sum(result.left_out.values()),
        "first_ts": taking.first,
        "last_ts": taking.last,
        "is_complete": result.is_complete,
        "problem": None if result.problem is None else result.problem.en,
    }
    wanted = schema.FOREIGN_LOG.arrow(schema.FOREIGN_LOG.emitted())
    return pa.RecordBatch.from_pylist([row], schema=wanted)
