"""``taishi alert feedback``: what a person says of one alert, and what that suggests to do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen, unknown
from reporting.cli._settings import Output, current

SUGGESTED_DAYS: Final = 90
"""Days that a suggested suppression lasts behind the alert (7 … 365): a quarter, after which somebody looks again."""

OPINIONS: Final = ("true", "false", "unsure")
"""Choices; a test holds them equal to ``store.quiet.Opinion``."""


@command("feedback")
@click.argument("alert_id")
@click.argument("verdict", type=click.Choice(OPINIONS))
@click.option("--reason", metavar="TEXT", required=True)
@case_option
def feedback(alert_id: str, verdict: str, reason: str, case: str | None) -> None:
    """Record whether an alert was right."""
    from reporting.cases.alerts import alert_ids, list_alerts
    from reporting.cases.lookup import resolve
    from reporting.cases.quiet import subject_of
    from reporting.tables import Column, emit, emit_object
    from store.casebook import Casebook
    from store.quiet import Feedback, Opinion

    settings = current()
    opened = chosen(settings, case)
    ids = alert_ids(opened.lake, opened.name)
    own = resolve(alert_id, {name: name for name in ids})
    if own is None:
        raise unknown(settings, "alert", alert_id, opened, ids)
    (row,) = list_alerts(opened.lake, opened.name, ids=[own])
    typed = shlex.join(["alert", "feedback", own, verdict, "--reason", reason])
    casebook = Casebook(opened.home.casebook)
    try:
        said = Feedback(own, subject_of(row), Opinion(verdict), reason)
        is_new = casebook.give_feedback(opened.name, said, typed)
    finally:
        casebook.close()
    suggested = f"{opened.program} {suggestion(row, reason)}" if verdict == Opinion.FALSE.value else None
    told = {"alert_id": own, "verdict": verdict, "reason": reason, "is_new": is_new, "next": suggested}
    words = settings.words
    if settings.output is Output.TABLE:
        shown = words(f"alert.verdict_{verdict}")
        click.echo(words("alert.feedback_kept" if is_new else "alert.feedback_same", id=own[:12], verdict=shown))
        if suggested is not None:
            click.echo(words("alert.feedback_suppress"))
            click.echo(f"  {suggested}")
    elif settings.output is Output.CSV:
        emit([told], [Column(name, name) for name in told], "csv")
    else:
        emit_object(told, settings.output.value)


def suggestion(row: Mapping[str, Any], reason: str) -> str:
    """Return the narrowest suppression that hides an alert that was false, as a command without the program.

    Its detector, and the one name it states, else who did it, else to whom; until ``SUGGESTED_DAYS`` after it.
    """
    from reporting.clean import clean
    from reporting.tables import address_text

    parts = ["suppress", "add", "--detector", str(row["detector"])]
    names = [mark.removeprefix("domain:") for mark in row["indicators"] if mark.startswith("domain:")]
    if row["actor_ip"] is not None:
        parts += ["--address", address_text(row["actor_ip"]), "--side", "actor"]
    elif row["target_ip"] is not None:
        parts += ["--address", address_text(row["target_ip"]), "--side", "target"]
    if len(names) == 1:
        parts += ["--name", clean(names[0])]
    until = (row["ts_end"] + timedelta(days=SUGGESTED_DAYS)).date()
    return shlex.join([*parts, "--expires", until.isoformat(), "--reason", clean(reason)])
