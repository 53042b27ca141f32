"""Home networks that a scan was told for its case: the statements that keep, read and forget them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from store._casebook_tables import AUDIT, CASE_HOME
from store._change import Change


@dataclass(frozen=True, slots=True)
class CaseHome:
    """The home networks of a case, and who named them when.

    Attributes:
        cidrs: Networks as text, sorted.
        actor: Who ran the scan that was told.
        at: Wall clock of that scan, ISO 8601 UTC.
    """

    cidrs: tuple[str, ...]
    actor: str
    at: str


def kept(connection: sa.Connection, case: str) -> CaseHome | None:
    """Return the home networks kept with a case, or None when there are none."""
    query = sa.select(CASE_HOME.c.cidr, AUDIT.c.actor, AUDIT.c.at).join(AUDIT, AUDIT.c.seq == CASE_HOME.c.audit_seq)
    rows = connection.execute(query.where(CASE_HOME.c.case_name == case).order_by(CASE_HOME.c.cidr)).all()
    return CaseHome(tuple(row.cidr for row in rows), rows[0].actor, rows[0].at) if rows else None


def keep(change: Change, case: str, cidrs: Iterable[str]) -> bool:
    """Make these the home networks of a case (none: forget them); return whether that changes anything."""
    wanted = sorted(set(cidrs))
    before = kept(change.connection, case)
    old = list(before.cidrs) if before is not None else []
    if wanted == old:
        change.cancel()
        return False
    change.connection.execute(CASE_HOME.delete().where(CASE_HOME.c.case_name == case))
    if wanted:
        rows = [{"case_name": case, "cidr": cidr, "audit_seq": change.seq} for cidr in wanted]
        change.connection.execute(CASE_HOME.insert(), rows)
    change.payload = {"case": case, "home_networks": wanted}
    change.words.update(from_value=", ".join(old), to_value=", ".join(wanted))
    return True
