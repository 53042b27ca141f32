"""Our `dns` rows against Zeek's dns.log and Suricata's dns events, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support import dns, truth
from tests.oracles.support.agreement import Agreement, Exceptions, unlisted

Compared = tuple[Agreement, Exceptions]
LEAST_SHARE = 0.98
"""Share of rows that must be equal on every field that both sides have."""
LEAST_ZEEK_ROWS = 90
"""Comparable rows of dns.log there are at least: fewer would mean that the loader lost some."""
LEAST_SURICATA_EVENTS = 2_600
"""The same of Suricata's dns events."""


@pytest.fixture(scope="module")
def exceptions() -> Exceptions:
    """The table of rows that differ or cannot be compared."""
    return Exceptions.load(truth.EXCEPTIONS_DIR / "dns_exceptions.csv")


@pytest.fixture(scope="module")
def zeek_dns(data: Path, exceptions: Exceptions) -> Compared:
    """Comparison with every dns.log; excluded rows are left out on Zeek's side."""
    agreement = Agreement()
    for trace, logged in dns.zeek_logs(data):
        with_time = any("ts" in row for row in logged)
        wanted = [dns.of_zeek(row) for row in logged]
        wanted = [row for row in wanted if exceptions.find("excluded", trace, row.key) is None]
        rows = [row for row in dns.records(data / trace) if row["service"] == "dns"]
        agreement.add(trace, wanted, [dns.of_ours_as_zeek(row, with_time=with_time) for row in rows])
    return agreement, exceptions


@pytest.fixture(scope="module")
def suricata_dns(data: Path, exceptions: Exceptions) -> Compared:
    """Comparison with the dns events of every capture that has some."""
    agreement = Agreement()
    for trace, events in dns.suricata_events(data):
        rows = [row for row in dns.records(data / trace) if row["service"] == "dns"]
        agreement.add(trace, *dns.suricata_pair(events, rows))
    return agreement, exceptions


def test_nearly_all_zeek_rows_agree(zeek_dns: Compared) -> None:
    """At least 98 % of Zeek's rows are equal: question, codes, flags, answers, times to live, round trip, moment."""
    agreement = zeek_dns[0]
    assert agreement.total >= LEAST_ZEEK_ROWS
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_nearly_all_suricata_events_agree(suricata_dns: Compared) -> None:
    """At least 98 % of Suricata's events are equal: question, moment, code, flags and answers with times to live."""
    agreement = suricata_dns[0]
    assert agreement.total >= LEAST_SURICATA_EVENTS
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_every_dns_difference_is_listed_with_its_reason(zeek_dns: Compared, suricata_dns: Compared) -> None:
    """A row that differs is in the table, and the table names no other."""
    agreement, exceptions = zeek_dns
    lines = [d.line() for d in unlisted(agreement, exceptions) + unlisted(suricata_dns[0], exceptions)]
    assert lines == []
    assert exceptions.unused() == []
