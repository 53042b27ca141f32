"""Help of every command: both languages, 100 columns, fast, and no text that nothing uses or that is missing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import Result

import reporting.cli
from reporting.cli._root import ROOT
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES, Words

Run = Callable[..., Result]
HEAVY = ("duckdb", "pyarrow", "sqlalchemy", "cryptography", "jinja2", "rich", "detectors", "sensor")


def _paths(group: click.Group, ctx: click.Context, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield names
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from _paths(command, ctx, (*names, name))
        else:
            yield (*names, name)


PATHS = sorted(_paths(ROOT, click.Context(ROOT)))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PATHS, ids=" ".join)
def test_every_command_explains_itself(taishi: Run, path: tuple[str, ...], lang: str) -> None:
    """A page of at most 100 columns with an example, in the language asked for."""
    result = taishi(*path, "--help", "--lang", lang)
    assert result.exit_code == 0, result.output
    assert max(cells(line) for line in result.stdout.splitlines()) <= MAX_COLUMNS
    assert Words(lang)("help.example") in result.stdout
    assert f"taishi {' '.join(path)}".rstrip() in result.stdout


def test_catalogues_hold_the_same_texts() -> None:
    """A key in one language is there in the other, with the same fields."""
    english, chinese = Words("en"), Words("zh-CN")
    assert english.keys() == chinese.keys()


def test_help_is_cheap() -> None:
    """Under 0.3 s of CPU, and no command's module imports anything heavy before it runs."""
    folder = Path(reporting.cli.__file__).parent
    modules = sorted(f"reporting.cli.{path.stem}" for path in folder.glob("[a-z]*.py"))
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": str(folder.parents[1])}
    assert modules
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.strip() == "[]"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    program = "import sys; sys.argv = ['taishi', '--help']; from reporting.cli import main; main()"
    words = [sys.executable, "-c", program]
    subprocess.run(words, capture_output=True, env=env, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime) < 0.3
