"""``taishi data``: reference data in use, its age, and bringing in a newer file; nothing here asks the network."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from store.reference.ages import Age

KINDS: Final = ("mac", "suffix", "asn", "country", "warning")
"""Kinds of reference data; a test holds them equal to ``store.reference.files.Kind``."""

COLUMNS: Final = (
    *("kind", "state", "source", "dated", "age_days", "stale_after_days", "why_en", "why_zh"),
    *("sha256", "imported_at", "items"),
)
"""Columns of the CSV form."""


@command("status")
def status() -> None:
    """Show which reference data is in use and how old it is."""
    from reporting.cases.case import open_home
    from reporting.scan.reference import ages_on
    from reporting.tables import Column, emit

    settings = current()
    words = settings.words
    home = open_home(settings.home_path(), settings.program(), words)
    rows = [_row(age) for age in ages_on(home.reference, datetime.now(UTC).date(), deep=True)]
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in COLUMNS], settings.output.value)
        return
    names = ("kind", "state", "dated", "limit", "source")
    columns = [Column(name, words(f"data.{name}")) for name in names]
    emit([_short(row, settings) for row in rows], columns, "table")
    if any(row["state"] != "fresh" for row in rows):
        click.echo(words("data.hint", program=settings.program()))


def _row(age: Age) -> dict[str, Any]:
    from store.reference.ages import STALE

    limit = STALE[age.kind]
    return {
        "kind": age.kind.value,
        "state": age.state.value,
        "source": age.source,
        "dated": age.dated,
        "age_days": age.age_days,
        "stale_after_days": limit.days,
        "why_en": limit.why.en,
        "why_zh": limit.why.zh,
        "sha256": None if age.one is None else age.one.sha256,
        "imported_at": None if age.one is None else age.one.imported_at,
        "items": None if age.one is None else age.one.items,
    }


def _short(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    words = settings.words
    day = "-" if row["dated"] is None else row["dated"].isoformat()
    return {
        "kind": words(f"data.kind_{row['kind']}"),
        "state": words(f"data.state_{row['state']}"),
        "dated": day if row["age_days"] is None else words("data.aged", day=day, n=row["age_days"]),
        "limit": words("data.days", n=row["stale_after_days"]),
        "source": row["source"] or words("data.no_source"),
    }


@command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--reason", metavar="TEXT", default="")
def import_(kind: str, file: Path, reason: str) -> None:
    """Bring in a file of reference data."""
    from reporting.tables import Column, emit, emit_object
    from store.casebook import Casebook
    from store.home import Home
    from store.reference.files import Kind
    from store.reference.intake import take_in

    settings = current()
    _check(settings, file)
    home = Home.open(settings.home_path())
    typed = shlex.join(["data", "import", kind, str(file), *(["--reason", reason] if reason else [])])
    casebook = Casebook(home.casebook)
    try:
        with casebook.change(typed, f"reference data {kind}", reason) as change:
            one = take_in(home.reference, Kind(kind), file)
            change.payload = {"kind": kind, "sha256": one.sha256, "dated": one.dated, "items": one.items}
            change.words["to_value"] = one.sha256
    finally:
        casebook.close()
    told = {name: getattr(one, name) for name in ("kind", "source", "sha256", "dated", "imported_at", "items")}
    if settings.output is Output.TABLE:
        name = settings.words(f"data.kind_{kind}")
        click.echo(settings.words("data.imported", kind=name, n=one.items, day=one.dated, sha256=one.sha256))
    elif settings.output is Output.CSV:
        emit([told], [Column(name, name) for name in told], "csv")
    else:
        emit_object(told, settings.output.value)


def _check(settings: Settings, file: Path) -> None:
    """Refuse a file that is not there.

    Raises:
        TaishiError: exit code 3.
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    if not file.is_file():
        raise TaishiError(settings.words("error.no_reference_file", path=clean(str(file))), exit_code=3)
