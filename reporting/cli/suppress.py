"""``taishi suppress``: which alerts not to show, what that would have hidden, and taking it back."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from reporting.cli._command import command
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case
    from reporting.cases.quiet import Preview
    from store.home import Home
    from store.quiet import Suppression

ROLES: Final = (
    *("scanner", "monitor", "resolver", "proxy", "nat", "domain_controller", "backup", "update_server", "ntp"),
)
"""Choices of ``--role``; a test holds them equal to ``store.site.RoleName``."""

SIDES: Final = ("any", "actor", "target")
"""Choices of ``--side``; a test holds them equal to ``store.quiet.Side``."""

COLUMNS: Final = (
    *("number", "address", "side", "name", "asn", "detector", "role"),
    *("reason", "expires", "is_expired", "hides", "actor", "at"),
)
"""Columns of the CSV form of the list."""

_F = TypeVar("_F", bound=Callable[..., Any])


def _conditions(function: _F) -> _F:
    """Add the options that say which alerts are meant."""
    for option in (
        click.option("--role", type=click.Choice(ROLES)),
        click.option("--detector", metavar="NAME"),
        click.option("--asn", type=click.IntRange(1, 2**32 - 1), metavar="N"),
        click.option("--name", metavar="SUFFIX"),
        click.option("--side", type=click.Choice(SIDES), default="any"),
        click.option("--address", metavar="CIDR"),
    ):
        function = option(function)
    return function


@command("add")
@_conditions
@click.option("--reason", metavar="TEXT", required=True)
@click.option("--expires", metavar="DATE", required=True)
@click.option("--yes", "is_sure", is_flag=True)
def add(reason: str, expires: str, is_sure: bool, **conditions: Any) -> None:
    """Stop showing alerts, after a look at what would be hidden."""
    settings = current()
    home = _home(settings)
    wish = _wish(settings, home, reason, expires, conditions)
    seen = _preview(settings, home, wish)
    if settings.output is Output.TABLE:
        _tell_preview(settings, wish, seen)
    if not is_sure:
        _ask(settings)
    typed = shlex.join(["suppress", "add", *wish.words().split(" "), "--expires", expires, "--reason", reason])
    number = _change(settings, home, typed, lambda casebook: casebook.suppress(wish, typed))
    if settings.output is Output.TABLE:
        click.echo(settings.words("suppress.added", n=number, program=settings.program()))
    else:
        _tell(settings, {**_row(wish, None), "number": number, **_of_preview(seen)})


@command("preview")
@_conditions
@click.option("--expires", metavar="DATE", default="9999-12-31")
def preview(expires: str, **conditions: Any) -> None:
    """Show what a suppression would hide, and change nothing."""
    settings = current()
    home = _home(settings)
    wish = _wish(settings, home, "", expires, conditions)
    seen = _preview(settings, home, wish)
    if settings.output is Output.TABLE:
        _tell_preview(settings, wish, seen)
    else:
        _tell(settings, {**wish.conditions(), **_of_preview(seen)})


@command("list")
def list_() -> None:
    """List the suppressions in force, with how many alerts each hides."""
    from reporting.cases.book import casebook_of
    from reporting.tables import Column, emit

    settings = current()
    home = _home(settings)
    with casebook_of(home) as casebook:
        wishes = casebook.suppressions() if casebook is not None else []
    rows = [_row(wish, _preview(settings, home, wish).alerts) for wish in wishes]
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in COLUMNS], settings.output.value)
        return
    words = settings.words
    shown = [
        {**row, "rule": wish.words(), "expires": _day(settings, row)} for row, wish in zip(rows, wishes, strict=True)
    ]
    names = ("number", "rule", "hides", "expires", "actor", "reason")
    columns = [Column(name, words(f"suppress.{name}"), right=name in {"number", "hides"}) for name in names]
    if not emit(shown, columns, "table"):
        click.echo(words("suppress.none"))


@command("remove")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--reason", metavar="TEXT", default="")
def remove(number: int, reason: str) -> None:
    """Show again what a suppression hides."""
    settings = current()
    home = _home(settings)
    typed = shlex.join(["suppress", "remove", str(number), "--reason", reason])
    ended = _change(settings, home, typed, lambda casebook: casebook.unsuppress(number, reason, typed))
    if settings.output is Output.TABLE:
        click.echo(settings.words("suppress.removed", n=number, rule=ended.words()))
    else:
        _tell(settings, _row(ended, None))


def _home(settings: Settings) -> Home:
    from reporting.cases.case import open_home

    return open_home(settings.home_path(), settings.program(), settings.words)


def _cases(settings: Settings, home: Home) -> list[Case]:
    from reporting.cases.case import Case
    from store.lake import Lake

    return [Case(home, name, settings.program()) for name in Lake(home.lake).cases()]


def _change(settings: Settings, home: Home, typed: str, step: Callable[[Any], Any]) -> Any:
    """Change the casebook and build the incidents of every case anew."""
    from reporting.cases.policy import policy_of
    from reporting.scan.reconsider import reconsider
    from store.casebook import Casebook

    casebook = Casebook(home.casebook)
    try:
        result = step(casebook)
        for case in _cases(settings, home):
            reconsider(case.lake, case.name, policy_of(case), casebook, typed)
    finally:
        casebook.close()
    return result


def _wish(settings: Settings, home: Home, reason: str, expires: str, given: Mapping[str, Any]) -> Suppression:
    """Return what was typed, checked.

    Raises:
        TaishiError: no condition, or one that names nothing (exit code 2).
    """
    from store.errors import TaishiError
    from store.quiet import Side, Suppression

    words = settings.words
    told = {name: value for name, value in given.items() if value is not None and name != "side"}
    if not told:
        raise TaishiError(words("error.suppress_nothing"), exit_code=2)
    if "detector" in told:
        _known_detector(settings, home, told["detector"])
    if "address" in told:
        told["address"] = checked_network(settings, told["address"])
    if "name" in told:
        told["name"] = str(told["name"]).removeprefix("*").strip(".").lower()
        if not told["name"]:
            raise TaishiError(words("error.suppress_name"), exit_code=2)
    return Suppression(reason, checked_day(settings, expires), side=Side(given["side"]), **told)


def checked_network(settings: Settings, text: str) -> str:
    """Return an address or network as CIDR.

    Raises:
        TaishiError: it is none (exit code 2).
    """
    import ipaddress

    from reporting.clean import clean
    from store.errors import TaishiError

    try:
        return str(ipaddress.ip_network(text))
    except ValueError as error:
        raise TaishiError(settings.words("error.bad_network", found=clean(text)), exit_code=2) from error


def checked_day(settings: Settings, text: str) -> date:
    """Return a day that was typed.

    Raises:
        TaishiError: it is none (exit code 2).
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise TaishiError(settings.words("error.bad_day", found=clean(text)), exit_code=2) from error


def _known_detector(settings: Settings, home: Home, name: str) -> None:
    from detectors import registry
    from reporting.cases.alerts import detector_ids
    from reporting.cli._pick import unknown_detector

    known = {*registry()}
    for case in _cases(settings, home) if name not in known else []:
        known.update(detector_ids(case.lake, case.name))
    if name not in known:
        raise unknown_detector(settings, name, sorted(known))


def _preview(settings: Settings, home: Home, wish: Suppression) -> Preview:
    from reporting.cases.quiet import preview

    return preview(_cases(settings, home), wish)


def _ask(settings: Settings) -> None:
    """Ask whether to go on.

    Raises:
        TaishiError: there is nobody to ask (exit code 2).
    """
    from store.errors import TaishiError

    if not sys.stdin.isatty():
        raise TaishiError(settings.words("error.suppress_unasked"), exit_code=2)
    click.confirm(settings.words("suppress.sure"), abort=True, err=True)


def _tell_preview(settings: Settings, wish: Suppression, seen: Preview) -> None:
    from reporting.clean import clean
    from reporting.figures import time_text
    from reporting.tables import iso

    words = settings.words
    click.echo(words("suppress.would", rule=clean(wish.words()), n=seen.alerts))
    for (detector, severity), count in seen.by.items():
        click.echo(f"  {count:>6}  {words(f'severity.{severity}')}  {detector}")
    if seen.examples:
        click.echo(words("suppress.examples"))
    for row in seen.examples:
        title = clean(words.pick(row["title_en"], row["title_zh"]))
        click.echo(f"  {row['alert_id'][:12]}  {time_text(iso(row['ts_start']))}  {title}")
    if wish.role is not None:
        click.echo(words("suppress.role_note"))


def _of_preview(seen: Preview) -> dict[str, Any]:
    names = ("alert_id", "case", "detector", "severity", "score", "ts_start", "title_en", "title_zh")
    return {
        "hides": seen.alerts,
        "by": [{"detector": d, "severity": s, "alerts": n} for (d, s), n in seen.by.items()],
        "examples": [{name: row[name] for name in names} for row in seen.examples],
    }


def _row(wish: Suppression, hides: int | None) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(wish, name) for name in COLUMNS if hasattr(wish, name)}
    today = datetime.now(UTC).date()
    return row | {"side": wish.side.value, "is_expired": wish.expires < today, "hides": hides}


def _day(settings: Settings, row: Mapping[str, Any]) -> str:
    shown = str(row["expires"].isoformat())
    return settings.words("suppress.expired", day=shown) if row["is_expired"] else shown


def _tell(settings: Settings, told: Mapping[str, Any]) -> None:
    from reporting.tables import Column, emit, emit_object

    if settings.output is Output.CSV:
        emit([told], [Column(name, name) for name in told], "csv")
    else:
        emit_object(told, settings.output.value)
