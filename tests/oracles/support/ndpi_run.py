"""Compare a meter with nDPI's per-flow results."""

from __future__ import annotations

from pathlib import Path

from tests.oracles.support import ndpi, tuples
from tests.oracles.support.agreement import Agreement
from tests.oracles.support.zeek_run import Conversations


def compare(root: Path, conversations: Conversations) -> Agreement:
    """Compare the sums per 5-tuple of every capture that has a result file."""
    agreement = Agreement()
    for trace, sums in ndpi.results(root).items():
        ours = tuples.of_conversations(conversations(root / trace), ndpi.PROTOCOLS, ndpi.spelled)
        agreement.add(trace, tuples.measured(sums), tuples.measured(ours))
    return agreement
