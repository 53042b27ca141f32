"""How old the reference data is, by kind: what is in use, the day it states, and whether that is too old."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Final

import pyarrow as pa

from store.reference.benign import lists_in_use, newest
from store.reference.files import Imported, Kind, imported, is_intact
from store.reference.suffixes import packaged_day
from store.text import Text

REFERENCE_AGE: Final = pa.schema(
    [
        *(("kind", pa.string()), ("source", pa.string()), ("dated", pa.date32()), ("age_days", pa.float64())),
        ("state", pa.string()),
    ]
)
"""One row per kind; ``state`` is fresh, stale or missing; ``age_days`` NULL when no day is known."""


class AgeState(StrEnum):
    """How much reference data can be relied on; ``damaged``: the copy is not what was imported."""

    FRESH = "fresh"
    STALE = "stale"
    MISSING = "missing"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Limit:
    """From how many days on data of a kind counts as stale, and why."""

    days: int
    why: Text


STALE: Final[Mapping[Kind, Limit]] = {
    Kind.MAC: Limit(
        730,
        Text(
            "assignments stay; each year some 5 % of cards are of newer blocks",
            "分配不会收回；每年约 5% 的网卡来自新的地址块",
        ),
    ),
    Kind.SUFFIX: Limit(
        365, Text("some 100 suffixes change in a year, few of them are met", "一年约有百个后缀变动，实际遇到的很少")
    ),
    Kind.ASN: Limit(90, Text("networks are announced by others every day", "网段的归属每天都在变动")),
    Kind.COUNTRY: Limit(90, Text("addresses are sold and moved every day", "地址每天都有转让和迁移")),
    Kind.WARNING: Limit(
        365, Text("clouds grow weekly, popular names within a year", "云地址段每周增长，热门名称一年内变化")
    ),
}
"""Days (30 … 3650) by kind; own estimates, no data is refused for its age."""


@dataclass(frozen=True, slots=True)
class Age:
    """What is in use of a kind.

    Attributes:
        kind: Which.
        source: Package and version, or name of the imported file; empty when there is none.
        dated: Day of the data; None when unknown.
        age_days: Days between that day and ``as_of`` (0 for data from later); None when unknown.
        state: How much it can be relied on.
        one: The import, if that is in use.
    """

    kind: Kind
    source: str
    dated: date | None
    age_days: int | None
    state: AgeState
    one: Imported | None = None


def ages(folder: Path, as_of: date, lists: Sequence[str], *, deep: bool = False) -> tuple[Age, ...]:
    """Return the age of every kind on a day.

    Args:
        folder: ``reference/`` of the home.
        as_of: Day of the data that is judged, or today for people who look after the sensor.
        lists: Warning-lists in use.
        deep: compare each imported copy with its SHA-256.
    """
    return tuple(_age(folder, kind, as_of, lists, deep) for kind in Kind)


def _age(folder: Path, kind: Kind, as_of: date, lists: Sequence[str], deep: bool) -> Age:
    one = imported(folder, kind)
    own = _packaged_day(folder, kind, lists)
    if kind is Kind.SUFFIX and one is not None and own is not None and one.day < own:
        one = None  # the package has the newer list, so that one is used
    source = _package(kind) if one is None else one.source
    dated = own if one is None else one.day
    if not source:
        return Age(kind, "", None, None, AgeState.MISSING)
    days = None if dated is None else max(0, (as_of - dated).days)
    state = AgeState.STALE if days is None or days > STALE[kind].days else AgeState.FRESH
    if deep and one is not None and not is_intact(folder, one):
        state = AgeState.DAMAGED
    return Age(kind, source, dated, days, state, one)


_PACKAGES: Final = {Kind.MAC: "netaddr", Kind.SUFFIX: "publicsuffixlist", Kind.WARNING: "pymispwarninglists"}


def _package(kind: Kind) -> str:
    try:
        return f"{_PACKAGES[kind]} {version(_PACKAGES[kind])}"
    except (KeyError, PackageNotFoundError):
        return ""


def _packaged_day(folder: Path, kind: Kind, lists: Sequence[str]) -> date | None:
    if kind is Kind.MAC:
        return _netaddr_day()
    if kind is Kind.SUFFIX:
        return packaged_day()
    return newest(lists_in_use(folder, None, tuple(lists))) if kind is Kind.WARNING else None


def _netaddr_day() -> date | None:
    """Return the newest day in netaddr's tables of the IANA, fetched together with its registry of cards."""
    days = []
    for place in ("multicast-addresses.xml", "ipv4-address-space.xml"):
        try:
            with (files("netaddr") / "ip" / place).open(encoding="utf-8") as file:
                found = re.search(r"<updated>(\d{4}-\d\d-\d\d)</updated>", file.read(1_000))
        except (OSError, ModuleNotFoundError):
            continue
        days += [date.fromisoformat(found[1])] if found else []
    return max(days, default=None)


def age_table(found: Sequence[Age]) -> pa.Table:
    """Return ages as the policy table of the detectors (REFERENCE_AGE)."""
    rows = [
        {
            "kind": one.kind.value,
            "source": one.source,
            "dated": one.dated,
            "age_days": None if one.age_days is None else float(one.age_days),
            "state": AgeState.MISSING.value if one.state is AgeState.DAMAGED else one.state.value,
        }
        for one in found
    ]
    return pa.Table.from_pylist(rows, schema=REFERENCE_AGE)
