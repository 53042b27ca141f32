"""Sums per 5-tuple, ICMP quotations and the readers of nDPI's and the meter's rows, on literal input."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.support import meter, ndpi, quoted, truth, uncounted
from tests.oracles.support.tuples import Sums, add, of_conversations

A, B = bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])


def _ipv4(proto: int, source: bytes, target: bytes, body: bytes, length: int | None = None) -> bytes:
    total = 20 + len(body) if length is None else length
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 64, proto, 0, source, target) + body


def _pcap(path: Path, *packets: bytes) -> Path:
    link = bytes(12) + b"\x08\x00"
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for packet in packets:
            frame = link + packet
            file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
    return path


def test_both_directions_fall_into_one_sum() -> None:
    """Flows of one 5-tuple add up whichever end is named first."""
    sums: Sums = {}
    add(sums, "tcp", (("1.1.1.1", 5), ("2.2.2.2", 80)), (3, 2, 300, 200))
    add(sums, "tcp", (("2.2.2.2", 80), ("1.1.1.1", 5)), (1, 10, 100, 1000))
    assert sums == {"tcp 1.1.1.1:5|2.2.2.2:80": [13, 3, 1300, 300]}


def test_conversations_are_summed_per_protocol() -> None:
    """Only the wanted protocols count; missing ports are 0."""
    row: dict[str, Any] = {"ip_proto": 17, "src_ip": "1.1.1.1", "src_port": None, "dst_ip": "2.2.2.2", "dst_port": None}
    row |= {"src_pkts": 1, "dst_pkts": 0, "src_bytes_l2": 60, "dst_bytes_l2": 0}
    assert of_conversations([row, row | {"ip_proto": 6}], frozenset({17})) == {"udp 1.1.1.1:0|2.2.2.2:0": [1, 0, 60, 0]}


def test_ndpi_lines_are_read(tmp_path: Path) -> None:
    """Two-way, one-way, IPv6 and named protocols; host lines and statistics are no flows."""
    lines = [
        "DPI Packets (TCP):\t7\t(7.00 pkts/flow)",
        "\t1\t 192.168.1.13             \t 1      ",
        "\t1\tTCP 1.1.1.1:5 <-> 2.2.2.2:80 [proto: 7/HTTP][cat: Web/5][3 pkts/300 bytes <-> 2 pkts/200 bytes][x: 1/2]",
        "\t2\tUDP 2.2.2.2:53 -> 1.1.1.1:5 [VLAN: 5][proto: 5/DNS][1 pkts/90 bytes -> 0 pkts/0 bytes][1.0 sec]",
        "\t3\tICMPV6 [fe80::1]:0 -> [ff02:5::2]:0 [proto: 102/ICMPV6][1 pkts/70 bytes -> 0 pkts/0 bytes]",
    ]
    path = tmp_path / "x.pcap.out"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert ndpi.flows(path) == {
        "tcp 1.1.1.1:5|2.2.2.2:80": [3, 2, 300, 200],
        "udp 1.1.1.1:5|2.2.2.2:53": [0, 1, 0, 90],
        "icmpv6 fe80::1:0|ff02:5::2:0": [1, 0, 70, 0],
    }
    assert ndpi.spelled("302e:0:3d00::8001") == "302e::3d00::8001"


def test_icmp_errors_are_taken_off_the_quoted_stream(tmp_path: Path) -> None:
    """The frame of an ICMP error is not a packet of the stream it quotes; an echo request quotes nothing."""
    udp = struct.pack("!HHHH", 5, 53, 12, 0)
    error = _ipv4(1, B, A, bytes([3, 3, 0, 0, 0, 0, 0, 0]) + _ipv4(17, A, B, udp))
    echo = _ipv4(1, A, B, bytes([8, 0, 0, 0, 0, 1, 0, 1]) + _ipv4(17, A, B, udp))
    capture = _pcap(tmp_path / "x.pcap", error, echo)
    size = 14 + len(error)
    assert list(quoted.quotations(capture)) == [("udp", (("10.0.0.1", 5), ("10.0.0.2", 53)), size)]
    sums: Sums = {"udp 10.0.0.1:5|10.0.0.2:53": [2, 1, 60 + size, 80], "udp 10.0.0.1:6|10.0.0.2:53": [1, 0, 60, 0]}
    assert quoted.take_off(sums, capture)["udp 10.0.0.1:5|10.0.0.2:53"] == [1, 1, 60, 80]
    only: Sums = {"udp 10.0.0.1:5|10.0.0.2:53": [1, 0, size, 0]}
    assert quoted.take_off(only, capture) == {}


def test_offloaded_and_overlong_packets_are_found(tmp_path: Path) -> None:
    """IP length 0 counts its bytes, a length beyond the frame also the packet; a proper packet nothing."""
    tcp = struct.pack("!HHIIHHHH", 5, 80, 0, 0, 0x5010, 0, 0, 0) + bytes(10)
    packets = (_ipv4(6, A, B, tcp), _ipv4(6, A, B, tcp, 0), _ipv4(6, B, A, tcp, 9000))
    found = uncounted.uncounted(_pcap(tmp_path / "x.pcap", *packets))
    assert found == {("10.0.0.1", 5, "10.0.0.2", 80): (0, 50), ("10.0.0.2", 5, "10.0.0.1", 80): (1, 50)}


def test_segments_make_one_conversation() -> None:
    """Counters add up, identity is the first segment's, state the last's, flags are joined."""
    blank: dict[str, Any] = dict.fromkeys(meter.COLUMNS, 0)
    address = bytes(10) + b"\xff\xff" + A
    first = blank | {"flow_uid": b"a", "flow_root_uid": None, "conn_state": "S1", "src_pkts": 3, "quality_flags": 1}
    second = first | {"flow_uid": b"b", "flow_root_uid": b"a", "segment_seq": 1, "conn_state": "SF", "quality_flags": 4}
    rows = [row | {"src_ip": address, "dst_ip": bytes(15) + b"\1"} for row in (second, first)]
    (whole,) = meter.conversations_of(rows)
    assert (whole["flow_uid"], whole["conn_state"], whole["src_pkts"], whole["quality_flags"]) == (b"a", "SF", 6, 5)
    assert (whole["src_ip"], whole["dst_ip"]) == ("10.0.0.1", "::1")


def test_absent_captures_skip_but_fail_in_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without captures a test is skipped with a reason; under CI it fails."""
    monkeypatch.setenv("TAISHI_DATA", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no captures"):
        truth.root()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="may not be skipped"):
        truth.root()
