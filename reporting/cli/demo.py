"""``taishi demo``: make a capture with an intrusion, scan it, leave a report."""

from __future__ import annotations

from pathlib import Path

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, current


@command("demo")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("var/demo"), metavar="DIR")
def demo(out: Path) -> int:
    """Make a small capture with an intrusion and scan it."""
    from reporting.cli.scan import run
    from reporting.demo import write_demo

    settings = current()
    out.mkdir(parents=True, exist_ok=True)
    capture = out / "demo.pcap"
    if settings.output is Output.TABLE:
        click.echo(settings.words("demo.making", path=capture), err=True)
    write_demo(capture)
    if settings.chosen_home() is None:
        settings.home_option = out / "home"
    return run(settings, (capture,), report=out / "report.html")
