"""``taishi sql``: one reading statement over the lake and the casebook."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from store.lake import Lake


@command("sql")
@click.argument("query")
@click.option("--lake", "lake", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@case_option
def sql(query: str, lake: Path | None, case: str | None) -> None:
    """Ask the lake in SQL, read-only."""
    from reporting.cases.book import casebook_of
    from reporting.cases.policy import policy_of
    from store.memory import Memory
    from store.sql import query as run

    settings = current()
    if lake is not None:
        with run(named_lake(settings, lake, case), query, case=case) as reader:
            _print(reader, settings)
        return
    opened = chosen(settings, case)
    memory = Memory(opened.home.memory, opened.name)
    with (
        casebook_of(opened.home) as casebook,
        run(opened.lake, query, casebook, case=opened.name, policy=policy_of(opened), memory=memory) as reader,
    ):
        _print(reader, settings)


def named_lake(settings: Settings, folder: Path, case: str | None) -> Lake:
    """Return the lake in a folder.

    Raises:
        TaishiError: there is no lake, or not the case named (exit code 3).
    """
    from reporting.cases.case import NOT_FOUND
    from reporting.clean import clean
    from store.errors import TaishiError
    from store.lake import Lake

    lake = Lake(folder)
    known = lake.cases()
    if not known:
        raise TaishiError(settings.words("error.no_lake", path=clean(str(folder))), NOT_FOUND)
    if case is not None and case not in known:
        told = settings.words("error.no_such_case", case=clean(case), known=", ".join(known))
        raise TaishiError(told, NOT_FOUND)
    return lake


def _print(reader: object, settings: Settings) -> None:
    """Print a stream of record batches in the form of the run."""
    import pyarrow as pa

    from reporting.arrow_rows import rows_of, unique_names
    from reporting.records import READABLE_COLUMNS, emit_records
    from reporting.tables import Column, emit

    assert isinstance(reader, pa.RecordBatchReader)
    names = unique_names(reader.schema.names)
    numeric = [pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in reader.schema.types]
    columns = [Column(name, name, right=right) for name, right in zip(names, numeric, strict=True)]
    rows = rows_of(reader, names)
    if settings.output is not Output.TABLE:
        emit(rows, columns, settings.output.value)
    elif len(columns) > READABLE_COLUMNS:
        if not emit_records(rows, columns):
            click.echo(settings.words("sql.none"))
    elif not emit(rows, columns, "table"):
        click.echo(settings.words("sql.none"))
