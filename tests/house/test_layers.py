"""Who may import whom, down to the module; import-linter checks the packages, this the finer rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = {"sensor", "detectors", "store", "reporting"}
MAY_IMPORT = {
    "store": {"store"},
    "sensor": {"sensor", "store"},
    "detectors": {"detectors", "store"},
    "reporting": OURS,
}


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of each module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_package_imports_only_what_its_layer_may(package: str) -> None:
    """Imports inside functions count too."""
    wrong = [
        f"{path.relative_to(ROOT)}: imports {name}; allowed of ours: {', '.join(sorted(MAY_IMPORT[package]))}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in imports(path)
        if name.split(".")[0] in OURS - MAY_IMPORT[package]
    ]
    assert wrong == []


def test_detectors_know_only_the_schema_of_the_store() -> None:
    """A detector that opens the lake is no pure function any more (ADR 0004)."""
    wrong = [
        f"{path.relative_to(ROOT)}: imports {name}; allowed: store.schema"
        for path in sorted((ROOT / "detectors").rglob("*.py"))
        for name in imports(path)
        if name.split(".")[0] == "store" and not name.startswith("store.schema")
    ]
    assert wrong == []


def test_schema_imports_nothing_of_ours() -> None:
    """The declaration of the tables stands alone (ADR 0003)."""
    for path in (ROOT / "store" / "schema").rglob("*.py"):
        ours = [name for name in imports(path) if name.split(".")[0] in OURS]
        assert [name for name in ours if not name.startswith("store.schema")] == [], path


def test_rules_hold_no_code() -> None:
    """Rules are data (ADR 0002)."""
    folder = ROOT / "rules"
    data = {".csv", ".toml", ".yaml", ".yml", ".md", ".json"}
    assert [str(p.relative_to(ROOT)) for p in folder.rglob("*") if p.is_file() and p.suffix not in data] == []
