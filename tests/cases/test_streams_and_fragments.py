"""What parsers are given: streams from their first byte on, datagrams that say when other fragments hold the rest."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from capture import ip as net
from capture.conversation import plain
from capture.files import T0, Shot, write_pcap

from tests.oracles.support.record_rows import record_rows

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
REQUEST = b"GET /first HTTP/1.1\r\nHost: a.example\r\nUser-Agent: " + b"x" * 80 + b"\r\n\r\n"
REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def _shots(packets: list[tuple[bytes, bool]]) -> list[Shot]:
    return [Shot(T0 + n * 1_000_000, plain(packet, from_client)) for n, (packet, from_client) in enumerate(packets)]


def _segment(from_client: bool, flags: str, seq: int, payload: bytes = b"") -> tuple[bytes, bool]:
    ends = (CLIENT, SERVER, 40000, 8080) if from_client else (SERVER, CLIENT, 8080, 40000)
    return net.ip(*ends[:2], 6, net.tcp_segment(*ends, flags, seq=seq, payload=payload)), from_client


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_any_order_of_the_first_segments(order: tuple[int, ...], tmp_path: Path) -> None:
    """A request whose segments come in any order behind the handshake is the same request."""
    cuts = [(0, 40), (40, 100), (100, len(REQUEST))]
    parts = [_segment(True, "PA", 101 + start, REQUEST[start:end]) for start, end in cuts]
    packets = [_segment(True, "S", 100), _segment(False, "SA", 500), *(parts[at] for at in order)]
    packets += [_segment(False, "PA", 501 + 20, REPLY[20:]), _segment(False, "PA", 501, REPLY[:20])]
    (row,) = record_rows(write_pcap(tmp_path / "order.pcap", _shots(packets)), "http")
    assert (row["method"], row["uri"], row["host"], row["status_code"]) == ("GET", "/first", "a.example", 200)
    assert row["response_body_len"] == 5


def test_fragment_says_that_more_follows(tmp_path: Path) -> None:
    """The first fragment of a DNS response is read as far as it goes, and nothing is called malformed because of it."""
    question = b"\x07example\x03org\x00" + struct.pack(">HH", 16, 1)
    text = b"\xc0\x0c" + struct.pack(">HHIH", 16, 1, 60, 201) + b"\xc8" + b"t" * 200
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + question
    reply = struct.pack(">6H", 7, 0x8180, 1, 12, 0, 0) + question + text * 12
    datagram = net.udp_datagram(SERVER, CLIENT, 53, 40000, reply)
    packets = [(net.udp(CLIENT, SERVER, 40000, 53, query), True)]
    packets += [(part, False) for part in net.fragments(SERVER, CLIENT, 17, datagram, ident=9, size=1480)]
    path = write_pcap(tmp_path / "fragments.pcap", _shots(packets))
    (row,) = record_rows(path, "dns")
    assert (row["query"], row["answer_count"], len(row["answers"])) == ("example.org", 12, 6)
    assert record_rows(path, "weird") == []
