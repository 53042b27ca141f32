"""Incident rows in the casebook: the types, and the statements that read, make and change them with their history."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from store import audit
from store._casebook_tables import INCIDENT, INCIDENT_ALERT, INCIDENT_HISTORY
from store._change import Change
from store.errors import Problem, TaishiError
from store.text import Text


class State(StrEnum):
    """States of an incident. Source: OCSF incident_finding, status."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Verdict(StrEnum):
    """Verdicts of people. Source: OCSF incident_finding, verdict."""

    TRUE_POSITIVE = "true_positive"
    FALSE_POSITIVE = "false_positive"
    BENIGN = "benign"
    SUSPICIOUS = "suspicious"
    TEST = "test"
    DUPLICATE = "duplicate"
    INSUFFICIENT_DATA = "insufficient_data"


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """What the machine says about one incident.

    Attributes:
        id: Deterministic key: the same incident has the same id in every scan.
        first_ts_us: Event time of its first flow, us since the epoch, UTC.
        actor: Address as text; empty when there is none.
        machine: Everything else, as JSON values.
    """

    id: str
    severity: str
    score: float
    title_zh: str
    title_en: str
    first_ts_us: int
    last_ts_us: int
    actor: str
    alert_ids: tuple[str, ...] = ()
    machine: Mapping[str, object] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        """Return the values of the machine's columns."""
        return {
            "severity": self.severity,
            "score": self.score,
            "title_zh": self.title_zh,
            "title_en": self.title_en,
            "first_ts_us": self.first_ts_us,
            "last_ts_us": self.last_ts_us,
            "actor": self.actor,
            "machine": audit.canonical(dict(self.machine)).decode("utf-8", "backslashreplace"),
            "is_current": True,
        }


@dataclass(frozen=True, slots=True)
class Upserted:
    """How many incidents a scan made, changed, left as they were, and no longer finds."""

    new: int
    changed: int
    unchanged: int
    gone: int


_LAST_SECOND = 253_402_300_799
"""Last second of the year 9999; damaged captures hold later times."""


def row_id(case: str, record_id: str) -> str:
    """Return the id of an incident's row: the same finding in two cases is two incidents."""
    return hashlib.sha256(audit.canonical([case, record_id])).hexdigest()[:32]


def incident_rows(connection: sa.Connection, *wanted: sa.ColumnElement[bool]) -> Sequence[sa.RowMapping]:
    query = sa.select(INCIDENT).where(*wanted).order_by(INCIDENT.c.score.desc(), INCIDENT.c.number)
    return connection.execute(query).mappings().all()


def found(connection: sa.Connection, number: str) -> dict[str, Any]:
    """Return one incident by number or id.

    Raises:
        TaishiError: no such incident (exit code 3).
    """
    rows = incident_rows(connection, sa.or_(INCIDENT.c.number == number, INCIDENT.c.id == number))
    if rows:
        return dict(rows[0])
    raise TaishiError(
        Problem(
            Text(f"incident {number!r}", f"事件 {number!r}"),
            Text("not in the casebook", "案卷中没有"),
            Text("allowed: a number as 'taishi incident list' shows it", "可用：“taishi incident list”列出的编号"),
            Text("check it", "请核对"),
        ),
        exit_code=3,
    )


def alerts_of(connection: sa.Connection, incident_id: str) -> list[str]:
    """Return the alert ids of one incident, sorted."""
    query = sa.select(INCIDENT_ALERT.c.alert_id).where(INCIDENT_ALERT.c.incident_id == incident_id)
    return sorted(connection.execute(query).scalars())


def alerts_by_incident(connection: sa.Connection, case: str) -> dict[str, list[str]]:
    """Return the alert ids of every incident of a case."""
    query = sa.select(INCIDENT_ALERT).join(INCIDENT).where(INCIDENT.c.case_name == case)
    by_incident: dict[str, list[str]] = {}
    for row in connection.execute(query):
        by_incident.setdefault(row.incident_id, []).append(row.alert_id)
    return by_incident


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an incident's columns with ``machine`` parsed."""
    return {**row, "machine": json.loads(row["machine"])}


def told(values: Mapping[str, object]) -> str:
    """Return changed values as one line of the audit."""
    return ", ".join(f"{name}={value if value is not None else '-'}" for name, value in sorted(values.items()))


def differs(row: Mapping[str, Any], record: IncidentRecord, alerts: Sequence[str]) -> bool:
    """Tell whether the machine says something else about an incident than the casebook holds."""
    changed = any(row[name] != value for name, value in record.columns().items())
    return changed or sorted(alerts) != sorted(set(record.alert_ids))


class Numbers:
    """Gives out incident numbers, ``I-<year it happened in>-<ordinal>``, going on where the casebook stands."""

    def __init__(self, connection: sa.Connection) -> None:
        self._last: dict[str, int] = {}
        for number in connection.execute(sa.select(INCIDENT.c.number)).scalars():
            self._take(*number.rsplit("-", 1))

    def _take(self, prefix: str, ordinal: str) -> None:
        self._last[prefix] = max(self._last.get(prefix, 0), int(ordinal))

    def next(self, first_ts_us: int) -> str:
        """Return the next number of the year of an event time."""
        seconds = min(max(first_ts_us // 1_000_000, 0), _LAST_SECOND)
        prefix = f"I-{datetime.fromtimestamp(seconds, UTC):%Y}"
        self._last[prefix] = self._last.get(prefix, 0) + 1
        return f"{prefix}-{self._last[prefix]:04d}"


def insert(change: Change, case: str, records: Sequence[IncidentRecord]) -> None:
    """Make incidents, open and without verdict, numbered in the order given; in few statements for many rows."""
    if not records:
        return
    numbers = Numbers(change.connection)
    human = {"state": State.OPEN.value, "verdict": None, "owner": ""}
    rows, alerts, history = [], [], []
    for record in records:
        own = row_id(case, record.id)
        identity = {
            "id": own,
            "key": record.id,
            "number": numbers.next(record.first_ts_us),
            "case_name": case,
            "rev": 1,
        }
        rows.append({**identity, **record.columns(), **human})
        alerts += [{"incident_id": own, "alert_id": alert} for alert in sorted(set(record.alert_ids))]
        history.append(_history(change, own, "state", "", State.OPEN.value, ""))
    change.connection.execute(INCIDENT.insert(), rows)
    change.connection.execute(INCIDENT_HISTORY.insert(), history)
    if alerts:
        change.connection.execute(INCIDENT_ALERT.insert(), alerts)


def write(
    change: Change, row: Mapping[str, Any], values: Mapping[str, Any], reason: str, alerts: Sequence[str] | None
) -> None:
    """Write changed columns of one incident with their history; ``alerts`` None leaves its alerts as they are."""
    differing = {name: value for name, value in values.items() if row[name] != value}
    update = INCIDENT.update().where(INCIDENT.c.id == row["id"]).values(**differing, rev=row["rev"] + 1)
    change.connection.execute(update)
    for name, value in differing.items():
        _note(change, row["id"], name, row[name], value, reason)
    if alerts is not None:
        before = alerts_of(change.connection, row["id"])
        _set_alerts(change.connection, row["id"], alerts)
        if before != sorted(set(alerts)):
            _note(change, row["id"], "alerts", len(before), len(set(alerts)), reason)


def _set_alerts(connection: sa.Connection, incident_id: str, alerts: Sequence[str]) -> None:
    connection.execute(INCIDENT_ALERT.delete().where(INCIDENT_ALERT.c.incident_id == incident_id))
    rows = [{"incident_id": incident_id, "alert_id": alert} for alert in sorted(set(alerts))]
    if rows:
        connection.execute(INCIDENT_ALERT.insert(), rows)


def _note(change: Change, incident_id: str, name: str, before: object, after: object, reason: str) -> None:
    change.connection.execute(
        INCIDENT_HISTORY.insert().values(_history(change, incident_id, name, before, after, reason))
    )


def _history(
    change: Change, incident_id: str, name: str, before: object, after: object, reason: str
) -> dict[str, object]:
    return {
        "incident_id": incident_id,
        "audit_seq": change.seq,
        "field": name,
        "from_value": "" if before is None else str(before),
        "to_value": "" if after is None else str(after),
        "reason": reason,
    }
