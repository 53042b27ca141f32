"""What the commands over a case share: opening the case of the run, and telling that an id is unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from reporting.cli._settings import Settings

if TYPE_CHECKING:
    from reporting.cases.case import Case
    from store.errors import TaishiError

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")
"""Choices of ``--severity``, most severe first; a test holds them equal to ``store.schema.Severity``."""

_F = TypeVar("_F", bound=Callable[..., Any])


def case_option(function: _F) -> _F:
    """Add ``--case NAME``."""
    return click.option("--case", "case", metavar="NAME")(function)


def filters(function: _F) -> _F:
    """Add ``--case``, ``--severity``, ``--detector`` and ``--limit``."""
    function = click.option("--limit", type=click.IntRange(min=1), metavar="N")(function)
    function = click.option("--detector", metavar="NAME")(function)
    function = click.option("--severity", type=click.Choice(SEVERITIES))(function)
    return case_option(function)


def chosen(settings: Settings, case: str | None) -> Case:
    """Return the case of this run.

    Raises:
        TaishiError: there is none (exit code 3).
    """
    from reporting.cases.case import open_case

    return open_case(settings.home_path(), settings.program(), settings.words, case)


def unknown_detector(settings: Settings, wanted: str, known: list[str]) -> TaishiError:
    """Return the error for a ``--detector`` that does not exist, with the nearest names (exit code 2)."""
    from reporting.cases.lookup import nearest
    from reporting.clean import clean
    from store.errors import TaishiError

    near = ", ".join(nearest(wanted, known)) or settings.words("error.no_ids")
    told = settings.words("error.no_such_detector", found=clean(wanted), nearest=near, allowed=", ".join(known))
    return TaishiError(told, exit_code=2)


def unknown(settings: Settings, kind: str, wanted: str, case: Case, ids: Iterable[str]) -> TaishiError:
    """Return the error for an id that the case does not hold, with the nearest ids.

    Args:
        settings: Of the run.
        kind: ``alert``, ``incident``, ``flow`` or ``target``: names the thing and the command that lists it.
        wanted: As typed.
        case: Where it was looked for.
        ids: What there is.
    """
    from reporting.cases.case import NOT_FOUND
    from reporting.cases.lookup import nearest
    from reporting.clean import clean
    from store.errors import TaishiError

    near = nearest(wanted, ids)
    listing = kind if kind in {"alert", "incident"} else "incident"
    words = settings.words
    told = words(
        "error.no_such_id",
        what=words(f"error.what_{kind}"),
        id=clean(wanted),
        case=case.name,
        command=f"{settings.program()} {listing} list --case {case.name}",
        nearest=", ".join(near) if near else words("error.no_ids"),
    )
    return TaishiError(told, NOT_FOUND)
