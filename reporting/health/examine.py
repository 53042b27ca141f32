"""All checks in one list; what throws is itself a finding."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reporting.health.check import Check, Status, fine
from reporting.health.home import check_home, home_absent
from reporting.health.installation import check_installation
from reporting.health.lake import check_captures, check_hashes, check_segments
from reporting.result import Text
from store.errors import TaishiError
from store.home import Home
from store.lake import Lake


def examine(path: Path, *, deep: bool = False) -> list[Check]:
    """Return what looking at the installation and the home at ``path`` found; nothing is made or changed there.

    Args:
        path: The home.
        deep: Read every byte of the lake and compare its hashes too.
    """
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
    checks.append(check_segments(lake))
    if deep:
        checks.append(check_hashes(lake))
    return checks + list(_captures(lake))


def _captures(lake: Lake) -> Iterable[Check]:
    try:
        return list(check_captures(lake))
    except TaishiError as error:
        return [Check("captures", Status.FAIL, Text(*error.text()))]
