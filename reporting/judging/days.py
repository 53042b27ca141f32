"""Day by day: slices of closed UTC days with a look-back, evaluated again only where what they rest on changed.

The slice of day D shows its detectors the rows that began in [D - look-back, D + 1) and the memory as of the start of
that, and keeps the alerts that end on D or later. What a slice rests on has one digest (segments, memory, policy,
rules, parameters), kept with the evaluation: however the segments arrived, the last evaluation of each slice is the
one over everything there is.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import pyarrow as pa

from detectors.model import Detector
from detectors.rulefiles import RULES_DIR
from reporting.judging.evaluation import Scope, evaluate
from reporting.judging.keeping import keep, last_revision
from store import schema
from store.window import ANY_DATE, DAY, LAST_DAY, Window, day_number, day_of, day_start, day_text

MIN_LOOK_BACK: Final = 1
"""Days that a slice looks back at least (1 … 30): what runs over midnight is then seen in one piece."""

_DAY_US: Final = 86_400_000_000
_BY_MEMORY: Final = frozenset({"lateral_chain", "new_internal_edge"})
"""Detectors that read the memory through the table ``admin_edge``, which all are given."""

_JUDGED: Final = (schema.FLOW, schema.FLOW_EXT, *schema.RECORDS)


@dataclass(frozen=True, slots=True)
class Group:
    """Detectors that need the same slices."""

    detectors: tuple[Detector, ...]
    look_back: int
    remembers: bool
    extends: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How much was done: slices there are, slices that were evaluated (the others had not changed)."""

    slices: int
    evaluated: int


def groups(detectors: Iterable[Detector]) -> list[Group]:
    """Return the detectors grouped by look-back, use of the memory, and use of flow_ext (which no day belongs to)."""
    found: dict[tuple[int, bool, bool], list[Detector]] = {}
    for one in detectors:
        longest = max(one.window_s, one.min_span_s)
        look_back = max(MIN_LOOK_BACK, math.ceil(longest / DAY.total_seconds()))
        remembers = one.min_history_s > 0 or one.id in _BY_MEMORY or any(name.endswith("_before") for name in one.needs)
        found.setdefault((look_back, remembers, schema.FLOW_EXT.name in one.needs), []).append(one)
    return [Group(tuple(own), *key) for key, own in sorted(found.items(), key=lambda pair: pair[0])]


def judge_days(scope: Scope, workers: int = 1) -> Progress:
    """Evaluate every slice of the scope that changed, and keep it.

    The range of the scope says which days; its bounds are starts of days.
    """
    by_date = scope.lake.dates(scope.case, _JUDGED)
    days = sorted(
        day for name in by_date if name not in ANY_DATE and (day := day_number(name)) is not None and day < LAST_DAY
    )
    base = _base(scope)
    with scope.lake.reader(scope.case, scope.policy, threads=1) as reader:
        # What runs over the last midnight ends on a day of which nothing else may be there.
        ends = reader.arrow(f"SELECT DISTINCT epoch_us(ts_end) // {_DAY_US} AS day FROM flow_stored")["day"].to_pylist()
        wanted = [day for day in sorted({*days, *ends}) if 0 <= day < LAST_DAY and _inside(day, scope.window)]
        revision = last_revision(reader)
        done = {
            (row["detector"], row["range_start"], row["range_end"]): row["inputs"]
            for row in reader.arrow("SELECT detector, range_start, range_end, inputs FROM assessment").to_pylist()
        }
    slices = evaluated = 0
    for group in groups(scope.chosen()):
        for day in wanted:
            slices += 1
            window = Window(day_start(day), day_start(day + 1))
            digest = _digest(base, group, scope, by_date, day)
            if all(done.get((one.id, window.since, window.until)) == digest for one in group.detectors):
                continue
            alerts, assessments = _slice(scope, group, day, workers)
            revision += 1
            evaluated += 1
            keep(scope.lake, scope.case, revision, window, alerts, assessments, inputs=digest)
    return Progress(slices, evaluated)


def _inside(day: int, window: Window) -> bool:
    return (window.since is None or day >= day_of(window.since)) and (
        window.until is None or day < day_of(window.until)
    )


def _slice(scope: Scope, group: Group, day: int, workers: int) -> tuple[pa.Table, pa.Table]:
    """Return the alerts of a slice that do not end before its day, and the assessments."""
    first = day - group.look_back
    memory = scope.memory if group.remembers else None
    if memory is not None:
        memory.prepare(scope.lake, first)
    ids = tuple(one.id for one in group.detectors)
    window = Window(day_start(first), day_start(day + 1))
    alerts, assessments = evaluate(replace(scope, window=window, memory=memory, detectors=ids), workers)
    rows = [row for row in alerts.to_pylist() if row["ts_end"] >= day_start(day)]
    return pa.Table.from_pylist(rows, schema=alerts.schema), assessments


def _base(scope: Scope) -> str:
    """Return a digest of what all slices rest on: policy, rules, parameters and the version of the program."""
    policy = scope.policy
    tables = (policy.networks_table(), policy.zones_table(), policy.roles_table(), policy.masters_table())
    parts = [_version(), str(schema.SCHEMA_VERSION), json.dumps(scope.params, sort_keys=True)]
    parts += [repr(table.to_pylist()) for table in tables]
    for path in sorted(path for path in RULES_DIR.rglob("*") if path.is_file()):
        parts.append(hashlib.sha256(path.read_bytes()).hexdigest())
    return _hash(parts)


def _digest(base: str, group: Group, scope: Scope, by_date: Mapping[str, Sequence[Path]], day: int) -> str:
    first = day - group.look_back
    parts = [base, *(f"{one.id} {one.version}" for one in group.detectors), day_text(first), day_text(day)]
    for name, paths in sorted(by_date.items()):
        number = None if name in ANY_DATE else day_number(name)
        if name == "mixed" or (number is not None and first <= number <= day) or (number is None and group.extends):
            parts += sorted(path.stem for path in paths)
    if group.remembers and scope.memory is not None:
        parts.append(scope.memory.key(first))
    return _hash(parts)


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _version() -> str:
    try:
        return version("taishi")
    except PackageNotFoundError:
        return "0"
