"""The home: the one folder that holds everything a user's sensor knows. Layout only; no reading of its contents."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

from store.errors import Problem, TaishiError
from store.reference import suffixes
from store.text import Text

MODE: Final = 0o700
"""Permission of the home: it holds who talked to whom, and keys."""


def default_home() -> Path:
    """Return the home of the current user: ``taishi`` in the user's data folder (not made by this)."""
    return Path(platformdirs.user_data_dir("taishi", appauthor=False))


@dataclass(frozen=True, slots=True)
class Home:
    """Paths inside a home."""

    path: Path

    @classmethod
    def open(cls, path: Path | None = None, *, create: bool = True) -> Home:
        """Return the home at ``path`` (default: the user's), made readable for its owner only.

        Its imported list of public suffixes takes over for this process.

        Raises:
            TaishiError: it is absent and ``create`` is false (exit code 3), is no folder, or cannot be made or used.
        """
        home = cls((path or default_home()).absolute())
        try:
            if create:
                home.path.mkdir(mode=MODE, parents=True, exist_ok=True)
                for folder in (home.lake, home.keys, home.rules):
                    folder.mkdir(mode=MODE, exist_ok=True)
        except OSError as error:
            raise TaishiError(
                Problem(
                    str(home.path),
                    Text(f"cannot be made a home ({error})", f"不能作为主目录（{error}）"),
                    Text("needed: a writable folder", "需要：可写的目录"),
                    Text("choose one with --home", "请用 --home 另选"),
                )
            ) from error
        home._check()
        suffixes.choose(home.reference)
        return home

    def _check(self) -> None:
        if not self.path.is_dir():
            raise TaishiError(
                Problem(
                    str(self.path),
                    Text("no home here", "这里没有主目录"),
                    Text("allowed: a folder that 'taishi scan' made", "可用：“taishi scan”建立的目录"),
                    Text("name it with --home", "请用 --home 指定"),
                ),
                exit_code=3,
            )
        if not os.access(self.path, os.R_OK | os.X_OK):
            raise TaishiError(
                Problem(
                    str(self.path),
                    Text("not readable for you", "您无权读取"),
                    Text("needed: permission to read and enter (rx)", "需要：读取和进入权限（rx）"),
                    Text("ask its owner or use another --home", "请联系属主，或用 --home 另选"),
                )
            )

    @property
    def site(self) -> Path:
        """File of the site policy; people write it."""
        return self.path / "site.toml"

    @property
    def agent(self) -> Path:
        """File of the capture settings; people write it."""
        return self.path / "agent.toml"

    @property
    def lake(self) -> Path:
        """Folder of the segments."""
        return self.path / "lake"

    @property
    def memory(self) -> Path:
        """Folder of what is remembered of each case (``store.memory``)."""
        return self.path / "memory"

    @property
    def casebook(self) -> Path:
        """File of incidents, audit and public keys."""
        return self.path / "casebook.sqlite"

    @property
    def rules(self) -> Path:
        """Folder of rules that override the shipped ones."""
        return self.path / "rules"

    @property
    def reference(self) -> Path:
        """Folder of imported reference data; made by the first import."""
        return self.path / "reference"

    @property
    def last_case(self) -> str | None:
        """Case that was used last, or None."""
        try:
            return (self.path / "last_case").read_text(encoding="utf-8").strip() or None
        except OSError:
            return None

    def set_last_case(self, name: str) -> None:
        """Remember the case that was used last; a home that may only be read stays as it is."""
        with contextlib.suppress(OSError):
            (self.path / "last_case").write_text(name + "\n", encoding="utf-8")

    @property
    def keys(self) -> Path:
        """Folder of private keys."""
        return self.path / "keys"
