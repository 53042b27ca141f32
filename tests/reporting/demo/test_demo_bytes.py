"""The demo capture is well formed down to the last checksum, judged by a reader that shares no code with the writer."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from reporting.demo import write_demo

DAY_NS = 24 * 3600 * 10**9


class Segment(NamedTuple):
    """A TCP segment as the test's own reader sees it."""

    key: tuple[bytes, int, bytes, int]
    seq: int
    ack: int
    flags: int
    payload: bytes
    options: bytes


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The demo capture of one seed, as bytes."""
    path = tmp_path_factory.mktemp("demo") / "demo.pcap"
    write_demo(path, seed=7)
    return path.read_bytes()


def records(capture: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (time in ns, frame) of each record."""
    at = 24
    while at < len(capture):
        seconds, micros, caught, length = struct.unpack_from("<IIII", capture, at)
        assert caught == length
        yield seconds * 10**9 + micros * 1000, capture[at + 16 : at + 16 + caught]
        at += 16 + caught


def ones_sum(data: bytes) -> int:
    """Return the folded one's-complement sum, word by word (RFC 1071)."""
    padded = data + b"\0" * (len(data) & 1)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def ip_packets(capture: bytes) -> Iterator[bytes]:
    """Yield every IPv4 packet, Ethernet padding removed."""
    for _, frame in records(capture):
        if frame[12:14] == b"\x08\x00":
            yield frame[14 : 14 + int.from_bytes(frame[16:18], "big")]


def tcp_segments(capture: bytes) -> Iterator[Segment]:
    """Yield every TCP segment."""
    for packet in ip_packets(capture):
        if packet[9] == 6:
            body = packet[20:]
            sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", body)
            head = offset >> 4 << 2
            yield Segment((packet[12:16], sport, packet[16:20], dport), seq, ack, flags, body[head:], body[20:head])


def test_every_checksum_is_right(capture: bytes) -> None:
    """IPv4, TCP, UDP and ICMP checksums verify to all ones."""
    seen = {1: 0, 6: 0, 17: 0}
    for packet in ip_packets(capture):
        assert packet[0] == 0x45
        assert ones_sum(packet[:20]) == 0xFFFF
        proto, body = packet[9], packet[20:]
        seen[proto] += 1
        pseudo = b"" if proto == 1 else packet[12:20] + struct.pack("!HH", proto, len(body))
        assert ones_sum(pseudo + body) == 0xFFFF
        if proto == 17:
            assert int.from_bytes(body[4:6], "big") == len(body)
    assert all(count > 50 for count in seen.values())


def test_frames_are_in_order_and_of_legal_length(capture: bytes) -> None:
    """Times never go back, the day is covered, no frame is shorter than 60 or longer than 1514 bytes."""
    times = [at for at, _ in records(capture)]
    assert times == sorted(times)
    assert 0.99 * DAY_NS < times[-1] - times[0] <= 1.01 * DAY_NS
    assert all(60 <= len(frame) <= 1514 for _, frame in records(capture))
    assert 3_000_000 < len(capture) < 16_000_000


def test_sequence_numbers_hang_together(capture: bytes) -> None:
    """Each direction's bytes are contiguous, nothing unseen is acknowledged, and data only flows after a handshake."""
    following: dict[tuple[bytes, int, bytes, int], int] = {}
    for item in tcp_segments(capture):
        back = (item.key[2], item.key[3], item.key[0], item.key[1])
        if item.flags & 0x02:
            following[item.key] = (item.seq + 1) & 0xFFFFFFFF
            continue
        if item.flags & 0x04:
            continue
        assert item.seq == following[item.key]
        assert item.ack == following[back]
        assert item.flags & 0x10
        following[item.key] = (item.seq + len(item.payload) + (item.flags & 1)) & 0xFFFFFFFF


def test_connections_end_in_order(capture: bytes) -> None:
    """Every connection that carried data ends with a FIN of both sides or with a reset."""
    data: set[frozenset[tuple[bytes, int]]] = set()
    fins: dict[frozenset[tuple[bytes, int]], set[bytes]] = {}
    resets: set[frozenset[tuple[bytes, int]]] = set()
    for item in tcp_segments(capture):
        pair = frozenset({item.key[:2], item.key[2:]})
        if item.payload:
            data.add(pair)
        if item.flags & 0x01:
            fins.setdefault(pair, set()).add(item.key[0])
        if item.flags & 0x04:
            resets.add(pair)
    assert len(data) > 400
    assert all(len(fins.get(pair, ())) == 2 or pair in resets for pair in data)


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path, capture: bytes) -> None:
    """The capture is a function of the seed alone."""
    write_demo(tmp_path / "again.pcap", seed=7)
    write_demo(tmp_path / "other.pcap", seed=8)
    assert (tmp_path / "again.pcap").read_bytes() == capture
    assert (tmp_path / "other.pcap").read_bytes() != capture


def test_unwritable_place_is_an_os_error(tmp_path: Path) -> None:
    """A folder that does not exist is reported by the operating system's own error."""
    with pytest.raises(OSError, match=r"demo\.pcap"):
        write_demo(tmp_path / "nowhere" / "demo.pcap")
