"""``taishi detector list | show | explain``: what is looked for, by which numbers, and how an alert came about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen, unknown, unknown_detector
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from detectors.model import Detector


@command("list")
def list_() -> None:
    """List the detectors of the catalogue."""
    from detectors import registry
    from reporting.detector_pages import facts
    from reporting.tables import Column, emit

    settings = current()
    rows = [facts(detector) for detector in registry().values()]
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in rows[0]], settings.output.value)
        return
    words = settings.words
    columns = [
        Column("id", words("detector.id"), whole=True),
        *(Column(name, words(f"detector.{name}")) for name in ("question", "needs")),
    ]
    short = [
        row | {"question": words.pick(row["question"]["en"], row["question"]["zh"]), "needs": " ".join(row["needs"])}
        for row in rows
    ]
    emit(short, columns, "table")


@command("show")
@click.argument("detector_id")
def show(detector_id: str) -> None:
    """Show a detector: question, tables, parameters with their reasons, techniques."""
    from reporting.detector_pages import facts
    from reporting.tables import Column, emit, emit_object

    settings = current()
    detector = known(settings, detector_id)
    row = facts(detector)
    if settings.output is Output.TABLE:
        _show(row, settings)
    elif settings.output is Output.CSV:
        emit([row], [Column(name, name) for name in row], "csv")
    else:
        emit_object(row, settings.output.value)


def known(settings: Settings, wanted: str) -> Detector:
    """Return a detector of the catalogue.

    Raises:
        TaishiError: there is none of that name (exit code 2).
    """
    from detectors import registry

    found = registry().get(wanted)
    if found is None:
        raise unknown_detector(settings, wanted, sorted(registry()))
    return found


_LABELS = (
    *("question", "version", "needs", "key", "window", "span", "history", "short_mode", "slow", "roles", "severity"),
    *("confidence", "attack", "innocent", "params", "source"),
)


def _show(row: Mapping[str, Any], settings: Settings) -> None:
    from reporting.cli._detail import Detail, picked
    from reporting.tables import Column, emit

    words = settings.words
    page = Detail(words, "detector", _LABELS)
    page.title(row["id"], picked(words, row["title"]))
    page.add("question", picked(words, row["question"]))
    for label in ("version", "window", "span", "history"):
        page.add(label, str(row[label]) if row[label] else "")
    page.add("needs", *(f"{table}: {', '.join(columns)}" for table, columns in row["needs"].items()))
    page.add("key", ", ".join(f"{table}.{column}" for table, column in row["partition_by"].items()))
    for label in ("short_mode", "slow"):
        page.add(label, words("alert.yes") if row[label] else "")
    page.add("roles", ", ".join(row["roles_exempt"]))
    page.add("severity", words(f"severity.{row['severity']}"))
    rise = row["confidence"]
    page.add("confidence", f"{rise['at_threshold']:g} → {rise['at_saturation']:g}")
    page.add("attack", ", ".join(row["attack"]))
    page.add("innocent", *(picked(words, text) for text in row["innocent"]))
    page.add("source", row["source"])
    page.show()
    click.echo()
    names = ("name", "default", "unit", "range", "why", "source")
    emit(
        row["params"], [Column(name, words(f"detector.param_{name}"), whole=name == "name") for name in names], "table"
    )


@command("explain")
@click.argument("alert_id")
@case_option
def explain(alert_id: str, case: str | None) -> None:
    """Explain how a detector came to an alert: its numbers, its thresholds, what moved its confidence."""
    from reporting.cases.alerts import alert_ids, list_alerts
    from reporting.cases.lookup import resolve
    from reporting.detector_pages import explanation
    from reporting.tables import Column, emit, emit_object

    settings = current()
    opened = chosen(settings, case)
    ids = alert_ids(opened.lake, opened.name)
    own = resolve(alert_id, {name: name for name in ids})
    if own is None:
        raise unknown(settings, "alert", alert_id, opened, ids)
    (alert,) = list_alerts(opened.lake, opened.name, ids=[own])
    row = explanation(alert)
    if settings.output is Output.TABLE:
        _explain(row, settings)
    elif settings.output is Output.CSV:
        emit([row], [Column(name, name) for name in row], "csv")
    else:
        emit_object(row, settings.output.value)


_EXPLAINED = ("question", "evidence", "numbers", "context", "confidence", "score", "thresholds", "innocent")


def _explain(row: Mapping[str, Any], settings: Settings) -> None:
    from reporting.cli._detail import Detail, picked

    words = settings.words
    page = Detail(words, "detector", _EXPLAINED)
    page.head(row["severity"], row["score"], words.pick(row["title_en"], row["title_zh"]))
    page.add("question", picked(words, row["question"]))
    page.add("evidence", words.pick(row["evidence_en"], row["evidence_zh"]))
    page.add("numbers", *(f"{name}: {value}" for name, value in row["numbers"].items()))
    page.add("context", picked(words, row["context"]))
    page.add("confidence", f"{row['confidence']:.2f}")
    page.add("score", words("detector.product", impact=row["impact"], score=f"{row['score']:.1f}"))
    page.add("thresholds", *(f"{p['name']} = {p['default']} {p['unit']} ({p['why']})" for p in row["params"]))
    page.add("innocent", *(picked(words, text) for text in row["innocent"]))
    page.show()
