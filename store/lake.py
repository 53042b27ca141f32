"""The lake: segments on disk, and hardened in-memory DuckDB connections that read them through views."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from store import schema
from store._bucket_file import MAX_BUCKETS, BucketFile
from store._dates import time_column
from store._foreign_views import FOREIGN_VIEWS
from store._lake_reader import SPILL_LIMIT, LakeReader, add_table, bucket_sql, in_utc
from store._links import OF_SOURCES
from store._macros import TEXT_MACROS, literal_glob, policy_macros
from store._policy import SitePolicy
from store._views import CURRENT_VIEWS, derived_views, table_view
from store.domains import add_functions
from store.errors import TaishiError
from store.lake_files import SPILL, LakeFiles, damaged, other_version
from store.memory import Memory, MemoryViews
from store.names import checked_name
from store.window import Window

MEMORY_LIMIT: Final = "2GB"
"""Memory of one connection (text DuckDB reads): fits beside the meter on a machine of 4 GB; beyond it spills."""

_ALL: Final = Window()

__all__ = ["MAX_BUCKETS", "MEMORY_LIMIT", "BucketFile", "Lake", "LakeReader", "add_table", "bucket_sql", "in_utc"]


class Lake(LakeFiles):
    """The segments under one folder, and connections that read them.

    Args:
        root: Folder of the lake; need not exist.
    """

    def connect(
        self,
        case: str | None = None,
        policy: SitePolicy | None = None,
        *,
        memory_limit: str = MEMORY_LIMIT,
        threads: int | None = None,
        window: Window = _ALL,
    ) -> duckdb.DuckDBPyConnection:
        """Return a connection with all views over one case, or over all of them; the caller closes it.

        Views: one per table, ``conversation``, ``conversation_full``, ``logins``, ``v_zeek_conn``, ``v_eve_flow``,
        ``v_ocsf``; tables ``site_net``, ``site_zone``, ``site_role``, ``site_master``; macros ``ip_text``,
        ``mac_text``, ``uid_text``, ``cid_text``, ``is_home``, ``zone_of``. Times are UTC.

        Args:
            case: Case to read; None for all.
            policy: Site policy to join (default: private ranges are home).
            memory_limit: Memory before queries spill to the disk.
            threads: Threads of a query, each of which takes memory of its own; one per core when None.
            window: Event time outside of which flows and records are left out.

        Raises:
            TaishiError: a segment is not readable.
        """
        connection = self.bare(memory_limit, threads)
        try:
            self._fill(connection, case, policy or SitePolicy(), window)
        except duckdb.Error as error:
            connection.close()
            raise self._explained(error, case) from error
        except BaseException:
            connection.close()
            raise
        return connection

    def bare(self, memory_limit: str = MEMORY_LIMIT, threads: int | None = None) -> duckdb.DuckDBPyConnection:
        """Return a hardened connection that knows no view yet and works in UTC; the caller closes it."""
        if self.root.is_dir():
            with contextlib.suppress(OSError):  # a lake that may only be read is read without spilling
                (self.root / SPILL).mkdir(mode=0o700, exist_ok=True)
                (self.root / SPILL).chmod(0o700)  # rows of all tables pass through it, whatever made it and the umask
        config = self._config(memory_limit) | ({} if threads is None else {"threads": str(threads)})
        connection = duckdb.connect(":memory:", config=config)
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    def findings(self, case: str) -> duckdb.DuckDBPyConnection:
        """Return a connection that knows ``alert`` and ``assessment`` of a case only, ready in milliseconds."""
        connection = self.bare(threads=1)
        for declared in (schema.ALERT, schema.ASSESSMENT):
            connection.execute(table_view(declared, self._patterns(declared, case, _ALL), _ALL))
        for statement in CURRENT_VIEWS:
            connection.execute(statement)
        return connection

    def _explained(self, error: duckdb.Error, case: str | None) -> TaishiError:
        """Return why the views do not fit the segments: most likely another version of taishi wrote one."""
        for declared in schema.TABLES:
            for path in self.segments(declared, case):
                with contextlib.suppress(OSError, pa.ArrowException):
                    wrong = other_version(path, pq.read_metadata(path).metadata)
                    if wrong is not None:
                        return wrong
        return damaged(self.root, error)

    @contextlib.contextmanager
    def reader(
        self,
        case: str | None = None,
        policy: SitePolicy | None = None,
        *,
        memory_limit: str = MEMORY_LIMIT,
        threads: int | None = None,
        window: Window = _ALL,
        memory: Memory | None = None,
    ) -> Iterator[LakeReader]:
        """Yield a reader of Arrow tables that keeps one connection for many reads.

        Args:
            case: As in ``connect``, like ``policy`` and ``threads``.
            policy: As in ``connect``.
            memory_limit: Memory before queries spill; one that cannot is given ``MEMORY_LIMIT``.
            threads: As in ``connect``.
            window: As in ``connect``.
            memory: Of the case, for the views ``edge``, …, and, as of the start of the window, ``edge_before``, ….
        """
        connection = self.connect(case, policy, memory_limit=memory_limit, threads=threads, window=window)

        def earlier(part: Window) -> LakeReader:
            own = self.connect(case, policy, memory_limit=memory_limit, threads=threads, window=part)
            return LakeReader(own, self.root / SPILL, MEMORY_LIMIT)

        views = None if memory is None else MemoryViews(memory, window, earlier)
        try:
            yield LakeReader(connection, self.root / SPILL, MEMORY_LIMIT, views)
        finally:
            connection.close()

    def table_for(
        self,
        name: str,
        columns: Sequence[str],
        bucket: int = 0,
        buckets: int = 1,
        partition_by: Sequence[str] = (),
        *,
        case: str | None = None,
        policy: SitePolicy | None = None,
    ) -> pa.Table:
        """Return columns of a view as an Arrow table; see ``LakeReader.table_for``."""
        with self.reader(case, policy) as reader:
            return reader.table_for(name, columns, bucket, buckets, partition_by)

    def _config(self, memory_limit: str) -> dict[str, str]:
        """Return settings under which nothing is installed, loaded, replaced from Python, or grown without bound."""
        return {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "memory_limit": memory_limit,
            "temp_directory": str(self.root / SPILL / f"{os.getpid()}-{secrets.token_hex(4)}"),
            "max_temp_directory_size": f"{SPILL_LIMIT}B",
        }

    def _fill(
        self, connection: duckdb.DuckDBPyConnection, case: str | None, policy: SitePolicy, window: Window
    ) -> None:
        add_functions(connection)
        for statement in (*TEXT_MACROS, *policy_macros(policy)):
            connection.execute(statement)
        for name, table in (
            ("site_net", policy.networks_table()),
            ("site_zone", policy.zones_table()),
            ("site_role", policy.roles_table()),
            ("site_master", policy.masters_table()),
        ):
            add_table(connection, name, table)
        is_linked = self._is_linked(case)
        for declared in schema.TABLES:
            is_refined = is_linked and declared in OF_SOURCES
            patterns = self._patterns(declared, case, window)
            connection.execute(table_view(declared, patterns, window, is_refined=is_refined))
        for statement in (*derived_views(is_linked=is_linked), *FOREIGN_VIEWS):
            connection.execute(statement)

    def _is_linked(self, case: str | None) -> bool:
        """Tell whether flows of several programs lie side by side: names of folders tell, nothing is opened."""
        if not self._patterns(schema.FOREIGN_LOG, case, _ALL):
            return False
        folder = "case=*" if case is None else f"case={checked_name('case', case)}"
        found = (self.root / schema.FLOW.name).glob(f"{folder}/date=*/sensor=*")
        return len({path.name for path in found}) > 1

    def _patterns(self, table: schema.Table, case: str | None, window: Window) -> list[str]:
        """Return globs of a table's segments that can hold rows of the window, none when they match nothing."""
        folder = "case=*" if case is None else f"case={checked_name('case', case)}"
        here = literal_glob(self.root / table.name)
        if window.filter(table) and time_column(table) is not None:
            names = (path.name.removeprefix("date=") for path in (self.root / table.name).glob(f"{folder}/date=*"))
            dates = [f"date={name}" for name in window.dates(names)]
        else:
            dates = ["date=*"]
        wanted = [f"{folder}/{date}/sensor=*/*.parquet" for date in dates]
        there = (p for p in wanted if next((self.root / table.name).glob(p), None) is not None)
        return [f"{here}/{pattern}" for pattern in there]
