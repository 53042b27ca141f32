"""The text catalogue holds what the program says and nothing else: no key is missing, none is left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click

from detectors.story import STAGES
from reporting.cli._command import Group
from reporting.cli._help import key_of
from reporting.cli._root import ROOT
from reporting.health import Status
from reporting.result import FileStatus
from reporting.words import LANGUAGES, Words
from store.casebook import State
from store.quiet import Opinion
from store.reference.ages import AgeState
from store.reference.files import Kind
from store.schema import WEEK_STATES, Severity

SOURCES = Path(__file__).parents[2] / "reporting"

CLOSED_SETS = {
    "severity.{}": [*(severity.value for severity in Severity), "clear"],
    "incident.state_{}": [state.value for state in State],
    "file.{}": list(get_args(FileStatus)),
    "alert.verdict_{}": [opinion.value for opinion in Opinion],
    "data.kind_{}": [kind.value for kind in Kind],
    "data.state_{}": [state.value for state in AgeState],
    "stage.{}": [str(stage) for stage in STAGES],
    "doctor.{}": [status.value for status in Status],
    "trend.state_{}": list(WEEK_STATES),
}
"""Keys made of the members of a closed set."""


def _nodes() -> Iterator[ast.AST]:
    for path in sorted(SOURCES.rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _constants() -> set[str]:
    return {node.value for node in _nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _composed() -> set[str]:
    """Return the patterns of keys that are put together: ``words(f"talker.{name}")`` is ``talker.(.+)``."""
    patterns = set()
    for node in _nodes():
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.JoinedStr):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"words", "_words"}:
                parts = [part.value if isinstance(part, ast.Constant) else None for part in node.args[0].values]
                patterns.add("".join("(.+)" if part is None else re.escape(str(part)) for part in parts))
    return patterns


def _families() -> set[str]:
    """Return the families whose labels a page of details takes: the second argument of ``Detail``."""
    calls = (node for node in _nodes() if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Detail")
    return {node.args[1].value for node in calls if isinstance(node.args[1], ast.Constant)}  # type: ignore[misc] # str


def _commands(command: click.Command, ctx: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, ctx
    if isinstance(command, Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            assert inner is not None
            yield from _commands(inner, click.Context(inner, parent=ctx, info_name=name))


def _help_keys(known: frozenset[str]) -> set[str]:
    """Return the keys of all help pages."""
    keys = {"option.help"}
    for command, ctx in _commands(ROOT, click.Context(ROOT, info_name="taishi")):
        key = key_of(ctx)
        keys |= {f"{key}.help", f"{key}.example"} | (set() if command is ROOT else {f"{key}.short"})
        for param in command.params:
            own = f"{key}.opt_{param.name}"
            if isinstance(param, click.Argument):
                keys.add(f"{key}.arg_{param.name}")
            else:
                keys.add(own if own in known else f"option.{param.name}")
    return keys


def _is_composed(key: str, patterns: set[str], constants: set[str]) -> bool:
    for pattern in patterns:
        match = re.fullmatch(pattern, key)
        if match is None or (pattern == r"(.+)\.(.+)" and match[1] not in _FAMILIES):
            continue
        if all(piece in constants for piece in match.groups()):
            return True
    return False


_FAMILIES = _families()


def test_every_text_is_said_somewhere() -> None:
    """A key that no command, no page and no closed set leads to is left over from something that is gone."""
    known = Words(LANGUAGES[0]).keys()
    constants, patterns = _constants(), _composed()
    closed = {pattern.format(member) for pattern, members in CLOSED_SETS.items() for member in members}
    told = constants | closed | _help_keys(known)
    assert sorted(key for key in known if key not in told and not _is_composed(key, patterns, constants)) == []


def test_help_pages_and_closed_sets_have_all_their_texts() -> None:
    """Every command, argument, option and member of a closed set has its text in every language."""
    wanted = {pattern.format(member) for pattern, members in CLOSED_SETS.items() for member in members}
    for lang in LANGUAGES:
        known = Words(lang).keys()
        assert sorted((wanted | _help_keys(known)) - known) == []
