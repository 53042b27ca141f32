"""The command line ``taishi``: the composition root. Light to import; heavy libraries load inside the commands."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run ``taishi`` with the words of the process's command line and exit."""
    from reporting.cli._root import ROOT

    ROOT.main()


__all__ = ["main"]
