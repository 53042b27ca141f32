"""``taishi incident list`` and ``taishi incident show``: what a person can act on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen, filters, unknown
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case
    from reporting.words import Words


@command("list")
@filters
def list_(case: str | None, severity: str | None, detector: str | None, limit: int | None) -> None:
    """List the incidents of a case."""
    from reporting.cases.alerts import at_least
    from reporting.cases.incidents import COLUMNS
    from reporting.cases.marks import marks_of
    from reporting.cli.alert import checked_detector
    from reporting.tables import Column, emit

    settings = current()
    opened = chosen(settings, case)
    checked_detector(settings, opened, detector)
    rows = _rows(opened, severity, detector)[:limit]
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in COLUMNS], settings.output.value)
        return
    words = settings.words
    columns = [
        Column(name, words(f"incident.{name}"), right=name in {"score", "alerts"})
        for name in ("id", "severity", "score", "title", "who", "first", "alerts")
    ]
    if not emit([_short(row, settings) for row in rows], columns, "table"):
        click.echo(words("incident.none", case=opened.name))
    hidden = marks_of(opened).count(at_least(severity), detector)
    if hidden:
        click.echo(words("incident.suppressed", n=hidden))


def _rows(case: Case, severity: str | None, detector: str | None) -> list[dict[str, Any]]:
    from reporting.cases import incidents
    from reporting.cases.alerts import list_alerts
    from reporting.cases.book import casebook_of

    with casebook_of(case.home) as casebook:
        if casebook is None:
            return []
        rows = incidents.list_incidents(casebook, case.name, severity=severity)
        if detector is None:
            return rows
        ids = [alert["alert_id"] for alert in list_alerts(case.lake, case.name, detector=detector)]
        kept = incidents.numbers_with(casebook, case.name, ids)
    return [row for row in rows if row["incident_id"] in kept]


def _short(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    from reporting.figures import time_text

    words = settings.words
    return {
        "id": row["incident_id"],
        "severity": words(f"severity.{row['severity']}"),
        "score": round(row["score"]),
        "title": words.pick(row["title_en"], row["title_zh"]),
        "who": row["actor"] or "-",
        "first": time_text(row["first"]),
        "alerts": row["alerts"],
    }


@command("show")
@click.argument("incident_id")
@case_option
def show(incident_id: str, case: str | None) -> None:
    """Show one incident in full."""
    from reporting.tables import Column, emit, emit_object

    settings = current()
    found = _found(settings, chosen(settings, case), incident_id)
    if settings.output is Output.TABLE:
        _show(found, settings)
    elif settings.output is Output.CSV:
        emit([found], [Column(name, name) for name in found], "csv")
    else:
        emit_object(found, settings.output.value)


def _found(settings: Settings, case: Case, wanted: str) -> dict[str, Any]:
    """Return the incident meant by ``wanted``.

    Raises:
        TaishiError: the case has no such incident (exit code 3).
    """
    from reporting.cases import incidents
    from reporting.cases.alerts import list_alerts
    from reporting.cases.book import casebook_of
    from reporting.cases.lookup import resolve

    with casebook_of(case.home) as casebook:
        names = incidents.names(casebook, case.name) if casebook is not None else {}
        number = resolve(wanted, names)
        if casebook is None or number is None:
            raise unknown(settings, "incident", wanted, case, names.values())
        ids = casebook.incident(number)["alert_ids"]
        alerts = list(list_alerts(case.lake, case.name, ids=ids))
        return incidents.detail(casebook, number, alerts, case.program)


_LABELS = (
    *("id", "who", "what", "when", "how_in", "reached", "lost", "sure", "timeline", "state", "evidence", "innocent"),
    *("coverage", "attack", "alerts", "flows", "filter", "next"),
)
TIMELINE_SHOWN = 8
"""Steps in ``incident show`` (1 … 40): ``incident timeline`` prints all."""


def _show(row: Mapping[str, Any], settings: Settings) -> None:
    from reporting.cli._detail import Detail, picked
    from reporting.cli.alert import flow_lines
    from reporting.figures import time_text

    words = settings.words
    page = Detail(words, "incident", _LABELS)
    page.head(row["severity"], row["score"], words.pick(row["title_en"], row["title_zh"]))
    page.add("id", row["incident_id"])
    told = row["story"] or {}
    page.add("who", *([picked(words, text) for text in told.get("who", ())] or [picked(words, row["who"])]))
    page.add("what", picked(words, row["what"]))
    page.add("when", words("incident.span", first=time_text(row["first"]), last=time_text(row["last"])))
    for label in ("how_in", "reached", "lost", "sure"):
        page.add(label, picked(words, told.get(label)))
    steps = [_step(step, words) for step in told.get("timeline", ())]
    hidden = len(steps) - TIMELINE_SHOWN + int(told.get("steps_left_out", 0))
    page.add("timeline", *steps[:TIMELINE_SHOWN], words("incident.more_steps", n=hidden) if hidden > 0 else "")
    decided = [words(f"incident.state_{row['state']}"), row["verdict"] or "", row["owner"]]
    page.add("state", " · ".join(part for part in decided if part))
    for label in ("evidence", "innocent", "coverage"):
        page.add(label, *(picked(words, text) for text in row[label]))
    page.add("attack", ", ".join(row["attack"]))
    page.add("alerts", *row["alert_ids"])
    page.add("flows", *flow_lines(row, settings))
    page.add("filter", row["display_filter"])
    page.commands("next", row["next"])
    page.show()


def _step(step: Mapping[str, Any], words: Words) -> str:
    """Return one step of the timeline as a line: when, stage, what, how often."""
    from reporting.cases.incidents import moment
    from reporting.figures import time_text

    often = f" ×{step['count']}" if step["count"] > 1 else ""
    worked = f" · {words('incident.worked')}" if step["succeeded"] else ""
    title = words.pick(step["title"]["en"], step["title"]["zh"])
    stage = words(f"stage.{step['stage']}")
    return f"{time_text(moment(step['since_us']))}  {stage}: {title}{often}{worked}"


@command("timeline")
@click.argument("incident_id")
@case_option
def timeline(incident_id: str, case: str | None) -> None:
    """Show what happened in an incident, step by step."""
    from reporting.cases.incidents import moment
    from reporting.figures import time_text
    from reporting.tables import Column, emit

    settings = current()
    found = _found(settings, chosen(settings, case), incident_id)
    words = settings.words
    steps = [
        step | {"since": moment(step["since_us"]), "until": moment(step["until_us"])}
        for step in (found["story"] or {}).get("timeline", ())
    ]
    if settings.output is not Output.TABLE:
        names = ("since", "until", "stage", "severity", "title", "actor", "target", "count", "succeeded", "detector")
        emit(steps, [Column(name, name) for name in names], settings.output.value)
        return
    rows = [
        {
            "since": time_text(step["since"]),
            "stage": words(f"stage.{step['stage']}"),
            "severity": words(f"severity.{step['severity']}"),
            "title": words.pick(step["title"]["en"], step["title"]["zh"]),
            "count": step["count"],
            "worked": words("alert.yes") if step["succeeded"] else "",
        }
        for step in steps
    ]
    columns = [
        Column(name, words(f"incident.{name}"), right=name == "count")
        for name in ("since", "stage", "severity", "title", "count", "worked")
    ]
    emit(rows, columns, "table")
    if left_out := (found["story"] or {}).get("steps_left_out", 0):
        click.echo(words("incident.more_steps", n=left_out))
