"""One case per row of the catalogue of defects in other meters (flows.md, section 7).

The number of a case is the number of the row. Rows about another tool's own output format or mode of working cannot
happen here; ``NOT_APPLICABLE`` says why, and a test holds that no row is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from pathlib import Path
from typing import Final

import pytest
from capture import ip as net
from capture import link, tunnel
from capture.conversation import MS, Talk, Who, plain, udp_exchange
from capture.files import SECOND, T0, Shot, write_pcap
from expect import Metering, conserved, holds, in_order

A, B = "10.0.0.1", "10.0.0.2"
Check = Callable[[Metering, Path], None]

NOT_APPLICABLE: Final = {
    9: "no minimum-segment-size column exists; payload lengths never contain headers (asserted in 3)",
    20: "there are no subflow totals; subflows counts bursts (asserted in 8)",
    36: "server_name comes from the protocol parsers, which have their own tests",
    39: "no time distribution and no kurtosis is computed",
}


def _run(meter: Metering, folder: Path, shots: list[Shot], **options: object) -> list[dict[str, object]]:
    metered = meter(write_pcap(folder / "case.pcap", shots), **options)
    conserved(metered)
    return in_order(metered.rows)


def _one(meter: Metering, folder: Path, shots: list[Shot], **options: object) -> dict[str, object]:
    (row,) = _run(meter, folder, shots, **options)
    return row


def d01_one_fin_closes_nothing(meter: Metering, folder: Path) -> None:
    """A FIN of the responder alone leaves the flow open and what follows inside it."""
    talk = Talk().handshake().send("s", "FA").send("c", "A").send("c", "PA", 10, dt_ns=8 * SECOND).send("s", "A")
    holds(_one(meter, folder, talk.shots), conn_state="S3", src_bytes_payload=10, src_pkts=4, dst_pkts=3)


def d02_packets_after_fin_count(meter: Metering, folder: Path) -> None:
    """Packets after a side's FIN and repeated FINs are counted."""
    talk = (
        Talk().handshake().send("c", "FA").send("c", "FA", seq=1001).send("s", "PA", 5).send("s", "FA").send("c", "A")
    )
    holds(_one(meter, folder, talk.shots), src_fin=2, src_pkts=5, dst_pkts=3, dst_bytes_payload=5, end_reason="end")


def d03_first_packet_counts_once(meter: Metering, folder: Path) -> None:
    """Mean and deviation of lengths are those of the packets, the first one once."""
    shots = udp_exchange((A, 5000), (B, 123), [("c", b"x" * 30, 0.0), ("c", b"x" * 10, 0.1), ("c", b"x" * 20, 0.1)])
    holds(_one(meter, folder, shots), len_mean=20.0, len_std=10.0, len_min=10.0, len_max=30.0)


def d04_first_data_packet_counts(meter: Metering, folder: Path) -> None:
    """A first packet with payload is a data packet."""
    shots = udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.0), ("c", b"", 0.1)])
    holds(_one(meter, folder, shots), src_data_pkts=1, src_pkts=2)


def d05_directions_are_kept_apart(meter: Metering, folder: Path) -> None:
    """Addresses are compared by value: each side has its own bytes."""
    row = _one(meter, folder, Talk().handshake().send("c", "PA", 10).send("s", "PA", 20).send("s", "PA", 30).shots)
    holds(row, src_bytes_payload=10, dst_bytes_payload=50, src_len_max=10.0, dst_len_max=30.0)


def d06_window_of_the_first_packet(meter: Metering, folder: Path) -> None:
    """The initial window is that of the first packet of a side, not of its last."""
    talk = Talk().send("c", "S", window=100).send("s", "SA", window=200).send("c", "A", window=300)
    holds(_one(meter, folder, talk.send("s", "A", window=400).shots), src_win_init=100, dst_win_init=200)


def d07_no_integer_division(meter: Metering, folder: Path) -> None:
    """Means keep their fraction."""
    row = _one(meter, folder, udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.0), ("c", b"xx", 0.0)]))
    holds(row, len_mean=1.5, src_len_std=sqrt(0.5))


def d08_bursts_are_gaps_plus_one(meter: Metering, folder: Path) -> None:
    """Two silences of more than a second make three bursts; exactly one second is no silence."""
    steps: list[tuple[Who, bytes, float]] = [("c", b"x", wait) for wait in (0.0, 1.0, 1.000001, 0.5, 2.0)]
    row = _one(meter, folder, udp_exchange((A, 5000), (B, 123), steps))
    holds(row, subflows=3, idle_max=2e6, idle_mean=1_500_000.5, active_max=1e6)


def d10_flags_of_all_packets(meter: Metering, folder: Path) -> None:
    """Flags are counted on every packet of a direction."""
    talk = Talk().handshake().send("c", "PA", 1).send("c", "PA", 1).send("s", "PA", 1).send("c", "UA", 1)
    holds(_one(meter, folder, talk.shots), src_psh=2, dst_psh=1, src_tcp_flags=0x02 | 0x18 | 0x20)


def d11_activity_is_a_duration(meter: Metering, folder: Path) -> None:
    """Active and idle columns hold durations, not points in time."""
    row = _one(meter, folder, udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.0), ("c", b"x", 0.5), ("c", b"x", 3.0)]))
    holds(row, active_max=5e5, active_mean=2.5e5, idle_max=3e6, idle_mean=3e6)


def d12_activity_counts_once(meter: Metering, folder: Path) -> None:
    """Every silence counts once however many packets follow."""
    talk = Talk().handshake().send("c", "PA", 1, dt_ns=2 * SECOND).send("s", "A").send("c", "PA", 1).send("s", "A")
    holds(_one(meter, folder, talk.shots), subflows=2, idle_mean=2e6)


def d13_idle_time_out_exists(meter: Metering, folder: Path) -> None:
    """A silent flow ends although its key is never seen again, and a long talk is not cut at its start."""
    quiet = Talk().send("c", "S").shots
    busy = udp_exchange((A, 5001), (B, 123), [("c", b"x", 1.0) for _ in range(100)])
    rows = _run(meter, folder, [*quiet, *busy])
    assert [(row["end_reason"], row["src_pkts"]) for row in rows] == [("idle", 1), ("shutdown", 100)]


def d14_single_packets_are_flows(meter: Metering, folder: Path) -> None:
    """A scan keeps every one-packet flow, UDP ports of 0 and ICMP do not merge, IPv6 is read."""
    probes = [plain(net.tcp(A, B, 40000, port, "S"), True) for port in range(1, 51)]
    zero = [plain(net.udp(A, B, 0, 123), True), plain(net.udp(A, "10.0.0.3", 0, 0), True)]
    other = [plain(net.echo(A, B, 1), True), plain(net.tcp("fd00::1", "fd00::2", 1, 2, "S"), True)]
    rows = _run(meter, folder, [Shot(T0 + n, frame) for n, frame in enumerate([*probes, *zero, *other])])
    assert len(rows) == 54


def d15_first_packet_is_not_doubled(meter: Metering, folder: Path) -> None:
    """One packet is one packet."""
    row = _one(meter, folder, Talk().send("c", "S").shots)
    holds(row, src_pkts=1, src_bytes_ip=40, len_std=None, iat_mean=None)


def d16_no_wall_clock(meter: Metering, folder: Path) -> None:
    """The result depends on the capture alone: two runs agree in every column."""
    shots = Talk().handshake().send("c", "PA", 5, dt_ns=200 * SECOND).shots
    assert _run(meter, folder, shots) == _run(meter, folder, shots)


def d17_fin_is_a_tcp_flag(meter: Metering, folder: Path) -> None:
    """FIN is read from the TCP header whatever the flags of the IP header are."""
    segment = net.tcp_segment(A, B, 50000, 80, "FA")
    raw = bytearray(net.ip(A, B, 6, segment))
    raw[6] |= 0x40  # don't fragment
    row = _one(meter, folder, [Shot(T0, plain(bytes(raw), True))])
    holds(row, src_fin=1, frag_pkts=0)


def d18_activity_is_computed(meter: Metering, folder: Path) -> None:
    """A silence is measured before the time of the last packet is overwritten."""
    row = _one(meter, folder, udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.0), ("c", b"x", 5.0)]))
    holds(row, idle_max=5e6, subflows=2, active_max=0.0)


def d19_flags_have_their_own_bits(meter: Metering, folder: Path) -> None:
    """URG and CWR are different bits."""
    holds(_one(meter, folder, Talk().send("c", "U").shots), src_tcp_flags=0x20)
    holds(_one(meter, folder, Talk().send("c", "C").shots), src_tcp_flags=0x80)


def d21_protocol_is_keyed(meter: Metering, folder: Path) -> None:
    """TCP and UDP on one 4-tuple are two flows."""
    frames = [plain(net.tcp(A, B, 5000, 53, "S"), True), plain(net.udp(A, B, 5000, 53, b"x"), True)]
    rows = _run(meter, folder, [Shot(T0 + n, frame) for n, frame in enumerate(frames)])
    assert [row["ip_proto"] for row in rows] == [6, 17] or [row["ip_proto"] for row in rows] == [17, 6]


def d22_ipv6(meter: Metering, folder: Path) -> None:
    """IPv6 conversations are metered like IPv4 ones."""
    row = _one(meter, folder, Talk(("fd00::1", 5000), ("fd00::2", 80)).handshake().close().shots)
    holds(row, ip_version=6, conn_state="SF", src_bytes_ip=4 * 60)


def d23_bytes_of_the_wire(meter: Metering, folder: Path) -> None:
    """A snap length lowers no byte count."""
    shots = [Shot(T0, plain(net.udp(A, B, 5000, 123, b"x" * 1000), True), snap=64)]
    holds(_one(meter, folder, shots), src_bytes_l2=1042, src_bytes_payload=1000)


def d24_one_sample_has_no_deviation(meter: Metering, folder: Path) -> None:
    """Statistics without enough samples are NULL, not 0."""
    row = _one(meter, folder, udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.0), ("c", b"x", 1.0)]))
    holds(row, iat_mean=1e6, iat_std=None, dst_len_min=None, dst_iat_mean=None, src_len_std=0.0)


def d25_sample_deviation(meter: Metering, folder: Path) -> None:
    """The standard deviation divides by n - 1."""
    row = _one(
        meter, folder, udp_exchange((A, 5000), (B, 123), [("c", b"x" * n, 0.0) for n in (2, 4, 4, 4, 5, 5, 7, 9)])
    )
    holds(row, len_std=sqrt(32 / 7), len_mean=5.0)


def d26_units(meter: Metering, folder: Path) -> None:
    """Durations are nanoseconds, intervals microseconds."""
    row = _one(meter, folder, udp_exchange((A, 5000), (B, 123), [("c", b"x", 0.0), ("c", b"x", 1.5)]))
    holds(row, duration_ns=1_500_000_000, iat_max=1_500_000.0)


def d27_expiry_does_not_depend_on_other_flows(meter: Metering, folder: Path) -> None:
    """An old flow that stays alive does not keep a younger one from expiring."""
    alive = udp_exchange((A, 5000), (B, 123), [("c", b"x", 5.0) for _ in range(20)])
    short = udp_exchange((A, 5001), (B, 123), [("c", b"x", 6.0), ("c", b"y", 31.0)])
    rows = _run(meter, folder, sorted([*alive, *short], key=lambda shot: shot.ts_ns))
    assert sorted((row["src_port"], row["end_reason"]) for row in rows) == [
        (5000, "shutdown"),
        (5001, "idle"),
        (5001, "idle"),
    ]


def d28_expiry_without_packets(meter: Metering, folder: Path) -> None:
    """A flow past its deadline is idle even when no packet of it follows."""
    rows = _run(meter, folder, [*Talk().send("c", "S").shots, *udp_exchange((A, 1), (B, 123), [("c", b"x", 100.0)])])
    holds(rows[0], end_reason="idle")


def d29_nanoseconds(meter: Metering, folder: Path) -> None:
    """Times keep their nanoseconds."""
    frame = plain(net.udp(A, B, 5000, 123, b"x"), True)
    holds(
        _one(meter, folder, [Shot(T0, frame), Shot(T0 + 1, frame), Shot(T0 + 4, frame)]), duration_ns=4, iat_max=0.003
    )


def d30_out_of_order_keeps_its_time(meter: Metering, folder: Path) -> None:
    """A packet that is late in the file keeps its own time."""
    frame = plain(net.udp(A, B, 5000, 123, b"x"), True)
    shots = [Shot(T0, frame), Shot(T0 + 900 * MS, frame), Shot(T0 + 400 * MS, frame)]
    holds(_one(meter, folder, shots), duration_ns=900 * MS, iat_min=0.0, iat_max=900_000.0, quality_flags=2)


def d31_nothing_is_ignored(meter: Metering, folder: Path) -> None:
    """Fragments, 802.1ad and offload frames are flows like others."""
    parts = net.fragments(A, B, 17, net.udp_datagram(A, B, 5000, 123, b"x" * 100), ident=1, size=56)
    tagged = link.ethernet(net.udp(A, B, 5001, 123, b"x"), vlans=[(0x88A8, 7)])
    large = plain(net.ip(A, B, 6, net.tcp_segment(A, B, 5002, 80, "A", payload=b"x" * 20000), total_len=0), True)
    frames = [*(plain(part, True) for part in parts), tagged, large]
    rows = _run(meter, folder, [Shot(T0 + n * 1000, frame) for n, frame in enumerate(frames)])
    assert [(row["src_port"], row["src_bytes_payload"]) for row in rows] == [(5000, 100), (5001, 1), (5002, 20000)]


def d32_port_reuse(meter: Metering, folder: Path) -> None:
    """A new connection on the tuple of a finished one is a new flow."""
    talk = Talk().handshake().close()
    again = Talk(isn=(777_777, 1), now_ns=talk.now_ns + 2 * SECOND).handshake()
    rows = _run(meter, folder, [*talk.shots, *again.shots])
    assert [(row["conn_state"], row["end_reason"]) for row in rows] == [("SF", "reuse"), ("S1", "shutdown")]


def d33_syn_ack_first(meter: Metering, folder: Path) -> None:
    """When the SYN+ACK comes first, its sender is the responder once an ACK follows."""
    row = _one(meter, folder, Talk(server=(B, 40000)).send("s", "SA").send("c", "A").shots)
    holds(row, src_ip=net.mapped(A), dir_basis="synack_flip")


def d34_tunnel_id_is_an_id(meter: Metering, folder: Path) -> None:
    """Two tenants with the same inner addresses are two flows."""
    inner = link.ethernet(net.udp(A, B, 5000, 123, b"x"))
    frames = {n: plain(tunnel.vxlan("192.0.2.1", "192.0.2.2", inner, n), True) for n in (5, 6)}
    shots = [Shot(T0 + n * 1000, frame) for n, frame in frames.items()]
    assert [row["tunnel_id"] for row in _run(meter, folder, shots)] == [5, 6]


def d35_pppoe_and_mpls_carry_ipv6(meter: Metering, folder: Path) -> None:
    """IPv6 is found below PPPoE and MPLS."""
    packet = net.udp("fd00::1", "fd00::2", 5000, 123, b"x")
    frames = [link.ethernet(link.pppoe(packet, 1), 0x8864), link.ethernet(link.mpls(packet, [16]), 0x8847)]
    rows = _run(meter, folder, [Shot(T0 + n * 1000, frame) for n, frame in enumerate(frames)])
    assert [(row["ip_version"], row["tunnel_type"]) for row in rows] == [(6, "pppoe"), (6, "none")]


def d37_forged_sequence(meter: Metering, folder: Path) -> None:
    """A wild sequence number does not create bytes: never more than were counted or missed."""
    talk = Talk().handshake().send("c", "PA", 10).send("c", "PA", 1, seq=1001 + 900_000_000).send("s", "A", ack=1011)
    row = _one(meter, folder, talk.shots)
    assert isinstance(row["src_bytes_seq"], int)
    assert row["src_bytes_seq"] <= 11


def d38_flip_moves_the_counts(meter: Metering, folder: Path) -> None:
    """After a flip the packet counts belong to the right sides."""
    talk = Talk(server=(B, 40000)).send("s", "SA").send("s", "SA", seq=9000).send("c", "A")
    holds(_one(meter, folder, talk.shots), src_pkts=1, dst_pkts=2, dst_syn=2, src_syn=0)


def d40_duplicates_and_reordering(meter: Metering, folder: Path) -> None:
    """Copies of a mirror port are suppressed when asked for; reordered segments are no retransmissions."""
    talk = Talk().handshake().send("c", "PA", 10).send("c", "PA", 10, lost=True).send("c", "PA", 10)
    talk.send("c", "PA", 10, seq=1011).send("s", "A")
    doubled = [copy for shot in talk.shots for copy in (shot, Shot(shot.ts_ns + 2000, shot.data))]
    row = _one(meter, folder, doubled, dedup_us=100)
    holds(row, dup_pkts=len(talk.shots), src_pkts=5, dst_pkts=2, src_retx_pkts=0, src_ooo_pkts=1, src_gap_bytes=0)


CASES: Final[dict[int, Check]] = {
    int(name[1:3]): check for name, check in sorted(globals().items()) if name[:1] == "d" and name[1:3].isdigit()
}


@pytest.mark.parametrize("number", CASES)
def test_defect(number: int, meter: Metering, tmp_path: Path) -> None:
    """The defect of that row does not occur."""
    CASES[number](meter, tmp_path)


def test_catalogue_is_complete() -> None:
    """Every row of the catalogue has a case or a reason, none has both."""
    assert set(CASES) | set(NOT_APPLICABLE) == set(range(1, 41))
    assert not set(CASES) & set(NOT_APPLICABLE)
