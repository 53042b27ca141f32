"""Which case a command means, and the lake and policy that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reporting.clean import clean
from store.errors import TaishiError
from store.home import Home
from store.lake import Lake

if TYPE_CHECKING:
    from reporting.words import Words

NOT_FOUND: Final = 3
"""Exit code of what is asked for and not there."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a home; ``program`` is how a next command starts."""

    home: Home
    name: str
    program: str

    @property
    def lake(self) -> Lake:
        """Return the lake that holds the case."""
        return Lake(self.home.lake)


def open_home(path: Path, program: str, words: Words) -> Home:
    """Return the home at ``path``, which must exist.

    Raises:
        TaishiError: there is none (exit code 3), or it cannot be used.
    """
    if not path.is_dir():
        raise TaishiError(words("error.no_case", home=clean(str(path)), program=program), NOT_FOUND)
    return Home.open(path, create=False)


def open_case(path: Path, program: str, words: Words, name: str | None = None) -> Case:
    """Return the case called ``name``, or the last one used, or the only one there is.

    Args:
        path: The home.
        program: How a next command starts, e.g. ``taishi --home DIR``.
        words: Catalogue for the messages.
        name: As given with ``--case``.

    Raises:
        TaishiError: no such home, no such case, or several and none was named (exit code 3).
    """
    home = open_home(path, program, words)
    known = Lake(home.lake).cases()
    if not known:
        raise TaishiError(words("error.no_case", home=clean(str(path)), program=program), NOT_FOUND)
    wanted = name or home.last_case
    if wanted is None and len(known) == 1:
        wanted = known[0]
    if wanted is None or wanted not in known:
        told = words("error.no_such_case", case=clean(wanted or "-"), known=", ".join(known))
        raise TaishiError(told, NOT_FOUND)
    return Case(home, wanted, program)
