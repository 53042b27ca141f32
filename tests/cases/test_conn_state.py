"""One generated capture per connection state, with the history that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from capture import ip as net
from capture.conversation import Talk, Who, plain, udp_exchange
from capture.files import T0, Shot
from expect import Metering, conserved, holds, only

STATES: Final[dict[str, tuple[Callable[[], Talk], dict[str, object]]]] = {
    "S0": (
        lambda: Talk().send("c", "S").send("c", "S", seq=1000),
        {"history": "S", "src_pkts": 2, "dst_pkts": 0, "src_syn": 2, "src_bytes_seq": 0, "dir_basis": "syn"},
    ),
    "S1": (
        lambda: Talk().handshake().send("c", "PA", 10).send("s", "A"),
        {"history": "ShADa", "src_bytes_seq": 10, "dst_bytes_seq": 0, "rtt_syn_ns": 1_000_000, "rtt_ack_ns": 1_000_000},
    ),
    "SF": (
        lambda: Talk().handshake().send("c", "PA", 10).send("s", "PA", 20).close(),
        {"history": "ShADdFf", "src_bytes_seq": 10, "dst_bytes_seq": 20, "src_fin": 1, "dst_fin": 1},
    ),
    "REJ": (
        lambda: Talk().send("c", "S").send("s", "RA", seq=0),
        {"history": "Sr", "dst_rst": 1, "src_bytes_seq": 0, "dst_bytes_seq": 0},
    ),
    "S2": (
        lambda: Talk().handshake().send("c", "PA", 5).send("c", "FA").send("s", "A"),
        {"history": "ShADFa", "src_bytes_seq": 5, "src_fin": 1, "dst_fin": 0},
    ),
    "S3": (
        lambda: Talk().handshake().send("s", "PA", 7).send("s", "FA").send("c", "A"),
        {"history": "ShAdf", "dst_bytes_seq": 7, "dst_fin": 1, "src_fin": 0},
    ),
    "RSTO": (
        lambda: Talk().handshake().send("c", "PA", 5).send("s", "A").send("c", "RA"),
        {"history": "ShADaR", "src_rst": 1, "dst_rst": 0, "src_bytes_seq": 5},
    ),
    "RSTR": (
        lambda: Talk().handshake().send("c", "PA", 5).send("s", "RA"),
        {"history": "ShADr", "src_rst": 0, "dst_rst": 1, "src_bytes_seq": 5},
    ),
    "RSTOS0": (
        lambda: Talk().send("c", "S").send("c", "R"),
        {"history": "SR", "src_pkts": 2, "dst_pkts": 0, "src_rst": 1},
    ),
    "RSTRH": (
        lambda: Talk().send("s", "SA").send("s", "R"),
        {"history": "^hr", "src_pkts": 0, "dst_pkts": 2, "dir_basis": "service_port"},
    ),
    "SH": (
        lambda: Talk().send("c", "S").send("c", "F"),
        {"history": "SF", "src_pkts": 2, "dst_pkts": 0, "src_fin": 1},
    ),
    "SHR": (
        lambda: Talk().send("s", "SA").send("s", "FA"),
        {"history": "^hf", "src_pkts": 0, "dst_pkts": 2, "dst_fin": 1},
    ),
    "OTH": (
        lambda: Talk().send("c", "PA", 5).send("s", "PA", 6),
        {"history": "Dd", "src_bytes_seq": 5, "dst_bytes_seq": 6, "dir_basis": "service_port", "quality_flags": 1},
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_tcp(state: str, metering: Metering) -> None:
    """A conversation written for a state gets that state."""
    talk, columns = STATES[state]
    metered = metering(talk().shots)
    conserved(metered)
    row = only(metered)
    holds(row, conn_state=state, src_port=50000, dst_port=80, ip_proto=6, **columns)


FLAG_ONLY: Final = {
    "null scan": ("", "OTH", ""),
    "FIN scan": ("F", "SH", "F"),
    "Xmas scan": ("FPU", "SH", "F"),
    "ACK scan": ("A", "OTH", "A"),
    "SYN+FIN": ("SF", "SH", "Q"),
    "FIN+RST": ("FR", "OTH", "I"),
    "SYN+RST": ("SR", "OTH", "Q"),
}


@pytest.mark.parametrize("name", FLAG_ONLY)
def test_lone_segment(name: str, metering: Metering) -> None:
    """One odd segment alone makes a flow of its own with the letters of its flags."""
    flags, state, history = FLAG_ONLY[name]
    row = only(metering(Talk().send("c", flags).shots))
    holds(row, conn_state=state, history=history, src_pkts=1, dst_pkts=0, src_tcp_flags=net.flag_byte(flags))


UDP_STATES: Final[dict[str, tuple[list[tuple[Who, bytes, float]], str, int, int]]] = {
    "S0": ([("c", b"a", 0.0), ("c", b"b", 0.5)], "D", 2, 0),
    "SF": ([("c", b"a", 0.0), ("s", b"b", 0.5)], "Dd", 1, 1),
    "SHR": ([("s", b"b", 0.0)], "^d", 0, 1),
}


@pytest.mark.parametrize("state", UDP_STATES)
def test_udp(state: str, metering: Metering) -> None:
    """The sides of a UDP flow that spoke decide its state."""
    steps, history, src, dst = UDP_STATES[state]
    row = only(metering(udp_exchange(("10.0.0.1", 50000), ("10.0.0.2", 123), steps)))
    holds(row, conn_state=state, history=history, src_pkts=src, dst_pkts=dst, src_bytes_seq=None, src_tcp_flags=None)


def test_icmp_and_other(metering: Metering) -> None:
    """ICMP and other IP protocols have no state but OTH and no history."""
    shots = [
        Shot(T0, plain(net.echo("10.0.0.1", "10.0.0.2", 7), True)),
        Shot(T0 + 1, plain(net.ip("10.0.0.1", "10.0.0.2", 89, b"ospf"), True)),
    ]
    rows = metering(shots).rows
    assert len(rows) == 2
    for row in rows:
        holds(row, conn_state="OTH", history=None, src_port=None, dst_port=None)


def test_window_letters(metering: Metering) -> None:
    """A zero window, a retransmission and a gap leave W, T and G, at their 1st and 10th occurrence."""
    talk = Talk().handshake().send("c", "PA", 10)
    for _ in range(10):
        talk.send("c", "PA", 10, seq=1001)
    talk.send("s", "A", window=0)
    talk.send("c", "PA", 30, lost=True).send("s", "A")
    row = only(metering(talk.shots))
    holds(row, history="ShADTTawG", src_retx_pkts=10, src_gap_bytes=30, src_bytes_seq=40)


def test_reset_outside_window(metering: Metering) -> None:
    """A forged reset far outside the window is counted and changes no state."""
    talk = Talk().handshake().send("c", "PA", 10).send("s", "A").send("s", "R", seq=9001 + 3 * 65535, ack=0)
    row = only(metering(talk.send("c", "PA", 5).send("s", "A").shots))
    holds(row, conn_state="S1", dst_rst=1, history="ShADar", end_reason="shutdown")


def test_simultaneous_close_and_late_ack(metering: Metering) -> None:
    """Acknowledgements after both FINs belong to the flow; nothing is discarded."""
    talk = (
        Talk()
        .handshake()
        .send("c", "FA")
        .send("s", "FA", ack=1001)
        .send("c", "A")
        .send("s", "A")
        .send("s", "FA", seq=9001)
    )
    row = only(metering(talk.shots))
    holds(row, conn_state="SF", src_pkts=4, dst_pkts=4, dst_fin=2, history="ShAFfa", end_reason="end")
