"""One conversation of which every column is worked out by hand, and the same for its extended columns."""

from __future__ import annotations

import hashlib
from math import sqrt
from pathlib import Path
from typing import Any, Final

from capture import ip as net
from capture import link
from capture.conversation import MS, Talk
from capture.files import T0, write_pcap
from expect import Metering, only, same
from naive_meter import Row

from store import schema

SOURCE: Final = bytes(range(32))
RECORD: Final = 16
"""Bytes of a pcap record header."""


def talk() -> Talk:
    """Return the conversation: handshake with options, request, answer in two, a retransmission, both FINs."""
    it = Talk(now_ns=T0)
    it.send("c", "S", options=net.mss(1460) + net.wscale(7), ttl=63, window=64240)
    it.send("s", "SA", options=net.mss(1400), ttl=118, window=8192, dt_ns=20 * MS)
    it.send("c", "A", ttl=63, window=64240, dt_ns=MS)
    it.send("c", "PA", payload=b"ab" * 50, ttl=63, window=64240, dt_ns=4 * MS)
    it.send("s", "A", 1000, payload=b"\0" * 1000, ttl=117, window=8192, dt_ns=2000 * MS)
    it.send("s", "PA", payload=b"\0" * 500, ttl=118, window=8192, dt_ns=MS)
    it.send("s", "PA", payload=b"\0" * 500, seq=10001, ttl=118, window=8192, dt_ns=300 * MS)
    it.send("c", "A", ttl=63, window=64240, dt_ns=MS)
    it.send("c", "FA", ttl=63, window=64240, dt_ns=MS)
    it.send("s", "FA", ttl=118, window=8192, dt_ns=20 * MS)
    return it.send("c", "A", ttl=62, window=64240, dt_ns=MS)


def deviation(samples: list[float]) -> float:
    """Return the sample standard deviation."""
    mean = sum(samples) / len(samples)
    return sqrt(sum((x - mean) ** 2 for x in samples) / (len(samples) - 1))


def four(prefix: str, samples: list[float]) -> dict[str, float]:
    """Return the four statistics columns of a list of samples."""
    mean = sum(samples) / len(samples)
    named = {"min": min(samples), "mean": mean, "std": deviation(samples), "max": max(samples)}
    return {f"{prefix}_{name}": value for name, value in named.items()}


SIZES: Final = [14 + 48, 14 + 44, 54, 154, 1054, 554, 554, 54, 54, 54, 54]
"""Frame lengths in order: options pad to 48 and 44 bytes of IP."""

EXPECTED: Final[Row] = {
    "flow_root_uid": None,
    "segment_seq": 0,
    "is_final": True,
    "observation_point_id": 0,
    "pcap_first_off": 24,
    "pcap_last_off": 24 + sum(SIZES[:-1]) + 10 * RECORD,
    "ts_start": T0 // 1000,
    "ts_end": T0 // 1000 + 2_349_000,
    "duration_ns": 2_349_000_000,
    "dst_first_delay_ns": 20 * MS,
    "ip_version": 4,
    "src_ip": net.mapped("10.0.0.1"),
    "dst_ip": net.mapped("10.0.0.2"),
    "src_port": 50000,
    "dst_port": 80,
    "ip_proto": 6,
    "ethertype": None,
    "appid": None,
    "icmp_type": None,
    "icmp_code": None,
    "src_mac": link.MAC_A,
    "dst_mac": link.MAC_B,
    "vlan_outer": None,
    "vlan_inner": None,
    "tunnel_type": "none",
    "tunnel_id": None,
    "src_ttl_min": 62,
    "src_ttl_max": 63,
    "dst_ttl_min": 117,
    "dst_ttl_max": 118,
    "frag_pkts": 0,
    "src_pkts": 6,
    "dst_pkts": 5,
    "src_bytes_l2": 62 + 54 + 154 + 54 + 54 + 54,
    "dst_bytes_l2": 58 + 1054 + 554 + 554 + 54,
    "src_bytes_ip": 48 + 40 + 140 + 40 + 40 + 40,
    "dst_bytes_ip": 44 + 1040 + 540 + 540 + 40,
    "src_bytes_payload": 100,
    "dst_bytes_payload": 2000,
    "src_bytes_seq": 100,
    "dst_bytes_seq": 1500,
    "src_data_pkts": 1,
    "dst_data_pkts": 3,
    "conn_state": "SF",
    "history": "ShADdtFf",
    "end_reason": "end",
    "src_tcp_flags": 0x1B,
    "dst_tcp_flags": 0x1B,
    "src_flags_first": 0x02,
    "dst_flags_first": 0x12,
    "src_syn": 1,
    "dst_syn": 1,
    "src_fin": 1,
    "dst_fin": 1,
    "src_rst": 0,
    "dst_rst": 0,
    "src_psh": 1,
    "dst_psh": 2,
    "src_win_init": 64240,
    "dst_win_init": 8192,
    "src_retx_pkts": 0,
    "dst_retx_pkts": 1,
    "src_gap_bytes": 0,
    "dst_gap_bytes": 0,
    "rtt_syn_ns": 20 * MS,
    "rtt_ack_ns": MS,
    **four("len", [0, 0, 0, 100, 1000, 500, 500, 0, 0, 0, 0]),
    **four("src_len", [0, 0, 100, 0, 0, 0]),
    **four("dst_len", [0, 1000, 500, 500, 0]),
    **four("iat", [20e3, 1e3, 4e3, 2e6, 1e3, 3e5, 1e3, 1e3, 20e3, 1e3]),
    **four("src_iat", [21e3, 4e3, 2_302e3, 1e3, 21e3]),
    **four("dst_iat", [2_005e3, 1e3, 3e5, 22e3]),
    "dir_basis": "syn",
    "quality_flags": 0,
    "dup_pkts": 0,
    "mpls_label": None,
    "tunnel_src_ip": None,
    "tunnel_dst_ip": None,
    "src_dscp": 0,
    "dst_dscp": 0,
    "src_isn": 1000,
    "dst_isn": 9000,
    "src_mss": 1460,
    "dst_mss": 1400,
    "src_ooo_pkts": 0,
    "dst_ooo_pkts": 0,
    "active_mean": (25e3 + 324e3) / 2,
    "active_max": 324e3,
    "idle_mean": 2e6,
    "idle_max": 2e6,
    "subflows": 2,
    "splt_len": [100, 1000, 500, 500],
    "splt_dir": [1, -1, -1, -1],
    "splt_iat": [0, 2_000_000, 1_000, 300_000],
    "src_entropy": 1.0,
    "dst_entropy": 0.0,
    "src_syn_sig": "4:64:0:1460:mss*44,7:mss,nop,ws:id-:0",
    "dst_syn_sig": "4:128:0:1400:8192,0:mss:id-:0",
}

NOT_HERE: Final = {"app_proto", "app_basis", "server_name", "ja4"}
"""Columns of the protocol parsers, which the specification does not work out."""

IDENTIFIERS: Final = {"flow_uid", "community_id"}
"""Checked apart."""


def test_every_column(meter: Metering, tmp_path: Path) -> None:
    """Every column that the wire fills has the value worked out by hand."""
    row = only(meter(write_pcap(tmp_path / "row.pcap", talk().shots), source_id=SOURCE))
    wire = {column.name for table in (schema.FLOW, schema.FLOW_EXT) for column in table.emitted()}
    assert wire - NOT_HERE - IDENTIFIERS == set(EXPECTED)
    wrong: dict[str, Any] = {k: (row[k], value) for k, value in EXPECTED.items() if not same(row[k], value)}
    assert wrong == {}


def test_identifiers(meter: Metering, tmp_path: Path) -> None:
    """The uid has the layout of a version 7 UUID with the start in milliseconds; Community ID is the published one."""
    row = only(meter(write_pcap(tmp_path / "row.pcap", talk().shots), source_id=SOURCE))
    uid = row["flow_uid"]
    assert int.from_bytes(uid[:6], "big") == T0 // 1_000_000
    assert uid[6] >> 4 == 7
    assert uid[8] >> 6 == 2
    ends = net.packed("10.0.0.1") + net.packed("10.0.0.2")
    hashed = b"\0\0" + ends + b"\x06\0" + (50000).to_bytes(2, "big") + (80).to_bytes(2, "big")
    assert row["community_id"] == hashlib.sha1(hashed, usedforsecurity=False).digest()
