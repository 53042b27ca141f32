"""One capture per rule by which the originator is decided, and what a flip exchanges."""

from __future__ import annotations

from typing import Final

import pytest
from capture import ip as net
from capture import link
from capture.conversation import Talk, Who, plain, udp_exchange
from capture.files import T0, Shot
from expect import Metering, holds, only

A, B = "10.0.0.1", "10.0.0.2"
HIGH: Final = ("10.0.0.2", 40000)
"""A server on a port that says nothing."""

BODY: Final = b"\x03\x03" + bytes(32) + b"\0"
"""Version, random and empty session id of a TLS hello (RFC 8446, 4.1.2)."""


def record(kind: int, body: bytes) -> bytes:
    """Return a TLS handshake record with one message."""
    message = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(message).to_bytes(2, "big") + message


HELLO: Final = record(1, BODY + b"\0\x02\x13\x01" + b"\x01\0")
SERVER_HELLO: Final = record(2, BODY + b"\x13\x01\0")
QUERY: Final = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01"
ANSWER: Final = b"\x12\x34\x81\x80" + QUERY[4:]
# NTP version 4: stratum, poll, precision, then 44 octets that say nothing here.
CLOCK_ASKS: Final = b"\x23\0\6\xec" + bytes(44)
CLOCK_TELLS: Final = b"\x24\2\6\xec" + bytes(44)
CLOCK_PEER: Final = b"\x21\2\6\xec" + bytes(44)

CASES: Final[dict[str, tuple[list[Shot], str, bool, str]]] = {
    "syn": (Talk(server=HIGH).send("c", "S").shots, "syn", True, "S"),
    "syn from a service port": (Talk(client=(A, 80), server=HIGH).send("c", "S").shots, "syn", True, "S"),
    "SYN+ACK alone": (Talk(server=HIGH).send("s", "SA").shots, "first_packet", False, "H"),
    "SYN+ACK answered by RST": (Talk(server=HIGH).send("s", "SA").send("c", "R").shots, "first_packet", False, "Hr"),
    "SYN+ACK confirmed by ACK": (Talk(server=HIGH).send("s", "SA").send("c", "A").shots, "synack_flip", True, "^hA"),
    "SYN+ACK followed by data": (
        Talk(server=HIGH).send("s", "SA").send("s", "PA", 5).shots,
        "synack_flip",
        True,
        "^hd",
    ),
    "SYN+ACK before its SYN": (
        Talk(server=HIGH).send("s", "SA", ack=1001).send("c", "S").send("c", "A").shots,
        "syn",
        True,
        "^hSA",
    ),
    "SYN+ACK from a service port": (Talk().send("s", "SA").shots, "service_port", True, "^h"),
    "SYN+ACK from a service port, confirmed": (
        Talk().send("s", "SA").send("c", "A").shots,
        "synack_flip",
        True,
        "^hA",
    ),
    "TLS ClientHello": (Talk(server=HIGH).send("c", "PA", payload=HELLO).shots, "app", True, "D"),
    "TLS ServerHello first": (Talk(server=HIGH).send("s", "PA", payload=SERVER_HELLO).shots, "app", True, "^d"),
    "ServerHello after an ACK": (
        Talk(server=HIGH).send("s", "A").send("s", "PA", payload=SERVER_HELLO).shots,
        "app",
        True,
        "^ad",
    ),
    "HTTP response before the request": (
        Talk(server=HIGH).send("s", "PA", payload=b"HTTP/1.1 200 OK\r\n\r\n").send("c", "PA", payload=b"GET / ").shots,
        "app",
        True,
        "^dD",
    ),
    "service port of the receiver": (Talk().send("c", "PA", 5).shots, "service_port", True, "D"),
    "service port of the sender": (Talk().send("s", "PA", 5).shots, "service_port", True, "^d"),
    "two service ports, one below 1024": (
        Talk(client=(A, 8080)).send("s", "PA", 5).shots,
        "service_port",
        True,
        "^d",
    ),
    "two ports below 1024": (Talk(client=(A, 22)).send("s", "PA", 5).shots, "first_packet", False, "D"),
    "nothing known": (Talk(server=HIGH).send("s", "PA", 5).shots, "first_packet", False, "D"),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name: str, metering: Metering) -> None:
    """The first rule that applies names originator and basis; a flip shows in the history."""
    shots, basis, client_is_src, history = CASES[name]
    row = only(metering(shots))
    holds(row, dir_basis=basis, history=history, src_ip=net.mapped(A if client_is_src else B))


ICMP: Final = {
    "echo request": (8, 0, True, "icmp"),
    "echo reply first": (0, 0, False, "icmp"),
    "timestamp request": (13, 0, True, "icmp"),
    "timestamp reply first": (14, 0, False, "icmp"),
    "mask reply first": (18, 0, False, "icmp"),
    "port unreachable": (3, 3, True, "first_packet"),
}


@pytest.mark.parametrize("name", ICMP)
def test_icmp(name: str, metering: Metering) -> None:
    """The sender of a request is the originator even when only the reply is seen."""
    kind, code, sender, basis = ICMP[name]
    row = only(metering([Shot(T0, plain(net.ip(A, B, 1, net.icmp_message(A, B, kind, code, 7 << 16)), True))]))
    holds(row, dir_basis=basis, src_ip=net.mapped(A if sender else B), icmp_type=kind if sender else None)


def test_icmp6_echo(metering: Metering) -> None:
    """ICMPv6 echo works like ICMP echo, and both directions are one flow."""
    a, b = "2001:db8::a", "2001:db8::b"
    shots = [
        Shot(T0, plain(net.echo(b, a, 9, reply=True), False)),
        Shot(T0 + 1000, plain(net.echo(a, b, 9), True)),
    ]
    row = only(metering(shots))
    holds(row, src_ip=net.packed(a), dir_basis="icmp", icmp_type=128, src_pkts=1, dst_pkts=1, ip_proto=58)


def test_neighbour_discovery_is_one_flow(metering: Metering) -> None:
    """Solicitation and advertisement of one address pair meet in one flow."""
    a, b = "fe80::1", "fe80::2"
    ask = net.ip(a, b, 58, net.icmp_message(a, b, 135, 0, payload=net.packed(b)))
    tell = net.ip(b, a, 58, net.icmp_message(b, a, 136, 0, 0x60000000, net.packed(b)))
    row = only(metering([Shot(T0, plain(ask, True)), Shot(T0 + 1000, plain(tell, False))]))
    holds(row, src_pkts=1, dst_pkts=1, icmp_type=135, icmp_code=0)


SAME_PORT: Final[dict[str, tuple[int, list[tuple[Who, bytes, float]], str]]] = {
    "DNS query first": (53, [("c", QUERY, 0.0), ("s", ANSWER, 0.1)], "app"),
    "DNS answer first": (53, [("s", ANSWER, 0.0), ("c", QUERY, 0.1)], "app"),
    "NTP query first": (123, [("c", CLOCK_ASKS, 0.0), ("s", CLOCK_TELLS, 0.1)], "app"),
    "NTP answer first": (123, [("s", CLOCK_TELLS, 0.0), ("c", CLOCK_ASKS, 0.1)], "app"),
    "NTP peers": (123, [("c", CLOCK_PEER, 0.0), ("s", CLOCK_PEER, 0.1)], "first_packet"),
}


@pytest.mark.parametrize("name", SAME_PORT)
def test_same_port(name: str, metering: Metering) -> None:
    """Where both sides use the service's port the message decides, in whichever order query and answer come."""
    port, steps, basis = SAME_PORT[name]
    row = only(metering(udp_exchange((A, port), (B, port), steps)))
    holds(row, dir_basis=basis, src_ip=net.mapped(A), src_pkts=1, dst_pkts=1)


# An address of its own as identifier, and the transaction; no other option (RFC 8415 18.2.1, 18.3.9).
SOLICIT: Final = b"\x01\x12\x34\x56\0\1\0\x0a\0\3\0\1\2\0\0\0\0\1"


@pytest.mark.parametrize("first", ["solicit", "advertise"])
def test_dhcpv6(first: str, metering: Metering) -> None:
    """A solicitation comes from the client, an advertisement from the server."""
    asks = Shot(T0, plain(net.udp("fe80::2", "fe80::1", 546, 547, SOLICIT), True))
    tells = Shot(T0, plain(net.udp("fe80::1", "fe80::2", 547, 546, b"\2" + SOLICIT[1:]), False))
    row = only(metering([asks if first == "solicit" else tells]))
    holds(row, dir_basis="app", src_ip=net.packed("fe80::2"), src_port=546)


GROUPS: Final = {
    "multicast with a service port on the sender": ("10.0.0.1", 1900, "239.255.255.250", 40000),
    "limited broadcast": ("10.0.0.1", 67, "255.255.255.255", 40000),
    "IPv6 multicast": ("fe80::1", 5353, "ff02::fb", 40000),
}


@pytest.mark.parametrize("name", GROUPS)
def test_group_is_never_originator(name: str, metering: Metering) -> None:
    """A multicast or broadcast address never becomes src, whatever the ports say."""
    src, sport, dst, dport = GROUPS[name]
    row = only(metering([Shot(T0, plain(net.udp(src, dst, sport, dport, b"x"), True))]))
    holds(row, src_ip=net.mapped(src), dst_ip=net.mapped(dst), history="D", conn_state="S0")


def test_flip_exchanges_everything(metering: Metering) -> None:
    """After a flip every per-direction column belongs to the other side."""
    talk = Talk(server=HIGH)
    talk.send("s", "SA", ttl=120, window=1111, options=net.mss(1400)).send("c", "A", ttl=50, window=2222)
    talk.send("c", "PA", 10, ttl=51).send("s", "PA", 20, ttl=121)
    row = only(metering(talk.shots))
    holds(
        row,
        src_mac=link.MAC_A,
        dst_mac=link.MAC_B,
        src_ttl_min=50,
        src_ttl_max=51,
        dst_ttl_min=120,
        dst_ttl_max=121,
        src_win_init=2222,
        dst_win_init=1111,
        dst_mss=1400,
        src_mss=None,
        src_pkts=2,
        dst_pkts=2,
        src_bytes_payload=10,
        dst_bytes_payload=20,
        src_flags_first=0x10,
        dst_flags_first=0x12,
        dst_syn=1,
        src_syn=0,
        src_len_max=10.0,
        dst_len_max=20.0,
        splt_dir=[1, -1],
        dst_isn=9000,
        src_isn=None,
        dst_first_delay_ns=0,
        conn_state="S1",
        history="^hADd",
        quality_flags=4,
        rtt_ack_ns=1_000_000,
        rtt_syn_ns=None,
    )
