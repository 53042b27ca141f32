"""A progress bar on standard error, only on a terminal and only when a file takes long."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from reporting.clean import clean
from reporting.width import cells
from reporting.words import Words

PATIENCE_S: Final = 1.0
"""Seconds (0 … 10) before the bar appears: shorter work needs none (Nielsen 1993, 1 s keeps the flow of thought)."""

STEP_S: Final = 0.1
"""Seconds between two drawings."""

WIDTH: Final = 30
"""Cells of the bar."""


class Bar:
    """Shows how far the present file is read; a context manager that cleans its line at the end."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._started = time.monotonic()
        self._drawn = 0.0
        self._is_shown = False
        self._is_wanted = sys.stderr.isatty()

    def __enter__(self) -> Self:
        """Start the patience."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def update(self, path: Path, done: int, whole: int) -> None:
        """Draw the state of one file when it is time."""
        now = time.monotonic()
        if not self._is_wanted or now - self._started < PATIENCE_S or now - self._drawn < STEP_S:
            return
        self._drawn, self._is_shown = now, True
        share = min(1.0, done / whole) if whole else 0.0
        filled = int(share * WIDTH)
        name = clean(path.name)
        while cells(name) > 100 - WIDTH - 12:
            name = name[:-1]
        sys.stderr.write(f"\r\x1b[K[{'#' * filled}{'.' * (WIDTH - filled)}] {share:4.0%} {name}")
        sys.stderr.flush()
