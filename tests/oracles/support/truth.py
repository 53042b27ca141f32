"""Find the captures with ground truth, which lie beside the repository and never in it."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NoReturn

import pytest

_HERE: Final = Path(__file__).resolve()
EXCEPTIONS_DIR: Final = _HERE.parent.parent
"""Folder of the checked-in tables of exceptions."""


def absent(reason: str) -> NoReturn:
    """Skip the running test for that reason; under ``CI=true`` fail it, because there nothing may be skipped."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{reason} (CI=true: this test may not be skipped)")
    pytest.skip(reason)


def find_root() -> Path | None:
    """Return the folder of the captures: ``$TAISHI_DATA``, or ``shared/data`` in a folder above; ``None`` if absent."""
    named = os.environ.get("TAISHI_DATA")
    places = [Path(named)] if named else [parent / "shared" / "data" for parent in _HERE.parents]
    return next((place for place in places if (place / "MANIFEST.csv").is_file()), None)


def root() -> Path:
    """Return the folder of the captures, or skip the test (fail it in CI)."""
    found = find_root()
    if found is None:
        absent("no captures with ground truth: neither $TAISHI_DATA nor ../shared/data holds a MANIFEST.csv")
    return found


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file, ``.gz`` or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
