"""``taishi detect``: judge a range of a case, or its days one by one, keep the result, tell what it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from detectors import registry
from detectors.incident import Incident
from reporting.cases.case import Case
from reporting.cases.policy import policy_of
from reporting.cases.quiet import hidden_alerts
from reporting.judging.days import Progress, judge_days
from reporting.judging.evaluation import Scope, evaluate
from reporting.judging.keeping import assessed, current, is_kept, keep, last_revision
from reporting.judging.request import Request
from reporting.scan.knowledge import keep_incidents, without
from reporting.scan.surroundings import surroundings
from reporting.tables import iso
from store import schema
from store.casebook import Casebook
from store.memory import Memory
from store.window import Window

_SHOWN: Final = ("alert_id", "detector", "severity", "score", "ts_start", "ts_end", "actor_ip", "title_en", "title_zh")


def detect(case: Case, request: Request, command: str, *, by_day: bool = False, workers: int = 1) -> dict[str, Any]:
    """Judge, keep, and return what was found as a plain object.

    Args:
        case: Case.
        request: Range, detectors and parameters.
        command: As typed, for the audit.
        by_day: Evaluate closed UTC days that changed, one by one, each with its look-back.
        workers: Processes.
    """
    lake, policy = case.lake, policy_of(case)
    memory = Memory(case.home.memory, case.name)
    memory.update(lake, policy)
    scope = Scope(lake, case.name, policy, request.window, memory, request.detectors, request.params)
    progress = judge_days(scope, workers) if by_day else _whole(scope, workers)
    with lake.reader(case.name, policy, threads=1) as reader:
        alerts, assessments = current(reader)
        judged = assessed(reader, request.window, by_day=by_day)
        casebook = Casebook(case.home.casebook)
        try:
            hidden = hidden_alerts(reader, alerts, casebook.suppressions(), policy, case.home.reference)
            alerts = without(alerts, hidden)
            around = surroundings(reader, alerts, policy)
            incidents = keep_incidents(casebook, case.name, alerts, assessments, around, command)
        finally:
            casebook.close()
    names = {one.id for one in scope.chosen()}
    rows = [row for row in alerts.to_pylist() if row["detector"] in names and _in(request.window, row)]
    touched = {row["alert_id"] for row in rows}
    found = [(number, one) for number, one in incidents if touched.intersection(one.alert_ids)]
    return {
        "case": case.name,
        "since": None if request.window.since is None else iso(request.window.since),
        "until": None if request.window.until is None else iso(request.window.until),
        "by_day": by_day,
        "evaluations": progress.slices,
        "evaluated": progress.evaluated,
        "detectors": len(names),
        "suppressed": len(hidden),
        "alerts": severities(row["severity"] for row in rows),
        "found": [{name: row[name] for name in _SHOWN} for row in _ranked(rows)],
        "incidents": [_line(number, one) for number, one in found],
        "not_assessed": _unjudged(judged, names),
    }


def severities(found: Iterable[str]) -> dict[str, int]:
    """Return how many there are of each severity, most severe first, none left out that occurs."""
    counts = Counter(found)
    return {one.value: counts[one.value] for one in schema.Severity if counts[one.value]}


def _whole(scope: Scope, workers: int) -> Progress:
    alerts, assessments = evaluate(scope, workers)
    with scope.lake.reader(scope.case, scope.policy, threads=1) as reader:
        revision, is_same = last_revision(reader), is_kept(reader, scope.window, alerts, assessments)
    if not is_same:
        full = scope.window.is_all and scope.detectors is None
        keep(scope.lake, scope.case, revision + 1, scope.window, alerts, assessments, is_full=full)
    return Progress(1, 1)


def _in(window: Window, row: Mapping[str, Any]) -> bool:
    """Tell whether an alert touches the range."""
    return (window.since is None or row["ts_end"] >= window.since) and (
        window.until is None or row["ts_start"] < window.until
    )


def _ranked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    order = [one.value for one in schema.Severity]
    return sorted(rows, key=lambda row: (order.index(row["severity"]), -row["score"], row["ts_start"], row["alert_id"]))


def _line(number: str, one: Incident) -> dict[str, Any]:
    return {
        "incident_id": number,
        "severity": one.severity.value,
        "score": one.score,
        "title_en": one.title.en,
        "title_zh": one.title.zh,
    }


def _unjudged(judged: Iterable[Mapping[str, Any]], names: set[str]) -> list[dict[str, Any]]:
    """Return what could not be judged, each reason of a detector once, with the number of evaluations."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for row in judged:
        if row["detector"] in names and row["status"] != "assessed":
            counts[row["detector"], row["status"], row["reason_en"], row["reason_zh"]] += 1
    known = registry()
    return [
        {
            "detector": name,
            "status": status,
            "reason_en": en,
            "reason_zh": zh,
            "evaluations": number,
            "title_en": known[name].title.en,
            "title_zh": known[name].title.zh,
        }
        for (name, status, en, zh), number in sorted(counts.items())
    ]
