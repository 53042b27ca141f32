"""Which captures a case holds already, and under which source id a new one goes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sensor.identity import Digest, changed, file_digest, twin_id
from store import schema
from store.lake_files import LakeFiles, rows_of

Row = Mapping[str, Any]
"""A row of ``packet_store``; times are integers (us UTC)."""


class Held:
    """The captures of a case. Each segment is read once, so that a thousand captures cost a thousand readings.

    Args:
        lake: Where the case is; what killed processes left in it is removed first.
        case: Case to look in; need not exist.
    """

    def __init__(self, lake: LakeFiles, case: str) -> None:
        lake.sweep()
        self._lake = lake
        self._case = case
        self._seen: set[Path] = set()
        self._captures: dict[str, Row] = {}
        self._counters: dict[int, dict[str, int]] = {}

    def find(self, path: Path, sample: bytes) -> tuple[bytes, Row | None]:
        """Return the source id of a capture in the case, and its row when the case holds it.

        Only a capture whose sample the case has seen is read for this: its whole content must be the same, else it is
        another capture and gets an id of its own.

        Args:
            path: The capture.
            sample: ``sample_id(path)``.

        Raises:
            TaishiError: the file or a segment of the case cannot be read.
        """
        for row in self._unseen(schema.PACKET_STORE):
            self._captures[row["source_id"]] = row
        first = self._captures.get(sample.hex())
        if first is None:
            return sample, None
        if changed(path, first) is None:
            return sample, first
        twin = twin_id(sample, file_digest(path, Digest.SHA256))
        return twin, self._captures.get(twin.hex())

    def counters(self, file_id: int) -> dict[str, int]:
        """Return the counters of a capture that the case holds."""
        for row in self._unseen(schema.COUNTERS):
            self._counters.setdefault(row["pcap_file_id"], {})[row["counter"]] = row["count"]
        return dict(self._counters.get(file_id, {}))

    def _unseen(self, table: schema.Table) -> Iterator[Row]:
        for segment in self._lake.segments(table, self._case):
            if segment not in self._seen:
                yield from rows_of(segment, table)
                self._seen.add(segment)
