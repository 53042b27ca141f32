"""Home networks kept with a case: who set them, replaced, forgotten, audited, and added to casebooks that exist."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from store.audit import Actor
from store.casebook import Casebook
from store.site import Basis, SitePolicy
from store.text import Text


@pytest.fixture
def book(tmp_path: Path) -> Casebook:
    """Return a fresh casebook."""
    return Casebook(tmp_path / "casebook.sqlite", Actor("wang", "analyst", "host1"))


def test_networks_are_kept_per_case_with_who_and_when(book: Casebook) -> None:
    """What a case was judged by comes back sorted, with the actor and the time of the audit row."""
    assert book.home_networks("office") is None
    assert book.keep_home_networks("office", ("2001:db8::/32", "198.51.100.0/24"), "scan a.pcap")
    kept = book.home_networks("office")
    assert kept is not None
    assert kept.cidrs == ("198.51.100.0/24", "2001:db8::/32")
    assert (kept.actor, kept.at) == ("wang", book.audit_rows()[0]["at"])
    assert book.home_networks("other") is None


def test_the_same_again_changes_nothing_and_other_ones_replace(book: Casebook) -> None:
    """Every change is one audit row that tells both sides; no change is none."""
    book.keep_home_networks("office", ("198.51.100.0/24",), "scan a.pcap")
    assert not book.keep_home_networks("office", ("198.51.100.0/24",), "scan a.pcap")
    assert book.keep_home_networks("office", ("192.0.2.0/24", "203.0.113.0/24"), "scan b.pcap")
    assert book.keep_home_networks("office", (), "scan --forget-home-net")
    assert not book.keep_home_networks("office", (), "scan --forget-home-net")
    assert book.home_networks("office") is None
    told = [(row["object"], row["from_value"], row["to_value"]) for row in book.audit_rows()]
    assert told == [
        ("case office, home networks", "", "198.51.100.0/24"),
        ("case office, home networks", "198.51.100.0/24", "192.0.2.0/24, 203.0.113.0/24"),
        ("case office, home networks", "192.0.2.0/24, 203.0.113.0/24", ""),
    ]
    assert book.verify().is_intact


def test_a_casebook_of_the_first_version_gets_the_table(book: Casebook) -> None:
    """Opening an older casebook adds the table and keeps what is there."""
    book.keep_home_networks("office", ("198.51.100.0/24",), "scan a.pcap")
    book.close()
    raw = sqlite3.connect(book.path)
    for table in ("case_home", "confirmed_role", "suppression", "alert_feedback"):
        raw.execute(f"DROP TABLE {table}")
    raw.execute("UPDATE alembic_version SET version_num = '0001'")
    raw.commit()
    raw.close()
    again = Casebook(book.path)
    assert again.home_networks("office") is None
    assert again.keep_home_networks("office", ("192.0.2.0/24",), "scan a.pcap")
    assert again.verify().is_intact


def test_a_policy_with_kept_networks_counts_as_declared() -> None:
    """Networks kept with the case stand in place of the policy's own and nothing is inferred beside them."""
    why = Text("kept", "沿用")
    policy = SitePolicy().with_home(["192.0.2.0/24"], why=why, basis=Basis.CASE)
    assert policy.is_home_declared
    assert [(str(n.network), n.why, n.basis) for n in policy.home] == [("192.0.2.0/24", why, Basis.CASE)]
