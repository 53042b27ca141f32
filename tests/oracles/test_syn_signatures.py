"""Our signatures of TCP stacks against p0f's, over every capture that libpcap can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support import p0f, truth
from tests.oracles.support.agreement import Agreement, Exceptions, unlisted

Compared = tuple[Agreement, Exceptions]
LEAST_SHARE = 0.998
"""Share of p0f's signatures of SYN and SYN+ACK that must be equal to ours, the distance left out."""
LEAST_SIGNATURES = 24_000
"""Signatures p0f writes at least: fewer would mean that it was not run over all captures."""


@pytest.fixture(scope="module")
def signatures(data: Path) -> Compared:
    """Comparison over all captures."""
    agreement = Agreement()
    for trace in p0f.captures(data):
        expected = p0f.observed(data / trace)
        if expected:
            agreement.add(trace, expected, p0f.metered(data / trace))
    return agreement, Exceptions.load(truth.EXCEPTIONS_DIR / "p0f_exceptions.csv")


def test_nearly_all_signatures_agree(signatures: Compared) -> None:
    """At least 99.8 % of p0f's signatures stand in our rows, letter by letter."""
    agreement = signatures[0]
    assert agreement.total >= LEAST_SIGNATURES
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_every_difference_is_listed_with_its_reason(signatures: Compared) -> None:
    """A signature that differs is in the table, and the table names no other."""
    agreement, exceptions = signatures
    assert [d.line() for d in unlisted(agreement, exceptions)] == []
    assert exceptions.unused() == []
