"""One evaluation: detectors over the rows of a case in a range, with the memory as it stood when the range began."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from detectors import registry
from detectors.derive import MEMORY_SPAN
from detectors.engine import run_all
from detectors.model import Detector, Tables
from detectors.shared import SOURCES, derived
from reporting.scan.case_tables import READER_MEMORY, READER_THREADS, CaseTables
from reporting.scan.reference import reference_tables
from store.home import Home
from store.lake import Lake, LakeReader
from store.memory import Memory
from store.site import SitePolicy
from store.window import Window

Params = Mapping[str, Mapping[str, float]]

MEMORY_SPAN_SQL: Final = """
SELECT min(first_ts) AS first_ts, max(last_ts) AS last_ts FROM asset_seen_before HAVING count(*) > 0
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is evaluated.

    Attributes:
        lake: Lake of the home.
        case: Case.
        policy: Site policy in force.
        window: Range of event time; all of the case by default.
        memory: Of the case; None where nothing may be known from before.
        detectors: Ids; all of the catalogue when None.
        params: Detector id to parameter to value, where they differ from the defaults.
        reference: Folder of reference data; that of the lake's home when None.
    """

    lake: Lake
    case: str
    policy: SitePolicy
    window: Window = field(default_factory=Window)
    memory: Memory | None = None
    detectors: tuple[str, ...] | None = None
    params: Params = field(default_factory=dict)
    reference: Path | None = None

    def chosen(self) -> list[Detector]:
        """Return the detectors that run, by id."""
        known = registry()
        return [known[name] for name in sorted(known if self.detectors is None else self.detectors)]


def evaluate(scope: Scope, workers: int = 1) -> tuple[pa.Table, pa.Table]:
    """Return ALERT and ASSESSMENT of an evaluation, the same whatever the number of workers.

    Args:
        scope: What is evaluated.
        workers: Processes; each takes detectors one by one and opens the lake for itself.
    """
    with open_reader(scope) as reader:
        shared = shared_tables(reader, scope)
        chosen = scope.chosen()
        if workers <= 1 or len(chosen) <= 1:
            return judged_by(reader, chosen, shared, scope.params)
    # Spawned: a forked process would inherit locks of threads (DuckDB, Arrow) that do not exist in it.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chosen)), mp_context=context) as pool:
        tasks = [pool.submit(_one, replace(scope, detectors=(one.id,)), shared) for one in chosen]
        parts = [task.result() for task in tasks]
    return _joined(part[0] for part in parts), _joined(part[1] for part in parts)


def open_reader(scope: Scope) -> contextlib.AbstractContextManager[LakeReader]:
    """Return a reader of the scope, with the memory and thrift in threads."""
    return scope.lake.reader(
        scope.case,
        scope.policy,
        memory_limit=READER_MEMORY,
        threads=READER_THREADS,
        window=scope.window,
        memory=scope.memory,
    )


def shared_tables(reader: LakeReader, scope: Scope) -> Tables:
    """Return the tables that every detector is given whole (``detectors.derive.POLICY``)."""
    for view in (*SOURCES, "asset_seen_before"):
        reader.has(view)
    shared = {
        **derived(reader.arrow),
        "memory_span": reader.arrow(MEMORY_SPAN_SQL).cast(MEMORY_SPAN),
        "site_role": scope.policy.roles_table(),
        "site_master": scope.policy.masters_table(),
    }
    reference = scope.reference or Home(scope.lake.root.parent).reference
    return {**shared, **reference_tables(reader, shared["capture_span"], reference)}


def judged_by(
    reader: LakeReader, detectors: Iterable[Detector], shared: Tables, params: Params
) -> tuple[pa.Table, pa.Table]:
    """Run detectors over what a reader shows."""
    chosen = list(detectors)
    own = {name: values for name, values in params.items() if any(name == one.id for one in chosen)}
    with contextlib.closing(CaseTables(reader, chosen)) as tables:
        return run_all(
            tables.table,
            shared,
            own,
            detectors=chosen,
            buckets=tables.buckets,
            hosts_for=tables.hosts,
            is_strict=False,
        )


def _one(scope: Scope, shared: Tables) -> tuple[pa.Table, pa.Table]:
    """Run in a process of its own."""
    with open_reader(scope) as reader:
        return judged_by(reader, scope.chosen(), shared, scope.params)


def _joined(tables: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables(list(tables)).unify_dictionaries()
