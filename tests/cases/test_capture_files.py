"""The same conversation in every capture format and link type makes the same row."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from capture import ip as net
from capture import link
from capture.conversation import TcpConversation
from capture.files import SECOND, T0, Shot, write_pcap, write_pcapng
from expect import Metering, conserved, holds, only
from naive_meter import Row

TALK: Final = TcpConversation(
    ("10.0.0.1", 50000),
    ("10.0.0.2", 80),
    data=[("c", b"GET / HTTP/1.1\r\n\r\n", 0.25), ("s", b"HTTP/1.1 200 OK\r\n\r\n", 0.5)],
)
SAME: Final = {
    "src_pkts": 6,
    "dst_pkts": 4,
    "src_bytes_payload": 18,
    "dst_bytes_payload": 19,
    "conn_state": "SF",
    "history": "ShADadFf",
    "duration_ns": SECOND * 3 // 4 + 7_000_000 - 1_000_000 + 1_000_000,
    "iat_max": 500_000.0,
}

FORMATS: Final[dict[str, Callable[[Path, list[Shot]], Path]]] = {
    "pcap ns": lambda folder, shots: write_pcap(folder / "a.pcap", shots),
    "pcap us": lambda folder, shots: write_pcap(folder / "a.pcap", shots, nanosecond=False),
    "pcap ns, big endian": lambda folder, shots: write_pcap(folder / "a.pcap", shots, big_endian=True),
    "pcap us, big endian": lambda folder, shots: write_pcap(
        folder / "a.pcap", shots, nanosecond=False, big_endian=True
    ),
    "pcap gz": lambda folder, shots: write_pcap(folder / "a.pcap.gz", shots),
    "pcapng": lambda folder, shots: write_pcapng(folder / "a.pcapng", shots),
    "pcapng us": lambda folder, shots: write_pcapng(folder / "a.pcapng", shots, resolutions=[6]),
    "pcapng 2^-20, big endian": lambda folder, shots: write_pcapng(
        folder / "a.pcapng", shots, resolutions=[0x80 | 20], big_endian=True
    ),
    "pcapng gz": lambda folder, shots: write_pcapng(folder / "a.pcapng.gz", shots),
}


def metered_row(meter: Metering, path: Path) -> Row:
    """Return the only row of a capture that must be read without a problem."""
    metered = meter(path)
    conserved(metered)
    assert metered.problem is None
    return only(metered)


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name: str, meter: Metering, tmp_path: Path) -> None:
    """Format, byte order, resolution and compression change nothing but the precision of time."""
    row = metered_row(meter, FORMATS[name](tmp_path, TALK.shots()))
    expected = {
        key: value for key, value in SAME.items() if "2^-20" not in name or key not in {"duration_ns", "iat_max"}
    }
    holds(row, **expected, ts_start=T0 // 1000)


def test_interfaces(meter: Metering, tmp_path: Path) -> None:
    """Interfaces of one file have their own link types and resolutions and are numbered from 0."""
    packet = net.udp("10.0.0.1", "10.0.0.2", 5000, 123, b"x")
    other = net.udp("10.0.0.3", "10.0.0.4", 5000, 123, b"x")
    shots = [Shot(T0, link.ethernet(packet)), Shot(T0 + 1_000_000, other, interface=1)]
    metered = meter(write_pcapng(tmp_path / "a.pcapng", shots, links=[1, 101], resolutions=[9, 6]))
    conserved(metered)
    assert [(row["observation_point_id"], row["src_mac"]) for row in metered.rows] == [(0, link.MAC_A), (1, None)]
    assert [row["ts_start"] for row in metered.rows] == [T0 // 1000, T0 // 1000 + 1000]


LINKS: Final[dict[str, tuple[int, Callable[[bytes], bytes], int, bytes | None]]] = {
    "ethernet": (1, link.ethernet, 14, link.MAC_A),
    "raw IP": (101, lambda p: p, 0, None),
    "raw IP, BSD number": (12, lambda p: p, 0, None),
    "Linux cooked": (113, link.linux_sll, 16, link.MAC_A),
    "Linux cooked 2": (276, link.linux_sll2, 20, link.MAC_A),
    "null, little endian": (0, link.null_loopback, 4, None),
    "null, big endian": (0, lambda p: link.null_loopback(p, big_endian=True), 4, None),
    "loop": (108, lambda p: link.null_loopback(p, big_endian=True), 4, None),
    "PPP with HDLC": (9, link.ppp, 4, None),
    "PPP": (9, lambda p: link.ppp(p, hdlc=False), 2, None),
    "PPP HDLC": (50, link.ppp, 4, None),
    "Cisco HDLC": (104, link.cisco_hdlc, 4, None),
}


@pytest.mark.parametrize("name", LINKS)
def test_link_types(name: str, metering: Metering) -> None:
    """Every link type leads to the same IP flow; only the frame length and the MAC differ."""
    number, wrap, size, mac = LINKS[name]
    shots = TALK.shots(lambda packet, _: wrap(packet))
    metered = metering(shots, link=number)
    conserved(metered)
    holds(only(metered), **SAME, src_mac=mac, src_bytes_l2=6 * (40 + size) + 18)


def test_ipv6_over_null(metering: Metering) -> None:
    """The family of IPv6 in a null header is one of several numbers."""
    packet = net.udp("2001:db8::1", "2001:db8::2", 5000, 123, b"x")
    for family in (10, 24, 28, 30):
        row = only(metering([Shot(T0, family.to_bytes(4, "little") + packet)], link=0))
        holds(row, ip_version=6, src_bytes_l2=4 + 49)


VLANS: Final = {
    "untagged": ((), None, None),
    "802.1Q": (((0x8100, 10),), 10, None),
    "priority tag": (((0x8100, 0),), 0, None),
    "QinQ": (((0x88A8, 10), (0x8100, 20)), 10, 20),
    "old QinQ": (((0x9100, 10), (0x8100, 20)), 10, 20),
    "three tags": (((0x88A8, 10), (0x8100, 20), (0x8100, 30)), 10, 20),
}


@pytest.mark.parametrize("name", VLANS)
def test_vlan(name: str, metering: Metering) -> None:
    """Tags are recorded, never keyed: both directions meet although they carry different ones."""
    tags, outer, inner = VLANS[name]

    def wrap(packet: bytes, from_client: bool) -> bytes:
        own = tags if from_client else [(tpid, vid + 1) for tpid, vid in tags]
        return link.ethernet(packet, vlans=own)

    holds(only(metering(TALK.shots(wrap))), **SAME, vlan_outer=outer, vlan_inner=inner)


DAMAGED: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda raw: raw[:0],
    "wrong magic": lambda raw: b"\x00" * 24 + raw[24:],
    "cut in a record": lambda raw: raw[:-5],
    "cut in a record header": lambda raw: raw + b"\0" * 7,
    "gigantic length": lambda raw: raw + b"\xff" * 16,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage(name: str, meter: Metering, tmp_path: Path) -> None:
    """Damage ends the reading with a reason; what was read before stays."""
    path = write_pcap(tmp_path / "a.pcap", TALK.shots())
    path.write_bytes(DAMAGED[name](path.read_bytes()))
    metered = meter(path)
    conserved(metered)
    assert metered.problem
    frames = {"empty": 0, "wrong magic": 0, "cut in a record": 9}.get(name, 10)
    assert metered.counters.get("frames.delivered", 0) == frames


def test_cut_gzip(meter: Metering, tmp_path: Path) -> None:
    """A gzip stream that ends early keeps the frames before its end."""
    path = write_pcap(tmp_path / "a.pcap", TALK.shots())
    packed = gzip.compress(path.read_bytes(), mtime=0)
    short = tmp_path / "b.pcap.gz"
    short.write_bytes(packed[:-12])
    metered = meter(short)
    conserved(metered)
    assert metered.problem
