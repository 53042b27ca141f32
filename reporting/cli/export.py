"""``taishi export``: conversations for other tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Settings, current

if TYPE_CHECKING:
    from typing import IO

    from reporting.cases.case import Case

FORMATS: Final = ("zeek", "eve", "ocsf", "csv")
"""Choices of ``--format``; a test holds them equal to those of ``reporting.export``."""


@command("export")
@click.option("--format", "format", required=True, type=click.Choice(FORMATS))
@click.option("--table", metavar="NAME")
@click.option("-w", "--write", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@case_option
def export(format: str, table: str | None, write: Path | None, case: str | None) -> None:  # noqa: A002 - option name
    """Write flows for other tools."""
    settings = current()
    if table is not None and format != "csv":
        raise click.UsageError(settings.words("error.table_only_csv", format=format))
    opened = chosen(settings, case)
    if write is None:
        _run(settings, opened, format, table, sys.stdout)
        return
    count = _to_file(settings, opened, format, table, write)
    from reporting.clean import clean

    click.echo(settings.words("export.wrote", path=clean(str(write)), rows=count), err=True)


def _to_file(settings: Settings, case: Case, form: str, table: str | None, target: Path) -> int:
    """Write a file that appears under its name only when it is complete."""
    from store.staging import StagedFile

    staged = StagedFile(target.absolute().parent)
    try:
        with staged.path.open("w", encoding="utf-8", newline="") as out:
            count = _run(settings, case, form, table, out)
        staged.sync()
        staged.publish(target.absolute())
    finally:
        staged.discard()
    return count


def _run(settings: Settings, case: Case, form: str, table: str | None, out: IO[str]) -> int:
    from reporting.cases.policy import policy_of
    from reporting.clean import clean
    from reporting.export import NoSuchViewError
    from reporting.export import export as write
    from reporting.export.write import DEFAULT_TABLE
    from store.errors import TaishiError

    try:
        return write(case.lake, case.name, policy_of(case), form, out, table=table or DEFAULT_TABLE)
    except NoSuchViewError as error:
        told = settings.words("error.no_table", found=clean(str(error)), allowed=", ".join(error.known))
        raise TaishiError(told, exit_code=2) from error
