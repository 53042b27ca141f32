"""The lake: segments on disk, and hardened in-memory DuckDB connections that read them through views."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from store import schema
from store._foreign_views import FOREIGN_VIEWS
from store._macros import TEXT_MACROS, policy_macros
from store._policy import SitePolicy
from store._views import DERIVED_VIEWS, table_view
from store.errors import Problem, TaishiError
from store.lake_files import SPILL, LakeFiles, damaged, other_version
from store.names import checked_name
from store.text import Text

MEMORY_LIMIT: Final = "2GB"
"""Memory of one connection (text DuckDB reads): fits beside the meter on a machine of 4 GB; beyond it spills."""

SPILL_LIMIT: Final = "20GB"
"""Disk that one connection may spill: a query must not fill the disk that the sensor writes to."""


class Lake(LakeFiles):
    """The segments under one folder, and connections that read them.

    Args:
        root: Folder of the lake; need not exist.
    """

    def connect(
        self, case: str | None = None, policy: SitePolicy | None = None, *, memory_limit: str = MEMORY_LIMIT
    ) -> duckdb.DuckDBPyConnection:
        """Return a connection with all views over one case, or over all of them; the caller closes it.

        Views: one per table, ``conversation``, ``conversation_full``, ``logins``, ``v_zeek_conn``, ``v_eve_flow``,
        ``v_ocsf``; tables ``site_net``, ``site_zone``, ``site_role``, ``site_master``; macros ``ip_text``,
        ``mac_text``, ``uid_text``, ``cid_text``, ``is_home``, ``zone_of``. Times are UTC.

        Args:
            case: Case to read; None for all.
            policy: Site policy to join (default: private ranges are home).
            memory_limit: Memory before queries spill to the disk.

        Raises:
            TaishiError: a segment is not readable.
        """
        connection = duckdb.connect(":memory:", config=self._config(memory_limit))
        try:
            self._fill(connection, case, policy or SitePolicy())
        except duckdb.Error as error:
            connection.close()
            raise self._explained(error, case) from error
        except BaseException:
            connection.close()
            raise
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
    def reader(self, case: str | None = None, policy: SitePolicy | None = None) -> Iterator[LakeReader]:
        """Yield a reader of Arrow tables that keeps one connection for many reads."""
        connection = self.connect(case, policy)
        try:
            yield LakeReader(connection)
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
            "max_temp_directory_size": SPILL_LIMIT,
        }

    def _fill(self, connection: duckdb.DuckDBPyConnection, case: str | None, policy: SitePolicy) -> None:
        if self.root.is_dir():
            with contextlib.suppress(OSError):  # a lake that may only be read is read without spilling
                (self.root / SPILL).mkdir(exist_ok=True)
        connection.execute("SET TimeZone = 'UTC'")
        for statement in (*TEXT_MACROS, *policy_macros(policy)):
            connection.execute(statement)
        for name, table in (
            ("site_net", policy.networks_table()),
            ("site_zone", policy.zones_table()),
            ("site_role", policy.roles_table()),
            ("site_master", policy.masters_table()),
        ):
            add_table(connection, name, table)
        for declared in schema.TABLES:
            connection.execute(table_view(declared, self._pattern(declared, case)))
        for statement in (*DERIVED_VIEWS, *FOREIGN_VIEWS):
            connection.execute(statement)

    def _pattern(self, table: schema.Table, case: str | None) -> str | None:
        """Return the glob of a table's segments, None when it matches nothing."""
        folder = "case=*" if case is None else f"case={checked_name('case', case)}"
        pattern = f"{folder}/date=*/sensor=*/*.parquet"
        found = next((self.root / table.name).glob(pattern), None)
        return None if found is None else f"{_literal_glob(self.root / table.name)}/{pattern}"


class LakeReader:
    """Reads views as Arrow tables over one open connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def table_for(
        self,
        name: str,
        columns: Sequence[str],
        bucket: int = 0,
        buckets: int = 1,
        partition_by: Sequence[str] = (),
    ) -> pa.Table:
        """Return columns of a view: all rows, or those of one bucket of a key.

        Args:
            name: View or table.
            columns: Columns wanted, in order.
            bucket: Which bucket, 0 … buckets - 1.
            buckets: Into how many parts the rows are cut by their key's hash; the same key always shares a part.
            partition_by: Columns of the key; needed when ``buckets`` is not 1.

        Returns:
            The rows in no particular order.

        Raises:
            TaishiError: no such view or column, or a bucket without a key.
        """
        if not 0 <= bucket < buckets or (buckets > 1 and not partition_by):
            key = list(partition_by)
            raise TaishiError(
                Problem(
                    Text(f"table {name}", f"表 {name}"),
                    Text(f"bucket {bucket} of {buckets} by {key}", f"按 {key} 分 {buckets} 份取第 {bucket} 份"),
                    Text(
                        "allowed: 0 <= bucket < buckets, and a key when there are several",
                        "可用：0 <= 序号 < 份数，多份时须有键",
                    ),
                    Text("correct the call", "请改正调用"),
                )
            )
        sql = f"SELECT {_names(columns)} FROM {_names([name])}"
        values: list[Any] = []
        if buckets > 1:
            sql += f" WHERE hash({_names(partition_by)}) % ? = ?"
            values = [buckets, bucket]
        return self.arrow(sql, values)

    def arrow(self, sql: str, values: Sequence[object] = ()) -> pa.Table:
        """Return the result of a query of ours (never of a user: see ``store.sql``) as an Arrow table.

        Raises:
            TaishiError: DuckDB refuses the query or runs out of room.
        """
        cursor = self.connection.cursor()
        try:
            return in_utc(cursor.sql(sql, params=list(values)).to_arrow_table())
        except duckdb.Error as error:
            raise TaishiError(
                Problem(
                    Text("lake", "数据湖"),
                    Text(f"{error}", f"查询失败（{error}）"),
                    Text(
                        "needed: existing columns, readable segments, memory and disk to work in",
                        "需要：存在的列、可读的分段、足够的内存和磁盘",
                    ),
                    Text(
                        "make room or free memory; 'taishi doctor' checks the segments",
                        "请腾出空间或内存；“taishi doctor”可检查分段",
                    ),
                )
            ) from error
        finally:
            cursor.close()


def add_table(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    """Copy an Arrow table into the connection's database; a registered one would be unknown to its cursors."""
    connection.register("arriving", table)
    connection.execute(f"CREATE TABLE {_names([name])} AS SELECT * FROM arriving")
    connection.unregister("arriving")


def in_utc(table: pa.Table) -> pa.Table:
    """Return the table with the zone of its times named 'UTC' as in the schema (DuckDB says 'Etc/UTC'); no copy."""
    fields = [f.with_type(schema.TIME) if pa.types.is_timestamp(f.type) and f.type.tz else f for f in table.schema]
    return table.cast(pa.schema(fields))


def _literal_glob(path: Path) -> str:
    """Return a pattern that matches exactly ``path``, whatever letters the user's folders have."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _names(names: Iterable[str]) -> str:
    return ", ".join('"' + name.replace('"', '""') + '"' for name in names)
