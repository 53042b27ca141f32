"""Opening the casebook's database: settings that make SQLite durable, migrations, transactions that lock at once."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from store._casebook_tables import REVISION
from store.errors import Problem, TaishiError
from store.text import Text

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_MS: Final = 30_000
"""How long (ms, 0..) a change waits for another process's change: taking in 10 000 new incidents at
once took 2 s, so half a minute means that something hangs."""

WRITES: Final = "taishi_writes"
"""Execution option of connections that will change something."""

_MODE: Final = 0o600


def open_engine(path: Path) -> sa.Engine:
    """Return an engine on the casebook at ``path``, made and migrated when needed.

    Raises:
        TaishiError: not usable as a casebook, or made by a newer version.
    """
    try:
        path.touch(_MODE)
        engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)), poolclass=sa.NullPool)
        sa.event.listen(engine, "connect", _on_connect)
        sa.event.listen(engine, "begin", _on_begin)
        _migrate(engine, path)
    except (OSError, sa.exc.DBAPIError) as error:
        raise TaishiError(
            Problem(
                str(path),
                Text(f"not usable as a casebook ({_cause(error)})", f"不能用作案卷（{_cause(error)}）"),
                Text("needed: a writable SQLite file", "需要：可写的 SQLite 文件"),
                Text("restore it from a backup or move it away", "请用备份恢复，或把它移走"),
            )
        ) from error
    return engine


def _cause(error: BaseException) -> object:
    return getattr(error, "orig", None) or error


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    """Set what SQLite forgets with every connection; transactions are begun by ``_on_begin``, not by the driver."""
    connection.isolation_level = None
    for pragma in (f"busy_timeout = {BUSY_MS}", "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _on_begin(connection: sa.Connection) -> None:
    """Lock at once when the transaction will write, so that two writers queue instead of failing half-way."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: sa.Engine, path: Path) -> None:
    with engine.connect() as connection:
        found = _revision(connection)
    if found == REVISION:
        return
    if found is not None and found > REVISION:
        raise TaishiError(
            Problem(
                str(path),
                Text(f"casebook version {found}", f"案卷版本 {found}"),
                Text(f"allowed: up to {REVISION}", f"可用：不高于 {REVISION}"),
                Text("update taishi", "请更新 taishi"),
            )
        )
    from alembic import command  # noqa: PLC0415 - 0.3 s of import that only the first opening after an update pays

    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        if _revision(connection) != REVISION:
            command.upgrade(alembic_config(connection), "head")


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def alembic_config(connection: sa.Connection) -> Config:
    """Return Alembic's configuration for our migrations, bound to ``connection``."""
    from alembic.config import Config  # noqa: PLC0415 - see _migrate

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
