"""``taishi meter``: flows and records only, into a lake folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, Settings, current
from reporting.cli.scan import EXIT_PARTIAL

MAX_PAYLOAD_HEAD: Final = 512
"""Payload bytes kept per direction at most; the core refuses more (wire/src/flow/limits.rs)."""


@command("meter")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR")
@click.option("--ext", is_flag=True)
@click.option("--payload-head", "payload_head", type=click.IntRange(0, MAX_PAYLOAD_HEAD), default=0, metavar="BYTES")
@click.option("--flows-only", "flows_only", is_flag=True)
@click.option("--sha256", is_flag=True)
def meter(files: tuple[Path, ...], out: Path, ext: bool, payload_head: int, flows_only: bool, sha256: bool) -> int:
    """Meter captures into a lake folder without judging them."""
    from dataclasses import asdict

    from reporting.clean import clean
    from reporting.cli._progress import Bar
    from reporting.scan.captures import case_name, samples_of, take_in
    from sensor.identity import Digest
    from store.lake_files import LakeFiles

    settings = current()
    samples = samples_of(files)
    case = case_name(samples)
    digest = Digest.SHA256 if sha256 else Digest.XXH3_128
    options: dict[str, object] = {"ext": True} if ext else {}
    if flows_only:
        options["parsers"] = False
    if payload_head:
        options["payload_head"] = payload_head
    with Bar(settings.words) as bar:
        key = _secret_key(settings)
        intake = take_in(samples, LakeFiles(out), case, options, bar.update, digest=digest, secret_key=key)
    if settings.output is Output.TABLE:
        flows = intake.counters.get("flow.rows", 0)
        for file in intake.files:
            said = settings.words("meter.wrote", path=clean(file.path), frames=file.frames, flows=flows, case=case)
            problem = settings.words.pick(file.problem or "", file.problem_zh or "")
            click.echo(said + (f"  {clean(problem)}" if problem else ""))
    else:
        from reporting.tables import Column, emit

        rows = [{"case": case, **asdict(file)} for file in intake.files]
        emit(rows, [Column(name, name) for name in rows[0]], settings.output.value)
    return EXIT_PARTIAL if any(file.status in {"partial", "failed"} for file in intake.files) else 0


def _secret_key(settings: Settings) -> bytes | None:
    """Return the key of the home for the hashes of secrets; None without a home, which this command does not need.

    Raises:
        TaishiError: there is a home, and its secret cannot be made or read.
    """
    from store.errors import TaishiError
    from store.home import Home
    from store.site_secret import site_secret

    try:
        home = Home.open(settings.home_path(), create=False)
    except TaishiError:
        return None
    return site_secret(home)
