"""Our Kerberos, LDAP and RDP records against Zeek's logs and Suricata's events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support import auth_run, truth
from tests.oracles.support.agreement import Agreement, Exceptions, unlisted

LEAST_SHARE = 0.98
"""Share of comparable rows that must be equal on all fields both have."""
LEAST_ROWS = {
    ("zeek", "kerberos"): 16,
    ("zeek", "ldap"): 28,
    ("zeek", "ldap_search"): 20,
    ("zeek", "rdp"): 3,
    ("suricata", "kerberos"): 94,
    ("suricata", "rdp"): 184,
}
"""Comparable rows there are at least: fewer would mean that the loader lost some."""
Compared = tuple[dict[tuple[str, str], Agreement], Exceptions]


@pytest.fixture(scope="module")
def compared(data: Path) -> Compared:
    """Every comparison, and the table of exceptions."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "auth_exceptions.csv")
    done = {}
    for tool, name in LEAST_ROWS:
        run = auth_run.zeek if tool == "zeek" else auth_run.suricata
        done[tool, name] = run(data, name, exceptions)
    return done, exceptions


@pytest.mark.parametrize("which", LEAST_ROWS, ids="_".join)
def test_nearly_all_rows_agree(compared: Compared, which: tuple[str, str]) -> None:
    """At least 98 % of the comparable rows are equal in every field both have."""
    agreement = compared[0][which]
    assert agreement.total >= LEAST_ROWS[which]
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_every_difference_is_listed_with_its_reason(compared: Compared) -> None:
    """A row that differs is in the table, and the table names no other."""
    agreements, exceptions = compared
    assert [d.line() for agreement in agreements.values() for d in unlisted(agreement, exceptions)] == []
    assert exceptions.unused() == []
