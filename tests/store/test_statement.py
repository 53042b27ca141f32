"""Signed statements of the audit chain's head: they hold elsewhere, and every way of bending them shows."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from store.audit import Actor
from store.casebook import Casebook
from store.errors import TaishiError
from store.keys import Key, KeyRing
from store.statement import Statement, issue, problems, read_statement


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    """Return the keys of a casebook with some history and one own key."""
    book = Casebook(tmp_path / "casebook.sqlite", Actor("wang", "analyst", "host1"))
    book.saw_site_policy("aa")
    found = KeyRing(book, tmp_path / "keys")
    found.create("county", "correct horse")
    return found


def _issued(ring: KeyRing) -> tuple[Statement, Key]:
    (key,) = ring.listed()
    return issue(ring, key.key_id, "correct horse"), key


def test_a_statement_says_what_is_signed_and_is_itself_audited(ring: KeyRing) -> None:
    """Entries, head and key are those of the chain; issuing is one more row and an anchor of the same head."""
    before = ring.casebook.audit_rows()
    statement, key = _issued(ring)
    assert (statement.entries, statement.head) == (len(before), before[-1]["hash"])
    assert (statement.casebook, statement.first, statement.key_id) == (
        "casebook.sqlite",
        before[0]["hash"],
        key.key_id,
    )
    assert statement.at >= before[-1]["at"]
    report = ring.casebook.verify()
    assert (report.is_intact, report.rows, report.anchors) == (True, len(before) + 1, 1)


def test_it_is_read_back_and_holds_with_the_key_alone(ring: KeyRing) -> None:
    """Without the casebook, whoever trusts the key can tell that the statement is genuine."""
    statement, key = _issued(ring)
    text = json.dumps(statement.as_json())
    assert read_statement(text, "s.json") == statement
    assert problems(statement, [key], None) == ()
    assert problems(statement, [key], ring.casebook) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"entries": 1},
        {"head": "0" * 64},
        {"at": "2001-01-01T00:00:00+00:00"},
        {"casebook": "other.sqlite"},
        {"first": "1" * 64},
        {"signature": "00" * 64},
        {"public_key": "11" * 32},
        {"key_id": "feedfeedfeedfeed"},
    ],
)
def test_every_changed_field_shows(ring: KeyRing, changed: dict[str, object]) -> None:
    """Nothing in a statement can be changed without the signature or the key's id giving it away."""
    statement, key = _issued(ring)
    assert problems(replace(statement, **changed), [key], None) != ()  # type: ignore[arg-type] # fields by name


def test_unknown_and_distrusted_keys_do_not_count(ring: KeyRing, tmp_path: Path) -> None:
    """A genuine signature of a key that is not, or no longer, trusted here is told as that."""
    statement, key = _issued(ring)
    (told,) = problems(statement, [], None)
    assert "not trusted here" in told.en
    (told,) = problems(statement, [replace(key, is_trusted=False)], None)
    assert "not trusted here" in told.en
    assert "不" in told.zh


def test_a_chain_that_was_cut_or_rewritten_shows(ring: KeyRing, tmp_path: Path) -> None:
    """A casebook restored from before the statement has no such row; another casebook is not compared."""
    statement, key = _issued(ring)
    later = replace(statement, entries=99)
    assert any("has no row 99" in told.en for told in problems(later, [key], ring.casebook))
    other = Casebook(tmp_path / "other.sqlite")
    assert problems(statement, [replace(key, is_own=False)], other) == ()
    (told,) = problems(statement, [key], other)
    assert "replaced" in told.en


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "nul", '{"purpose": "taishi audit statement"}', "\udcff", '{"purpose": 1}', "[" * 100_000],
)
def test_what_is_no_statement_is_told(text: str) -> None:
    """Exit code 9: it cannot be verified; the message names the file."""
    with pytest.raises(TaishiError, match=r"s\.json: ") as caught:
        read_statement(text, "s.json")
    assert caught.value.exit_code == 9


def test_wrong_types_and_versions_are_told(ring: KeyRing) -> None:
    """Each field has its type; a newer version is not guessed at."""
    statement, _ = _issued(ring)
    good = statement.as_json()
    for bad in (
        {"entries": "3"},
        {"entries": True},
        {"head": 5},
        {"version": 2},
        {"entries": 10**30},
        {"extra": 1},
        {"signature": "zz"},
    ):
        with pytest.raises(TaishiError):
            read_statement(json.dumps({**good, **bad}), "s.json")
