"""The casebook: what people and machines decided about incidents. Every change is one transaction with one audit row.

Machines write machine fields, people write state, verdict and owner; a scan never touches what a person decided.
Nothing outside ``store`` knows that SQLite is underneath.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import sqlalchemy as sa

from store import _case_home, audit, quiet
from store._case_home import CaseHome
from store._casebook_file import WRITES, open_engine
from store._casebook_tables import AUDIT, INCIDENT, INCIDENT_HISTORY, METADATA
from store._change import Change
from store._incident_rows import (
    IncidentRecord,
    State,
    Upserted,
    Verdict,
    alerts_by_incident,
    alerts_of,
    differs,
    found,
    incident_rows,
    insert,
    shown,
    told,
    write,
)

__all__ = ["CaseHome", "Casebook", "Change", "IncidentRecord", "State", "Upserted", "Verdict"]


class Casebook:
    """The casebook in one file.

    Args:
        path: SQLite file; made, private to its owner, when absent.
        actor: Who acts (default: the user of the operating system).

    Raises:
        TaishiError: not usable as a casebook.
    """

    def __init__(self, path: Path, actor: audit.Actor | None = None) -> None:
        self.path = Path(path)
        self._actor = actor or audit.current_actor()
        self._engine = open_engine(self.path)

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def change(self, command: str, object_: str, reason: str = "") -> Iterator[Change]:
        """Open a transaction for one change; leaving it writes the audit row and commits, an exception undoes all.

        Args:
            command: Command as typed, secrets removed.
            object_: What is changed, e.g. an incident's number.
            reason: Why, in the words of the person.
        """
        with (
            self._engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin() as transaction,
        ):
            change = Change(connection, audit.head(connection).seq + 1)
            yield change
            if change.is_cancelled:
                transaction.rollback()
                return
            words = {"command": command, "object": object_, "reason": reason, **change.words}
            audit.append(connection, self._actor, words, change.payload)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one moment and cannot write."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA query_only = ON")
            yield connection

    def upsert_incidents(self, case: str, records: Sequence[IncidentRecord], command: str = "scan") -> Upserted:
        """Take in all incidents that a scan of ``case`` found; what people decided stays; the same again is a no-op.

        Incidents of the case that are not among ``records`` are kept and marked as no longer current.
        """
        with self.change(command, f"case {case}") as change:
            old = {row["key"]: dict(row) for row in incident_rows(change.connection, INCIDENT.c.case_name == case)}
            alerts = alerts_by_incident(change.connection, case)
            ordered = sorted({record.id: record for record in records}.values(), key=lambda r: (r.first_ts_us, r.id))
            fresh = [record for record in ordered if record.id not in old]
            stale = [r for r in ordered if r.id in old and differs(old[r.id], r, alerts.get(old[r.id]["id"], ()))]
            ids = {record.id for record in ordered}
            gone = [row for row in old.values() if row["key"] not in ids and row["is_current"]]
            if not (fresh or stale or gone):
                change.cancel()
            insert(change, case, fresh)
            for record in stale:
                write(change, old[record.id], record.columns(), "", record.alert_ids)
            for row in gone:
                write(change, row, {"is_current": False}, "", None)
            change.payload = [{**r.columns(), "id": r.id, "alerts": list(r.alert_ids)} for r in (*fresh, *stale)]
            change.words["to_value"] = f"{len(fresh)} new, {len(stale)} changed, {len(gone)} gone"
        return Upserted(len(fresh), len(stale), len(ordered) - len(fresh) - len(stale), len(gone))

    def decide(
        self,
        number: str,
        *,
        state: State | None = None,
        verdict: Verdict | None = None,
        owner: str | None = None,
        reason: str = "",
        command: str = "incident",
    ) -> dict[str, Any]:
        """Record what a person decided about an incident, and return it; deciding the same again changes nothing.

        Raises:
            TaishiError: no such incident (exit code 3).
        """
        decided = {"state": state and state.value, "verdict": verdict and verdict.value, "owner": owner}
        with self.change(command, number, reason) as change:
            row = found(change.connection, number)
            wanted = {k: v for k, v in decided.items() if v is not None and v != row[k]}
            if not wanted:
                change.cancel()
            else:
                change.words["from_value"] = told({name: row[name] for name in wanted})
                change.words["to_value"] = told(wanted)
                change.payload = {"id": row["id"], **wanted}
                write(change, row, wanted, reason, None)
        return self.incident(number)

    def incident(self, number: str) -> dict[str, Any]:
        """Return one incident by number or id: its columns, ``machine`` parsed, ``alert_ids`` and ``history``.

        Raises:
            TaishiError: no such incident (exit code 3).
        """
        with self.reading() as connection:
            row = found(connection, number)
            history = sa.select(INCIDENT_HISTORY, AUDIT.c.at, AUDIT.c.actor.label("by")).join(
                AUDIT, AUDIT.c.seq == INCIDENT_HISTORY.c.audit_seq
            )
            own = history.where(INCIDENT_HISTORY.c.incident_id == row["id"]).order_by(INCIDENT_HISTORY.c.id)
            return {
                **shown(row),
                "alert_ids": alerts_of(connection, row["id"]),
                "history": [dict(r) for r in connection.execute(own).mappings()],
            }

    def incidents(self, case: str | None = None, *, current_only: bool = False) -> list[dict[str, Any]]:
        """Return incidents (of one case), highest score first."""
        wanted = [INCIDENT.c.case_name == case] if case is not None else []
        if current_only:
            wanted.append(INCIDENT.c.is_current.is_(True))
        with self.reading() as connection:
            return [shown(dict(row)) for row in incident_rows(connection, *wanted)]

    def audit_rows(self) -> list[dict[str, Any]]:
        """Return the audit chain, oldest first."""
        with self.reading() as connection:
            return [dict(row) for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).mappings()]

    def audit_hash(self, seq: int) -> str | None:
        """Return the hash of one row of the audit chain, or None where it has no such row."""
        with self.reading() as connection:
            found: str | None = connection.execute(sa.select(AUDIT.c.hash).where(AUDIT.c.seq == seq)).scalar()
        return found

    def verify(self) -> audit.ChainReport:
        """Walk the audit chain and its signed heads."""
        with self.reading() as connection:
            return audit.verify(connection)

    def saw_site_policy(self, sha256: str, command: str = "scan") -> bool:
        """Record that the site policy has this content now; return whether it differs from the last one recorded."""
        with self.change(command, "site.toml") as change:
            last = (
                sa.select(AUDIT.c.to_value).where(AUDIT.c.object == "site.toml").order_by(AUDIT.c.seq.desc()).limit(1)
            )
            before = change.connection.execute(last).scalar() or ""
            change.words.update(from_value=before, to_value=sha256)
            change.payload = {"sha256": sha256}
            if before == sha256:
                change.cancel()
        return before != sha256

    def home_networks(self, case: str) -> CaseHome | None:
        """Return the home networks that an earlier scan of ``case`` was told, or None."""
        with self.reading() as connection:
            return _case_home.kept(connection, case)

    def keep_home_networks(self, case: str, cidrs: Iterable[str], command: str = "scan") -> bool:
        """Keep these home networks with ``case``, none to forget them; return whether that changed anything."""
        with self.change(command, f"case {case}, home networks") as change:
            return _case_home.keep(change, case, cidrs)

    def confirmed_roles(self) -> list[quiet.ConfirmedRole]:
        """Return the roles that people confirmed and nobody revoked."""
        with self.reading() as connection:
            return quiet.roles_in_force(connection)

    def confirm_role(self, wanted: quiet.ConfirmedRole, command: str = "role confirm") -> bool:
        """Confirm a role of an address; return whether that changed anything."""
        with self.change(command, f"role {wanted.role} of {wanted.cidr}", wanted.reason) as change:
            return quiet.confirm(change, wanted)

    def revoke_role(
        self, cidr: str, role: str | None, reason: str, command: str = "role revoke"
    ) -> list[quiet.ConfirmedRole]:
        """End the confirmed roles (or the one named) of a network and return them.

        Raises:
            TaishiError: there is none (exit code 3).
        """
        with self.change(command, f"role {role or '*'} of {cidr}", reason) as change:
            return quiet.revoke(change, cidr, role)

    def suppressions(self) -> list[quiet.Suppression]:
        """Return the suppressions that nobody removed, oldest first."""
        with self.reading() as connection:
            return quiet.suppressions_in_force(connection)

    def suppress(self, wanted: quiet.Suppression, command: str = "suppress add") -> int:
        """Add a suppression and return its number."""
        with self.change(command, "suppression", wanted.reason) as change:
            return quiet.suppress(change, wanted)

    def unsuppress(self, number: int, reason: str, command: str = "suppress remove") -> quiet.Suppression:
        """End a suppression and return it.

        Raises:
            TaishiError: there is none of that number in force (exit code 3).
        """
        with self.change(command, f"suppression {number}", reason) as change:
            return quiet.unsuppress(change, number)

    def give_feedback(self, case: str, said: quiet.Feedback, command: str = "alert feedback") -> bool:
        """Record what a person says of an alert; return whether that is new."""
        with self.change(command, f"alert {said.alert_id}", said.reason) as change:
            return quiet.give_feedback(change, case, said)

    def feedback(self, case: str) -> list[quiet.Feedback]:
        """Return all verdicts on alerts of a case, oldest first."""
        with self.reading() as connection:
            return quiet.feedback(connection, case)

    def snapshots(self) -> dict[str, pa.Table]:
        """Return every table of the casebook as Arrow, as it is at one moment."""
        with self.reading() as connection:
            return {table.name: _arrow(connection, table) for table in METADATA.sorted_tables}


_ARROW: Final = ((sa.Boolean, pa.bool_()), (sa.Integer, pa.int64()), (sa.Float, pa.float64()))


def _arrow(connection: sa.Connection, table: sa.Table) -> pa.Table:
    rows = connection.execute(sa.select(table)).mappings().all()
    fields = []
    for column in table.columns:
        kind = next((arrow for generic, arrow in _ARROW if isinstance(column.type, generic)), pa.string())
        fields.append(pa.field(column.name, kind))
    return pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(fields))
