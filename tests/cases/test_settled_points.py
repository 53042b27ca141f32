"""Points in which the page on flow semantics leaves room: each is decided here, with the least traffic for it."""

from __future__ import annotations

import hashlib
from typing import Final

import pytest
from capture import ip as net
from capture import link, tunnel
from capture.conversation import MS, Talk, plain, udp_exchange
from capture.files import SECOND, T0, Shot
from expect import Metering, holds, in_order, only

A, B = "10.0.0.1", "10.0.0.2"
SCALE: Final = net.mss(1460) + net.wscale(7)


def test_reset_midstream(metering: Metering) -> None:
    """Without the handshake the window scale is unknown, so a reset is accepted wherever it lies."""
    talk = Talk().send("c", "PA", 10, window=500).send("s", "PA", 10, window=500).send("s", "R", seq=9000 + 40_000)
    holds(only(metering(talk.shots)), conn_state="RSTRH", end_reason="end")


def test_reset_scaled(metering: Metering) -> None:
    """With both scales seen, the window is the scaled one."""
    for offset, state in ((100 * 128 * 2, "RSTR"), (100 * 128 * 2 + 1, "S1")):
        talk = Talk().send("c", "S", options=SCALE).send("s", "SA", options=SCALE).send("c", "A", window=100)
        talk.send("c", "PA", 5, window=100).send("s", "R", seq=9001 + offset)
        holds(only(metering(talk.shots)), conn_state=state)


def test_scale_needs_both(metering: Metering) -> None:
    """A scale that only one side offered is not in force (RFC 7323, 2.2)."""
    talk = Talk().send("c", "S", options=SCALE).send("s", "SA").send("c", "A", window=100)
    talk.send("c", "PA", 5, window=100).send("s", "R", seq=9001 + 100 * 128)
    holds(only(metering(talk.shots)), conn_state="S1")


def test_reset_starts_no_sequence(metering: Metering) -> None:
    """A side that sent only a RST has no sequence space: an ACK of it shows no gap and no bytes."""
    talk = Talk().send("c", "R", seq=1000).send("s", "A", ack=1300)
    holds(only(metering(talk.shots)), src_gap_bytes=0, src_bytes_seq=0)


def test_letters_of_one_packet(metering: Metering) -> None:
    """Letters of one packet come as in Zeek: checksum, flags, window, retransmission, then the peer's gap."""
    talk = Talk().handshake().send("c", "PA", 10).send("s", "A", 5, lost=True)
    talk.send("c", "PA", 10, seq=1001, window=0, bad_checksum=True)
    holds(only(metering(talk.shots)), history="ShADCWTg")


@pytest.mark.parametrize("hand_ms", [5_100, 5_400, 5_600, 5_900])
def test_silence_is_measured_by_the_sweep_clock(hand_ms: int, metering: Metering) -> None:
    """Once the clock has passed a deadline, an early-stamped packet opens a new flow, whenever the sweep comes."""
    talk = Talk().handshake().close()
    hand = talk.now_ns + hand_ms * MS
    talk.send("c", "A", dt_ns=hand_ms * MS - 900 * MS)
    *before, late = talk.shots
    moved = udp_exchange(("10.9.9.9", 40000), ("10.9.9.8", 40001), [("c", b"x", 0.0)], start_ns=hand)
    rows = [row for row in in_order(metering([*before, *moved, late]).rows) if row["ip_proto"] == 6]
    assert [(row["end_reason"], row["src_pkts"]) for row in rows] == [("end", 4), ("shutdown", 1)]


def test_syn_after_its_answer(metering: Metering) -> None:
    """When the SYN comes after its SYN+ACK both sides are established, as after Zeek's exchange of roles."""
    talk = Talk(server=(B, 40000)).send("s", "SA", ack=1001).send("c", "S").send("c", "A")
    holds(only(metering(talk.shots)), conn_state="S1", dir_basis="syn", history="^hSA")


def test_isn_of_a_late_syn(metering: Metering) -> None:
    """A SYN that fits the numbers seen before makes the initial number known and moves nothing."""
    talk = Talk().send("c", "PA", 10, seq=1001).send("c", "S", seq=1000)
    holds(only(metering(talk.shots)), src_isn=1000, src_bytes_seq=10)


def test_same_number_never_reuses(metering: Metering) -> None:
    """A SYN of the responder with its own initial number is a retransmission, also on a closed tuple."""
    talk = Talk().handshake().close().send("s", "S", seq=9000)
    assert len(metering(talk.shots).rows) == 1


def test_round_trip_needs_two_sides(metering: Metering) -> None:
    """The SYN of a round trip is that of the SYN+ACK's receiver."""
    talk = Talk().send("c", "A").send("s", "S").send("s", "SA")
    holds(only(metering(talk.shots)), rtt_syn_ns=None)


def test_first_ack_after_a_leading_syn_ack(metering: Metering) -> None:
    """The second half of the round trip is known although the SYN was not seen."""
    talk = Talk(server=(B, 40000)).send("s", "SA").send("c", "A", dt_ns=7 * MS)
    holds(only(metering(talk.shots)), rtt_ack_ns=7 * MS, rtt_syn_ns=None)


def test_tunnel_ends_follow_the_originator(metering: Metering) -> None:
    """tunnel_src_ip is the outer address on the originator's side, also when the answer came first."""
    answer = net.echo(B, A, 7, reply=True)
    row = only(metering([Shot(T0, plain(tunnel.ipip("192.0.2.2", "192.0.2.1", answer), False))]))
    holds(row, src_ip=net.mapped(A), tunnel_src_ip=net.mapped("192.0.2.1"), tunnel_dst_ip=net.mapped("192.0.2.2"))


def test_layer2_has_no_dscp(metering: Metering) -> None:
    """Without an IP header there is no DSCP: NULL, not 0."""
    holds(only(metering([Shot(T0, link.stp())])), src_dscp=None, dst_dscp=None)


def test_community_id_of_dccp(metering: Metering) -> None:
    """The specification of Community ID gives ports to TCP, UDP, SCTP and ICMP only."""
    header = b"\x13\x88\x00\x50" + b"\x03\0\0\0" + b"\0" * 4
    row = only(metering([Shot(T0, plain(net.ip(A, B, 33, header), True))]))
    plain_hash = hashlib.sha1(b"\0\0" + net.packed(A) + net.packed(B) + b"\x21\0", usedforsecurity=False)
    holds(row, src_port=5000, dst_port=80, community_id=plain_hash.digest())


def test_wild_time_is_clamped(metering: Metering) -> None:
    """Intervals never become negative or overflow with the times that pcap can express."""
    frame = plain(net.udp(A, B, 5000, 123, b"x"), True)
    rows = metering([Shot(0, frame), Shot((2**32 - 1) * SECOND, frame)]).rows
    assert len(rows) == 2
    assert all(row["duration_ns"] == 0 for row in rows)
