"""``taishi audit``: does the chain of changes to the casebook hold."""

from __future__ import annotations

from typing import Final

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, current

EXIT_BROKEN: Final = 9
"""Exit code when the chain does not hold (casework.md section 6: verification failed)."""

PROBLEMS_SHOWN: Final = 10
"""Breaks named in the table form (1 … 100); the other forms hold all."""


@command("verify")
def verify() -> int:
    """Verify the audit chain."""
    from reporting.cases.book import casebook_of
    from reporting.cases.case import open_home
    from reporting.clean import clean
    from reporting.tables import Column, emit, emit_object
    from store.audit import GENESIS, ChainReport, Head

    settings = current()
    words = settings.words
    home = open_home(settings.home_path(), settings.program(), words)
    with casebook_of(home) as casebook:
        report = casebook.verify() if casebook is not None else ChainReport(0, Head(0, GENESIS), 0, ())
    said = {
        "is_intact": report.is_intact,
        "rows": report.rows,
        "head": report.head.hash,
        "anchors": report.anchors,
        "problems": list(report.problems),
    }
    if settings.output is Output.CSV:
        emit([said], [Column(name, name) for name in said], "csv")
    elif settings.output is not Output.TABLE:
        emit_object(said, settings.output.value)
    elif report.is_intact:
        click.echo(words("audit.valid", rows=report.rows, head=report.head.hash, anchors=report.anchors))
    else:
        for problem in report.problems[:PROBLEMS_SHOWN]:
            click.echo(words("audit.broken", found=clean(problem)), err=True)
    return 0 if report.is_intact else EXIT_BROKEN
