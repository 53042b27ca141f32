"""Which captures a case holds already, and under which source id a new one goes in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sensor.identity import Digest, changed, file_digest, twin_id
from store import schema
from store.lake_files import LakeFiles

Row = Mapping[str, Any]
"""A row of ``packet_store``; times are integers (us UTC)."""


def known(lake: LakeFiles, case: str, path: Path, sample: bytes) -> tuple[bytes, Row | None]:
    """Return the source id of a capture in a case, and its row when the case holds it.

    Only a capture whose sample the case has seen is read for this: its whole content must be the same, else it is
    another capture and gets an id of its own.

    Args:
        lake: Where the case is.
        case: Case to look in.
        path: The capture.
        sample: ``sample_id(path)``.

    Raises:
        TaishiError: the file or a segment of the case cannot be read.
    """
    held = {row["source_id"]: row for row in lake.rows(schema.PACKET_STORE, case)}
    first = held.get(sample.hex())
    if first is None:
        return sample, None
    if changed(path, first) is None:
        return sample, first
    twin = twin_id(sample, file_digest(path, Digest.SHA256))
    return twin, held.get(twin.hex())


def counters(lake: LakeFiles, case: str, file_id: int) -> dict[str, int]:
    """Return the counters of a capture that the case holds."""
    rows = lake.rows(schema.COUNTERS, case)
    return {row["counter"]: row["count"] for row in rows if row["pcap_file_id"] == file_id}
