"""Where the Rust meter is known to depart from the specification; each point has a case in ``test_settled_points.py``.

Everything here is expected to fail *strictly*: when a point is settled in the Rust meter, the tests say so, and its
entry (and the call of ``pending`` in its case) must go. When nothing is left, delete this module.
"""

from __future__ import annotations

from typing import Final

CAPTURES: Final = {
    "robust/tcpdump/dccp_partial_csum_v4_longer.pcap": "Community ID of DCCP hashes ports",
    "robust/tcpdump/tcp_eight_lowest_weight_flags_set.pcap": "a RST starts the sequence space",
}
"""Real captures on which the meters differ, with the reason."""

WILD: Final = "window scale of RSTs, sequence space begun by RSTs, order of the letters T and G"
"""Why random captures without any restraint differ."""
