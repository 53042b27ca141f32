"""Passphrases of private keys: from a file, from the environment, or typed on a terminal; never from the command line.

What is typed is not echoed, and no error, log or audit row holds a passphrase.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from reporting.cli._settings import Settings

VARIABLE: Final = "TAISHI_PASSPHRASE"
"""Variable of the environment that holds the passphrase; empty counts as not set."""

MAX_FILE: Final = 4_096
"""Bytes read of a passphrase file: its first line counts (as with gpg and openssl), which has 1023 at most."""

ATTEMPTS: Final = 3
"""How often two different passphrases may be typed (1 … 10) before the command gives up."""

_F = TypeVar("_F", bound=Callable[..., Any])


def passphrase_file(function: _F) -> _F:
    """Add ``--passphrase-file FILE``."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--passphrase-file", "passphrase_file", type=kind, metavar="FILE")(function)


def on_terminal() -> bool:
    """Return whether a person can be asked: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def new_passphrase(settings: Settings, file: Path | None, *, none: bool) -> str | None:
    """Return the passphrase for a new key: of the file, of the environment, or typed twice; None only when asked for.

    Raises:
        TaishiError: none was given and nobody can be asked, what was typed twice differs, or the file is not readable.
    """
    from store.errors import TaishiError

    if none and file is not None:
        raise click.UsageError(settings.words("error.passphrase_and_none"))
    if none:
        return None
    given = _given(settings, file)
    if given is not None:
        return given
    if not on_terminal():
        raise TaishiError(settings.words("error.no_passphrase", variable=VARIABLE), exit_code=2)
    for _ in range(ATTEMPTS):
        typed = _ask(settings.words("key.passphrase_new"))
        if _ask(settings.words("key.passphrase_again")) == typed:
            return typed
        click.echo(settings.words("key.passphrase_differs"), err=True)
    raise TaishiError(settings.words("error.passphrase_differs", n=ATTEMPTS), exit_code=2)


def known_passphrase(settings: Settings, file: Path | None, key_id: str) -> str:
    """Return the passphrase of a key that is locked.

    Raises:
        TaishiError: none was given and nobody can be asked, or the file is not readable.
    """
    from store.errors import TaishiError

    given = _given(settings, file)
    if given is not None:
        return given
    if not on_terminal():
        raise TaishiError(settings.words("error.locked_key", fingerprint=key_id, variable=VARIABLE), exit_code=2)
    return _ask(settings.words("key.passphrase_of", fingerprint=key_id))


def _ask(prompt: str) -> str:
    return str(click.prompt(prompt, hide_input=True, err=True, prompt_suffix=" ", default="", show_default=False))


def _given(settings: Settings, file: Path | None) -> str | None:
    if file is not None:
        return _first_line(settings, file)
    return os.environ.get(VARIABLE) or None


def _first_line(settings: Settings, file: Path) -> str:
    """Return the first line of a passphrase file, without its end.

    Raises:
        TaishiError: absent (exit code 3) or not readable.
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    try:
        with file.open("rb") as stream:
            line = stream.readline(MAX_FILE)
    except OSError as error:
        told = settings.words("error.passphrase_file", path=clean(str(file)), found=error.strerror)
        raise TaishiError(told, 3 if isinstance(error, FileNotFoundError) else 1) from error
    return line.rstrip(b"\r\n").decode("utf-8", "surrogateescape")
