"""Sequence space: retransmission, reordering, holes, gaps, wrap-around, forgery."""

from __future__ import annotations

from typing import Final

import pytest
from capture.conversation import Talk
from capture.files import Shot
from expect import Metering, conserved, holds, only

WRAP: Final = 2**32 - 15
"""An initial sequence number whose space wraps inside the first segment."""


def opened(isn: int = 1000) -> Talk:
    """Return an established connection."""
    return Talk(isn=(isn, 9000)).handshake()


def reordered() -> Talk:
    """Return three segments of which the second comes last, then an ACK of all."""
    talk = opened()
    talk.send("c", "A", 10).send("c", "A", 10, lost=True).send("c", "A", 10).send("c", "A", 10, seq=1011)
    return talk.send("s", "A")


def five_holes() -> Talk:
    """Return five holes, one more than are tracked, of which the last is filled."""
    talk = opened()
    for _ in range(5):
        talk.send("c", "A", 10, lost=True).send("c", "A", 10)
    return talk.send("c", "A", 10, seq=1081)


CASES: Final[dict[str, tuple[Talk, dict[str, object]]]] = {
    "in order": (opened().send("c", "A", 10).send("c", "A", 10).send("s", "A"), {"src_bytes_seq": 20}),
    "retransmission": (
        opened().send("c", "A", 10).send("c", "A", 10, seq=1001).send("s", "A"),
        {"src_bytes_seq": 10, "src_bytes_payload": 20, "src_retx_pkts": 1, "src_ooo_pkts": 0, "history": "ShADTa"[:6]},
    ),
    "partial overlap is no retransmission": (
        opened().send("c", "A", 10).send("c", "A", 20, seq=1001),
        {"src_bytes_seq": 20, "src_retx_pkts": 0, "src_ooo_pkts": 0},
    ),
    "reordering": (reordered(), {"src_bytes_seq": 30, "src_retx_pkts": 0, "src_ooo_pkts": 1, "src_gap_bytes": 0}),
    "gap behind": (
        opened().send("c", "A", 10, lost=True).send("c", "A", 10).send("s", "A"),
        {"src_bytes_seq": 20, "src_gap_bytes": 10, "src_bytes_payload": 10, "history": "ShADaG"},
    ),
    "gap at the end": (
        opened().send("c", "A", 10).send("c", "A", 7, lost=True).send("s", "A").send("s", "A"),
        {"src_bytes_seq": 17, "src_gap_bytes": 7},
    ),
    "filled after it was counted": (
        opened().send("c", "A", 10, lost=True).send("c", "A", 10).send("s", "A").send("c", "A", 10, seq=1001),
        {"src_gap_bytes": 10, "src_retx_pkts": 1, "src_ooo_pkts": 0, "src_bytes_seq": 20},
    ),
    "more holes than are tracked": (
        five_holes().send("s", "A"),
        {"src_ooo_pkts": 1, "src_gap_bytes": 50, "src_bytes_seq": 100},
    ),
    "wrap-around": (
        opened(WRAP).send("c", "A", 100).send("s", "A").send("c", "A", 100).send("s", "A"),
        {"src_bytes_seq": 200, "src_retx_pkts": 0, "src_gap_bytes": 0, "src_isn": WRAP},
    ),
    "keep-alive": (
        opened().send("c", "A", 10).send("s", "A").send("c", "A", 0, seq=1010).send("s", "A"),
        {"src_bytes_seq": 10, "src_retx_pkts": 0, "src_gap_bytes": 0},
    ),
    "midstream": (
        Talk().send("c", "PA", 10).send("s", "PA", 20).send("c", "A"),
        {"src_bytes_seq": 10, "dst_bytes_seq": 20, "src_isn": None, "dst_isn": None},
    ),
    "forged jump": (
        opened().send("c", "A", 10).send("c", "A", 10, seq=1001 + 10_000_000).send("s", "A", ack=1011),
        {"src_bytes_seq": 20, "src_bytes_payload": 20, "src_gap_bytes": 0},
    ),
    "impossible jump": (
        opened().send("c", "A", 10).send("c", "A", 10, seq=1001 + 2**31 - 100).send("s", "A", ack=1011),
        {"src_bytes_seq": 10, "src_bytes_payload": 20},
    ),
    "impossible ACK": (
        opened().send("c", "A", 10).send("s", "A", ack=1001 + 2**31 - 100),
        {"src_bytes_seq": 10, "src_gap_bytes": 0},
    ),
    "data on a RST moves nothing": (
        opened().send("c", "A", 10).send("c", "RA", 50),
        {"src_bytes_seq": 10, "src_bytes_payload": 60, "conn_state": "RSTO"},
    ),
    "only RST seen": (Talk().send("c", "R", seq=77), {"src_bytes_seq": 0, "conn_state": "OTH"}),
    "FIN is no byte": (
        opened().send("c", "PA", 10).close(),
        {"src_bytes_seq": 10, "dst_bytes_seq": 0, "src_gap_bytes": 0, "dst_gap_bytes": 0},
    ),
    "data with SYN": (
        Talk().send("c", "S", 10).send("s", "SA").send("c", "A"),
        {"src_bytes_seq": 10, "src_bytes_payload": 10, "src_data_pkts": 1, "history": "ShA"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sequence(name: str, metering: Metering) -> None:
    """What is lost, repeated, late or forged is told apart by sequence numbers."""
    talk, columns = CASES[name]
    metered = metering(list[Shot](talk.shots))
    conserved(metered)
    holds(only(metered), **columns)
