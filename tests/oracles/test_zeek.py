"""Our conversations against Zeek's connection logs."""

from __future__ import annotations

from tests.oracles.support.agreement import Exceptions, unlisted
from tests.oracles.support.zeek_run import ZeekResult

Compared = tuple[ZeekResult, Exceptions]
LEAST_SHARE = 0.98
"""Share of comparable conn rows that must be equal on endpoints, protocol, packets, IP bytes and conn_state."""
LEAST_ROWS = 450
"""Comparable rows there are at least: fewer would mean that the loader lost some."""


def test_nearly_all_connections_agree(zeek: Compared) -> None:
    """At least 98 % of the comparable rows are equal in every value."""
    agreement = zeek[0].agreement
    assert agreement.total >= LEAST_ROWS
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_every_difference_is_listed_with_its_reason(zeek: Compared) -> None:
    """A row that differs is in the table, or the test fails."""
    result, exceptions = zeek
    assert [d.line() for d in unlisted(result.agreement, exceptions)] == []


def test_we_have_no_connection_that_zeek_has_not(zeek: Compared) -> None:
    """Rows of ours beyond Zeek's stand for rows that were left out, and for nothing else."""
    result, exceptions = zeek
    assert [e for e in result.unexpected() if exceptions.find("differs", e[0], e[1].key) is None] == []


def test_the_table_is_up_to_date(zeek: Compared) -> None:
    """No exception is listed that is no longer needed."""
    result, exceptions = zeek
    unlisted(result.agreement, exceptions)
    assert exceptions.unused() == []
