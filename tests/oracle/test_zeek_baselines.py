"""The naive meter against Zeek's published connection logs: its state machine must be Zeek's.

What cannot be compared is left out by name with the reason; what differs on purpose is a table.
"""

from __future__ import annotations

import csv
import ipaddress
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from naive_meter import Row, meter

LARGEST: Final = 1_500_000
"""Largest trace read by the slow meter in a test, bytes."""

INCOMPARABLE: Final = {
    "core.unknown-ip-protocol": "Zeek gives SCTP no ports",
    "core.radiotap": "IEEE 802.11 is not decoded",
    "core.vntag": "VN-Tag is not decoded",
    "core.vntag-in-vlan": "VN-Tag is not decoded",
    "core.tunnels.ayiya": "AYIYA is not decoded",
    "core.tunnels.gre-aruba-amsdu": "Aruba's IEEE 802.11 in GRE is not decoded",
    "core.tunnels.geneve": "outer connections of tunnels are no flows here",
    "core.tunnels.geneve-47101": "outer connections of tunnels are no flows here",
    "core.tunnels.geneve-ipv6": "outer connections of tunnels are no flows here",
    "core.tunnels.vxlan": "outer connections of tunnels are no flows here",
    "core.tunnels.analyzer-confirmation": "outer connections of tunnels are no flows here",
    "core.tunnels.gtp.inner_teredo": "outer connections of tunnels are no flows here",
    "core.tunnels.gtp.opt_header": "outer connections of tunnels are no flows here",
    "scripts.base.protocols.ssh.half-duplex-client": "Zeek gives up unanswered attempts with data after 5 s",
    "scripts.base.protocols.ldap.sasl-signed-clear": "Zeek counts 0 IP bytes where the IP length is 0 (offload)",
    "core.pppoe-over-qinq": "silent for more than 60 s after one FIN",
}
"""Zeek tests whose rows are not compared, with the reason."""

AT_LEAST: Final = 0.98
"""Share of the compared rows that must agree (issue 2, Proof)."""


class Conn(NamedTuple):
    """What is compared of a connection; ICMP ports are type and code in Zeek and are left out."""

    src: tuple[str, int]
    dst: tuple[str, int]
    proto: str
    state: str
    packets: tuple[int, int]
    ip_bytes: tuple[int, int]


def _text(address: bytes) -> str:
    parsed = ipaddress.IPv6Address(address)
    return str(parsed.ipv4_mapped or parsed)


def _ours(row: Row) -> Conn:
    names = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}
    return Conn(
        (_text(row["src_ip"]), row["src_port"] or 0),
        (_text(row["dst_ip"]), row["dst_port"] or 0),
        names.get(row["ip_proto"], "unknown_transport"),
        row["conn_state"],
        (row["src_pkts"], row["dst_pkts"]),
        (row["src_bytes_ip"], row["dst_bytes_ip"]),
    )


def _zeek(fields: dict[str, str], dot: str) -> Conn:
    def port(name: str) -> int:
        return int(fields[name]) if fields["proto"] in {"tcp", "udp"} else 0

    return Conn(
        (fields[f"id{dot}orig_h"], port(f"id{dot}orig_p")),
        (fields[f"id{dot}resp_h"], port(f"id{dot}resp_p")),
        fields["proto"],
        fields["conn_state"],
        (int(fields["orig_pkts"]), int(fields["resp_pkts"])),
        (int(fields["orig_ip_bytes"]), int(fields["resp_ip_bytes"])),
    )


def _log(path: Path) -> Iterator[Conn]:
    names: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif line and not line.startswith("#"):
            whole = {"id.orig_h", "conn_state", "resp_ip_bytes"} <= set(names)
            fields = dict(zip(names, line.split("\t"), strict=False))
            if whole and fields["orig_pkts"] != "-":
                yield _zeek(fields, ".")


def _agreement(expected: list[Conn], rows: list[Row]) -> list[Conn]:
    """Return the rows of Zeek that have no equal of ours."""
    found = Counter(_ours(row) for row in rows if row["ip_version"])
    missing: list[Conn] = []
    for conn in expected:
        if found[conn]:
            found[conn] -= 1
        else:
            missing.append(conn)
    return missing


def test_published_traces(data: Path) -> None:
    """At least 98 % of the comparable rows of Zeek's own tests agree in every compared field."""
    total = 0
    missing: list[tuple[str, Conn]] = []
    folder = data / "oracles" / "zeek"
    for entry in csv.DictReader((folder / "index.csv").read_text(encoding="utf-8").splitlines()):
        trace = data / entry["trace"]
        plain = entry["has_conn_log"] == "1" and int(entry["script_lines"] or 0) <= 3
        if not plain or entry["test"] in INCOMPARABLE or trace.stat().st_size > LARGEST:
            continue
        expected = list(_log(folder / "baseline" / entry["test"] / "conn.log"))
        if expected:
            total += len(expected)
            missing += [(entry["test"], conn) for conn in _agreement(expected, meter(trace).rows)]
    assert total > 50
    assert len(missing) <= total * (1 - AT_LEAST), (total, missing)


def test_whole_capture(data: Path) -> None:
    """All connections of a real capture have Zeek's endpoints, state and packets; offload spoils its IP bytes."""
    folder = data / "oracles" / "zeek-full" / "apt29-day2-SCRANTON"
    lines = (folder / "zeek" / "conn.log").read_text(encoding="utf-8").splitlines()
    expected = [_zeek({key: str(value) for key, value in json.loads(line).items()}, "_") for line in lines]
    rows = [{**row, "src_bytes_ip": 0, "dst_bytes_ip": 0} for row in meter(folder / "SCRANTON.cap").rows]
    without = [conn._replace(ip_bytes=(0, 0)) for conn in expected]
    assert len(without) == 53
    assert _agreement(without, rows) == []
