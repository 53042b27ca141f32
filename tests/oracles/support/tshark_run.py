"""Compare a meter with tshark's streams over all captures."""

from __future__ import annotations

from pathlib import Path

from tests.oracles.support import tshark, tuples
from tests.oracles.support.agreement import Agreement, Exceptions
from tests.oracles.support.quoted import take_off
from tests.oracles.support.zeek_run import Conversations


def compare(root: Path, conversations: Conversations, exceptions: Exceptions) -> tuple[Agreement, int]:
    """Compare every capture; return the agreement and the number of tuples left out by the table.

    ICMP errors are taken off tshark's sums where a first look differs, because reading frames here is slow.
    """
    agreement, excluded = Agreement(), 0
    for trace, sums in tshark.streams(root).items():
        ours = tuples.measured(tuples.of_conversations(conversations(root / trace), tshark.PROTOCOLS))
        kept = {key: value for key, value in sums.items() if exceptions.find("excluded", trace, key) is None}
        excluded += len(sums) - len(kept)
        first = Agreement()
        first.add(trace, tuples.measured(kept), ours)
        if first.differing:
            kept = take_off(kept, root / trace)
        agreement.add(trace, tuples.measured(kept), ours)
    return agreement, excluded
