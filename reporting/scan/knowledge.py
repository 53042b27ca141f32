"""From tables to knowledge: run the detectors over a case, keep their alerts, bring the incidents into the casebook."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from typing import Any

import pyarrow as pa

from detectors.correlate import incidents
from detectors.incident import Incident
from detectors.model import Text
from reporting.judging.evaluation import Scope, judged_by, open_reader, shared_tables
from reporting.judging.keeping import is_kept, keep, last_revision
from store.casebook import Casebook
from store.casebook import IncidentRecord as Record
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
    """

    alerts: pa.Table
    assessments: pa.Table
    incidents: tuple[tuple[str, Incident], ...]
    config_hash: str


def judge(lake: Lake, case: str, policy: SitePolicy, casebook: Casebook, command: str) -> Knowledge:
    """Evaluate a case and keep the result; evaluating the same data again changes nothing."""
    scope = Scope(lake, case, policy)
    with open_reader(scope) as reader:
        alerts, assessments = judged_by(reader, scope.chosen(), shared_tables(reader, policy), {})
        revision = last_revision(reader)
        is_same = is_kept(reader, scope.window, alerts, assessments)
    if not is_same:
        keep(lake, case, revision + 1, scope.window, alerts, assessments, is_full=True)
    return told(case, policy, alerts, assessments, casebook, command)


def told(
    case: str, policy: SitePolicy, alerts: pa.Table, assessments: pa.Table, casebook: Casebook, command: str
) -> Knowledge:
    """Bring the incidents that the alerts of a case make into the casebook."""
    found = incidents(alerts, assessments)
    casebook.upsert_incidents(case, [_record(one) for one in found], command)
    numbers = {row["key"]: str(row["number"]) for row in casebook.incidents(case, current_only=True)}
    return Knowledge(alerts, assessments, tuple((numbers[one.key], one) for one in found), _config(alerts, policy))


def _record(one: Incident) -> Record:
    return Record(
        id=one.key,
        severity=one.severity.value,
        score=one.score,
        title_zh=one.title.zh,
        title_en=one.title.en,
        first_ts_us=_micros(one.since),
        last_ts_us=_micros(one.until),
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
    }


def address_text(address: bytes) -> str:
    """Return the text of an address as stored: RFC 5952, IPv4 for mapped ones."""
    parsed = IPv6Address(address)
    return str(parsed.ipv4_mapped or parsed)


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _config(alerts: pa.Table, policy: SitePolicy) -> str:
    parts = sorted({str(row) for row in alerts["config_hash"].to_pylist()})
    parts += [repr(policy.networks_table().to_pylist()), repr(policy.roles_table().to_pylist())]
    parts += [repr(policy.masters_table().to_pylist()), repr(policy.zones_table().to_pylist())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
