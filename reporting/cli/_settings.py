"""What the shared options say: home, language and output form, the same before and after the subcommand."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import click

from reporting.words import Words, default_language

HOME_VARIABLE: Final = "TAISHI_HOME"


class Output(StrEnum):
    """Form of the results on standard output."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


@dataclass
class Settings:
    """Shared settings of one run; each value is the last one given on the command line."""

    lang: str = field(default_factory=default_language)
    output: Output = Output.TABLE
    home_option: Path | None = None

    @property
    def words(self) -> Words:
        """Return the catalogue of the chosen language."""
        return Words(self.lang)

    def home_path(self) -> Path:
        """Return the home: ``--home``, else ``TAISHI_HOME``, else the user's data directory."""
        chosen = self.chosen_home()
        if chosen is not None:
            return chosen
        from store.home import default_home

        return Path(default_home())

    def chosen_home(self) -> Path | None:
        """Return the home the user named by option or environment, or None for the default one."""
        if self.home_option is not None:
            return self.home_option
        named = os.environ.get(HOME_VARIABLE)
        return Path(named) if named else None

    def program(self) -> str:
        """Return how a next command starts: ``taishi``, with ``--home`` when it is not the default one."""
        chosen = self.chosen_home()
        return "taishi" if chosen is None else f"taishi --home {shlex.quote(str(chosen))}"


def settings_of(ctx: click.Context) -> Settings:
    """Return the settings of the run that ``ctx`` belongs to, making them on first use."""
    root = ctx.find_root()
    if not isinstance(root.obj, Settings):
        root.obj = Settings()
    return root.obj


def current() -> Settings:
    """Return the settings of the command that is running."""
    return settings_of(click.get_current_context())
