"""Help pages in the reader's language, laid out by terminal columns so that Chinese and Latin text both fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import click

from reporting.width import MAX_COLUMNS, cells, pad, wrap
from reporting.words import Words

_TERM_COLUMNS: Final = 30
"""Columns kept for option and command names; longer ones put their text on the next line."""


def page(command: click.Command, ctx: click.Context, words: Words, columns: int = MAX_COLUMNS) -> str:
    """Return the help page of ``command``: usage, text, example, arguments, options, commands.

    Args:
        command: the command or group.
        ctx: its context; gives the path of command names.
        words: the catalogue of the language.
        columns: terminal columns to fill at most.
    """
    key = key_of(ctx)
    lines = [f"{words('help.usage')} {ctx.command_path} {' '.join(_usage_pieces(command, words))}", ""]
    for paragraph in words(f"{key}.help").split("\n"):
        lines += [f"  {line}".rstrip() for line in wrap(paragraph, columns - 2)]
    lines += ["", words("help.example")]
    lines += [f"  $ {line}" for line in words(f"{key}.example").split("\n")]
    _section(lines, words("help.arguments"), _arguments(command, key, words), columns)
    _section(lines, words("help.options"), _options(command, ctx, words), columns)
    if isinstance(command, click.Group):
        rows = [(name, words(f"{key_of(ctx, name)}.short")) for name in command.list_commands(ctx)]
        _section(lines, words("help.commands"), rows, columns)
    return "\n".join(lines)


def key_of(ctx: click.Context, *more: str) -> str:
    """Return the catalogue key of the command at ``ctx`` or of its subcommand, such as ``cli.alert.list``."""
    names: list[str] = []
    walk: click.Context | None = ctx
    while walk is not None and walk.parent is not None:
        names.append(str(walk.command.name))
        walk = walk.parent
    return ".".join(["cli", *reversed(names), *more])


def _usage_pieces(command: click.Command, words: Words) -> Iterable[str]:
    yield f"[{words('help.options_mark')}]"
    for param in command.params:
        if isinstance(param, click.Argument):
            name = str(param.metavar or param.name).upper()
            shown = f"{name}…" if param.nargs == -1 else name
            yield shown if param.required else f"[{shown}]"
    if isinstance(command, click.Group):
        yield words("help.command_mark")


def _arguments(command: click.Command, key: str, words: Words) -> list[tuple[str, str]]:
    return [
        (str(param.metavar or param.name).upper(), words(f"{key}.arg_{param.name}"))
        for param in command.params
        if isinstance(param, click.Argument)
    ]


def _options(command: click.Command, ctx: click.Context, words: Words) -> list[tuple[str, str]]:
    rows = []
    for param in command.get_params(ctx):
        if not isinstance(param, click.Option) or param.hidden:
            continue
        names = ", ".join(sorted(param.opts, key=len))
        value = _value_mark(param, ctx)
        rows.append((f"{names} {value}".rstrip(), option_text(param, ctx, words)))
    return rows


def option_text(param: click.Option, ctx: click.Context, words: Words) -> str:
    """Return the description of an option: the command's own text, else the shared one of that name."""
    name = "help" if "--help" in param.opts else param.name
    own = f"{key_of(ctx)}.opt_{name}"
    return words(own) if words.has(own) else words(f"option.{name}")


def _value_mark(param: click.Option, ctx: click.Context) -> str:
    if param.is_flag or "--help" in param.opts:
        return ""
    if isinstance(param.type, click.Choice):
        return "|".join(str(getattr(c, "value", c)) for c in param.type.choices)
    return param.make_metavar(ctx)


def _section(lines: list[str], title: str, rows: list[tuple[str, str]], columns: int) -> None:
    if not rows:
        return
    lines += ["", title]
    term = min(_TERM_COLUMNS, max(cells(name) for name, _ in rows))
    for name, text in rows:
        body = wrap(text, columns - term - 4)
        if cells(name) > term:
            lines.append(f"  {name}")
        else:
            lines.append(f"  {pad(name, term)}  {body.pop(0)}")
        lines += [f"  {' ' * term}  {line}" for line in body]
