"""Rows of the protocol tables of a case to filter and show, with addresses and flow uids as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import pyarrow as pa

from reporting.arrow_rows import rows_of
from reporting.cases.case import Case
from reporting.cases.policy import policy_of
from reporting.clean import clean
from reporting.words import Words
from store.errors import TaishiError
from store.login_view import LOGINS
from store.schema import RECORDS, Column, Table
from store.site import SitePolicy
from store.sql import query

LISTED: Final = (*RECORDS, LOGINS)
"""The protocol tables, and the view of logins over them."""

TABLES: Final = tuple(table.name for table in LISTED)
"""Their names."""

_NOT_THE_CONDITION: Final = (
    *(duckdb.InterruptException, duckdb.OutOfMemoryException, duckdb.IOException),
    *(duckdb.PermissionException, duckdb.NotImplementedException),
)
"""Errors of the engine that have nothing to do with the columns of the table: ``store.sql`` explains them."""

_NO_COLUMN: Final = re.compile(r'Referenced (?:column|table) "([^"]*)" not found')
"""How DuckDB 2.0 begins when a name in an expression is unknown."""

_MAC_BYTES: Final = 6
_ADDRESS_BYTES: Final = 16


def declared(name: str) -> Table:
    """Return the protocol table of that name.

    Raises:
        KeyError: there is none.
    """
    for table in LISTED:
        if table.name == name:
            return table
    raise KeyError(name)


def row_counts(case: Case) -> list[dict[str, Any]]:
    """Return one row per protocol table: ``table`` and how many ``rows`` the case has in it."""
    parts = [f"SELECT '{name}' AS name, count(*) AS n FROM \"{name}\"" for name in TABLES]
    with case.lake.reader(case.name) as reader:
        counted = {row["name"]: row["n"] for row in reader.arrow(" UNION ALL ".join(parts)).to_pylist()}
    return [{"table": name, "rows": counted[name]} for name in TABLES]


def record_rows(
    case: Case,
    table: Table,
    words: Words,
    *,
    where: str | None = None,
    flow: bytes | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield rows of a protocol table, oldest first; binary columns as text, times as times.

    Args:
        case: Case to read.
        table: One of ``LISTED``.
        words: Catalogue for the messages.
        where: A condition over the columns as they are yielded; runs in the read-only console.
        flow: Only of this flow; a root uid stands for all segments.
        limit: At most so many.

    Raises:
        TaishiError: the condition is wrong (exit code 2) or exceeds the limits of the console.
    """
    names = [column.name for column in table.stored()]
    if where is not None and not where.strip():
        raise _bad(table, words("records.no_condition"), words)
    sql = _statement(table, where, flow, limit)
    policy = policy_of(case) if where is not None else SitePolicy()
    try:
        with query(case.lake, sql, case=case.name, policy=policy) as reader:
            yield from rows_of(reader, names)
    except TaishiError as error:
        cause = error.__cause__
        if where is None or not isinstance(cause, duckdb.Error) or isinstance(cause, _NOT_THE_CONDITION):
            raise
        raise _bad(table, _explained(cause, words), words) from error


def _bad(table: Table, found: str, words: Words) -> TaishiError:
    allowed = ", ".join(column.name for column in table.stored())
    return TaishiError(words("error.bad_where", table=table.name, found=found, allowed=allowed), exit_code=2)


def _explained(error: duckdb.Error, words: Words) -> str:
    first = str(error).split("\n", 1)[0]
    unknown = _NO_COLUMN.search(first)
    return words("records.no_column", name=clean(unknown[1])) if unknown else clean(first)


def _statement(table: Table, where: str | None, flow: bytes | None, limit: int | None) -> str:
    """Return the query: an inner one that turns columns into text, so that the condition speaks of what is shown."""
    shown = ", ".join(f'{_as_text(column)} AS "{column.name}"' for column in table.stored())
    inner = f'SELECT {shown} FROM "{table.name}"'
    if flow is not None:
        uid = f"unhex('{flow.hex()}')"
        parts = f"SELECT flow_uid FROM flow_stored WHERE flow_uid = {uid} OR flow_root_uid = {uid}"
        inner += f" WHERE flow_uid IN ({parts})"
    names = ", ".join(f'"{column.name}"' for column in table.stored())
    # The condition ends with its line: a comment in it must not swallow what comes behind.
    condition = f" WHERE (\n{where}\n)" if where is not None else ""
    order = ", ".join(f'"{name}"' for name in dict.fromkeys(("ts", *table.key)))
    end = "" if limit is None else f" LIMIT {int(limit)}"
    return f'SELECT {names} FROM ({inner}) AS "{table.name}"{condition} ORDER BY {order}{end}'


def _as_text(column: Column) -> str:
    name = f'"{column.name}"'
    macro = _macro(column.name, column.type)
    if macro is not None:
        return f"{macro}({name})"
    if pa.types.is_list(column.type):
        inner = _macro(column.name, column.type.value_type)
        if inner is not None:
            return f"list_transform({name}, lambda one: {inner}(one))"
    return name


def _macro(name: str, kind: pa.DataType) -> str | None:
    """Return the macro that turns a binary value into text, None for all other types."""
    if not (pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind)):
        return None
    width = kind.byte_width if pa.types.is_fixed_size_binary(kind) else 0
    if width == _MAC_BYTES:
        return "mac_text"
    if width == _ADDRESS_BYTES:
        return "uid_text" if name.endswith("uid") else "ip_text"
    return "hex"
