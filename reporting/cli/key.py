"""``taishi key``: signing keys of this home and keys of others that are trusted here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reporting.cli._command import command
from reporting.cli._passphrase import new_passphrase, passphrase_file
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from store.keys import Key

MAX_KEY_FILE: Final = 10_000
"""Bytes read of a public key file: a PEM of Ed25519 has 113."""

_COLUMNS: Final = ("fingerprint", "name", "role", "is_own", "is_trusted", "public_key")


@command("init")
@click.option("--name", metavar="NAME")
@passphrase_file
@click.option("--no-passphrase", "no_passphrase", is_flag=True)
def init(name: str | None, passphrase_file: Path | None, no_passphrase: bool) -> None:
    """Make the signing key of this home."""
    from store.casebook import Casebook
    from store.home import Home
    from store.keys import KeyRing

    settings = current()
    home = Home.open(settings.home_path())
    casebook = Casebook(home.casebook)
    try:
        ring = KeyRing(casebook, home.keys)
        own = next((key for key in ring.listed() if key.is_own), None)
        key = own or ring.create(name or "own", new_passphrase(settings, passphrase_file, none=no_passphrase))
    finally:
        casebook.close()
    _tell(settings, key, "key.made" if own is None else "key.kept")


@command("list")
def list_() -> None:
    """List own and trusted keys."""
    from reporting.cases.book import casebook_of
    from reporting.cases.case import open_home
    from reporting.tables import Column, emit
    from store.keys import KeyRing

    settings = current()
    words = settings.words
    home = open_home(settings.home_path(), settings.program(), words)
    with casebook_of(home) as casebook:
        keys = KeyRing(casebook, home.keys).listed() if casebook is not None else []
    rows = [_row(key) for key in keys]
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in _COLUMNS], settings.output.value)
        return
    shown = [{**row, "role": words(f"key.role_{row['role']}")} for row in rows]
    columns = [Column(name, words(f"key.{name}")) for name in ("fingerprint", "name", "role", "public_key")]
    if not emit(shown, columns, "table"):
        click.echo(words("key.none", program=settings.program()))


@command("trust")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME")
@click.option("--reason", metavar="TEXT", default="")
def trust(file: Path, name: str | None, reason: str) -> None:
    """Trust the public key of another instance."""
    from store.casebook import Casebook
    from store.home import Home
    from store.keys import KeyRing

    settings = current()
    named = read_key(settings, file, name or file.stem)
    home = Home.open(settings.home_path())
    casebook = Casebook(home.casebook)
    try:
        key = KeyRing(casebook, home.keys).trust(named.public_key, named.name, reason)
    finally:
        casebook.close()
    _tell(settings, key, "key.trusted")


def read_key(settings: Settings, file: Path, name: str) -> Key:
    """Return the public key that a file holds, trusted for this run only.

    Raises:
        TaishiError: absent (exit code 3), or no Ed25519 public key.
    """
    from reporting.clean import clean
    from store.errors import TaishiError
    from store.keys import public_key

    text = _read(settings, file)
    try:
        return public_key(text, name)
    except TaishiError as error:
        found = "; ".join(problem.found.of(settings.lang) for problem in error.problems)
        told = settings.words("error.key_file", path=clean(str(file)), found=found)
        raise TaishiError(told, error.exit_code) from error


def _read(settings: Settings, file: Path) -> str:
    """Return the text of a public key file.

    Raises:
        TaishiError: absent (exit code 3) or not readable as text.
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    try:
        with file.open("rb") as stream:
            return stream.read(MAX_KEY_FILE).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        found = getattr(error, "strerror", None) or "binary"
        told = settings.words("error.key_file", path=clean(str(file)), found=found)
        raise TaishiError(told, 3 if isinstance(error, FileNotFoundError) else 1) from error


def _row(key: Key) -> dict[str, Any]:
    role = "own" if key.is_own else "trusted" if key.is_trusted else "distrusted"
    return {
        "fingerprint": key.key_id,
        "name": key.name,
        "role": role,
        "is_own": key.is_own,
        "is_trusted": key.is_trusted,
        "public_key": key.public_key,
    }


def _tell(settings: Settings, key: Key, text: str) -> None:
    from reporting.clean import clean
    from reporting.tables import Column, emit, emit_object

    if settings.output is Output.TABLE:
        click.echo(settings.words(text, fingerprint=key.key_id, name=clean(key.name)))
        if key.is_own:
            click.echo(key.pem(), nl=False)
    elif settings.output is Output.CSV:
        emit([_row(key)], [Column(name, name) for name in _COLUMNS], "csv")
    else:
        emit_object({**_row(key), "pem": key.pem()}, settings.output.value)
