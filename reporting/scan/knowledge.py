"""From tables to knowledge: run the detectors over a case, keep their alerts, bring the incidents into the casebook."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from detectors.correlate import incidents
from detectors.incident import Incident
from detectors.model import Text
from detectors.surroundings import Surroundings
from reporting.cases.quiet import hidden_alerts
from reporting.judging.evaluation import Scope, judged_by, open_reader, shared_tables
from reporting.judging.keeping import is_kept, keep, last_revision
from reporting.scan.surroundings import surroundings
from reporting.scan.telling import address_text, micros, story_object
from store.casebook import Casebook
from store.casebook import IncidentRecord as Record
from store.home import Home
from store.lake import Lake
from store.site import SitePolicy


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the detectors say of a case.

    Attributes:
        alerts: ALERT, current evaluation.
        assessments: ASSESSMENT, current evaluation.
        incidents: With the numbers the casebook gave them.
        config_hash: Of the detectors' parameters and the policy, over all detectors.
        hidden: Alerts that suppressions hide, with the number of the rule; no incident rests on them.
    """

    alerts: pa.Table
    assessments: pa.Table
    incidents: tuple[tuple[str, Incident], ...]
    config_hash: str
    hidden: Mapping[str, int] = field(default_factory=dict)


def judge(lake: Lake, case: str, policy: SitePolicy, casebook: Casebook, command: str) -> Knowledge:
    """Evaluate a case and keep the result; evaluating the same data again changes nothing."""
    reference = Home(lake.root.parent).reference
    scope = Scope(lake, case, policy, reference=reference)
    with open_reader(scope) as reader:
        alerts, assessments = judged_by(reader, scope.chosen(), shared_tables(reader, scope), {})
        revision, is_same = last_revision(reader), is_kept(reader, scope.window, alerts, assessments)
        hidden = hidden_alerts(reader, alerts, casebook.suppressions(), policy, reference)
        shown = without(alerts, hidden)
        around = surroundings(reader, shown, policy)
    if not is_same:
        keep(lake, case, revision + 1, scope.window, alerts, assessments, is_full=True)
    found = keep_incidents(casebook, case, shown, assessments, around, command)
    return Knowledge(alerts, assessments, found, _config(alerts, policy), hidden)


def without(alerts: pa.Table, hidden: Mapping[str, int]) -> pa.Table:
    """Return the alerts that are not hidden."""
    if not hidden:
        return alerts
    return alerts.filter(pa.array([own not in hidden for own in alerts["alert_id"].to_pylist()], pa.bool_()))


def keep_incidents(
    casebook: Casebook, case: str, alerts: pa.Table, assessments: pa.Table, around: Surroundings, command: str
) -> tuple[tuple[str, Incident], ...]:
    """Bring the incidents of these alerts into the casebook and return them with their numbers."""
    found = incidents(alerts, assessments, around=around)
    casebook.upsert_incidents(case, [_record(one) for one in found], command)
    numbers = {row["key"]: str(row["number"]) for row in casebook.incidents(case, current_only=True)}
    return tuple((numbers[one.key], one) for one in found)


def _record(one: Incident) -> Record:
    return Record(
        id=one.key,
        severity=one.severity.value,
        score=one.score,
        title_zh=one.title.zh,
        title_en=one.title.en,
        first_ts_us=micros(one.since),
        last_ts_us=micros(one.until),
        actor=", ".join(address_text(address) for address in one.actors[:3]),
        alert_ids=one.alert_ids,
        machine=_machine(one),
    )


def _machine(one: Incident) -> dict[str, Any]:
    def both(texts: Sequence[Text]) -> list[dict[str, str]]:
        return [{"en": text.en, "zh": text.zh} for text in texts]

    return {
        "who": {"en": one.who.en, "zh": one.who.zh},
        "what": {"en": one.what.en, "zh": one.what.zh},
        "evidence": both(one.evidence),
        "innocent": both(one.innocent),
        "next_steps": both(one.next_steps),
        "coverage": both(one.coverage),
        "attack": [technique.id for technique in one.attack],
        "actors": [address_text(address) for address in one.actors],
        "targets": [address_text(address) for address in one.targets],
        "succeeded": one.succeeded,
        "direct": one.direct,
        "progress": one.progress,
        "story": story_object(one.story),
    }


def _config(alerts: pa.Table, policy: SitePolicy) -> str:
    parts = sorted({str(row) for row in alerts["config_hash"].to_pylist()})
    parts += [repr(policy.networks_table().to_pylist()), repr(policy.roles_table().to_pylist())]
    parts += [repr(policy.masters_table().to_pylist()), repr(policy.zones_table().to_pylist())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
