"""The casebook of a home, for commands that read it; apart, because alerts are listed without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from store.casebook import Casebook
from store.home import Home


@contextmanager
def casebook_of(home: Home) -> Iterator[Casebook | None]:
    """Yield the casebook of a home, or None where none was written yet: reading must not make one.

    Raises:
        TaishiError: the file is not usable as a casebook.
    """
    if not home.casebook.exists():
        yield None
        return
    casebook = Casebook(home.casebook)
    try:
        yield casebook
    finally:
        casebook.close()
