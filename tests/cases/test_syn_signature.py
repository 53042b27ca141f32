"""Signatures of TCP stacks: known stacks have their known text, quirks their name, each column its own segment."""

from __future__ import annotations

import struct
from typing import Any, Final

import pytest
from capture import ip as net
from capture.conversation import MS, Talk, plain
from capture.files import SECOND, T0, Shot
from expect import Metering, holds, in_order, only

A, B = "10.0.0.1", "10.0.0.2"
A6, B6 = "2001:db8::1", "2001:db8::2"
NOP, SOK, END = b"\x01", b"\x04\x02", b"\0"


def stamps(own: int = 7, echo: int = 0) -> bytes:
    """Return a time-stamp option (RFC 7323, 3.2)."""
    return struct.pack(">BBII", 8, 10, own, echo)


def scale(shift: int) -> bytes:
    """Return a window-scale option without padding (RFC 7323, 2.2)."""
    return bytes((3, 3, shift))


def segment(flags: str = "S", *, six: bool = False, urgent: int = 0, reserved: int = 0, **fields: Any) -> bytes:  # noqa: ANN401
    """Return a TCP segment with an urgent pointer and reserved bits."""
    ends = (A6, B6) if six else (A, B)
    raw = bytearray(net.tcp_segment(*ends, 40000, 443, flags, **{"seq": 9, **fields}))
    raw[12] |= reserved
    raw[18:20] = struct.pack(">H", urgent)
    return bytes(raw)


def ip(raw: bytes, *, six: bool = False, **fields: Any) -> Shot:  # noqa: ANN401
    """Return a segment in an IP packet in a frame."""
    ends = (A6, B6) if six else (A, B)
    return Shot(T0, plain(net.ip(*ends, net.TCP, raw, **fields), True))


LINUX: Final = net.mss(1460) + SOK + stamps() + NOP + scale(7)
WINDOWS: Final = net.mss(1460) + NOP + scale(8) + NOP * 2 + SOK
MACOS: Final = net.mss(1460) + NOP + scale(4) + NOP * 2 + stamps() + SOK + END * 2
FREEBSD: Final = net.mss(1460) + NOP + scale(6) + SOK + stamps()
OPENBSD: Final = net.mss(1460) + NOP * 2 + SOK + NOP + scale(3) + NOP * 2 + stamps()
PROBE: Final = scale(10) + NOP + net.mss(1460) + SOK + NOP * 2

STACKS: Final = [
    ("Linux 3.11 and newer", LINUX, 29200, 55, 1, "4:64:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0"),
    ("Linux 3.1-3.10", LINUX, 14600, 64, 1, "4:64:0:1460:mss*10,7:mss,sok,ts,nop,ws:df,id+:0"),
    ("Windows 7 or 8", WINDOWS, 8192, 117, 1, "4:128:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0"),
    ("Windows 10", WINDOWS, 64240, 128, 1, "4:128:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0"),
    ("macOS", MACOS, 65535, 60, 1, "4:64:0:1460:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0"),
    ("FreeBSD 9", FREEBSD, 65535, 64, 1, "4:64:0:1460:65535,6:mss,nop,ws,sok,ts:df,id+:0"),
    ("OpenBSD 4", OPENBSD, 16384, 64, 1, "4:64:0:1460:16384,3:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0"),
    ("router", net.mss(536), 4128, 250, 0, "4:255:0:536:4128,0:mss:df:0"),
]
"""Name, options, window, TTL as it arrives, identification, signature. Source: what p0f.fp of p0f 3.09 says of them."""


@pytest.mark.parametrize(("options", "window", "ttl", "ident", "text"), [row[1:] for row in STACKS])
def test_known_stacks(options: bytes, window: int, ttl: int, ident: int, text: str, metering: Metering) -> None:
    """The SYN of a known stack has the signature it is known by, at any distance."""
    shot = ip(segment(options=options, window=window), ttl=ttl, ident=ident, whole=True)
    holds(only(metering([shot])), src_syn_sig=text, dst_syn_sig=None)


def test_nmap_scan(metering: Metering) -> None:
    """A SYN scan of nmap: 1024 bytes of window, MSS alone, not to be kept whole, ended by RST."""
    talk = Talk().send("c", "S", options=net.mss(1460), window=1024, ttl=47, ident=41000)
    talk.send("s", "SA", options=net.mss(1460), window=64240).send("c", "R")
    row = only(metering(talk.shots))
    holds(row, src_syn_sig="4:64:0:1460:1024,0:mss::0", dst_syn_sig="4:64:0:1460:mss*44,0:mss:id-:0")


def test_nmap_probe(metering: Metering) -> None:
    """The probe for ECN of nmap's detection of systems: reserved bits, and an urgent pointer without its flag."""
    raw = segment("SEC", options=PROBE, window=3, urgent=0xF7F5)
    holds(only(metering([ip(raw, ident=1)])), src_syn_sig="4:64:0:1460:3,10:ws,nop,mss,sok,nop,nop:ecn,uptr+:0")


PLAIN: Final[dict[str, Any]] = {"options": net.mss(1460), "window": 1000}

QUIRKS: Final = [
    ({}, {"ident": 5}, ""),
    ({}, {"ident": 5, "whole": True}, "df,id+"),
    ({}, {"ident": 0, "whole": True}, "df"),
    ({}, {"ident": 0}, "id-"),
    ({}, {"ident": 5, "tos": 1}, "ecn"),
    ({"flags": "SE"}, {"ident": 5}, "ecn"),
    ({"reserved": 1}, {"ident": 5}, "ecn"),
    ({"reserved": 8}, {"ident": 5}, ""),
    ({}, {"ident": 5, "offset": 0x8000 * 8}, "0+"),
    ({"seq": 0}, {"ident": 5}, "seq-"),
    ({"ack": 1}, {"ident": 5}, "ack+"),
    ({"urgent": 1}, {"ident": 5}, "uptr+"),
    ({"flags": "SU", "urgent": 1}, {"ident": 5}, "urgf+"),
    ({"flags": "SP"}, {"ident": 5}, "pushf+"),
]


@pytest.mark.parametrize(("tcp", "around", "quirks"), QUIRKS)
def test_quirks_of_headers(tcp: dict[str, Any], around: dict[str, Any], quirks: str, metering: Metering) -> None:
    """Each oddity of the fixed headers has its name, and usual headers have none."""
    row = only(metering([ip(segment(**{**PLAIN, **tcp}), **around)]))
    holds(row, src_syn_sig=f"4:64:0:1460:1000,0:mss:{quirks}:0")


OPTIONS: Final = [
    (b"", "0:1000,0:::0"),
    (stamps(0) + NOP * 2, "0:1000,0:ts,nop,nop:ts1-:0"),
    (stamps(1, 1) + NOP * 2, "0:1000,0:ts,nop,nop:ts2+:0"),
    (NOP + scale(15), "0:1000,15:nop,ws:exws:0"),
    (NOP + scale(14), "0:1000,14:nop,ws::0"),
    (NOP + END * 3, "0:1000,0:nop,eol+2::0"),
    (NOP + END + b"\x01\0", "0:1000,0:nop,eol+2:opt+:0"),
    (NOP + END * 2 + b"\x01", "0:1000,0:nop,eol+2:opt+:0"),
    (NOP * 3 + END, "0:1000,0:nop,nop,nop,eol+0::0"),
    (b"\xfe\x04\0\0", "0:1000,0:?254::0"),
    (b"\xfe\x01\x01\x01", "0:1000,0:?254:bad:0"),
    (b"\xfe\x29" + NOP * 2, "0:1000,0:?254:bad:0"),
    (NOP + b"\xfe\x04\0", "0:1000,0:nop,?254:bad:0"),
    (NOP * 3 + b"\x02", "0:1000,0:nop,nop,nop,mss:bad:0"),
    (b"\x02\x06\x05\xb4", "1460:1000,0:mss:bad:0"),
    (b"\x05\x0a" + b"\x01" * 8 + NOP * 2, "0:1000,0:sack,nop,nop::0"),
    (b"\x05\x04\x01\x01", "0:1000,0:sack:bad:0"),
    (net.mss(200) + net.mss(300), "300:1000,0:mss,mss::0"),
    (NOP * 24, f"0:1000,0:{','.join(['nop'] * 24)}::0"),
    (NOP * 28, f"0:1000,0:{','.join(['nop'] * 24)}:bad:0"),
]


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_options(options: bytes, text: str, metering: Metering) -> None:
    """Options are listed as they lie, with what is wrong about them."""
    shot = ip(segment(options=options, window=1000), ident=5)
    holds(only(metering([shot])), src_syn_sig=f"4:64:0:{text}")


WINDOWS_OF: Final = [
    (1400, 0, 4200, False, "mss*3"),
    (1400, 7, 2776, False, "mss*2"),
    (1400, 0, 2776, False, "2776"),
    (1400, 0, 2920, False, "mss*2"),
    (1400, 0, 2896, False, "mss*2"),
    (1400, 0, 2880, True, "mss*2"),
    (1420, 0, 2880, True, "mss*2"),
    (1420, 0, 2856, True, "mss*2"),
    (1400, 0, 2880, False, "mtu*2"),
    (1400, 0, 2920 + 8, True, "mtu*2"),
    (1404, 0, 2928, True, "mtu*2"),
    (1400, 0, 3000, False, "mtu*2"),
    (99, 0, 1460, False, "1460"),
    (100, 0, 1460, False, "mss*1"),
    (1400, 0, 0, False, "0"),
]


@pytest.mark.parametrize(("mss", "stamp", "window", "six", "text"), WINDOWS_OF)
def test_windows(mss: int, stamp: int, window: int, six: bool, text: str, metering: Metering) -> None:
    """A window is named by the first thing it is a multiple of: MSS, MSS of Ethernet, MTU."""
    options = net.mss(mss) + (stamps(stamp) + NOP * 2 if stamp else b"")
    raw = segment(options=options, window=window, six=six)
    row = only(metering([ip(raw, six=six, ident=5)]))
    assert row["src_syn_sig"].split(":")[4] == f"{text},0", row["src_syn_sig"]


def test_ipv6(metering: Metering) -> None:
    """IPv6 has a flow label and a traffic class to show; extension headers count as options."""
    raw = segment(options=net.mss(1440), window=14400, six=True)
    holds(only(metering([ip(raw, six=True)])), src_syn_sig="6:64:0:1440:mss*10,0:mss::0")
    holds(only(metering([ip(raw, six=True, flow=1, tos=2)])), src_syn_sig="6:64:0:1440:mss*10,0:mss:ecn,flow:0")
    padding = bytes((net.TCP, 0, 1, 4, 0, 0, 0, 0))
    shot = ip(raw, six=True, ext=padding, first_header=60)
    holds(only(metering([shot])), src_syn_sig="6:64:8:1440:mss*10,0:mss::0")


def test_payload(metering: Metering) -> None:
    """Data in a SYN (RFC 7413) makes the last field a plus."""
    shot = ip(segment(payload=b"early", **PLAIN), ident=5)
    holds(only(metering([shot])), src_syn_sig="4:64:0:1460:1000,0:mss::+")


def test_answer_knows_the_question(metering: Metering) -> None:
    """The window of a SYN+ACK may be a multiple of the MSS it was offered, whichever was captured first."""
    talk = Talk(server=(B, 40000)).send("c", "S", options=net.mss(1379), ident=1)
    talk.send("s", "SA", options=net.mss(1460), window=4137, ident=1).send("c", "A")
    syn, answer, ack = talk.shots
    for shots in (talk.shots, [answer, syn, ack]):
        row = only(metering([Shot(T0 + at * MS, shot.data) for at, shot in enumerate(shots)]))
        holds(row, src_syn_sig="4:64:0:1379:65535,0:mss::0", dst_syn_sig="4:64:0:1460:mss*3,0:mss::0")
    row = only(metering([Shot(T0, answer.data), Shot(T0 + MS, ack.data)]))
    holds(row, src_syn_sig=None, dst_syn_sig="4:64:0:1460:4137,0:mss::0")


def test_each_column_has_its_segment(metering: Metering) -> None:
    """An answer that nobody is seen to have asked for is no SYN, and a second SYN is no answer."""
    lone = Talk(server=(B, 50001)).send("s", "SA", options=net.mss(1460))
    holds(only(metering(lone.shots)), src_syn_sig=None, dst_syn_sig=None)
    crossing = Talk().send("c", "S", ident=1).send("s", "S", ident=1).send("c", "SA").send("s", "SA")
    holds(only(metering(crossing.shots)), src_syn_sig="4:64:0:0:65535,0:::0", dst_syn_sig=None)


def test_first_one_counts(metering: Metering) -> None:
    """A repeated SYN with fewer options, as stacks send after a silence, changes nothing."""
    talk = Talk().send("c", "S", options=LINUX, ident=1).send("c", "S", seq=1000, ident=2, dt_ns=SECOND)
    holds(only(metering(talk.shots)), src_syn_sig="4:64:0:1460:65535,7:mss,sok,ts,nop,ws::0")


def test_unreadable_ones_have_none(metering: Metering) -> None:
    """Nothing heard from the middle has a signature, no header cut or in fragments, no SYN with FIN or RST."""
    whole = ip(segment(options=LINUX), ident=5)
    cut = Shot(T0, whole.data, snap=14 + 20 + 36)
    part = ip(segment(options=LINUX), ident=5, more=True)
    odd = [ip(segment(flags, options=LINUX), ident=5) for flags in ("SF", "SR", "A")]
    for shot in (cut, part, *odd):
        holds(only(metering([shot])), src_syn_sig=None, dst_syn_sig=None)
    headers_only = Shot(T0, ip(segment(payload=b"early", options=LINUX), ident=5).data, snap=14 + 20 + 40)
    assert only(metering([headers_only]))["src_syn_sig"].endswith(":+")


def test_later_segments_keep_it(metering: Metering) -> None:
    """What opened a connection is said of all its segments, as its initial numbers are."""
    talk = Talk().send("c", "S", options=LINUX, ident=1).send("s", "SA", ident=1).send("c", "A")
    for _ in range(3):
        talk.send("c", "PA", 10, dt_ns=150 * SECOND)
    first, second = in_order(metering(talk.shots, active_s=300).rows)[:2]
    assert (first["segment_seq"], second["segment_seq"]) == (0, 1)
    for name in ("src_syn_sig", "dst_syn_sig"):
        assert first[name] is not None
        assert first[name] == second[name]
