"""The casebook: deterministic upserts, decisions of people, one audit row per change, a chain that shows tampering."""

from __future__ import annotations

import multiprocessing
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from store._casebook_file import alembic_config, open_engine
from store._casebook_tables import APPEND_ONLY, METADATA, REVISION
from store.audit import Actor, current_actor
from store.casebook import Casebook, IncidentRecord, State, Upserted, Verdict
from store.errors import TaishiError
from store.keys import KeyRing
from tests.store.rows import T0_US

ONE = IncidentRecord(
    "k1", "high", 71.5, "扫描", "Scan", T0_US, T0_US + 5, "10.0.0.1", ("a1", "a2"), {"why": ["很多", "many"]}
)
TWO = replace(ONE, id="k2", severity="low", score=12.0, first_ts_us=T0_US - 1, alert_ids=())


@pytest.fixture
def book(tmp_path: Path) -> Casebook:
    """Return a fresh casebook."""
    return Casebook(tmp_path / "casebook.sqlite", Actor("wang", "analyst", "host1"))


def test_migrations_make_exactly_the_declared_tables(tmp_path: Path) -> None:
    """The migrations end in the tables the code uses, and the newest revision is the one the code knows."""
    engine = open_engine(tmp_path / "c.sqlite")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert ScriptDirectory.from_config(alembic_config(connection)).get_heads() == [REVISION]
    with engine.connect() as connection:
        for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    assert (tmp_path / "c.sqlite").stat().st_mode & 0o077 == 0


def test_upsert_is_idempotent_and_keeps_decisions(book: Casebook) -> None:
    """The same scan again writes nothing; a changed finding changes machine fields only; a lost one is kept."""
    assert book.upsert_incidents("c", [ONE, TWO]) == Upserted(2, 0, 0, 0)
    rows = len(book.audit_rows())
    assert book.upsert_incidents("c", [TWO, ONE, ONE]) == Upserted(0, 0, 2, 0)
    assert len(book.audit_rows()) == rows
    assert [i["number"] for i in book.incidents("c")] == ["I-2023-0002", "I-2023-0001"]
    book.decide("I-2023-0002", state=State.CLOSED, verdict=Verdict.FALSE_POSITIVE, owner="li", reason="our scanner")
    changed = replace(ONE, score=80.0, alert_ids=("a2", "a3"))
    assert book.upsert_incidents("c", [changed]) == Upserted(0, 1, 0, 1)
    found = book.incident("I-2023-0002")
    assert (found["state"], found["verdict"], found["owner"], found["score"]) == (
        "closed",
        "false_positive",
        "li",
        80.0,
    )
    assert found["alert_ids"] == ["a2", "a3"]
    assert found["machine"] == {"why": ["很多", "many"]}
    assert found["rev"] == 3
    assert [(h["field"], h["to_value"], h["by"]) for h in found["history"]] == [
        ("state", "open", "wang"),
        ("state", "closed", "wang"),
        ("verdict", "false_positive", "wang"),
        ("owner", "li", "wang"),
        ("score", "80.0", "wang"),
        ("alerts", "2", "wang"),
    ]
    assert not book.incident("I-2023-0001")["is_current"]
    assert [i["number"] for i in book.incidents("c", current_only=True)] == ["I-2023-0002"]
    assert book.upsert_incidents("c", [changed, TWO]) == Upserted(0, 1, 1, 0)
    assert book.upsert_incidents("other", [ONE]) == Upserted(1, 0, 0, 0)
    assert book.incidents("other")[0]["number"] == "I-2023-0003"


def test_decisions(book: Casebook) -> None:
    """A decision is found by number or id; the same again is no change; an unknown number is exit code 3."""
    book.upsert_incidents("c", [ONE])
    rows = len(book.audit_rows())
    first = book.decide("I-2023-0001", state=State.IN_PROGRESS, reason="看一下")
    assert book.decide(first["id"], state=State.IN_PROGRESS)["rev"] == 2
    assert len(book.audit_rows()) == rows + 1
    last = book.audit_rows()[-1]
    assert (last["actor"], last["role"], last["host"], last["object"]) == ("wang", "analyst", "host1", "I-2023-0001")
    assert (last["from_value"], last["to_value"], last["reason"]) == ("state=open", "state=in_progress", "看一下")
    with pytest.raises(TaishiError, match="not in the casebook") as caught:
        book.decide("I-1999-0001", state=State.CLOSED)
    assert caught.value.exit_code == 3
    assert len(book.audit_rows()) == rows + 1


def test_failed_change_leaves_nothing(book: Casebook) -> None:
    """An exception inside a change undoes it, audit row included; a change always has its row otherwise."""
    book.upsert_incidents("c", [ONE])

    def fail() -> None:
        with book.change("x", "y") as change:
            change.connection.execute(sa.text("UPDATE incident SET owner = 'eve'"))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        fail()
    assert book.incidents()[0]["owner"] == ""
    assert len(book.audit_rows()) == 1
    with book.change("x", "y") as change:
        change.connection.execute(sa.text("UPDATE incident SET owner = 'ann'"))
    assert book.audit_rows()[-1]["command"] == "x"
    with book.reading() as connection, pytest.raises(sa.exc.OperationalError, match="readonly"):
        connection.execute(sa.text("UPDATE incident SET owner = 'eve'"))


def test_append_only_tables_refuse(book: Casebook) -> None:
    """Audit, history and anchors can be neither changed nor deleted, not even by raw SQL."""
    book.upsert_incidents("c", [ONE])
    raw = sqlite3.connect(book.path)
    for table in APPEND_ONLY[:2]:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET rowid = 99"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("UPDATE audit SET reason = 'x' WHERE seq = 2", "row 2: its content was changed"),
        ("DELETE FROM audit WHERE seq = 2", "row 3: follows row 1"),
        ("UPDATE audit SET prev_hash = hash WHERE seq = 3", "row 3: does not continue row 2"),
        ("DELETE FROM audit WHERE seq >= 4", "no such row any more"),
        ("UPDATE audit_anchor SET signature = '00' || substr(signature, 3)", "the signature is wrong"),
        ("DELETE FROM signing_key", "is unknown"),
    ],
)
def test_tampering_shows(book: Casebook, tmp_path: Path, tampering: str, told: str) -> None:
    """Whoever removes the triggers and edits the chain is found by walking it."""
    ring = KeyRing(book, tmp_path / "keys")
    key = ring.create("mine")
    book.upsert_incidents("c", [ONE])
    book.decide("I-2023-0001", state=State.CLOSED)
    book.decide("I-2023-0001", state=State.OPEN)
    ring.sign_head(key.key_id)
    report = book.verify()
    assert report.is_intact
    assert (report.rows, report.anchors) == (5, 1)
    raw = sqlite3.connect(book.path)
    for table in APPEND_ONLY:
        raw.execute(f"DROP TRIGGER {table}_no_update")
        raw.execute(f"DROP TRIGGER {table}_no_delete")
    raw.execute(tampering)
    raw.commit()
    raw.close()
    assert any(told in problem.en for problem in book.verify().problems), book.verify().problems


def test_site_policy_changes_are_audited(book: Casebook) -> None:
    """A new content of the site policy is one audit row, the same again none."""
    assert book.saw_site_policy("aa")
    assert not book.saw_site_policy("aa")
    assert book.saw_site_policy("bb")
    assert [(r["from_value"], r["to_value"]) for r in book.audit_rows()] == [("", "aa"), ("aa", "bb")]


def test_snapshots_are_arrow(book: Casebook) -> None:
    """Every table comes as Arrow with real types, empty or not."""
    book.upsert_incidents("c", [ONE])
    tables = book.snapshots()
    assert set(tables) == set(METADATA.tables)
    assert tables["incident"].to_pylist()[0]["score"] == 71.5
    assert tables["incident"]["is_current"].to_pylist() == [True]
    assert tables["signing_key"].num_rows == 0


def test_unusable_files_are_told(tmp_path: Path) -> None:
    """A file that is no database, a folder, and a casebook of the future have their messages."""
    (tmp_path / "junk").write_bytes(b"not a database at all" * 100)
    for path in (tmp_path / "junk", tmp_path, tmp_path / "none" / "c.sqlite"):
        with pytest.raises(TaishiError, match="not usable as a casebook"):
            Casebook(path)
    Casebook(tmp_path / "c.sqlite").close()
    raw = sqlite3.connect(tmp_path / "c.sqlite")
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(TaishiError, match="allowed: up to"):
        Casebook(tmp_path / "c.sqlite")


def _decide_many(path: Path, owner: str) -> None:
    book = Casebook(path)
    for turn in range(10):
        book.decide("I-2023-0001", owner=f"{owner}{turn}")


def test_two_processes_queue(book: Casebook) -> None:
    """Changes of two processes neither fail nor fork the chain."""
    book.upsert_incidents("c", [ONE])
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_decide_many, args=(book.path, name)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [w.exitcode for w in workers] == [0, 0]
    report = book.verify()
    assert report.is_intact
    assert report.rows == 21


def test_actor_is_the_user_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment cannot forge the actor."""
    before = current_actor()
    monkeypatch.setenv("USER", "mallory")
    monkeypatch.setenv("LOGNAME", "mallory")
    assert current_actor() == before
    assert before.name != "mallory"


def test_keys(book: Casebook, tmp_path: Path) -> None:
    """Keys are private files, sign and verify, are trusted and distrusted, and every change is audited."""
    ring = KeyRing(book, tmp_path / "keys")
    own, locked = ring.create("mine"), ring.create("locked", "correct horse")
    file = tmp_path / "keys" / f"{own.key_id}.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    signature = ring.sign(b"m", own.key_id)
    assert ring.is_valid(b"m", signature, own.key_id)
    assert not ring.is_valid(b"n", signature, own.key_id)
    assert ring.is_valid(b"m", ring.sign(b"m", locked.key_id, "correct horse"), locked.key_id)
    for wrong in (None, "wrong", ""):
        with pytest.raises(TaishiError, match="private key not usable"):
            ring.sign(b"m", locked.key_id, wrong)
    with pytest.raises(TaishiError, match="allowed: at least 8"):
        ring.create("weak", "1234567")
    with pytest.raises(TaishiError, match="unknown") as caught:
        ring.sign(b"m", "feedfeedfeedfeed")
    assert caught.value.exit_code == 3
    other = KeyRing(Casebook(tmp_path / "other.sqlite"), tmp_path / "other-keys")
    assert not other.is_valid(b"m", signature, own.key_id)
    trusted = other.trust(own.pem(), "county", "read out on the phone")
    assert (trusted.key_id, trusted.is_own) == (own.key_id, False)
    assert other.is_valid(b"m", signature, own.key_id)
    assert other.trust(own.public_key, "county") == trusted
    assert not other.distrust(own.key_id, "lost").is_trusted
    assert not other.is_valid(b"m", signature, own.key_id)
    assert other.trust(own.public_key, "county").is_trusted
    for junk in ("", "zz", "00" * 31, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"):
        with pytest.raises(TaishiError, match="allowed: PEM or 64 hex"):
            other.trust(junk, "x")
    assert [r["command"] for r in book.audit_rows()] == ["key init", "key init"]
    assert [k.name for k in ring.listed()] == ["locked", "mine"]
