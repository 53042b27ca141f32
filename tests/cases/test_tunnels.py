"""One capture per tunnel: the innermost conversation is the flow, the path and the id are columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from capture import ip as net
from capture import link, tunnel
from capture.conversation import Talk, plain
from capture.files import T0, Shot
from expect import Metering, conserved, holds, in_order, only

A, B = "192.0.2.1", "192.0.2.2"
A6, B6 = "2001:db8::1", "2001:db8::2"
FRAME_OVERHEAD: Final = 14 + 20
"""Outer Ethernet and IPv4 header, bytes."""

Enclose = Callable[[bytes, str, str], bytes]
"""Makes an outer IP packet of (inner packet, outer sender, outer receiver)."""

TUNNELS: Final[dict[str, tuple[Enclose, str, int | None, int]]] = {
    "gre": (lambda p, a, b: tunnel.gre(a, b, p), "gre", None, 4),
    "gre with key": (lambda p, a, b: tunnel.gre(a, b, p, key=0xABCD0123), "gre", 0xABCD0123, 8),
    "gre with bridged frame": (lambda p, a, b: tunnel.gre(a, b, link.ethernet(p), proto=0x6558, key=5), "gre", 5, 22),
    "pptp": (lambda p, a, b: tunnel.pptp(a, b, p, call=7), "gre", None, 16),
    "erspan I": (lambda p, a, b: tunnel.erspan(a, b, link.ethernet(p), kind=1), "erspan", None, 18),
    "erspan II": (lambda p, a, b: tunnel.erspan(a, b, link.ethernet(p), session=77), "erspan", 77, 30),
    "erspan III": (lambda p, a, b: tunnel.erspan(a, b, link.ethernet(p), kind=3, session=78), "erspan", 78, 34),
    "vxlan": (lambda p, a, b: tunnel.vxlan(a, b, link.ethernet(p), 4096), "vxlan", 4096, 30),
    "vxlan on the old port": (lambda p, a, b: tunnel.vxlan(a, b, link.ethernet(p), 1, port=8472), "vxlan", 1, 30),
    "geneve": (lambda p, a, b: tunnel.geneve(a, b, link.ethernet(p), 99), "geneve", 99, 30),
    "geneve with options": (
        lambda p, a, b: tunnel.geneve(a, b, p, 99, proto=link.IPV4, options=b"\0" * 8),
        "geneve",
        99,
        24,
    ),
    "gtpu": (lambda p, a, b: tunnel.gtpu(a, b, p, 0x1234), "gtpu", 0x1234, 16),
    "gtpu with sequence": (lambda p, a, b: tunnel.gtpu(a, b, p, 0x1234, seq=9), "gtpu", 0x1234, 20),
    "ipip": (lambda p, a, b: tunnel.ipip(a, b, p), "ipip", None, 0),
    "l2tp": (lambda p, a, b: tunnel.l2tp(a, b, p, 3, 4), "l2tp", 3 << 16 | 4, 20),
    "capwap": (lambda p, a, b: tunnel.capwap(a, b, link.ethernet(p)), "capwap", None, 30),
}


@pytest.mark.parametrize("name", TUNNELS)
def test_inner_conversation(name: str, metering: Metering) -> None:
    """Both directions of a conversation inside a tunnel make one flow of the inner addresses."""
    enclose, path, number, overhead = TUNNELS[name]

    def wrap(packet: bytes, from_client: bool) -> bytes:
        ends = (A, B) if from_client else (B, A)
        return plain(enclose(packet, *ends), from_client)

    metered = metering(Talk(wrap=wrap).handshake().send("c", "PA", 10).close().shots)
    conserved(metered)
    row = only(metered)
    holds(
        row,
        tunnel_type=path,
        tunnel_id=number,
        src_ip=net.mapped("10.0.0.1"),
        dst_ip=net.mapped("10.0.0.2"),
        src_port=50000,
        dst_port=80,
        conn_state="SF",
        tunnel_src_ip=net.mapped(A),
        tunnel_dst_ip=net.mapped(B),
        src_bytes_payload=10,
        src_bytes_ip=5 * 40 + 10,
        src_bytes_l2=5 * (40 + FRAME_OVERHEAD + overhead) + 10,
        quality_flags=0,
    )


def test_6in4_and_teredo(metering: Metering) -> None:
    """IPv6 inside IPv4, by protocol 41 and by Teredo, keeps the version of the inner packet."""
    inner = net.udp(A6, B6, 50000, 123, b"hello")
    frames = {
        "6in4": tunnel.ipip(A, B, inner),
        "teredo": tunnel.teredo(A, B, inner),
    }
    for path, packet in frames.items():
        for origin in (False, True) if path == "teredo" else (False,):
            outer = tunnel.teredo(A, B, inner, origin=True) if origin else packet
            row = only(metering([Shot(T0, plain(outer, True))]))
            holds(row, tunnel_type=path, tunnel_id=None, ip_version=6, src_ip=net.packed(A6), src_bytes_payload=5)


def test_4in6(metering: Metering) -> None:
    """IPv4 and IPv6 in IPv6 are both IP-in-IP."""
    for inner in (net.udp(A, B, 50000, 123, b"x"), net.udp("fd00::1", "fd00::2", 50000, 123, b"x")):
        row = only(metering([Shot(T0, plain(tunnel.ipip(A6, B6, inner), True))]))
        holds(row, tunnel_type="ipip", tunnel_src_ip=net.packed(A6), src_bytes_payload=1)


def test_pppoe(metering: Metering) -> None:
    """A PPPoE session is a tunnel without outer addresses."""

    def wrap(packet: bytes, from_client: bool) -> bytes:
        macs = (link.MAC_A, link.MAC_B) if from_client else (link.MAC_B, link.MAC_A)
        return link.ethernet(link.pppoe(packet, 17), 0x8864, src=macs[0], dst=macs[1], vlans=[(0x88A8, 5), (0x8100, 6)])

    row = only(metering(Talk(wrap=wrap).handshake().close().shots))
    holds(row, tunnel_type="pppoe", tunnel_id=17, tunnel_src_ip=None, vlan_outer=5, vlan_inner=6, conn_state="SF")


def test_nested_path(metering: Metering) -> None:
    """The path is written outermost first and the id is the innermost one there is."""
    vxlan = tunnel.vxlan("172.16.0.1", "172.16.0.2", link.ethernet(net.tcp("10.0.0.1", "10.0.0.2", 50000, 80, "S")), 42)
    row = only(metering([Shot(T0, plain(tunnel.gre(A, B, vxlan, key=7), True))]))
    holds(row, tunnel_type="gre>vxlan", tunnel_id=42, tunnel_src_ip=net.mapped(A), src_port=50000)
    ipip = tunnel.ipip("172.16.0.1", "172.16.0.2", net.tcp("10.0.0.1", "10.0.0.2", 50000, 80, "S"))
    row = only(metering([Shot(T0, plain(tunnel.gre(A, B, ipip, key=7), True))]))
    holds(row, tunnel_type="gre>ipip", tunnel_id=7)


@pytest.mark.parametrize("inside", [4, 5])
def test_depth(inside: int, metering: Metering) -> None:
    """Four IP headers inside the outermost are followed; a fifth stays payload and sets TUNNEL_DEPTH."""
    packet = net.tcp("10.0.0.1", "10.0.0.2", 50000, 80, "S")
    for level in range(inside):
        packet = tunnel.ipip(f"172.16.{level}.1", f"172.16.{level}.2", packet)
    row = only(metering([Shot(T0, plain(packet, True))]))
    holds(row, tunnel_type=">".join(["ipip"] * 4), ip_proto=6 if inside == 4 else 4)
    holds(row, quality_flags=2 if inside == 4 else 2 | 4096, src_bytes_payload=0 if inside == 4 else 40)


def test_tenants_do_not_merge(metering: Metering) -> None:
    """The same inner tuple under two VNIs makes two flows."""
    inner = link.ethernet(net.tcp("10.0.0.1", "10.0.0.2", 50000, 80, "S"))
    rows = in_order(metering([Shot(T0 + n, plain(tunnel.vxlan(A, B, inner, n), True)) for n in (1, 2)]).rows)
    assert [row["tunnel_id"] for row in rows] == [1, 2]


@pytest.mark.parametrize("name", ["gtpu", "l2tp"])
def test_ids_of_one_direction(name: str, metering: Metering) -> None:
    """The id of a direction (GTP-U, L2TP) is recorded but does not tear the conversation apart."""

    def wrap(packet: bytes, from_client: bool) -> bytes:
        ends, number = ((A, B), 11) if from_client else ((B, A), 22)
        outer = tunnel.gtpu(*ends, packet, number) if name == "gtpu" else tunnel.l2tp(*ends, packet, 0, number)
        return plain(outer, from_client)

    row = only(metering(Talk(wrap=wrap).handshake().close().shots))
    holds(row, tunnel_type=name, tunnel_id=11, conn_state="SF", src_pkts=4, dst_pkts=2)


NOT_TUNNELS: Final = {
    "VXLAN port, no I flag": net.udp(A, B, 50000, 4789, b"\0" * 8 + link.ethernet(net.udp(A, B, 1, 2))),
    "VXLAN port, short": net.udp(A, B, 50000, 4789, b"\x08\0\0"),
    "VXLAN with an inner length that does not fit": tunnel.vxlan(
        A, B, link.ethernet(net.ip("10.0.0.1", "10.0.0.2", 17, b"x" * 8, total_len=500)), 1
    ),
    "VXLAN with ARP": tunnel.vxlan(
        A, B, link.ethernet(link.arp(1, link.MAC_A, "10.0.0.1", b"\0" * 6, "10.0.0.2"), 0x0806), 1
    ),
    "GTP-U echo": net.udp(A, B, 2152, 2152, b"\x32\x01\0\x04\0\0\0\0\0\0\0\0"),
    "L2TP control": net.udp(A, B, 1701, 1701, b"\xc8\x02\0\x0c\0\0\0\0\0\0\0\0"),
    "Teredo port with other data": net.udp(A, B, 50000, 3544, b"not ipv6, only text of a certain length....."),
}


@pytest.mark.parametrize("name", NOT_TUNNELS)
def test_not_a_tunnel(name: str, metering: Metering) -> None:
    """Where header or content does not fit, the outer UDP conversation is the flow, without a flag."""
    packet = NOT_TUNNELS[name]
    row = only(metering([Shot(T0, plain(packet, True))]))
    holds(
        row, tunnel_type="none", src_ip=net.mapped(A), ip_proto=17, src_bytes_payload=len(packet) - 28, quality_flags=2
    )


def test_broken_inner_header(metering: Metering) -> None:
    """Protocols that can only be tunnels leave the outer tuple with PARSE_ERROR when the inner header is broken."""
    for proto, body in ((4, b"\x45\0\0\x14"), (41, b"\x60" + b"\0" * 20), (47, b"\0\0\x08\0\x45\0")):
        row = only(metering([Shot(T0, plain(net.ip(A, B, proto, body), True))]))
        holds(row, ip_proto=proto, tunnel_type="none", quality_flags=2 | 2048, src_bytes_payload=len(body))


def test_mpls(metering: Metering) -> None:
    """MPLS is a link layer: the top label is a column, the nibble below the stack tells what follows."""
    packet = net.tcp("10.0.0.1", "10.0.0.2", 50000, 80, "S")
    stacks = [link.mpls(packet, [100, 200]), link.mpls(b"\0\0\0\0" + link.ethernet(packet), [100])]
    for stack in stacks:
        row = only(metering([Shot(T0, link.ethernet(stack, 0x8847))]))
        holds(row, mpls_label=100, tunnel_type="none", src_port=50000)
    unknown = metering([Shot(T0, link.ethernet(link.mpls(b"\x90abc", [100]), 0x8847))])
    conserved(unknown)
    assert unknown.rows == []
