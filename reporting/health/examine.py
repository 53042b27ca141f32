"""All checks in one list; what throws is itself a finding."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reporting.health.check import Check, Status, fine
from reporting.health.home import check_home, home_absent
from reporting.health.installation import check_installation
from reporting.health.lake import check_captures, check_segments
from reporting.result import Text
from store.errors import TaishiError
from store.home import Home
from store.lake import Lake


def examine(path: Path) -> list[Check]:
    """Return what looking at the installation and the home at ``path`` found; nothing is made or changed there."""
    checks = list(check_installation())
    if not path.is_dir():
        return [*checks, home_absent(path)]
    try:
        home = Home.open(path, create=False)
    except TaishiError as error:
        return [*checks, Check("home", Status.FAIL, Text(*error.text()))]
    checks += check_home(home)
    lake = Lake(home.lake)
    if not lake.cases():
        return [*checks, fine("lake.segments", "no case yet", "还没有案例")]
    segments = check_segments(lake)
    checks.append(segments)
    return checks + list(_captures(lake))


def _captures(lake: Lake) -> Iterable[Check]:
    try:
        return list(check_captures(lake))
    except TaishiError as error:
        return [Check("captures", Status.FAIL, Text(*error.text()))]
