"""The identifiers of the naive meter against published vectors and an independent package."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import communityid
import pytest
from capture import ip as net
from capture.conversation import plain
from capture.files import T0, Shot, write_pcap
from expect import only
from naive_meter import meter
from naive_meter.identity import flow_uid, siphash128

VECTORS: Final = (
    "a3817f04ba25a8e66df67214c7550293",
    "da87c1d86b99af44347659119b22fc45",
    "8177228da4a45dc7fca38bdef60affe4",
)
"""First outputs of SipHash-2-4-128 with the key 00 01 … 0f over 0, 1, 2 bytes 00 01 … (reference code, vectors.h)."""


@pytest.mark.parametrize("length", range(len(VECTORS)))
def test_siphash(length: int) -> None:
    """The hash gives the reference vectors."""
    assert siphash128(bytes(range(16)), bytes(range(length))).hex() == VECTORS[length]


def test_uid_differs_by_every_input() -> None:
    """Each of ordinal, header index, segment and source changes the uid; time is in front."""
    base = (bytes(32), 5, 0, 0, T0)
    others = [(b"\1" * 32, 5, 0, 0, T0), (bytes(32), 6, 0, 0, T0), (bytes(32), 5, 1, 0, T0), (bytes(32), 5, 0, 1, T0)]
    uids = {flow_uid(*values) for values in (base, *others)}
    assert len(uids) == 5
    assert flow_uid(bytes(32), 5, 0, 0, T0 + 1_000_000) > flow_uid(*base)


PACKETS: Final[dict[str, tuple[bytes, Any]]] = {
    "tcp": (
        net.tcp("10.0.0.1", "10.0.0.2", 5000, 80),
        communityid.FlowTuple.make_tcp("10.0.0.1", "10.0.0.2", 5000, 80),
    ),
    "udp, reversed": (
        net.udp("10.0.0.2", "10.0.0.1", 53, 5000),
        communityid.FlowTuple.make_udp("10.0.0.1", "10.0.0.2", 5000, 53),
    ),
    "echo reply": (
        net.echo("10.0.0.2", "10.0.0.1", 7, reply=True),
        communityid.FlowTuple.make_icmp("10.0.0.1", "10.0.0.2", 8, 0),
    ),
    "unreachable": (
        net.ip("10.0.0.2", "10.0.0.1", 1, net.icmp_message("10.0.0.2", "10.0.0.1", 3, 1)),
        communityid.FlowTuple.make_icmp("10.0.0.2", "10.0.0.1", 3, 1),
    ),
    "neighbour solicitation": (
        net.ip("fe80::2", "fe80::1", 58, net.icmp_message("fe80::2", "fe80::1", 135, 0)),
        communityid.FlowTuple.make_icmp6("fe80::2", "fe80::1", 135, 0),
    ),
    "no ports": (net.ip("10.0.0.1", "10.0.0.2", 47, b"\0"), communityid.FlowTuple.make_ip("10.0.0.1", "10.0.0.2", 47)),
}


@pytest.mark.parametrize("name", PACKETS)
def test_community_id(name: str, tmp_path: Path) -> None:
    """Community IDs are those of the reference implementation."""
    packet, flow = PACKETS[name]
    row = only(meter(write_pcap(tmp_path / "id.pcap", [Shot(T0, plain(packet, True))])))
    reference = communityid.CommunityID(use_base64=False).calc(flow)
    assert row["community_id"].hex() == reference.removeprefix("1:")
