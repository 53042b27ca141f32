"""Fragments find the flow of their first one; frames without IP are flows of their MAC pair."""

from __future__ import annotations

import pytest
from capture import ip as net
from capture import link, tunnel
from capture.conversation import plain
from capture.files import SECOND, T0, Shot
from expect import Metering, conserved, holds, in_order, only

A, B = "10.0.0.1", "10.0.0.2"
A6, B6 = "2001:db8::1", "2001:db8::2"


def spaced(packets: list[bytes], step_ns: int = 1000) -> list[Shot]:
    """Return packets from client to server, evenly spaced."""
    return [Shot(T0 + n * step_ns, plain(packet, True)) for n, packet in enumerate(packets)]


@pytest.mark.parametrize(("src", "dst", "head"), [(A, B, 20), (A6, B6, 48)])
def test_udp_fragments(src: str, dst: str, head: int, metering: Metering) -> None:
    """All fragments of a datagram count as packets of one flow; the payload is counted once."""
    datagram = net.udp_datagram(src, dst, 5000, 123, b"x" * 3000)
    parts = net.fragments(src, dst, 17, datagram, ident=77, size=1480)
    metered = metering(spaced(parts))
    conserved(metered)
    row = only(metered)
    holds(row, src_port=5000, dst_port=123, src_pkts=3, frag_pkts=3, src_bytes_payload=3000)
    holds(row, src_bytes_ip=3008 + 3 * head, history="D", src_data_pkts=3, splt_len=[1472, 1480, 48])


def test_tcp_fragments_have_no_tcp_meaning(metering: Metering) -> None:
    """A later fragment moves no sequence, has no flags and leaves no letter."""
    segment = net.tcp_segment(A, B, 50000, 80, "PA", seq=1, payload=b"x" * 2000)
    row = only(metering(spaced(net.fragments(A, B, 6, segment, ident=5, size=1000))))
    holds(row, src_pkts=3, src_psh=1, src_bytes_seq=980, src_bytes_payload=2000, history="D", src_retx_pkts=0)


def test_orphan_fragment(metering: Metering) -> None:
    """A later fragment before its first one is an orphan: a flow with ports NULL."""
    first, second = net.fragments(A, B, 17, net.udp_datagram(A, B, 5000, 123, b"x" * 100), ident=9, size=56)
    rows = metering(spaced([second, first])).rows
    assert len(rows) == 2
    orphan = next(row for row in rows if row["src_port"] is None)
    holds(orphan, ip_proto=17, src_pkts=1, frag_pkts=1, src_bytes_payload=52, conn_state="S0")


def test_fragment_memory_is_30_s(metering: Metering) -> None:
    """The first fragment is remembered for 30 s, the limit included."""
    first, second = net.fragments(A, B, 17, net.udp_datagram(A, B, 5000, 123, b"x" * 100), ident=9, size=56)
    assert len(metering(spaced([first, second], 30 * SECOND)).rows) == 1
    assert len(metering(spaced([first, second], 30 * SECOND + 1)).rows) == 2


def test_other_identification(metering: Metering) -> None:
    """A fragment of another datagram does not take the ports of this one."""
    first, _ = net.fragments(A, B, 17, net.udp_datagram(A, B, 5000, 123, b"x" * 100), ident=9, size=56)
    _, second = net.fragments(A, B, 17, net.udp_datagram(A, B, 5001, 123, b"x" * 100), ident=10, size=56)
    assert len(metering(spaced([first, second])).rows) == 2


def test_echo_fragments(metering: Metering) -> None:
    """A fragmented ping is one flow."""
    message = net.icmp_message(A, B, 8, 0, 7 << 16 | 1, b"x" * 2000)
    row = only(metering(spaced(net.fragments(A, B, 1, message, ident=3, size=1480))))
    holds(row, icmp_type=8, src_pkts=2, frag_pkts=2, src_bytes_payload=2000, dir_basis="icmp")


def test_extension_headers(metering: Metering) -> None:
    """The protocol is that after all extension headers; their bytes are no payload."""
    chain = b"\x2b\0" + b"\x01\x04\0\0\0\0" + b"\x3c\0\0\0\0\0\0\0" + b"\x06\0" + b"\x01\x04\0\0\0\0"
    segment = net.tcp_segment(A6, B6, 50000, 80, "S")
    row = only(metering(spaced([net.ip(A6, B6, 6, segment, ext=chain, first_header=0)])))
    holds(row, ip_proto=6, src_port=50000, src_bytes_payload=0, src_bytes_ip=40 + 24 + 20, history="S", quality_flags=2)


def test_esp_ends_the_walk(metering: Metering) -> None:
    """ESP is a protocol of its own, its content is payload."""
    row = only(metering(spaced([net.ip(A6, B6, 50, b"\0\0\0\1" + b"x" * 40)])))
    holds(row, ip_proto=50, src_bytes_payload=44, src_port=None, conn_state="OTH")


def test_sctp_has_ports(metering: Metering) -> None:
    """SCTP flows have ports and no state."""
    row = only(metering(spaced([net.ip(A, B, 132, b"\x13\x88\x00\x50" + b"\0" * 8 + b"chunk...")])))
    holds(row, ip_proto=132, src_port=5000, dst_port=80, src_bytes_payload=8, conn_state="OTH", history=None)


def test_fragmented_tunnel(metering: Metering) -> None:
    """The first fragment of a tunnel packet shows the inner flow; the rest belongs to the outer one."""
    inner = net.tcp("172.16.0.1", "172.16.0.2", 50000, 80, "PA", payload=b"x" * 1000)
    outer = tunnel.gre(A, B, inner)
    parts = net.fragments(A, B, 47, outer[20:], ident=4, size=600)
    rows = metering(spaced(parts)).rows
    assert sorted(row["tunnel_type"] for row in rows) == ["gre", "none"]
    inside = next(row for row in rows if row["tunnel_type"] == "gre")
    holds(inside, src_port=50000, src_bytes_payload=600 - 4 - 40, quality_flags=1 | 2 | 2048, frag_pkts=0)
    holds(next(row for row in rows if row["tunnel_type"] == "none"), ip_proto=47, src_port=None, frag_pkts=1)


def test_arp(metering: Metering) -> None:
    """ARP is a flow of its MAC pair without any IP column."""
    request = link.ethernet(link.arp(1, link.MAC_A, A, b"\0" * 6, B), 0x0806, dst=link.BROADCAST, pad=True)
    reply = link.ethernet(link.arp(2, link.MAC_B, B, link.MAC_A, A), 0x0806, src=link.MAC_B, dst=link.MAC_A)
    metered = metering([Shot(T0, request), Shot(T0 + 1000, reply), Shot(T0 + 2000, request)])
    conserved(metered)
    first, second = in_order(metered.rows)
    holds(
        first,
        ip_version=0,
        ethertype=0x0806,
        src_mac=link.MAC_A,
        dst_mac=link.BROADCAST,
        src_pkts=2,
        src_bytes_l2=120,
        src_bytes_ip=0,
        src_bytes_payload=92,
        src_ip=None,
        ip_proto=None,
        conn_state=None,
        history=None,
        community_id=None,
        src_ttl_min=None,
        dir_basis="first_packet",
        src_bytes_seq=None,
    )
    holds(second, src_mac=link.MAC_B, dst_mac=link.MAC_A, src_bytes_payload=28)


def test_goose(metering: Metering) -> None:
    """GOOSE flows are told apart by APPID; a tag does not count as payload."""
    frames = [link.ethernet(link.goose(appid, b"x" * 20), 0x88B8, vlans=[(0x8100, 0)]) for appid in (3, 4, 3)]
    rows = in_order(metering([Shot(T0 + n * 1000, frame) for n, frame in enumerate(frames)]).rows)
    assert [(row["appid"], row["src_pkts"]) for row in rows] == [(3, 2), (4, 1)]
    holds(rows[0], ethertype=0x88B8, vlan_outer=0, src_bytes_payload=56)


@pytest.mark.parametrize("kind", [0x8035, 0x88B9, 0x88BA, 0x88CC, 0x8892, 0x88A4, 0x888E])
def test_other_layer2(kind: int, metering: Metering) -> None:
    """Every ethertype of the list is a flow."""
    row = only(metering([Shot(T0, link.ethernet(link.lldp(), kind))]))
    holds(row, ethertype=kind, ip_version=0, src_pkts=1)


def test_llc(metering: Metering) -> None:
    """A length field instead of a type is an LLC flow of ethertype 0; SNAP may carry IP."""
    holds(only(metering([Shot(T0, link.stp())])), ethertype=0, src_bytes_payload=46)
    snap = b"\xaa\xaa\x03\0\0\0\x08\0" + net.udp(A, B, 5000, 123, b"x")
    holds(only(metering([Shot(T0, link.ethernet(snap, len(snap)))])), ip_version=4, src_port=5000)


def test_layer2_lives_60_s(metering: Metering) -> None:
    """A layer-2 flow is over after more than 60 s of silence."""
    frame = link.ethernet(link.lldp(), 0x88CC)
    assert len(metering([Shot(T0, frame), Shot(T0 + 60 * SECOND, frame)]).rows) == 1
    assert len(metering([Shot(T0, frame), Shot(T0 + 60 * SECOND + 1, frame)]).rows) == 2
