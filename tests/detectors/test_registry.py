"""Every detector keeps the house's conventions; a failure names the detector and the rule it breaks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import detectors
from detectors import catalogue, registry
from detectors.attack import load_attack_map
from detectors.model import Detector, Text, is_role_proof
from detectors.rulefiles import RULES_DIR, load_rules
from store._views import CONVERSATION_COLUMNS
from tests.detectors.conftest import CONVERSATION, form

CATALOGUE = Path(catalogue.__path__[0])
TESTS = Path(__file__).parent
IMPURE = {"time", "random", "os", "pathlib", "socket", "subprocess", "requests", "datetime.now", "reporting", "sensor"}


def broken_rules(detector: Detector) -> Iterator[str]:
    """Yield one sentence for every convention that a detector breaks."""
    name = detector.id
    if not (CATALOGUE / f"{name}.py").is_file():
        yield f"{name}: id is not its file name"
    if not (TESTS / f"test_{name}.py").is_file():
        yield f"{name}: has no tests/detectors/test_{name}.py"
    if not detector.question.en.endswith("?"):
        yield f"{name}: question is not a question"
    yield from _texts(detector)
    yield from _tables(detector)
    yield from _numbers(detector)
    attack_map = load_attack_map()
    yield from (f"{name}: {t} is not in rules/attack_map.csv" for t in detector.attack if t not in attack_map)
    roles = {row["role"] for row in load_rules("roles.csv").to_pylist()}
    yield from (f"{name}: role {role} is not in rules/roles.csv" for role in detector.roles_exempt if role not in roles)
    if detector.roles_exempt and is_role_proof(detector.family or name):
        yield f"{name}: industrial and zone detectors may not be quieted by roles"
    yield from (f"{name}: rules/{rule} is missing" for rule in detector.rules if not (RULES_DIR / rule).is_file())


def _texts(detector: Detector) -> Iterator[str]:
    texts: list[Text] = [detector.title, detector.question, *detector.innocent, *detector.next_steps]
    for text in texts:
        if not text.en.strip() or not text.zh.strip():
            yield f"{detector.id}: a text is empty in one language: {text}"
    for text in (detector.title, detector.question, *detector.innocent):
        if not re.search(r"[\u4e00-\u9fff]", text.zh):
            yield f"{detector.id}: no Chinese in {text.zh!r}"
    if not detector.innocent:
        yield f"{detector.id}: no innocent explanation"
    if not any("{incident}" in step.en for step in detector.next_steps):
        yield f"{detector.id}: no next step for the incident"
    if not detector.source:
        yield f"{detector.id}: no source"


def _tables(detector: Detector) -> Iterator[str]:
    for table, columns in detector.needs.items():
        try:
            names = set(form(table).names)
        except KeyError:
            yield f"{detector.id}: needs unknown table {table}"
            continue
        yield from (f"{detector.id}: {table} has no column {c}" for c in columns if c not in names)
        key = detector.partition_by.get(table)
        if key not in columns:
            yield f"{detector.id}: partition key {key} of {table} is not among its columns"


def _numbers(detector: Detector) -> Iterator[str]:
    for name, param in detector.params.items():
        if not (param.unit and param.why and param.source):
            yield f"{detector.id}.{name}: unit, why and source are required"
        if not param.low <= param.default <= param.high:
            yield f"{detector.id}.{name}: default {param.default} outside {param.low}..{param.high}"
    if not 0 <= detector.impact <= 100:
        yield f"{detector.id}: impact {detector.impact} outside 0..100"
    if not 0 <= detector.confidence.at_threshold <= detector.confidence.at_saturation <= 1:
        yield f"{detector.id}: confidence does not rise within 0..1"


def _impure(path: Path) -> Iterator[str]:
    """Yield what a module of the catalogue does that a pure function must not do."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from (f"{path.name}: imports {m}" for m in modules if m.split(".")[0] in IMPURE)
        if isinstance(node, ast.Name) and node.id in {"open", "print", "eval", "exec"}:
            yield f"{path.name}: calls {node.id}"
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
            yield f"{path.name}: reads the clock"
        if isinstance(node, ast.Global):
            yield f"{path.name}: global state"
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 45:
            yield f"{path.name}: {node.name} is longer than 45 lines"


def test_built_conversations_have_the_columns_of_the_view() -> None:
    """What detectors are tested with is what they get."""
    assert set(CONVERSATION.names) == set(CONVERSATION_COLUMNS)


def test_registry_finds_every_public_file() -> None:
    """The registry holds exactly the files of the catalogue without a leading underscore."""
    assert list(registry()) == sorted(p.stem for p in CATALOGUE.glob("*.py") if not p.stem.startswith("_"))


@pytest.mark.parametrize("name", sorted(registry()))
def test_conventions(name: str) -> None:
    """No detector breaks a rule."""
    assert list(broken_rules(registry()[name])) == []


def test_detectors_are_pure() -> None:
    """No module of the catalogue imports or calls what a pure function must not."""
    assert [text for path in sorted(CATALOGUE.glob("*.py")) for text in _impure(path)] == []


def test_modules_are_short() -> None:
    """No module of the package is longer than 300 lines."""
    root = Path(detectors.__path__[0])
    lengths = {p.name: len(p.read_text(encoding="utf-8").splitlines()) for p in root.rglob("*.py")}
    assert {name: n for name, n in lengths.items() if n > 300} == {}
