"""``taishi intake``: logs of other tools into a case."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, Settings, current
from reporting.cli.scan import EXIT_PARTIAL

if TYPE_CHECKING:
    from reporting.result import FileResult


@command("zeek")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", metavar="NAME")
@click.option("--sensor", metavar="NAME")
def zeek(paths: tuple[Path, ...], into: str | None, sensor: str | None) -> int:
    """Bring Zeek logs into a case."""
    return _run(current(), "zeek", paths, into, sensor)


@command("eve")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", metavar="NAME")
@click.option("--sensor", metavar="NAME")
def eve(paths: tuple[Path, ...], into: str | None, sensor: str | None) -> int:
    """Bring Suricata's EVE into a case."""
    return _run(current(), "eve", paths, into, sensor)


def _run(settings: Settings, family: str, paths: tuple[Path, ...], into: str | None, sensor: str | None) -> int:
    from dataclasses import asdict

    from reporting.cli._progress import Bar
    from reporting.scan.foreign_logs import find_logs, take_in_logs
    from store.home import Home
    from store.lake_files import LakeFiles

    found = find_logs(paths, family)
    home = Home.open(settings.home_path())
    case = into or found.case_name()
    with Bar(settings.words) as bar:
        files, _ = take_in_logs(found, LakeFiles(home.lake), case, sensor_id=sensor, progress=bar.update)
    home.set_last_case(case)
    if settings.output is Output.TABLE:
        for file in files:
            click.echo(said(settings, file))
        if found.others:
            click.echo(settings.words("intake.others", count=found.others))
        rows = sum(sum(file.rows.values()) for file in files)
        click.echo(settings.words("intake.done", files=len(files), rows=rows, case=case))
    elif settings.output is Output.JSON:
        value = {"case": case, "others": found.others, "files": [asdict(file) for file in files]}
        click.echo(json.dumps(value, ensure_ascii=False, indent=2))
    else:
        from reporting.tables import Column, emit

        table = [{"case": case, **asdict(file)} for file in files]
        emit(table, [Column(name, name) for name in table[0]], settings.output.value)
    return EXIT_PARTIAL if any(file.status in {"partial", "failed"} for file in files) else 0


def said(settings: Settings, file: FileResult) -> str:
    """Return the line that says what came of a log."""
    from reporting.clean import clean

    words = settings.words
    rows = ", ".join(f"{name} {count}" for name, count in sorted(file.rows.items()))
    if file.status == "known":
        text = words("intake.known", path=clean(file.path))
    elif file.left_out and not file.rows:
        text = words("intake.left_out", path=clean(file.path), log=clean(file.log), lines=file.lines)
    else:
        none = words("intake.no_rows")
        text = words("intake.read", path=clean(file.path), log=clean(file.log), lines=file.lines, rows=rows or none)
    problem = words.pick(file.problem or "", file.problem_zh or "")
    return text + (f"\n  {clean(problem)}" if problem else "")
