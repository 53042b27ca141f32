"""``taishi scan``: captures in, incidents out."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, Settings, current

EXIT_PARTIAL = 7
"""Exit code when something could not be read and the rest stands (casework.md section 6)."""


@command("scan")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--into", metavar="NAME")
@click.option("--home-net", "home_nets", multiple=True, metavar="CIDR")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.html")
def scan(files: tuple[Path, ...], into: str | None, home_nets: tuple[str, ...], report: Path | None) -> int:
    """Read captures, judge them, show the incidents."""
    return run(current(), files, into=into, home_nets=home_nets, report=report)


def run(
    settings: Settings,
    files: tuple[Path, ...],
    *,
    into: str | None = None,
    home_nets: tuple[str, ...] = (),
    report: Path | None = None,
) -> int:
    """Scan and print; return the exit code."""
    from dataclasses import replace

    from reporting.cli._progress import Bar
    from reporting.scan.pipeline import ScanRequest
    from reporting.scan.pipeline import scan as do_scan
    from store.errors import TaishiError
    from store.home import Home

    home = Home.open(settings.home_path())
    request = ScanRequest(files, into, checked_networks(home_nets), {}, settings.program())
    try:
        with Bar(settings.words) as bar:
            scanned = do_scan(request, home, bar.update)
    except ValueError as error:
        raise TaishiError(str(error), exit_code=2) from error
    result = scanned.result
    if report is not None:
        from reporting.scan.report import write

        write(scanned, home, report, settings.lang)
        result = replace(result, report=str(report))
    if settings.output is Output.TABLE:
        from reporting.screen import render, show

        show(render(result, settings.words))
    else:
        indent = 2 if settings.output is Output.JSON else None
        click.echo(json.dumps(result.as_json(), ensure_ascii=False, indent=indent))
    return EXIT_PARTIAL if result.is_partial() else 0


def checked_networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks as given.

    Raises:
        UsageError: one of them is no network in CIDR form.
    """
    from ipaddress import ip_network

    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise click.BadParameter(
                f"{text}: {error}; allowed: a network in CIDR form without host bits, e.g. 192.0.2.0/24",
                param_hint="--home-net",
            ) from error
    return texts
