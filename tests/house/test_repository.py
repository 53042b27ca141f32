"""What lies in the repository and what must not."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAPTURE_MAGIC = {
    bytes.fromhex(magic)
    for magic in ("a1b2c3d4", "d4c3b2a1", "a1b23c4d", "4d3cb2a1", "0a0d0d0a", "a1b2cd34", "34cdb2a1")
}
CAPTURE_NAMES = (".pcap", ".pcapng", ".cap", ".pcap.gz", ".pcap.zst", ".pcapng.gz", ".pcapng.zst")
CAPTURE_SEED_MAX = 4096
"""A fuzz corpus needs a few captures as seeds, B each; anything larger is made by code, not kept."""
FILE_MAX = 1_000_000
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every file under version control."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is tracked cannot be told")
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    return [path for path in files if path.is_file()]


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_capture_is_kept(tracked: list[Path]) -> None:
    """Captures are made by code; found ones belong to others and may hold personal data."""
    named = [_where(p) for p in tracked if p.name.lower().endswith(CAPTURE_NAMES)]
    shaped = []
    for path in tracked:
        with path.open("rb") as file:
            is_capture = file.read(4) in CAPTURE_MAGIC
        is_seed = "fuzz/corpus/" in _where(path) and path.stat().st_size <= CAPTURE_SEED_MAX
        if is_capture and not is_seed:
            shaped.append(_where(path))
    assert (named, shaped) == ([], [])


def test_no_large_or_built_file_is_kept(tracked: list[Path]) -> None:
    """Build products and blobs are made, not stored."""
    built = (".so", ".pyc", ".whl", ".parquet", ".sqlite", ".duckdb", ".rlib")
    assert [_where(p) for p in tracked if p.suffix in built or p.stat().st_size > FILE_MAX] == []


def test_names_say_what_a_module_holds(tracked: list[Path]) -> None:
    """No drawer for what nobody could name."""
    code = [p for p in tracked if p.suffix in {".py", ".rs"}]
    assert [_where(p) for p in code if p.stem.strip("_") in VAGUE] == []
    assert [_where(p) for p in code if VAGUE & set(p.relative_to(ROOT).parts[:-1])] == []


def test_nothing_is_left_to_do_without_an_issue(tracked: list[Path]) -> None:
    """A note to self is a test or an issue."""
    mark = re.compile(r"\b(?:TO" + "DO|FIX" + r"ME|XX" + r"X)\b(?! ?\(?#\d)")
    left = []
    for path in tracked:
        if path.suffix in {".py", ".rs", ".toml", ".sh", ".md"} or path.name == "Makefile":
            lines = path.read_text(encoding="utf-8").splitlines()
            left += [f"{_where(path)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if mark.search(line)]
    assert left == []


def test_no_path_of_a_developers_machine(tracked: list[Path]) -> None:
    """Paths of one machine mean nothing on another."""
    mark = re.compile("(?<![A-Za-z0-9_.])(?:/ro" + "ot/|/wo" + "rk/|/ho" + r"me/[a-z]+/)")
    found = []
    for path in tracked:
        if path.suffix in {".py", ".rs", ".toml", ".sh", ".md", ".yaml", ".csv"}:
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{_where(path)}:{n}: {line.strip()}" for n, line in enumerate(lines, 1) if mark.search(line)]
    assert found == []


def test_decision_records_are_short_and_complete() -> None:
    """At most 30 lines, with a status and what would reopen it; numbers are unique."""
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert len({page.name[:4] for page in pages}) == len(pages) >= 9
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 30, page.name
        assert text.startswith(f"# {page.name[:4]} "), page.name
        assert "Status: " in text, page.name
        assert "eopen" in text, page.name


def _requirements(lock: str) -> dict[str, str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {
        name.lower(): rest
        for name, rest in re.findall(r"^([\w-]+)==([^\n]+(?:\n    --hash=\S+.*)*)", text, re.MULTILINE)
    }


def test_locks_pin_every_declared_dependency_with_hashes() -> None:
    """What pyproject.toml asks for is in the locks, and pip can check what it gets."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = {re.split(r"[^\w-]", item)[0].lower() for item in project["project"]["dependencies"]}
    dev = {re.split(r"[^\w-]", item)[0].lower() for item in project["dependency-groups"]["dev"]}
    locked, locked_dev = _requirements("requirements.lock"), _requirements("requirements-dev.lock")
    assert runtime <= set(locked)
    assert runtime | dev <= set(locked_dev)
    assert [name for name, rest in (locked | locked_dev).items() if "--hash=sha256:" not in rest] == []


def test_every_run_time_dependency_has_its_reason() -> None:
    """ADR 0011 names each package and each crate."""
    page = (ROOT / "docs" / "adr" / "0011-dependencies.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    crate = tomllib.loads((ROOT / "wire" / "Cargo.toml").read_text(encoding="utf-8"))
    names = [re.split(r"[^\w-]", item)[0] for item in project["project"]["dependencies"]] + list(crate["dependencies"])
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", page)] == []


def test_make_targets_explain_themselves() -> None:
    """`make help` has a line for each target that a person types."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    explained = set(re.findall(r"^([a-z-]+):.*## ", text, re.MULTILINE))
    assert explained == set(phony.split())
