"""``taishi model``: trained models of the detectors, and their training from files of names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, current

_COLUMNS: Final = ("model", "version", "seed", "trained_from", "trained_until", "sha256", "data")


@command("train")
@click.argument("name", metavar="MODEL", type=click.Choice(["dga"]))
@click.option("--good", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--bad", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, metavar="N")
@click.option("--from", "since", default="", metavar="DATE")
@click.option("--until", default="", metavar="DATE")
@click.option("--rules", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
def train(name: str, good: Path, bad: Path, seed: int, since: str, until: str, rules: Path | None) -> None:
    """Train a model and put it on record."""
    from detectors.rulefiles import RULES_DIR
    from reporting.training.record import train_dga

    words = current().words
    kept = train_dga(good, bad, seed, (since, until), RULES_DIR if rules is None else rules)
    for family, area in sorted(kept.trained.held_out.items(), key=lambda item: (item[1], item[0])):
        click.echo(words("model.held_out", family=family, area=f"{area:.3f}"))
    for family, area in sorted(kept.trained.apart.items()):
        click.echo(words("model.apart", family=family, area=f"{area:.3f}"))
    click.echo(
        words(
            "model.trained",
            model=name,
            version=kept.version,
            area=f"{kept.trained.mean_auc:.3f}",
            found=f"{100 * kept.trained.found_share:.1f}",
            wrong=f"{100 * kept.trained.false_share:.2f}",
            sha256=kept.sha256,
        )
    )


@command("list")
def list_() -> None:
    """List the models on record."""
    from detectors.models import REGISTRY
    from detectors.rulefiles import load_rules
    from reporting.cli._detail import Detail
    from reporting.tables import Column, emit

    settings = current()
    rows = [{key: row[key] for key in _COLUMNS} for row in load_rules(REGISTRY).to_pylist()]
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in _COLUMNS], settings.output.value)
        return
    words = settings.words
    for row in rows:
        page = Detail(words, "model", _COLUMNS[1:])
        page.title(str(row["model"]), "")
        for name in _COLUMNS[1:]:
            page.add(name, row[name])
        page.show()
