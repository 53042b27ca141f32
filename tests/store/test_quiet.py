"""What people decide about noise: kept with author and reason, ended instead of deleted, audited, migrated."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from store._casebook_tables import METADATA
from store.audit import Actor
from store.casebook import Casebook
from store.errors import TaishiError
from store.quiet import ConfirmedRole, Feedback, Opinion, Side, Suppression

TABLES = ("confirmed_role", "suppression", "alert_feedback")
MONITOR = ConfirmedRole("10.0.0.9/32", "monitor", "our Nagios", date(2027, 1, 31))
RULE = Suppression("update servers", date(2027, 1, 31), address="198.51.100.0/24", side=Side.TARGET, detector="beacon")


@pytest.fixture
def book(tmp_path: Path) -> Casebook:
    """Return a fresh casebook."""
    return Casebook(tmp_path / "casebook.sqlite", Actor("wang", "analyst", "host1"))


def test_a_role_is_confirmed_replaced_and_revoked(book: Casebook) -> None:
    """Each step is one audit row that tells both sides, and the same again is none."""
    assert book.confirm_role(MONITOR)
    assert not book.confirm_role(MONITOR)
    longer = ConfirmedRole(MONITOR.cidr, MONITOR.role, MONITOR.reason)
    assert book.confirm_role(longer)
    (held,) = book.confirmed_roles()
    assert (held.cidr, held.role, held.expires, held.actor) == ("10.0.0.9/32", "monitor", None, "wang")
    assert held.as_role().owner == "wang"
    assert [one.role for one in book.revoke_role("10.0.0.9/32", None, "gone")] == ["monitor"]
    assert book.confirmed_roles() == []
    told = [(row["object"], row["from_value"], row["to_value"], row["reason"]) for row in book.audit_rows()]
    assert told == [
        ("role monitor of 10.0.0.9/32", "", "monitor, until 2027-01-31", "our Nagios"),
        ("role monitor of 10.0.0.9/32", "until 2027-01-31", "monitor, until revoked", "our Nagios"),
        ("role * of 10.0.0.9/32", "monitor", "", "gone"),
    ]
    assert len(book.snapshots()["confirmed_role"]) == 2
    assert book.verify().is_intact


def test_what_is_not_there_cannot_be_ended(book: Casebook) -> None:
    """The error says what there is, in exit code 3, and leaves no audit row."""
    book.confirm_role(MONITOR)
    number = book.suppress(RULE)
    with pytest.raises(TaishiError, match=r"10\.0\.0\.9/32 monitor") as raised:
        book.revoke_role("10.0.0.8/32", None, "")
    assert raised.value.exit_code == 3
    with pytest.raises(TaishiError, match=f"allowed: {number}"):
        book.unsuppress(number + 1, "")
    assert len(book.audit_rows()) == 2


def test_a_suppression_is_added_once_and_removed(book: Casebook) -> None:
    """It comes back with author, conditions and expiry; removing ends it and keeps the row."""
    number = book.suppress(RULE)
    assert book.suppress(RULE) == number
    (held,) = book.suppressions()
    assert held.conditions() == {"address": "198.51.100.0/24", "side": "target", "detector": "beacon"}
    assert (held.actor, held.expires, held.number) == ("wang", date(2027, 1, 31), number)
    assert book.unsuppress(number, "not needed").conditions() == held.conditions()
    assert book.suppressions() == []
    assert book.suppress(RULE) == number + 1
    assert [row["reason"] for row in book.audit_rows()] == ["update servers", "not needed", "update servers"]


def test_feedback_is_a_history_that_cannot_be_rewritten(book: Casebook) -> None:
    """The last verdict counts, all are kept, and the table refuses changes."""
    said = Feedback("a1", "s1", Opinion.FALSE, "our backup")
    assert book.give_feedback("office", said)
    assert not book.give_feedback("office", said)
    assert book.give_feedback("office", Feedback("a2", "s1", Opinion.TRUE, "it was not"))
    assert [(one.alert_id, one.verdict.value, one.actor) for one in book.feedback("office")] == [
        ("a1", "false", "wang"),
        ("a2", "true", "wang"),
    ]
    assert book.feedback("other") == []
    raw = sqlite3.connect(book.path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE alert_feedback SET verdict = 'true'")
    raw.close()


def test_a_casebook_of_the_second_version_gets_the_tables(book: Casebook) -> None:
    """Opening an older casebook adds them and keeps what is there."""
    book.keep_home_networks("office", ("198.51.100.0/24",), "scan a.pcap")
    book.close()
    raw = sqlite3.connect(book.path)
    for table in TABLES:
        raw.execute(f"DROP TABLE {table}")
    raw.execute("UPDATE alembic_version SET version_num = '0002'")
    raw.commit()
    raw.close()
    again = Casebook(book.path)
    assert again.confirm_role(MONITOR)
    assert again.home_networks("office") is not None
    assert again.verify().is_intact


def test_the_tables_are_those_of_postgresql_too() -> None:
    """Statements compile for PostgreSQL; nothing of them is SQLite's own."""
    for name in TABLES:
        table = METADATA.tables[name]
        text = str(sa.schema.CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
        assert "SERIAL" in text
        str(sa.select(table).with_for_update().compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
