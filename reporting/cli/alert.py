"""``taishi alert list``, ``show`` and ``feedback``: facts that detectors found, and what people say of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen, filters, unknown, unknown_detector
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case


@command("list")
@filters
@click.option("--all", "show_all", is_flag=True)
def list_(case: str | None, severity: str | None, detector: str | None, limit: int | None, show_all: bool) -> None:
    """List the alerts of a case; ``--all`` shows those suppressed and beyond the day's budget too, else counted."""
    from reporting.cases.alerts import COLUMNS, at_least, list_alerts
    from reporting.cases.budget import ALERTS_PER_DAY, Budget
    from reporting.cases.marks import COLUMNS as MARKS
    from reporting.cases.marks import marks_of
    from reporting.tables import Column, emit

    settings = current()
    opened = chosen(settings, case)
    checked_detector(settings, opened, detector)
    marks = marks_of(opened)
    stored = list_alerts(opened.lake, opened.name, severity=severity, detector=detector)
    marked = (marks.on(row) for row in stored)
    rows = islice((row for row in marked if show_all or row["suppressed_by"] is None), limit)
    words = settings.words
    if settings.output is Output.TABLE:
        budget = Budget(None if show_all or limit is not None else ALERTS_PER_DAY)
        names = ("id", "severity", "score", "title", "first", "filter")
        columns = [Column(name, words(f"alert.{name}"), right=name == "score") for name in names]
        shown = emit(_short(budget.within(rows), settings), columns, "table")
        if not shown:
            click.echo(words("alert.none", case=opened.name))
        over, days = budget.beyond()
        if over:
            click.echo(words("alert.beyond", n=over, days=days, budget=ALERTS_PER_DAY))
    else:
        emit(rows, [Column(name, name) for name in (*COLUMNS, *MARKS)], settings.output.value)
    count = marks.count(at_least(severity), detector)
    if count:
        told = words("alert.suppressed_shown" if show_all else "alert.suppressed", n=count)
        click.echo(told, err=settings.output is not Output.TABLE)


ID_SHOWN = 12
"""Digits of an alert's id in the table form (8 … 32): 48 bits tell 10^6 alerts apart with 1 in 500 odds of a clash, and
commands take any unambiguous beginning."""


def checked_detector(settings: Settings, case: Case, detector: str | None) -> None:
    """Accept a ``--detector`` that exists: one of the catalogue, or one that left alerts in the case.

    Raises:
        TaishiError: there is none of that name (exit code 2).
    """
    if detector is None:
        return
    from detectors import registry
    from reporting.cases.alerts import detector_ids

    known = sorted({*registry(), *detector_ids(case.lake, case.name)})
    if detector not in known:
        raise unknown_detector(settings, detector, known)


def _short(rows: Iterable[Mapping[str, Any]], settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the cells of the table form; titles name actor and target."""
    words = settings.words
    for row in rows:
        yield {
            "id": row["alert_id"][:ID_SHOWN],
            "severity": words(f"severity.{row['severity']}"),
            "score": round(row["score"]),
            "title": _title(row, settings),
            "first": time(row["ts_start"]),
            "filter": row["display_filter"],
        }


def _title(row: Mapping[str, Any], settings: Settings) -> str:
    """Return the title, behind what people said of the alert."""
    words = settings.words
    marks = []
    if row["suppressed_by"] is not None:
        marks.append(words("alert.mark_suppressed", n=row["suppressed_by"]))
    if row["feedback"] is not None:
        marks.append(words(f"alert.verdict_{row['feedback']}"))
    title = words.pick(row["title_en"], row["title_zh"])
    return f"[{', '.join(marks)}] {title}" if marks else title


def address(stored: bytes | None) -> str:
    """Return a stored address as text."""
    from reporting.tables import address_text

    return "-" if stored is None else address_text(stored)


def time(stored: Any) -> str:
    """Return a stored time to the second."""
    from reporting.figures import time_text
    from reporting.tables import iso

    return time_text(iso(stored))


def target(row: Mapping[str, Any], settings: Settings) -> str:
    """Return whom an alert concerns: address and port, or how many."""
    port = row["target_port"]
    if row["target_ip"] is None:
        many = settings.words("alert.many", n=row["target_count"])
        return many if port is None else f"{many} :{port}"
    ip = address(row["target_ip"])
    if port is None:
        return ip
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


@command("show")
@click.argument("alert_id")
@case_option
def show(alert_id: str, case: str | None) -> None:
    """Show one alert in full."""
    from reporting.cases.alerts import alert_ids, list_alerts
    from reporting.cases.lookup import resolve
    from reporting.cases.marks import marks_of
    from reporting.tables import Column, emit, emit_object

    settings = current()
    opened = chosen(settings, case)
    ids = alert_ids(opened.lake, opened.name)
    own = resolve(alert_id, {name: name for name in ids})
    if own is None:
        raise unknown(settings, "alert", alert_id, opened, ids)
    (row,) = list_alerts(opened.lake, opened.name, ids=[own])
    full = {**marks_of(opened).on(row), "case": opened.name, **_context(row, opened)}
    if settings.output is Output.TABLE:
        _show(full, settings)
    elif settings.output is Output.CSV:
        emit([full], [Column(name, name) for name in full], "csv")
    else:
        emit_object(full, settings.output.value)


def _context(row: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """Return what does not lie in the alert itself: its incidents, innocent explanations, the next commands."""
    from detectors import registry
    from reporting.cases import incidents
    from reporting.cases.book import casebook_of

    own = row["alert_id"]
    with casebook_of(case.home) as casebook:
        numbers = sorted(incidents.numbers_with(casebook, case.name, [own])) if casebook is not None else []
    detector = registry().get(row["detector"])
    innocent = [{"en": text.en, "zh": text.zh} for text in detector.innocent] if detector else []
    steps = [f"taishi incident show {number}" for number in numbers]
    steps.append(f"taishi packets {own} -w {own[:12]}.pcap")
    return {"incidents": numbers, "innocent": innocent, "next": incidents.commands(steps, case.program)}


_LABELS = (
    *("id", "detector", "actor", "target", "when", "evidence", "confidence", "succeeded", "short", "attack"),
    *("innocent", "incidents", "people", "flows", "filter", "next"),
)


def _show(row: Mapping[str, Any], settings: Settings) -> None:
    from reporting.cli._detail import Detail, picked

    words = settings.words
    page = Detail(words, "alert", _LABELS)
    page.head(row["severity"], row["score"], words.pick(row["title_en"], row["title_zh"]))
    page.add("id", row["alert_id"])
    page.add("detector", f"{row['detector']} {row['detector_version']}")
    page.add("actor", address(row["actor_ip"]))
    page.add("target", target(row, settings))
    page.add("when", words("incident.span", first=time(row["ts_start"]), last=time(row["ts_end"])))
    page.add("evidence", words.pick(row["evidence_en"], row["evidence_zh"]))
    page.add("confidence", f"{row['confidence']:.2f}")
    page.add("succeeded", words("alert.yes" if row["succeeded"] else "alert.no"))
    page.add("short", words("alert.yes") if row["short_mode"] else "")
    page.add("attack", ", ".join(row["attack"]))
    page.add("innocent", *(picked(words, text) for text in row["innocent"]))
    page.add("incidents", ", ".join(row["incidents"]))
    page.add("people", *_people(row, settings))
    page.add("flows", *flow_lines(row, settings))
    page.add("filter", row["display_filter"])
    page.commands("next", row["next"])
    page.show()


def _people(row: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return what people said of an alert: the last verdict, and the suppression that hides it."""
    words = settings.words
    told = []
    if row["feedback"] is not None:
        verdict = words(f"alert.verdict_{row['feedback']}")
        told.append(words("alert.feedback_by", verdict=verdict, reason=row["feedback_reason"], who=row["feedback_by"]))
    if row["suppressed_by"] is not None:
        told.append(words("alert.suppressed_by", n=row["suppressed_by"]))
    return told


FLOWS_SHOWN = 10
"""Flow uids in the table form (1 … 200): enough to pick one; the other forms hold all that are kept."""


def flow_lines(row: Mapping[str, Any], settings: Settings) -> list[str]:
    """Return how many flows there are and the first uids, for the table form."""
    held, count = row["flow_uids"], row["flow_count"]
    told = str(count) if count == len(held) else settings.words("alert.flows_shown", n=count, shown=len(held))
    more = [f"… +{len(held) - FLOWS_SHOWN}"] if len(held) > FLOWS_SHOWN else []
    return [told, *held[:FLOWS_SHOWN], *more]
