"""Commands and groups of ours: shared options everywhere, help from the catalogue, modules loaded when they are run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from reporting.clean import clean
from reporting.cli import _help
from reporting.cli._settings import Output, Settings, settings_of
from reporting.cli._usage import explain
from reporting.words import LANGUAGES
from store.errors import TaishiError

EXIT_INTERRUPTED = 130
"""Exit code after Ctrl-C (128 + SIGINT, POSIX shell convention)."""


def shared_options() -> list[click.Parameter]:
    """Return fresh ``--home``, ``--lang`` and ``--output`` options, which every command takes."""

    def keep_home(ctx: click.Context, _: click.Parameter, value: Path | None) -> None:
        if value is not None:
            settings_of(ctx).home_option = value

    def keep_lang(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            settings_of(ctx).lang = value

    def keep_output(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
        if value is not None:
            settings_of(ctx).output = Output(value)

    folder = click.Path(file_okay=False, path_type=Path)
    return [
        click.Option(["--home"], type=folder, metavar="DIR", expose_value=False, callback=keep_home),
        click.Option(["--lang"], type=click.Choice(LANGUAGES), expose_value=False, callback=keep_lang, is_eager=True),
        click.Option(
            ["-o", "--output"],
            type=click.Choice([form.value for form in Output]),
            expose_value=False,
            callback=keep_output,
        ),
    ]


class _Helped(click.Command):
    """A command whose help page comes from the catalogue and which takes the shared options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*self.params, *shared_options()]

    def get_help(self, ctx: click.Context) -> str:
        """Return the help page in the language of the run."""
        return _help.page(self, ctx, settings_of(ctx).words)


class Command(_Helped):
    """A leaf command."""


class Group(_Helped, click.Group):
    """A group of commands whose modules are imported only when one of them runs.

    Args:
        members: command name -> ``module:attribute`` of the click command.
    """

    def __init__(self, *args: Any, members: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._members = dict(members)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the command names in the order of the help page."""
        return list(self._members)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, importing its module, or None."""
        if cmd_name not in self._members:
            return None
        module, attribute = self._members[cmd_name].split(":")
        found = getattr(import_module(module), attribute)
        assert isinstance(found, click.Command)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; a group without a subcommand prints its help and ends with code 2."""
        if not args and self.no_args_is_help:
            click.echo(self.get_help(ctx))
            ctx.exit(2)
        return super().parse_args(ctx, args)


class Root(Group):
    """The program: reads the language before anything else and turns every error into text and exit code."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run the command line and exit with its code."""
        words_given = list(sys.argv[1:] if args is None else args)
        settings = Settings()
        settings.lang = named_language(words_given) or settings.lang
        code = self._run(words_given, settings, complete_var, extra)
        sys.exit(code)

    def _run(self, args: list[str], settings: Settings, complete_var: str | None, extra: Mapping[str, Any]) -> int:
        try:
            result = super().main(
                args, prog_name="taishi", complete_var=complete_var, standalone_mode=False, obj=settings, **extra
            )
        except click.ClickException as error:
            click.echo(explain(error, settings.words), err=True)
            return error.exit_code
        except TaishiError as error:
            # Paths and texts of other libraries are in it: line by line, so that only our own line ends count.
            click.echo("\n".join(clean(line) for line in error.diagnostics(settings.lang).split("\n")), err=True)
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            click.echo(settings.words("error.interrupted"), err=True)
            return EXIT_INTERRUPTED
        except BrokenPipeError:
            sys.stdout = None  # nobody reads any more: no second error while closing
            return 0
        except OSError as error:
            click.echo(settings.words("error.system", where=error.filename or "taishi", found=error.strerror), err=True)
            return 1
        return result if isinstance(result, int) else 0


def named_language(args: Sequence[str]) -> str | None:
    """Return the language that ``--lang`` names anywhere on the line, so that ``--help --lang en`` works too."""
    found = None
    for index, word in enumerate(args):
        if word == "--":
            break
        value = word[7:] if word.startswith("--lang=") else None
        if word == "--lang" and index + 1 < len(args):
            value = args[index + 1]
        if value in LANGUAGES:
            found = value
    return found


_F = TypeVar("_F", bound=Callable[..., object])


def command(name: str) -> Callable[[_F], Command]:
    """Turn a function into a leaf command of that name."""

    def wrap(function: _F) -> Command:
        return click.command(name, cls=Command)(function)

    return wrap


__all__ = ["Command", "Group", "Root", "command", "named_language", "shared_options"]
