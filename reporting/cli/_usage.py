"""Wrong command lines explained in the reader's language: where, what was found, what is allowed, what to do."""

from __future__ import annotations

import click

from reporting.clean import clean
from reporting.words import Words


def explain(error: click.ClickException, words: Words) -> str:
    """Return the message for a click error, with the command to type for help.

    Args:
        error: what click raised while reading the command line.
        words: the catalogue of the language.
    """
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    where = ctx.command_path if ctx is not None else "taishi"
    return f"{clean(where)}: {_found(error, ctx, words)} {words('usage.hint', command=where)}"


def _found(error: click.ClickException, ctx: click.Context | None, words: Words) -> str:
    if isinstance(error, click.NoSuchOption):
        allowed = _option_names(ctx)
        return words("usage.no_option", found=clean(error.option_name), allowed=allowed)
    if isinstance(error, click.exceptions.NoSuchCommand):
        return words("usage.no_command", found=clean(error.command_name), allowed=_command_names(ctx))
    if isinstance(error, click.MissingParameter):
        return words("usage.missing", name=_name(error.param))
    if isinstance(error, click.BadParameter):
        return words(
            "usage.bad_value", name=_name(error.param), found=clean(error.message), allowed=_allowed(error.param)
        )
    if isinstance(error, click.BadOptionUsage):
        return words("usage.option_value", name=error.option_name)
    if isinstance(error, click.UsageError) and ctx is not None and isinstance(ctx.command, click.Group):
        return words("usage.no_subcommand", allowed=_command_names(ctx))
    return words("usage.other", found=clean(error.format_message().rstrip(".")))


def _option_names(ctx: click.Context | None) -> str:
    if ctx is None:
        return "--help"
    params = ctx.command.get_params(ctx)
    return ", ".join(max(p.opts, key=len) for p in params if isinstance(p, click.Option) and not p.hidden)


def _command_names(ctx: click.Context | None) -> str:
    if ctx is None or not isinstance(ctx.command, click.Group):
        return "-"
    return ", ".join(ctx.command.list_commands(ctx))


def _name(param: click.Parameter | None) -> str:
    if param is None:
        return "-"
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return str(param.metavar or param.name).upper()


def _allowed(param: click.Parameter | None) -> str:
    if param is not None and isinstance(param.type, click.Choice):
        return ", ".join(str(getattr(c, "value", c)) for c in param.type.choices)
    return param.type.name if param is not None else "-"
