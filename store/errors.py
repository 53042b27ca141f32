"""The one error base of the package: a sentence a person can act on, in both languages, and its exit code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from store.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, in the four parts that every message of ours has.

    Attributes:
        where: File, table or option; a plain string where both languages call it the same.
        found: What was found there.
        allowed: What is allowed or needed instead, with that word.
        todo: What to do now.
    """

    where: str | Text
    found: Text
    allowed: Text
    todo: Text

    def text(self) -> Text:
        """Return the message: ``where: what was found; what is allowed; what to do``."""
        where = Text(self.where, self.where) if isinstance(self.where, str) else self.where
        parts = (self.found, self.allowed, self.todo)
        return Text(
            f"{where.en}: {'; '.join(part.en for part in parts)}",
            f"{where.zh}：{'；'.join(part.zh for part in parts)}",
        )


class TaishiError(Exception):
    """A failure to tell the user about; ``str()`` of it is English.

    Args:
        told: What is wrong, once or several times; or a text that is in the reader's language already.
        exit_code: Code of the process (default: that of the class).
    """

    exit_code = 1

    def __init__(self, told: Problem | Iterable[Problem] | str, exit_code: int | None = None) -> None:
        self.problems: tuple[Problem, ...] = ()
        if isinstance(told, str):
            self._text = Text(told, told)
        else:
            self.problems = (told,) if isinstance(told, Problem) else tuple(told)
            texts = [problem.text() for problem in self.problems]
            self._text = Text("\n".join(text.en for text in texts), "\n".join(text.zh for text in texts))
        super().__init__(self._text.en)
        if exit_code is not None:
            self.exit_code = exit_code

    def text(self) -> Text:
        """Return the message in both languages."""
        return self._text

    def diagnostics(self, lang: str = "en") -> str:
        """Return what to print on standard error in a language, without a trailing newline."""
        return self._text.of(lang)
