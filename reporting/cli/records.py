"""``taishi records``: what was spoken, row by row, out of the tables of the protocols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen, unknown
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case
    from store.schema import Table

_SAMPLE_ROWS = 1000
"""Rows by which the columns of the screen are chosen; those behind them stream."""


@command("records")
@click.argument("table", required=False)
@click.option("--where", metavar="SQL")
@click.option("--flow", metavar="UID")
@click.option("--limit", type=click.IntRange(min=1), metavar="N")
@case_option
def records(table: str | None, where: str | None, flow: str | None, limit: int | None, case: str | None) -> None:
    """List the rows of a protocol's table, or the tables."""
    from reporting.cases.records import record_rows

    settings = current()
    if table is None:
        _refuse_alone(settings, where, flow, limit)
        _list_tables(settings, chosen(settings, case))
        return
    wanted = _declared(settings, table)
    opened = chosen(settings, case)
    uid = None if flow is None else _uid(settings, opened, flow)
    rows = record_rows(opened, wanted, settings.words, where=where, flow=uid, limit=limit)
    if not _print(rows, wanted, settings):
        click.echo(settings.words("records.none"), err=True)


def _refuse_alone(settings: Settings, *given: object) -> None:
    """Refuse conditions on no table.

    Raises:
        TaishiError: there is one (exit code 2).
    """
    from reporting.cases.records import TABLES
    from store.errors import TaishiError

    if any(one is not None for one in given):
        raise TaishiError(settings.words("error.where_without_table", allowed=", ".join(TABLES)), exit_code=2)


def _list_tables(settings: Settings, case: Case) -> None:
    from reporting.cases.records import row_counts
    from reporting.tables import Column, emit

    form = settings.output
    is_table = form is Output.TABLE
    titles = {name: settings.words(f"records.{name}") if is_table else name for name in ("table", "rows")}
    emit(row_counts(case), [Column(name, title, right=name == "rows") for name, title in titles.items()], form.value)


def _declared(settings: Settings, name: str) -> Table:
    """Return the table called ``name``.

    Raises:
        TaishiError: there is none (exit code 2).
    """
    from reporting.cases.lookup import nearest
    from reporting.cases.records import TABLES, declared
    from reporting.clean import clean
    from store.errors import TaishiError

    if name in TABLES:
        return declared(name)
    near = ", ".join(nearest(name, TABLES))
    told = settings.words("error.no_record_table", found=clean(name), nearest=near, allowed=", ".join(TABLES))
    raise TaishiError(told, exit_code=2)


def _uid(settings: Settings, case: Case, text: str) -> bytes:
    """Return the flow uid that ``text`` names.

    Raises:
        TaishiError: it names none (exit code 2), or the case has no such flow (exit code 3).
    """
    from reporting.cases.alerts import uid_bytes
    from reporting.clean import clean
    from reporting.cli._target import has_flow
    from store.errors import TaishiError

    uid = uid_bytes(text)
    if uid is None:
        raise TaishiError(settings.words("error.bad_flow", found=clean(text)), exit_code=2)
    if not has_flow(case, uid):
        raise unknown(settings, "flow", text, case, ())
    return uid


def _print(rows: Iterator[dict[str, Any]], table: Table, settings: Settings) -> int:
    """Print the rows in the form of the run and return how many there were."""
    from reporting.fitting import fitting
    from reporting.tables import Column, emit
    from reporting.width import MAX_COLUMNS, wrap

    columns = [Column(column.name, column.name) for column in table.stored()]
    if settings.output is not Output.TABLE:
        return emit(rows, columns, settings.output.value)
    first = [_short(row) for row in islice(rows, _SAMPLE_ROWS)]
    if not first:
        return 0
    kept = fitting(first, _screen_columns(table), _urgency(table))
    count = emit(chain(first, map(_short, rows)), kept, "table")
    shown = {column.key for column in kept}
    hidden = [column.name for column in table.stored() if column.name not in shown]
    if hidden:
        told = settings.words("records.hidden", columns=", ".join(hidden))
        click.echo("\n".join(wrap(told, MAX_COLUMNS)), err=True)
    return count


def _short(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for the screen: times to the millisecond, without the marks of the standard."""
    from reporting.tables import iso, plain

    return {
        name: iso(value)[:23].replace("T", " ") if hasattr(value, "tzinfo") else plain(value)
        for name, value in row.items()
    }


def _screen_columns(table: Table) -> list[Any]:
    import pyarrow as pa

    from reporting.tables import Column

    def is_text(kind: pa.DataType) -> bool:
        return bool(pa.types.is_string(kind) or pa.types.is_dictionary(kind) or pa.types.is_list(kind))

    def is_number(kind: pa.DataType) -> bool:
        return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))

    return [
        Column(one.name, one.name, right=is_number(one.type), whole=not is_text(one.type)) for one in table.stored()
    ]


def _urgency(table: Table) -> dict[str, int]:
    """Return what is worth a place on the screen first: when, who, the lead of the table, words, numbers, the rest."""
    import pyarrow as pa

    def rank(name: str, kind: pa.DataType) -> int:
        if name in ("ts", "sender_ip", "receiver_ip", "client_ip", "server_ip"):
            return 0
        if name in table.lead:
            return 1
        if name.endswith("uid"):
            return 7
        if pa.types.is_dictionary(kind):
            return 2
        if pa.types.is_string(kind) or name.endswith("_ip"):
            return 3
        if pa.types.is_fixed_size_binary(kind):
            return 6
        return 5 if pa.types.is_boolean(kind) or name.endswith("_port") else 4

    return {one.name: rank(one.name, one.type) for one in table.stored()}
