"""``taishi packets``: the frames behind an alert, an incident or a flow, out of the captures that were scanned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current
from reporting.cli._target import target_of


@command("packets")
@click.argument("target")
@click.option("-w", "--write", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.pcap")
@case_option
def packets(target: str, write: Path, case: str | None) -> None:
    """Write the packets behind an alert, incident or flow."""
    from sensor.packets import select_packets

    settings = current()
    opened = chosen(settings, case)
    wanted = target_of(settings, opened, target)
    _refuse_existing(settings, write)
    selections = select_packets(opened.lake, opened.name, wanted.uids, write)
    result = {
        "target": wanted.name,
        "kind": wanted.kind,
        "case": opened.name,
        "flows_kept": len(wanted.uids),
        "flow_count": wanted.flow_count,
        "display_filter": wanted.display_filter,
        "files": [
            {
                "path": str(one.out),
                "capture": str(one.capture),
                "frames": one.counts.get("written", 0),
                "flows": one.flows,
            }
            for one in selections
        ],
    }
    _tell(result, settings)


def _refuse_existing(settings: Settings, out: Path) -> None:
    """Refuse to write over what is there, also under the names that several captures would get.

    Raises:
        TaishiError: a file of that name exists.
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    for path in (out, out.with_stem(f"{out.stem}-1")):
        if path.exists():
            raise TaishiError(settings.words("error.out_exists", path=clean(str(path))))


def _tell(result: dict[str, Any], settings: Settings) -> None:
    from reporting.clean import clean
    from reporting.tables import Column, emit, emit_object

    if settings.output is Output.CSV:
        emit(result["files"], [Column(name, name) for name in ("path", "capture", "frames", "flows")], "csv")
        return
    if settings.output is not Output.TABLE:
        emit_object(result, settings.output.value)
        return
    words = settings.words
    for one in result["files"]:
        shown = {"path": clean(one["path"]), "source": clean(one["capture"])}
        click.echo(words("packets.wrote", frames=one["frames"], flows=one["flows"], **shown))
    if len(result["files"]) > 1:
        click.echo(words("packets.several", n=len(result["files"])))
    if result["flow_count"] > result["flows_kept"]:
        told = {"id": result["target"], "count": result["flow_count"], "kept": result["flows_kept"]}
        click.echo(words("packets.limited", **told))
    if result["display_filter"]:
        click.echo(words("packets.filter", filter=clean(result["display_filter"])))
