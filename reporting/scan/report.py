"""The HTML report of a scan: what the screen says, with curves and the matrix."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sensor._wire import VERSION as WIRE_VERSION

from reporting.html.gather import gather
from reporting.html.model import Run
from reporting.html.write import write_report
from reporting.scan.case_tables import READER_MEMORY, READER_THREADS
from reporting.scan.pipeline import Scanned
from store import schema
from store.home import Home
from store.lake import Lake


def write(scanned: Scanned, home: Home, path: Path, lang: str) -> None:
    """Write the report of a scan.

    Raises:
        OSError: the file cannot be written.
    """
    run = Run(
        version=version("taishi"),
        wire_version=str(WIRE_VERSION),
        schema_version=schema.SCHEMA_VERSION,
        feature_defs_version=schema.FEATURE_DEFS_VERSION,
        config_hash=scanned.config_hash,
        counters=dict(scanned.counters),
        written=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    connection = Lake(home.lake).connect(
        scanned.result.case, scanned.policy, memory_limit=READER_MEMORY, threads=READER_THREADS
    )
    try:
        figures = gather(connection, run, always=scanned.actors)
    finally:
        connection.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_report(scanned.result.as_json(), figures, path, lang)
