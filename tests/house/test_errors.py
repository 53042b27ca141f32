"""Every error that ``store``, ``sensor`` or ``reporting`` raises by itself speaks both languages in four parts.

The sources are walked, not run: a raise that no other test reaches is held as well.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.errors import Problem, TaishiError
from store.text import CHINESE, Text

ROOT = Path(__file__).parents[2]
PARTS = ("where", "found", "allowed", "todo")
LEADS = {"allowed": (("allowed: ", "needed: "), ("可用：", "需要："))}
"""How the part begins that says what would be right, in English and Chinese."""

Call = tuple[str, ast.Call, ast.Module]


def _calls(name: str, *folders: str) -> Iterator[Call]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node, tree


PROBLEMS = list(_calls("Problem", "store", "sensor", "reporting"))
ERRORS = list(_calls("TaishiError", "store", "sensor"))
TEXTS = [
    (place, call, tree)
    for place, call, tree in _calls("Text", "store", "sensor")
    if any(isinstance(argument, ast.Constant | ast.JoinedStr) for argument in call.args)
    and not place.startswith("store/errors.py")
]
"""Texts that are written down; the others are put together from these."""


def _part(call: ast.Call, name: str) -> ast.expr:
    found = next((word.value for word in call.keywords if word.arg == name), None)
    return found if found is not None else call.args[PARTS.index(name)]


def _words(node: ast.expr) -> tuple[str, list[str]]:
    """Return the fixed words of a string expression, and the expressions filled into it."""
    if isinstance(node, ast.Constant):
        return str(node.value), []
    if isinstance(node, ast.JoinedStr):
        fixed = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        return fixed, sorted(ast.unparse(part) for part in node.values if isinstance(part, ast.FormattedValue))
    raise AssertionError(f"not a literal text: {ast.unparse(node)}")


def _text(node: ast.expr, tree: ast.Module) -> ast.Call | None:
    """Return the ``Text(en, zh)`` that an expression is or names; None where it is worked out at run time."""
    if isinstance(node, ast.Name):
        for line in tree.body:
            target = line.target if isinstance(line, ast.AnnAssign) else None
            if isinstance(line, ast.AnnAssign) and isinstance(target, ast.Name) and target.id == node.id and line.value:
                return _text(line.value, tree)
        return None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text":
        return node
    return None


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


@pytest.mark.parametrize(("place", "call", "tree"), PROBLEMS, ids=[place for place, _, _ in PROBLEMS])
def test_problems_have_four_parts_in_both_languages(place: str, call: ast.Call, tree: ast.Module) -> None:
    """Where, what was found, what is allowed, what to do: each there, and the allowed part says that it is that."""
    assert len(call.args) + len(call.keywords) == len(PARTS)
    for name in PARTS[1:]:
        text = _text(_part(call, name), tree)
        if text is None:
            continue
        for node, leads in zip(text.args, LEADS.get(name, (("",), ("",))), strict=True):
            assert _words(node)[0].startswith(leads), f"{place}: {name}"


@pytest.mark.parametrize(("place", "call", "tree"), TEXTS, ids=[place for place, _, _ in TEXTS])
def test_texts_say_the_same_in_both_languages(place: str, call: ast.Call, tree: ast.Module) -> None:
    """Two arguments, neither empty, the English one without Chinese, the Chinese one with it, filled in alike."""
    (en, en_filled), (zh, zh_filled) = (_words(node) for node in call.args)
    assert en.strip() or en_filled
    assert not _is_chinese(en)
    assert _is_chinese(zh)
    assert len(en_filled) == len(zh_filled)


@pytest.mark.parametrize(("place", "call", "tree"), ERRORS, ids=[place for place, _, _ in ERRORS])
def test_errors_are_raised_with_problems(place: str, call: ast.Call, tree: ast.Module) -> None:
    """No raise in ``store`` or ``sensor`` brings a text of its own: that would be in one language only."""
    told = call.args[0]
    assert isinstance(told, ast.Call | ast.List), f"{place}: {ast.unparse(told)}"
    if isinstance(told, ast.Call):
        assert ast.unparse(told.func) == "Problem"


def test_reporting_raises_texts_of_the_catalogue_or_problems() -> None:
    """In ``reporting`` a literal text would be one language as well."""
    raised = _calls("TaishiError", "reporting")
    assert [place for place, call, _ in raised if isinstance(call.args[0], ast.JoinedStr | ast.Constant)] == []


def test_an_error_speaks_the_language_asked_for() -> None:
    """Chinese where Chinese is asked for, English everywhere else, also as ``str``; several come one per line."""
    one = Problem("a.toml", Text("broken", "已损坏"), Text("allowed: TOML", "可用：TOML"), Text("mend it", "请改正"))
    other = Problem(Text("table x", "表 x"), Text("gone", "不在"), Text("needed: x", "需要：x"), Text("look", "请查看"))
    error = TaishiError([one, other], exit_code=3)
    assert error.diagnostics() == "a.toml: broken; allowed: TOML; mend it\ntable x: gone; needed: x; look" == str(error)
    assert error.diagnostics(CHINESE) == "a.toml：已损坏；可用：TOML；请改正\n表 x：不在；需要：x；请查看"
    assert (error.exit_code, TaishiError("said").diagnostics(CHINESE)) == (3, "said")
