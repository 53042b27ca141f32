"""The analyst's console: one read-only statement over the lake and the casebook, with no way out.

Three walls: only statements that read are accepted (by DuckDB's own parser, never by patterns), inside a read-only
transaction; the engine may touch no file outside the lake, load nothing, and its settings are locked; memory, spill
and time are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import duckdb
import pyarrow as pa

from store._lazy_views import console_views
from store._macros import literal
from store._policy import SitePolicy
from store.casebook import Casebook
from store.errors import Problem, TaishiError
from store.lake import Lake, add_table, in_utc
from store.memory import Memory, add_views
from store.text import Text

TIME_LIMIT_S: Final = 300
"""Longest run of one statement (s, 1..): summing 200 000 conversations took 0.02 s, so this is some 10^9 of them."""

MEMORY_LIMIT: Final = "2GB"
"""Memory of one statement before it spills: fits beside the sensor on a machine of 4 GB."""

BATCH_ROWS: Final = 65_536
"""Rows per batch of a streamed result."""

ALLOWED: Final = Text(
    "allowed: one SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN statement",
    "可用：一条 SELECT、WITH、FROM、VALUES、DESCRIBE、SHOW、SUMMARIZE 或 EXPLAIN 语句",
)
"""What the console accepts, for messages."""

_REFUSED_EXIT: Final = 2

_CORRECT: Final = Text("correct the statement", "请改正语句")
_ONLY_READS: Final = Text("ask with a reading one: the console changes nothing", "请改用只读语句：此处不作任何更改")


@contextmanager
def console(
    lake: Lake,
    casebook: Casebook | None = None,
    *,
    case: str | None = None,
    policy: SitePolicy | None = None,
    memory_limit: str = MEMORY_LIMIT,
    time_limit_s: float = TIME_LIMIT_S,
    memory: Memory | None = None,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a locked connection: views of the lake, casebook tables as snapshots of this moment; see ``query``."""
    connection = lake.connect(case, policy, memory_limit=memory_limit)
    try:
        if memory is not None:
            add_views(connection, memory)
        for statement in console_views():
            connection.execute(statement)
        for name, table in (casebook.snapshots() if casebook is not None else {}).items():
            add_table(connection, name, table)
        roots = [lake.root, *([] if memory is None else [memory.root])]
        folders = ", ".join(literal(f"{root}/") for root in roots)
        connection.execute(f"SET max_execution_time = {max(1, round(time_limit_s * 1000))}")
        connection.execute(f"SET allowed_directories = [{folders}]")
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        connection.execute("BEGIN TRANSACTION READ ONLY")
        yield connection
    finally:
        connection.close()


@contextmanager
def query(
    lake: Lake,
    sql: str,
    casebook: Casebook | None = None,
    *,
    case: str | None = None,
    policy: SitePolicy | None = None,
    memory_limit: str = MEMORY_LIMIT,
    time_limit_s: float = TIME_LIMIT_S,
    memory: Memory | None = None,
) -> Iterator[pa.RecordBatchReader]:
    """Yield the result of one reading statement as a stream of record batches.

    Args:
        lake: Lake to read.
        sql: One statement; see ``ALLOWED``.
        casebook: Also readable, as it is at this moment.
        case: Case to see; None for all.
        policy: Site policy to join.
        memory_limit: Memory before the statement spills.
        time_limit_s: Longest run, s.
        memory: Of the case, also readable.

    Raises:
        TaishiError: the statement is refused (exit code 2), wrong, or exceeds a limit (also while it is read).
    """
    with console(
        lake,
        casebook,
        case=case,
        policy=policy,
        memory_limit=memory_limit,
        time_limit_s=time_limit_s,
        memory=memory,
    ) as connection:
        checked(connection, sql)
        try:
            yield connection.sql(sql).to_arrow_reader(BATCH_ROWS)
        except (duckdb.Error, pa.ArrowException) as error:
            raise _told(error) from error


def query_table(
    lake: Lake,
    sql: str,
    casebook: Casebook | None = None,
    *,
    case: str | None = None,
    policy: SitePolicy | None = None,
) -> pa.Table:
    """Return the whole result of one reading statement; see ``query``."""
    with query(lake, sql, casebook, case=case, policy=policy) as reader:
        return in_utc(reader.read_all())


def checked(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Accept ``sql`` when it is one statement that only reads.

    Raises:
        TaishiError: it is something else (exit code 2).
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise _refused(Text(f"{error}", f"语句无法解析（{error}）"), _CORRECT) from error
    if len(statements) != 1:
        told = Text(f"{len(statements)} statements", f"{len(statements)} 条语句")
        raise _refused(told, Text("run them one by one", "请逐条执行"))
    kind = statements[0].type
    if kind == duckdb.StatementType.EXPLAIN:
        _check_explained(connection, sql)
    elif kind != duckdb.StatementType.SELECT:
        raise _refused(Text(f"a {kind.name} statement", f"{kind.name} 语句"), _ONLY_READS)


def _check_explained(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Accept EXPLAIN only of a statement that reads: EXPLAIN ANALYZE runs it, and COPY would write.

    Own words of EXPLAIN (ANALYZE, options in parentheses) are skipped token by token; what is left is parsed again.
    """
    rests = _rests(sql)
    for rest in rests:
        try:
            inner = connection.extract_statements(rest)
        except duckdb.Error:
            continue
        if len(inner) == 1 and inner[0].type == duckdb.StatementType.SELECT:
            return
    raise _refused(Text("EXPLAIN of something that does not read", "EXPLAIN 的不是只读语句"), _ONLY_READS)


def _rests(sql: str) -> list[str]:
    """Return what may be the explained statement: after EXPLAIN and ANALYZE, and after a group in parentheses."""
    raw = sql.encode()
    tokens = [place for place, kind in duckdb.tokenize(sql) if kind != duckdb.token_type.comment]
    texts = [raw[place:].decode(errors="replace") for place in tokens]
    position = 1
    if position < len(texts) and texts[position][:7].lower() == "analyze":
        position += 1
    found = texts[position : position + 1]
    if found and found[0].startswith("("):
        depth = 0
        for number, text in enumerate(texts[position:], position + 1):
            depth += (text[0] == "(") - (text[0] == ")")
            if depth == 0:
                return [*found, *texts[number : number + 1]]
    return found


def _refused(found: Text, todo: Text) -> TaishiError:
    """Return the error for a statement that may not run."""
    return TaishiError(Problem("sql", found, ALLOWED, todo), exit_code=_REFUSED_EXIT)


def _told(error: duckdb.Error | pa.ArrowException) -> TaishiError:
    """Return an error of the engine in our words."""
    if isinstance(error, duckdb.InterruptException | duckdb.OutOfMemoryException):
        return TaishiError(
            Problem(
                "sql",
                Text(f"{error}", f"超出限制（{error}）"),
                Text("allowed: what fits the time and memory of one statement", "可用：单条语句时间和内存之内的查询"),
                Text("narrow the time range or the columns", "请缩小时间范围或减少列"),
            )
        )
    if isinstance(error, duckdb.PermissionException | duckdb.NotImplementedException):
        return TaishiError(
            Problem(
                "sql",
                Text(f"{error}", f"不允许（{error}）"),
                Text("allowed: the views of the lake and the casebook", "可用：数据湖的视图和案卷"),
                Text("ask those", "请改查这些"),
            ),
            exit_code=_REFUSED_EXIT,
        )
    return TaishiError(
        Problem(
            "sql",
            Text(f"{error}", f"语句有误（{error}）"),
            Text(
                "allowed: what 'SHOW TABLES' and 'DESCRIBE flow' list", "可用：“SHOW TABLES”和“DESCRIBE flow”列出的内容"
            ),
            _CORRECT,
        )
    )
