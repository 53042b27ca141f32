"""``taishi doctor``: is everything sound, and if not, what to do."""

from __future__ import annotations

from typing import Final

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, current

EXIT_BROKEN: Final = 1
EXIT_UNVERIFIED: Final = 9
"""Exit code when data is not what it was when written (casework.md section 6)."""


@command("doctor")
@click.option("--deep", is_flag=True)
def doctor(deep: bool) -> int:
    """Check the installation, the home and the last scans."""
    from reporting.health import Status, examine
    from reporting.tables import Column, emit, emit_object

    settings = current()
    words = settings.words
    checks = examine(settings.home_path(), deep=deep)
    failed = [check for check in checks if check.status is Status.FAIL]
    if settings.output in {Output.JSON, Output.JSONL}:
        said = {
            "home": str(settings.home_path()),
            "is_sound": not failed,
            "checks": [check.as_json() for check in checks],
        }
        emit_object(said, settings.output.value)
    else:
        rows = [
            {
                "check": check.name,
                "status": words(f"doctor.{check.status}") if settings.output is Output.TABLE else check.status.value,
                "found": words.pick(check.found.en, check.found.zh),
                "advice": words.pick(check.advice.en, check.advice.zh),
            }
            for check in checks
        ]
        columns = [Column(name, words(f"doctor.{name}")) for name in ("check", "status", "found", "advice")]
        emit(rows, columns, settings.output.value)
    if any(check.verifies for check in failed):
        return EXIT_UNVERIFIED
    return EXIT_BROKEN if failed else 0
