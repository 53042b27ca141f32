"""``taishi memory status`` and ``taishi memory rebuild``: what is remembered of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case


@command("status")
@case_option
def status(case: str | None) -> None:
    """Show what is remembered."""
    settings = current()
    _print(_status(chosen(settings, case)), settings)


@command("rebuild")
@case_option
def rebuild(case: str | None) -> None:
    """Make the memory again from the lake."""
    from reporting.cases.policy import policy_of
    from store.memory import Memory

    settings = current()
    opened = chosen(settings, case)
    Memory(opened.home.memory, opened.name).rebuild(opened.lake, policy_of(opened))
    _print(_status(opened), settings)


def _status(case: Case) -> dict[str, Any]:
    from reporting.cases.policy import policy_of
    from store.memory import BUDGET, DAY_BUDGET, Memory

    found = Memory(case.home.memory, case.name).status(case.lake, policy_of(case))
    limits = {**BUDGET, "edge_day": DAY_BUDGET["edge_day"]}
    return {
        "case": case.name,
        "days": found.days,
        "first": found.first,
        "last": found.last,
        "file_bytes": found.file_bytes,
        "days_to_do": found.stale,
        "days_only_here": found.only_here,
        "tables": [
            {"table": name, "rows": rows, "budget": limits[name], "evicted": found.evicted.get(name, 0)}
            for name, rows in found.rows.items()
        ],
    }


def _print(found: Mapping[str, Any], settings: Settings) -> None:
    from reporting.figures import bytes_text, time_text
    from reporting.tables import Column, emit, emit_object, iso

    names = ("table", "rows", "budget", "evicted")
    if settings.output is Output.CSV:
        emit(found["tables"], [Column(name, name) for name in names], "csv")
        return
    if settings.output is not Output.TABLE:
        emit_object(found, settings.output.value)
        return
    words = settings.words
    if not found["days"]:
        click.echo(words("memory.none", case=found["case"]))
        return
    click.echo(
        words(
            "memory.span",
            case=found["case"],
            days=found["days"],
            first=time_text(iso(found["first"])),
            last=time_text(iso(found["last"])),
            size=bytes_text(found["file_bytes"]),
        )
    )
    if found["days_to_do"]:
        click.echo(words("memory.stale", n=found["days_to_do"]))
    if found["days_only_here"]:
        click.echo(words("memory.only_here", n=found["days_only_here"]))
    emit(found["tables"], [Column(n, words(f"memory.{n}"), right=n != "table") for n in names], "table")
