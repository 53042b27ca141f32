"""The one error base of the package: a sentence a person can act on and the exit code that goes with it."""

from __future__ import annotations


class TaishiError(Exception):
    """A failure to tell the user about: ``where: what was found; what is allowed; what to do``."""

    exit_code = 1

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if exit_code is not None:
            self.exit_code = exit_code

    def diagnostics(self) -> str:
        """Return the text to print on standard error, without a trailing newline."""
        return self.message
