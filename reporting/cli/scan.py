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
@click.option("--forget-home-net", "forget", is_flag=True)
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.html")
def scan(
    files: tuple[Path, ...], into: str | None, home_nets: tuple[str, ...], forget: bool, report: Path | None
) -> int:
    """Read captures, judge them, show the incidents."""
    settings = current()
    if forget and home_nets:
        raise click.UsageError(settings.words("error.forget_and_name"))
    return run(settings, files, into=into, home_nets=home_nets, forget=forget, report=report)


def run(
    settings: Settings,
    files: tuple[Path, ...],
    *,
    into: str | None = None,
    home_nets: tuple[str, ...] = (),
    forget: bool = False,
    report: Path | None = None,
) -> int:
    """Scan and print; return the exit code."""
    from dataclasses import replace

    from reporting.cli._progress import Bar
    from reporting.scan.pipeline import ScanRequest
    from reporting.scan.pipeline import scan as do_scan
    from store.home import Home

    networks = checked_networks(settings, home_nets)
    home = Home.open(settings.home_path())
    request = ScanRequest(files, into, networks, forget, {}, settings.program())
    with Bar(settings.words) as bar:
        scanned = do_scan(request, home, bar.update)
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


def checked_networks(settings: Settings, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks as given.

    Raises:
        TaishiError: one of them is no network in CIDR form, or has host bits (exit code 2).
    """
    from ipaddress import ip_network

    from reporting.clean import clean
    from store.errors import TaishiError

    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            raise TaishiError(settings.words("error.no_such_network", found=clean(text)), exit_code=2) from error
    return texts
