"""``taishi detect``: the detectors over a range of a case, or day by day."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, current

if TYPE_CHECKING:
    from reporting.words import Words

MAX_WORKERS: Final = 64
"""Processes at most (1 …): each takes some 300 MB."""

_SHOWN: Final = 20
"""Alerts on the screen (1 …); 'alert list' has them all."""


@command("detect")
@case_option
@click.option("--since", metavar="T")
@click.option("--until", metavar="T")
@click.option("--detector", "detectors", multiple=True, metavar="NAME")
@click.option("--param", "params", multiple=True, metavar="D.P=N")
@click.option("--by", type=click.Choice(["range", "day"]), default="range")
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), default=1, metavar="N")
def detect(
    case: str | None,
    since: str | None,
    until: str | None,
    detectors: tuple[str, ...],
    params: tuple[str, ...],
    by: str,
    workers: int,
) -> None:
    """Judge a case again, or a range of it."""
    from reporting.judging.detect import detect as run
    from reporting.judging.request import checked
    from reporting.tables import Column, emit, emit_object

    settings = current()
    request = checked(since, until, detectors, params, by_day=by == "day")
    typed = shlex.join(sys.argv[1:])
    result = run(chosen(settings, case), request, typed, by_day=by == "day", workers=workers)
    if settings.output is Output.TABLE:
        _show(result, settings.words, settings.program())
    elif settings.output is Output.CSV:
        emit(result["found"], [Column(name, name) for name in (result["found"] or [{"alert_id": ""}])[0]], "csv")
    else:
        emit_object(result, settings.output.value)


def _show(result: Mapping[str, Any], words: Words, program: str) -> None:
    from reporting.figures import time_text
    from reporting.tables import Column, emit, iso

    every = words("detect.everything")
    click.echo(
        words(
            "detect.range",
            case=result["case"],
            since=time_text(result["since"]) if result["since"] else every,
            until=time_text(result["until"]) if result["until"] else every,
            detectors=result["detectors"],
        )
    )
    if result["by_day"]:
        click.echo(words("detect.slices", n=result["evaluations"], evaluated=result["evaluated"]))
    counts = ", ".join(f"{words(f'severity.{name}')} {n}" for name, n in result["alerts"].items())
    click.echo(words("detect.alerts", counts=counts or words("detect.none")))
    rows = [
        {
            "severity": words(f"severity.{row['severity']}"),
            "last": time_text(iso(row["ts_end"])),
            "title": words.pick(row["title_en"], row["title_zh"]),
            "alert": row["alert_id"][:12],
        }
        for row in result["found"][:_SHOWN]
    ]
    if rows:
        click.echo()
        emit(rows, [Column(n, words(f"detect.{n}")) for n in ("severity", "last", "title", "alert")], "table")
    if len(result["found"]) > _SHOWN:
        click.echo(words("detect.more", n=len(result["found"]) - _SHOWN, program=program))
    for one in result["incidents"]:
        told = words.pick(one["title_en"], one["title_zh"])
        severity = words(f"severity.{one['severity']}")
        click.echo(words("detect.incident", id=one["incident_id"], severity=severity, title=told))
    _show_unjudged(result, words)


def _show_unjudged(result: Mapping[str, Any], words: Words) -> None:
    from reporting.tables import Column, emit

    rows = [
        {
            "detector": words.pick(row["title_en"], row["title_zh"]),
            "reason": words.pick(row["reason_en"], row["reason_zh"]),
            "times": row["evaluations"],
        }
        for row in result["not_assessed"]
    ]
    if rows:
        click.echo("\n" + words("detect.unjudged"))
        columns = [Column(name, words(f"detect.{name}"), right=name == "times") for name in rows[0]]
        emit(rows, columns, "table")
