"""``taishi audit``: does the chain of changes to the casebook hold, and signed statements of its head."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reporting.cli._command import command
from reporting.cli._passphrase import known_passphrase, passphrase_file
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from store.keys import Key, KeyRing
    from store.statement import Statement

EXIT_BROKEN: Final = 9
"""Exit code when the chain or a statement does not hold (casework.md section 6: verification failed)."""

PROBLEMS_SHOWN: Final = 10
"""Breaks named in the table form (1 … 100); the other forms hold all."""

MAX_STATEMENT: Final = 10_000
"""Bytes read of a statement: one has about 800."""


@command("verify")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--public-key", "public_key", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
def verify(file: Path | None, public_key: Path | None) -> int:
    """Verify the audit chain, or a signed statement of one."""
    settings = current()
    if file is not None:
        return _verify_statement(settings, file, public_key)
    if public_key is not None:
        raise click.UsageError(settings.words("error.key_without_statement"))
    return _verify_chain(settings)


def _verify_chain(settings: Settings) -> int:
    from reporting.cases.book import casebook_of
    from reporting.cases.case import open_home
    from store.audit import GENESIS, ChainReport, Head

    words = settings.words
    home = open_home(settings.home_path(), settings.program(), words)
    with casebook_of(home) as casebook:
        report = casebook.verify() if casebook is not None else ChainReport(0, Head(0, GENESIS), 0, ())
    said = {
        "is_intact": report.is_intact,
        "rows": report.rows,
        "head": report.head.hash,
        "anchors": report.anchors,
        "problems": [problem._asdict() for problem in report.problems],
    }
    holds = [words("audit.valid", rows=report.rows, head=report.head.hash, anchors=report.anchors)]
    broken = [words("audit.broken", found=problem.of(settings.lang)) for problem in report.problems]
    return _tell(settings, said, holds, broken)


def _verify_statement(settings: Settings, file: Path, public_key: Path | None) -> int:
    from store.statement import is_about, problems, read_statement

    statement = read_statement(_read(settings, file), str(file))
    if public_key is not None:
        keys, own, found = [_named_key(public_key)], None, problems(statement, [_named_key(public_key)], None)
    else:
        from reporting.cases.book import casebook_of
        from reporting.cases.case import open_home
        from store.keys import KeyRing

        home = open_home(settings.home_path(), settings.program(), settings.words)
        with casebook_of(home) as casebook:
            keys = KeyRing(casebook, home.keys).listed() if casebook is not None else []
            found = problems(statement, keys, casebook)
            own = casebook is not None and is_about(statement, casebook)
    name = next((key.name for key in keys if key.public_key == statement.public_key), "")
    said = {
        "is_valid": not found,
        "is_in_chain": (not found) if own else None,
        "key_name": name,
        **statement.as_json(),
        "problems": [problem._asdict() for problem in found],
    }
    told = {"entries": statement.entries, "casebook": statement.casebook, "host": statement.host, "at": statement.at}
    holds = [
        settings.words(
            "audit.statement_valid", **told, head=statement.head, fingerprint=statement.key_id, name=name or "-"
        ),
        settings.words("audit.statement_compared" if own else "audit.statement_alone"),
    ]
    broken = [settings.words("audit.statement_broken", file=str(file), found=text.of(settings.lang)) for text in found]
    return _tell(settings, said, holds, broken)


def _tell(settings: Settings, said: dict[str, Any], holds: list[str], broken: list[str]) -> int:
    """Print the outcome and return the exit code; ``broken`` is empty when everything holds."""
    from reporting.clean import clean
    from reporting.tables import Column, emit, emit_object

    if settings.output is Output.CSV:
        emit([said], [Column(name, name) for name in said], "csv")
    elif settings.output is not Output.TABLE:
        emit_object(said, settings.output.value)
    else:
        for line in broken[:PROBLEMS_SHOWN] or holds:
            click.echo(clean(line), err=bool(broken))
    return EXIT_BROKEN if broken else 0


def _read(settings: Settings, file: Path) -> str:
    """Return the text of a statement.

    Raises:
        TaishiError: absent (exit code 3) or not readable.
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    try:
        with file.open("rb") as stream:
            return stream.read(MAX_STATEMENT).decode("utf-8", "replace")
    except OSError as error:
        told = settings.words("error.statement_file", path=clean(str(file)), found=error.strerror)
        raise TaishiError(told, 3 if isinstance(error, FileNotFoundError) else 1) from error


def _named_key(file: Path) -> Key:
    from reporting.cli.key import read_key

    return read_key(current(), file, file.stem)


@command("export")
@click.option("--key", "key_id", metavar="FINGERPRINT")
@passphrase_file
@click.option("-w", "--write", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
def export(key_id: str | None, passphrase_file: Path | None, write: Path | None) -> None:
    """Sign the head of the audit chain and write the statement."""
    from reporting.cases.book import casebook_of
    from reporting.cases.case import open_home
    from reporting.tables import json_text
    from store.keys import KeyRing
    from store.statement import issue

    settings = current()
    home = open_home(settings.home_path(), settings.program(), settings.words)
    with casebook_of(home) as casebook:
        ring = None if casebook is None else KeyRing(casebook, home.keys)
        key = _own_key(settings, ring, key_id)
        assert ring is not None
        locked = ring.is_locked(key.key_id)
        secret = known_passphrase(settings, passphrase_file, key.key_id) if locked else None
        statement = issue(ring, key.key_id, secret)
    text = json_text(statement.as_json(), indent=None if settings.output is Output.JSONL else 2)
    if write is None:
        click.echo(text)
        return
    _write(settings, write, text, statement)


def _own_key(settings: Settings, ring: KeyRing | None, key_id: str | None) -> Key:
    """Return the key to sign with: the one named, else our own.

    Raises:
        TaishiError: there is none of our own, or none of that id (exit code 3).
    """
    from store.errors import TaishiError

    own = [] if ring is None else [key for key in ring.listed() if key.is_own and key.is_trusted]
    found = next((key for key in own if key_id in {None, key.key_id}), None)
    if found is None:
        known = ", ".join(key.key_id for key in own) or settings.words("error.no_ids")
        told = settings.words("error.no_own_key", found=key_id or "-", known=known, program=settings.program())
        raise TaishiError(told, 3)
    return found


def _write(settings: Settings, target: Path, text: str, statement: Statement) -> None:
    """Write a statement that appears under its name only when it is complete."""
    from reporting.clean import clean
    from store.staging import StagedFile

    staged = StagedFile(target.absolute().parent)
    try:
        staged.path.write_text(text + "\n", encoding="utf-8")
        staged.sync()
        staged.publish(target.absolute())
    finally:
        staged.discard()
    told = {"entries": statement.entries, "head": statement.head, "fingerprint": statement.key_id}
    click.echo(settings.words("audit.exported", path=clean(str(target)), **told), err=True)
