"""What people decided about noise: confirmed roles, suppressions, verdicts on alerts; the statements behind them.

Rows are never deleted: ending one records the audit row that ended it, so that every past state can be told.
Dates are dates of the data: an entry holds for what happened up to and on its last day, whenever that is looked at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from store._casebook_tables import ALERT_FEEDBACK, AUDIT, CONFIRMED_ROLE, SUPPRESSION
from store._change import Change
from store._policy import Role, RoleName
from store.errors import Problem, TaishiError
from store.text import Text


class Side(StrEnum):
    """Which end of an alert an address must be."""

    ANY = "any"
    ACTOR = "actor"
    TARGET = "target"


class Opinion(StrEnum):
    """What a person says of an alert."""

    TRUE = "true"
    FALSE = "false"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class ConfirmedRole:
    """A role that a person confirmed; ``number`` names it, ``actor`` and ``at`` are of the audit."""

    cidr: str
    role: str
    reason: str
    expires: date | None = None
    number: int = 0
    actor: str = ""
    at: str = ""

    def as_role(self) -> Role:
        """Return the entry of the site policy that it amounts to."""
        network = ipaddress.ip_network(self.cidr)
        return Role((network,), (RoleName(self.role),), self.reason, self.actor, self.expires)


@dataclass(frozen=True, slots=True)
class Suppression:
    """A wish not to see alerts that meet all its conditions, up to the day ``expires`` of the data."""

    reason: str
    expires: date
    address: str | None = None
    side: Side = Side.ANY
    name: str | None = None
    asn: int | None = None
    detector: str | None = None
    role: str | None = None
    number: int = 0
    actor: str = ""
    at: str = ""

    def conditions(self) -> dict[str, str]:
        """Return what must hold, as words of the command line; empty when nothing was named."""
        told = {name: getattr(self, name) for name in ("address", "name", "asn", "detector", "role")}
        found = {name: str(value) for name, value in told.items() if value is not None}
        return found | ({"side": self.side.value} if self.address is not None and self.side is not Side.ANY else {})

    def words(self) -> str:
        """Return the conditions as options of ``taishi suppress add``."""
        return " ".join(f"--{name} {value}" for name, value in self.conditions().items())


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a person said of an alert; ``subject`` finds it again when the alert gets another id."""

    alert_id: str
    subject: str
    verdict: Opinion
    reason: str
    actor: str = ""
    at: str = ""


def roles_in_force(connection: sa.Connection) -> list[ConfirmedRole]:
    """Return the confirmed roles that nobody revoked, by address and role."""
    rows = _with_audit(connection, CONFIRMED_ROLE, CONFIRMED_ROLE.c.revoked_seq.is_(None))
    found = [
        ConfirmedRole(r["cidr"], r["role"], r["reason"], _day(r["expires"]), r["id"], r["actor"], r["at"]) for r in rows
    ]
    return sorted(found, key=lambda one: (ipaddress.ip_network(one.cidr).version, one.cidr, one.role, one.number))


def confirm(change: Change, wanted: ConfirmedRole) -> bool:
    """Confirm a role; an entry in force for the same address and role is replaced. Returns whether that changes it."""
    same = [r for r in roles_in_force(change.connection) if (r.cidr, r.role) == (wanted.cidr, wanted.role)]
    if any((r.reason, r.expires) == (wanted.reason, wanted.expires) for r in same):
        change.cancel()
        return False
    _end(change, CONFIRMED_ROLE, "revoked_seq", [r.number for r in same])
    values = {"cidr": wanted.cidr, "role": wanted.role, "reason": wanted.reason, "expires": _iso(wanted.expires)}
    change.connection.execute(CONFIRMED_ROLE.insert().values(**values, audit_seq=change.seq))
    change.payload = values
    change.words["from_value"] = ", ".join(_until(r.expires) for r in same)
    change.words["to_value"] = f"{wanted.role}, {_until(wanted.expires)}"
    return True


def revoke(change: Change, cidr: str, role: str | None) -> list[ConfirmedRole]:
    """End the confirmed roles of exactly this network (all of them when ``role`` is None) and return them.

    Raises:
        TaishiError: there is none (exit code 3).
    """
    held = roles_in_force(change.connection)
    ended = [r for r in held if r.cidr == cidr and role in {None, r.role}]
    if not ended:
        known = ", ".join(f"{r.cidr} {r.role}" for r in held) or "-"
        raise TaishiError(
            Problem(
                f"{cidr} {role or ''}".strip(),
                Text("no confirmed role", "没有已确认的角色"),
                Text(f"allowed: one of {known}", f"可用：{known}"),
                Text("'taishi role list' shows them", "用“taishi role list”可列出"),
            ),
            exit_code=3,
        )
    _end(change, CONFIRMED_ROLE, "revoked_seq", [r.number for r in ended])
    change.payload = {"revoked": [r.number for r in ended]}
    change.words["from_value"] = ", ".join(r.role for r in ended)
    return ended


def suppressions_in_force(connection: sa.Connection) -> list[Suppression]:
    """Return the suppressions that nobody removed, oldest first."""
    rows = _with_audit(connection, SUPPRESSION, SUPPRESSION.c.removed_seq.is_(None))
    return [
        Suppression(
            reason=row["reason"],
            expires=date.fromisoformat(row["expires"]),
            side=Side(row["side"]),
            **{name: row[name] for name in ("address", "name", "asn", "detector", "role", "actor", "at")},
            number=row["id"],
        )
        for row in rows
    ]


def suppress(change: Change, wanted: Suppression) -> int:
    """Add a suppression and return its number; the same once more is the one there is."""
    for held in suppressions_in_force(change.connection):
        if (held.conditions(), held.expires, held.reason) == (wanted.conditions(), wanted.expires, wanted.reason):
            change.cancel()
            return held.number
    names = ("address", "name", "asn", "detector", "role", "reason")
    values = {name: getattr(wanted, name) for name in names}
    values |= {"side": wanted.side.value, "expires": wanted.expires.isoformat()}
    made = change.connection.execute(SUPPRESSION.insert().values(**values, audit_seq=change.seq))
    change.payload = values
    change.words["to_value"] = f"{wanted.words()}, {_until(wanted.expires)}"
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])


def unsuppress(change: Change, number: int) -> Suppression:
    """End a suppression and return it.

    Raises:
        TaishiError: there is none of that number in force (exit code 3).
    """
    held = {one.number: one for one in suppressions_in_force(change.connection)}
    if number not in held:
        known = ", ".join(str(known) for known in held) or "-"
        raise TaishiError(
            Problem(
                Text(f"suppression {number}", f"抑制规则 {number}"),
                Text("not in force", "未在生效"),
                Text(f"allowed: {known}", f"可用：{known}"),
                Text("'taishi suppress list' shows them", "用“taishi suppress list”可列出"),
            ),
            exit_code=3,
        )
    _end(change, SUPPRESSION, "removed_seq", [number])
    change.payload = {"removed": number}
    change.words["from_value"] = held[number].words()
    return held[number]


def give_feedback(change: Change, case: str, said: Feedback) -> bool:
    """Record a verdict on an alert; the same as the last one changes nothing. Returns whether it was recorded."""
    last = next((one for one in reversed(feedback(change.connection, case)) if one.subject == said.subject), None)
    if last is not None and (last.verdict, last.reason) == (said.verdict, said.reason):
        change.cancel()
        return False
    values = {**asdict(said), "case_name": case, "verdict": said.verdict.value}
    values = {name: value for name, value in values.items() if name not in {"actor", "at"}}
    change.connection.execute(ALERT_FEEDBACK.insert().values(**values, audit_seq=change.seq))
    change.payload = values
    change.words.update(from_value="" if last is None else last.verdict.value, to_value=said.verdict.value)
    return True


def feedback(connection: sa.Connection, case: str) -> list[Feedback]:
    """Return all verdicts on alerts of a case, oldest first."""
    rows = _with_audit(connection, ALERT_FEEDBACK, ALERT_FEEDBACK.c.case_name == case)
    return [
        Feedback(r["alert_id"], r["subject"], Opinion(r["verdict"]), r["reason"], r["actor"], r["at"]) for r in rows
    ]


def _with_audit(connection: sa.Connection, table: sa.Table, wanted: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    query = sa.select(table, AUDIT.c.actor, AUDIT.c.at).join(AUDIT, AUDIT.c.seq == table.c.audit_seq)
    return [dict(row) for row in connection.execute(query.where(wanted).order_by(table.c.id)).mappings()]


def _end(change: Change, table: sa.Table, column: str, numbers: Iterable[int]) -> None:
    change.connection.execute(table.update().where(table.c.id.in_(list(numbers))).values({column: change.seq}))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_ENDLESS: Final = "until revoked"


def _until(day: date | None) -> str:
    return _ENDLESS if day is None else f"until {day.isoformat()}"
