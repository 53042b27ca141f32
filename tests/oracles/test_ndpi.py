"""Our flows, summed per 5-tuple and capture, against nDPI's results."""

from __future__ import annotations

from tests.oracles.support.agreement import Agreement, Exceptions, unlisted

Compared = tuple[Agreement, Exceptions]
LEAST_SHARE = 0.99
"""Share of 5-tuples whose packets and frame bytes must be equal each way."""
LEAST_TUPLES = 3_600


def test_nearly_all_flows_agree(ndpi: Compared) -> None:
    """At least 99 % of the 5-tuples have the same packets and frame bytes each way, listed captures included."""
    agreement = ndpi[0]
    assert agreement.total >= LEAST_TUPLES
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_every_difference_is_listed_with_its_reason(ndpi: Compared) -> None:
    """A 5-tuple that differs is in the table, and the table names no other."""
    agreement, exceptions = ndpi
    assert [d.line() for d in unlisted(agreement, exceptions)] == []
    assert exceptions.unused() == []
