"""Why rows are written: idle, active, end, reuse, shutdown, resource; and how long each state lives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest
from capture import ip as net
from capture.conversation import MS, Talk, Who, plain, udp_exchange
from capture.files import SECOND, T0, Shot, write_pcap
from expect import Metering, conserved, holds, in_order, only
from naive_meter import Row
from wire_meter import missing, wire_meter

CLOCK_HAND: Final = ("10.9.9.9", 40000), ("10.9.9.8", 40001)
"""Ends of a flow that only moves the clock on."""


def later(seconds: float) -> list[Shot]:
    """Return one packet of another flow, so many seconds after the start."""
    return udp_exchange(*CLOCK_HAND, [("c", b"x", seconds)])


def of_case(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that do not belong to the clock hand."""
    return [row for row in in_order(rows) if row["dst_port"] != 40001]


LIVES: Final[dict[str, tuple[Callable[[], Talk], float, str]]] = {
    "unanswered SYN": (lambda: Talk().send("c", "S"), 10, "idle"),
    "stray ACK": (lambda: Talk().send("c", "A"), 10, "idle"),
    "half-open": (lambda: Talk().send("c", "S").send("s", "SA"), 30, "idle"),
    "established": (lambda: Talk().handshake(), 300, "idle"),
    "one-sided with data": (lambda: Talk().send("c", "PA", 5), 300, "idle"),
    "one FIN": (lambda: Talk().handshake().send("c", "FA"), 60, "idle"),
    "both FIN": (lambda: Talk().handshake().close(), 5, "end"),
    "reset": (lambda: Talk().handshake().send("s", "RA"), 5, "end"),
}


@pytest.mark.parametrize("name", LIVES)
def test_tcp_lives(name: str, metering: Metering) -> None:
    """A packet exactly at the limit belongs to the flow, one nanosecond later to a new one."""
    make, limit, reason = LIVES[name]
    last = make().now_ns
    for late, count in ((0, 1), (1, 2)):
        talk = make()
        metered = metering(talk.send("c", "A", dt_ns=round(limit * SECOND) + late).shots, active_s=80_000.0)
        rows = in_order(metered.rows)
        assert len(rows) == count, (name, late)
        if late:
            holds(rows[0], end_reason=reason, is_final=True, ts_end=last // 1000)


UDP_LIVES: Final[dict[str, tuple[list[tuple[Who, bytes, float]], int, int]]] = {
    "one-sided": ([("c", b"q", 0.0)], 9999, 30),
    "answered": ([("c", b"q", 0.0), ("s", b"a", 0.0)], 9999, 60),
    "DNS unanswered": ([("c", b"q", 0.0)], 53, 30),
    "DNS answered": ([("c", b"q", 0.0), ("s", b"a", 0.0)], 53, 5),
}


@pytest.mark.parametrize("name", UDP_LIVES)
def test_udp_lives(name: str, metering: Metering) -> None:
    """UDP flows live longer when they were answered, DNS shorter."""
    steps, port, limit = UDP_LIVES[name]
    for late, count in ((0, 1), (1, 2)):
        shots = udp_exchange(("10.0.0.1", 50000), ("10.0.0.2", port), steps)
        again = plain(net.udp("10.0.0.1", "10.0.0.2", 50000, port, b"q"), True)
        rows = metering([*shots, Shot(T0 + limit * SECOND + late, again)]).rows
        assert len(rows) == count, (name, late)


@pytest.mark.parametrize(("proto", "limit"), [(1, 30), (89, 60)])
def test_other_lives(proto: int, limit: int, metering: Metering) -> None:
    """ICMP lives 30 s, other protocols 60 s."""
    body = net.icmp_message("10.0.0.1", "10.0.0.2", 8, 0, 7 << 16) if proto == 1 else b"x" * 20
    frame = plain(net.ip("10.0.0.1", "10.0.0.2", proto, body), True)
    for late, count in ((0, 1), (1, 2)):
        assert len(metering([Shot(T0, frame), Shot(T0 + limit * SECOND + late, frame)]).rows) == count


def test_expiry_needs_no_packet_of_its_own(metering: Metering) -> None:
    """A flow past its deadline at the end of the input ended idle; a live one is shut down."""
    metered = metering([*Talk().send("c", "S").shots, *later(11.0)])
    conserved(metered)
    (row,) = of_case(metered.rows)
    holds(row, end_reason="idle", is_final=True)
    holds(in_order(metered.rows)[-1], end_reason="shutdown", is_final=True)


def test_shutdown(metering: Metering) -> None:
    """A flow that is alive when the input ends is shut down; a closed one has ended."""
    holds(only(metering(Talk().handshake().shots)), end_reason="shutdown", is_final=True)
    holds(only(metering(Talk().handshake().close().shots)), end_reason="end", is_final=True)


def test_active_cut(metering: Metering) -> None:
    """At exactly 300 s a new segment begins: counters are deltas, state and direction are inherited."""
    talk = Talk().handshake()
    talk.send("c", "PA", 10, dt_ns=100 * SECOND).send("s", "A", dt_ns=100 * SECOND)
    talk.send("c", "PA", 20, dt_ns=T0 + 300 * SECOND - talk.now_ns).send("s", "PA", 30, dt_ns=SECOND).close()
    metered = metering(talk.shots)
    conserved(metered)
    first, second = in_order(metered.rows)
    holds(
        first,
        end_reason="active",
        is_final=False,
        segment_seq=0,
        flow_root_uid=None,
        src_pkts=3,
        src_bytes_seq=10,
        conn_state="S1",
        history="ShADa",
        rtt_syn_ns=MS,
        src_flags_first=0x02,
    )
    holds(
        second,
        end_reason="end",
        is_final=True,
        segment_seq=1,
        flow_root_uid=first["flow_uid"],
        src_pkts=3,
        src_bytes_payload=20,
        dst_bytes_payload=30,
        src_bytes_seq=20,
        dst_bytes_seq=30,
        src_syn=0,
        rtt_syn_ns=None,
        rtt_ack_ns=None,
        dir_basis="inherited",
        conn_state="SF",
        history="ShADadFf",
        duration_ns=SECOND + 3 * MS,
        ts_start=(T0 + 300 * SECOND) // 1000,
        src_flags_first=0x18,
        community_id=first["community_id"],
    )
    assert first["flow_uid"] != second["flow_uid"]


def test_just_below_the_active_limit(metering: Metering) -> None:
    """One nanosecond before 300 s is still the first segment."""
    talk = Talk().handshake().send("c", "A", dt_ns=299 * SECOND)
    talk.send("c", "A", dt_ns=T0 + 300 * SECOND - 1 - talk.now_ns)
    holds(only(metering(talk.shots)), duration_ns=300 * SECOND - 1, segment_seq=0)


def reopened(first: Talk, isn: int, wait_s: float, who: Who) -> list[Shot]:
    """Return a conversation followed by a SYN with another initial number on the same tuple."""
    talk = Talk(isn=(isn, isn), now_ns=first.now_ns)
    talk.shots = first.shots
    return talk.send(who, "S", dt_ns=round(wait_s * SECOND)).shots


REUSE: Final[dict[str, tuple[Callable[[], Talk], int, float, Who, int]]] = {
    "after both FINs": (lambda: Talk().handshake().close(), 5000, 1.0, "c", 2),
    "after RST": (lambda: Talk().handshake().send("s", "RA"), 5000, 1.0, "c", 2),
    "after one FIN": (lambda: Talk().handshake().send("c", "FA"), 5000, 1.0, "c", 2),
    "silent for more than 10 s": (lambda: Talk().handshake(), 5000, 10.5, "c", 2),
    "silent for less": (lambda: Talk().handshake(), 5000, 9.5, "c", 1),
    "same number is a retransmission": (lambda: Talk().handshake().close(), 1000, 1.0, "c", 1),
    "by the responder after both FINs": (lambda: Talk().handshake().close(), 5000, 1.0, "s", 2),
    "by the responder after silence only": (lambda: Talk().handshake(), 5000, 10.5, "s", 1),
}


@pytest.mark.parametrize("name", REUSE)
def test_reuse(name: str, metering: Metering) -> None:
    """A SYN with a new number on a finished or silent tuple ends the old flow and opens a new one."""
    make, isn, wait, who, count = REUSE[name]
    metered = metering(reopened(make(), isn, wait, who))
    conserved(metered)
    rows = in_order(metered.rows)
    assert len(rows) == count
    if count == 2:
        holds(rows[0], end_reason="reuse", is_final=True)
        holds(rows[1], src_syn=1, src_pkts=1, history="S", src_port=50000 if who == "c" else 80)


def test_clock_step(metering: Metering) -> None:
    """A step back of more than a second is flagged, keeps the flow alive and never makes a duration negative."""
    talk = Talk().handshake().send("c", "PA", 5).send("s", "A", dt_ns=-3600 * SECOND).send("c", "PA", 5)
    row = only(metering(talk.shots))
    holds(row, quality_flags=512, duration_ns=3 * MS, src_pkts=4, iat_min=0.0, iat_max=1000.0)


def test_reordering_is_no_step(metering: Metering) -> None:
    """A packet less than a second early is placed by its own time."""
    talk = Talk().handshake().send("c", "PA", 5).send("s", "A", dt_ns=-SECOND)
    holds(only(metering(talk.shots)), quality_flags=0, duration_ns=3 * MS)


def test_resource(tmp_path: Path) -> None:
    """A full table writes the flow nearest to its end, one-packet flows first (Rust only: the oracle has no bound)."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    talk = Talk().handshake()
    flood = [
        Shot(talk.now_ns + n, plain(net.tcp("10.0.1.1", "10.0.0.2", 1024 + n, 80, "S", seq=n), True)) for n in range(40)
    ]
    metered = wire_meter(write_pcap(tmp_path / "full.pcap", [*talk.shots, *flood]), max_flows=16)
    conserved(metered)
    evicted = [row for row in metered.rows if row["end_reason"] == "resource"]
    assert len(evicted) == 41 - 16
    assert all(row["quality_flags"] & 128 and row["src_pkts"] == 1 for row in evicted)
