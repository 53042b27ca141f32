"""The tables of a case as the detectors get them: small ones straight from the lake, large ones cut into buckets once.

A bucket holds whole keys (``partition_by`` of the detector), so that it can be judged by itself, and few enough rows
that the memory of a scan does not grow with the capture. What is one key cannot be cut: a single source with millions
of conversations is judged in one piece.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from detectors.derive import HOST_SEEN, HOST_SEEN_SQL
from detectors.model import Detector
from store.lake import MAX_BUCKETS, BucketFile, LakeReader, bucket_sql

ROWS_PER_BUCKET: Final = 100_000
"""Rows of a table that detectors hold at once (10^4 … 10^6): about 12 MB and 40 MB of work on it, no more than cutting
takes. A detector needs 50 to 90 ms of CPU for an empty bucket, as much as for 50 000 rows: smaller ones do not pay."""

READER_MEMORY: Final = "256MB"
"""Memory of the lake's queries in a scan (text DuckDB reads; 64 MB … 2 GB) before they spill to the disk."""

READER_THREADS: Final = 1
"""Threads of the lake's queries in a scan (1 …): each more takes 25 MB and no query takes a tenth of the metering."""

_COUNT: Final = {"conversation": "SELECT count(*) AS n FROM flow WHERE segment_seq = 0"}
"""How to count what would have to be grouped first."""


class CaseTables:
    """Source of tables and hosts for ``detectors.engine.run_all``; the caller closes it.

    Args:
        reader: Reader of the case with the policy joined.
        detectors: Who will ask.
        rows_per_bucket: Rows of a table from which it is cut.
    """

    def __init__(
        self, reader: LakeReader, detectors: Iterable[Detector], rows_per_bucket: int = ROWS_PER_BUCKET
    ) -> None:
        self._reader = reader
        self._rows_per_bucket = rows_per_bucket
        self._columns: dict[tuple[str, str], dict[str, None]] = {}
        for detector in detectors:
            for name, columns in detector.needs.items():
                key = detector.partition_by[name]
                self._columns.setdefault((name, key), {key: None}).update(dict.fromkeys(columns))
        self._rows: dict[str, int] = {}
        self._cuts: dict[tuple[object, ...], BucketFile] = {}
        self._whole: dict[str, pa.Table] = {}
        self._all_hosts: pa.Table | None = None

    def buckets(self, detector: Detector) -> int:
        """Return into how many buckets the tables of a detector are cut."""
        most = max(self._count(name) for name in detector.needs)
        return min(MAX_BUCKETS, max(1, math.ceil(most / self._rows_per_bucket)))

    def table(self, name: str, columns: tuple[str, ...], key: str, bucket: int, buckets: int) -> pa.Table:
        """Return the rows of a bucket (``detectors.engine.TableSource``).

        Raises:
            KeyError: there is no such table.
        """
        if not self._reader.has(name):
            raise KeyError(name)
        if buckets == 1:
            return self._whole_table(name).select(list(columns))
        cut = self._cuts.get((name, key, buckets))
        if cut is None:
            wanted = ", ".join(f'"{column}"' for column in self._columns[name, key])
            cut = self._reader.cut(f'SELECT {wanted} FROM "{name}"', key, buckets)
            self._cuts[name, key, buckets] = cut
        return cut.read(bucket, columns)

    def hosts(self, detector: Detector, bucket: int, buckets: int) -> pa.Table:
        """Return who was heard, of the addresses in a detector's tables (``detectors.engine.HostSource``).

        Of a case that fits one bucket it is everybody: cutting would cost more than it saves.
        """
        if self._count("conversation") <= self._rows_per_bucket:
            if self._all_hosts is None:
                self._all_hosts = self._reader.arrow(HOST_SEEN_SQL).cast(HOST_SEEN)
            return self._all_hosts
        needed = ((name, detector.partition_by[name]) for name in sorted(detector.needs) if self._count(name))
        tables = tuple((name, key) for name, key in needed if self._addresses(name, key))
        if not tables:
            return HOST_SEEN.empty_table()
        cut = self._cuts.get((tables, buckets))
        if cut is None:
            cut = self._reader.cut_by(self._near_sql(tables, buckets), buckets)
            self._cuts[tables, buckets] = cut
        return cut.read(bucket, HOST_SEEN.names).cast(HOST_SEEN)

    def close(self) -> None:
        """Give the disk space and the tables back."""
        self._whole.clear()
        for cut in self._cuts.values():
            cut.close()
        self._cuts.clear()

    def _whole_table(self, name: str) -> pa.Table:
        """Return a table that fits one bucket with the columns of all detectors, read once for all of them."""
        if name not in self._whole:
            wanted = {
                column: None for (table, _), columns in self._columns.items() if table == name for column in columns
            }
            self._whole[name] = self._reader.table_for(name, tuple(wanted))
        return self._whole[name]

    def _count(self, name: str) -> int:
        """Return how many rows a table has; counted when first asked for: some tables are only made then."""
        if name not in self._rows:
            sql = _COUNT.get(name, f'SELECT count(*) AS n FROM "{name}"')
            self._rows[name] = self._reader.arrow(sql).to_pylist()[0]["n"] if self._reader.has(name) else 0
        return self._rows[name]

    def _addresses(self, name: str, key: str) -> list[str]:
        """Return the columns read of a table that hold addresses, not numbers of them."""
        kinds = {row[0]: row[1] for row in self._reader.connection.execute(f'DESCRIBE "{name}"').fetchall()}
        wanted = self._columns[name, key]
        return [column for column in wanted if column.endswith("ip") and kinds.get(column) == "BLOB"]

    def _near_sql(self, tables: tuple[tuple[str, str], ...], buckets: int) -> str:
        """Return SQL of the hosts heard whose address a bucket of one of the tables holds, and of that bucket."""
        parts = []
        for name, key in tables:
            addresses = ", ".join(f'"{column}"' for column in self._addresses(name, key))
            parts.append(f'SELECT {bucket_sql(key, buckets)} AS bucket, unnest([{addresses}]) AS ip FROM "{name}"')
        near = f"SELECT DISTINCT bucket, ip FROM ({' UNION ALL '.join(parts)})"
        names = ", ".join(f"heard.{name}" for name in HOST_SEEN.names)
        return f"SELECT {names}, near.bucket FROM ({HOST_SEEN_SQL}) AS heard JOIN ({near}) AS near USING (ip)"
