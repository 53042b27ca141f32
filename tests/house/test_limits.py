"""Files and functions stay small enough to be read at one sitting."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODULE_MAX = 500
"""Lines of a module, hard stop; 300 is the aim (CONTRIBUTING.md)."""
FUNCTION_MAX = 45
"""Lines of a function without its docstring."""
LONG_ON_PURPOSE = {
    "wire/src/columns/tables.rs": "generated from store/schema/",
}


PACKAGES = ("sensor/**/*.py", "detectors/**/*.py", "store/**/*.py", "reporting/**/*.py", "tools/*.py", "bench/*.py")


def _files(*patterns: str) -> Iterator[Path]:
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if not {"target", "__pycache__", ".venv"} & set(path.parts):
                yield path


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_modules_are_short() -> None:
    """Python and Rust alike; an exception needs its reason above."""
    long = {}
    for path in _files(*PACKAGES, "tests/**/*.py", "wire/**/*.rs"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > MODULE_MAX and _where(path) not in LONG_ON_PURPOSE:
            long[_where(path)] = lines
    assert long == {}


def test_exceptions_are_still_needed() -> None:
    """An exception for a file that became short or went away is removed."""
    assert [
        name for name in LONG_ON_PURPOSE if len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= MODULE_MAX
    ] == []


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            has_doc = ast.get_docstring(node) is not None
            doc = (first.end_lineno or 0) - first.lineno + 1 if has_doc else 0
            yield f"{_where(path)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1 - doc


def test_functions_are_short() -> None:
    """Longer ones hide a second thing."""
    files = _files(
        "sensor/**/*.py", "detectors/**/*.py", "store/**/*.py", "reporting/**/*.py", "tools/*.py", "bench/*.py"
    )
    assert {name: lines for path in files for name, lines in _functions(path) if lines > FUNCTION_MAX} == {}
