"""One segment while it is being written: a staged Parquet file, the hash of its bytes and its row count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from store import parquet, schema
from store.integrity import HashingFile
from store.staging import StagedFile

FOOTER: Final = "taishi."
"""Prefix of our keys in the Parquet footer."""

WRITE_BYTES: Final = 1 << 20
"""Bytes gathered per write (2^16 … 2^24): an encoder writes some 300 pages of a few kB per row group, and each write
passes through Python; 1 MiB makes that two calls per row group and stays in the cache for the hash."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A complete, synced, still hidden segment and the folder it belongs in."""

    staged: StagedFile
    folder: Path
    content_hash: str
    rows: int

    @property
    def target(self) -> Path:
        """Path under which the segment becomes visible."""
        return self.folder / f"{self.content_hash}.parquet"


class OpenSegment:
    """A segment that still takes rows."""

    def __init__(self, table: schema.Table, sensor_id: str, folder: Path) -> None:
        self._table = table
        self._sensor_id = sensor_id
        self._folder = folder
        self._staged = StagedFile(folder)
        self._file = HashingFile(self._staged.path)
        self._sink = pa.BufferedOutputStream(pa.PythonFile(self._file, "w"), WRITE_BYTES)
        self._writer = parquet.open_writer(self._sink, table)
        self.rows = 0

    def write(self, stored: pa.RecordBatch) -> None:
        """Append a batch (stored columns of the table) as one row group."""
        self._writer.write_batch(stored, row_group_size=stored.num_rows)
        self.rows += stored.num_rows

    def seal(self, counters: Mapping[str, int]) -> Sealed:
        """Write the footer, force all bytes to the disk, and return the still hidden segment."""
        footer = {
            "schema_version": str(schema.SCHEMA_VERSION),
            "feature_defs_version": str(schema.FEATURE_DEFS_VERSION),
            "table": self._table.name,
            "sensor_id": self._sensor_id,
            "rows": str(self.rows),
            "counters": json.dumps(dict(sorted(counters.items()))),
        }
        self._writer.add_key_value_metadata({FOOTER + key: value for key, value in footer.items()})
        self._writer.close()
        self._sink.close()
        self._file.close()
        self._staged.sync()
        return Sealed(self._staged, self._folder, self._file.hexdigest(), self.rows)

    def discard(self) -> None:
        """Close and remove the file, whatever state it is in."""
        try:
            self._writer.close()
            self._sink.close()
        except (OSError, pa.ArrowException):
            pass  # the file is being thrown away: that its footer did not fit the disk no longer matters
        self._file.close()
        self._staged.discard()
