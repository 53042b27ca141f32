"""Generated files are what their generators would write now."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = sorted([ROOT / "tools" / "rustgen.py", *(ROOT / "tools").glob("docs_*.py")])


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda path: path.stem)
def test_generated_file_is_fresh(generator: Path) -> None:
    """A stale file means that somebody edited the wrong end."""
    done = subprocess.run([sys.executable, str(generator), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_check_notices_a_stale_page(tmp_path: Path) -> None:
    """With one character changed, --check fails and names the command that helps."""
    for part in ("tools", "store", "docs"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    page = tmp_path / "docs" / "schema.md"
    page.write_text(page.read_text(encoding="utf-8").replace("Key:", "Kex:", 1), encoding="utf-8")
    command = [sys.executable, str(tmp_path / "tools" / "docs_schema.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "make golden" in done.stderr
