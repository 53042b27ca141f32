"""What the demo declares is what its packets hold."""

from __future__ import annotations

import ipaddress
import struct
from pathlib import Path
from typing import NamedTuple

import pytest

from reporting.demo import DemoTruth, write_demo


class Packet(NamedTuple):
    """The little of a TCP packet that these tests look at."""

    at: int
    src: str
    dst: str
    sport: int
    dport: int
    flags: int
    payload: bytes


class Demo(NamedTuple):
    """The declared truth and the TCP packets of the capture."""

    truth: DemoTruth
    packets: list[Packet]


@pytest.fixture(scope="module", params=[1, 20260312])
def demo(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Demo:
    """A demo of each of two seeds."""
    path = tmp_path_factory.mktemp("demo") / "demo.pcap"
    truth = write_demo(path, seed=request.param)
    return Demo(truth, list(_tcp(path)))


def _tcp(path: Path) -> list[Packet]:
    data, at, found = path.read_bytes(), 24, []
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[23] != 6:
            continue
        packet = frame[14 : 14 + int.from_bytes(frame[16:18], "big")]
        sport, dport = struct.unpack_from("!HH", packet, 20)
        src, dst = (str(ipaddress.IPv4Address(packet[n : n + 4])) for n in (12, 16))
        payload = packet[20 + (packet[32] >> 4 << 2) :]
        found.append(Packet(seconds * 10**9 + micros * 1000, src, dst, sport, dport, packet[33], payload))
    return found


def test_the_deeds_are_all_there_in_order(demo: Demo) -> None:
    """Both scans, both guessings and the command are declared, one after the other, by the one intruder."""
    kinds = [act.kind for act in demo.truth.acts]
    assert kinds == [
        "scan_horizontal",
        "scan_horizontal",
        "scan_vertical",
        "password_guessing",
        "password_guessing",
        "ics_command",
    ]
    assert {act.actor for act in demo.truth.acts} == {demo.truth.intruder}
    assert demo.truth.intruder_since_ns < demo.truth.acts[0].start_ns
    assert all(act.start_ns < act.end_ns <= demo.truth.last_ns for act in demo.truth.acts)


def test_horizontal_scans_touch_as_many_hosts_as_declared(demo: Demo) -> None:
    """Distinct addresses that got the intruder's first SYN on the port within the declared time."""
    for act in demo.truth.of("scan_horizontal"):
        probed = {
            p.dst
            for p in demo.packets
            if p.src == act.actor and p.dport == act.port and p.flags == 2 and act.start_ns - 1000 <= p.at <= act.end_ns
        }
        assert len(probed) == act.count
        assert set(act.victims) <= probed


def test_vertical_scan_touches_as_many_ports_as_declared(demo: Demo) -> None:
    """Distinct ports of the victim, most of them closed."""
    (act,) = demo.truth.of("scan_vertical")
    within = [p for p in demo.packets if act.start_ns - 1000 <= p.at <= act.end_ns]
    tried = {p.dport for p in within if p.src == act.actor and p.flags == 2}
    refused = {p.sport for p in within if p.dst == act.actor and p.flags & 0x04}
    assert len(tried) == act.count
    assert len(refused) == act.count - 3


def test_guessing_fails_as_often_as_declared_and_then_works(demo: Demo) -> None:
    """Replies 530 and 230 of the file server to the intruder; SSH: connections without a long session."""
    ftp, ssh = demo.truth.of("password_guessing")
    told = [p.payload[:3] for p in demo.packets if p.src == ftp.victims[0] and p.dst == ftp.actor and p.sport == 21]
    assert told.count(b"530") == ftp.count
    assert told.count(b"230") == 1
    assert told.index(b"230") > max(n for n, code in enumerate(told) if code == b"530")
    opened = [
        p for p in demo.packets if p.src == ssh.actor and p.dport == 22 and p.flags == 2 and p.dst == ssh.victims[0]
    ]
    assert len(opened) == ssh.count
    assert ftp.succeeded
    assert not ssh.succeeded


def test_employees_mistype_as_declared(demo: Demo) -> None:
    """Wrong FTP passwords of employees, which a detector must leave alone."""
    declared = {(ip, n) for ip, service, n in demo.truth.mistyped_logins if service == "ftp"}
    counted: dict[str, int] = {}
    for p in demo.packets:
        if p.sport == 21 and p.payload.startswith(b"530") and p.dst != demo.truth.intruder:
            counted[p.dst] = counted.get(p.dst, 0) + 1
    assert set(counted.items()) == declared


def _asdu_types(payload: bytes) -> list[int]:
    types, at = [], 0
    while at + 6 <= len(payload) and payload[at] == 0x68:
        length = payload[at + 1]
        if payload[at + 2] & 1 == 0:
            types.append(payload[at + 6])
        at += 2 + length
    assert at == len(payload)
    return types


def test_commands_are_those_declared(demo: Demo) -> None:
    """Single commands and the reset come from the intruder; masters command only as declared."""
    (act,) = demo.truth.of("ics_command")
    masters = {(m.master, m.station) for m in demo.truth.masters if m.protocol == "iec104"}
    sent: dict[tuple[str, str], list[int]] = {}
    for p in demo.packets:
        if p.dport == 2404 and p.payload:
            sent.setdefault((p.src, p.dst), []).extend(_asdu_types(p.payload))
    by_intruder = [t for t in sent[act.actor, act.victims[0]] if t in {45, 105}]
    assert by_intruder == [45] * (act.count - 1) + [105]
    assert set(sent) == masters | {(act.actor, act.victims[0])}
    assert all(105 not in sent[pair] for pair in masters)
    assert sum(sent[pair].count(45) for pair in masters) == 2


def test_the_reset_station_drops_its_master_and_comes_back(demo: Demo) -> None:
    """After the reset command the rightful master is cut off, reconnects, and hears "end of initialisation"."""
    (act,) = demo.truth.of("ics_command")
    station = act.victims[0]
    after = [p for p in demo.packets if station in (p.src, p.dst) and p.at >= act.end_ns - 1_000_000]
    assert any(p.flags & 0x04 and p.src == station and p.dst != act.actor for p in after)
    assert any(p.payload and 70 in _asdu_types(p.payload) for p in after if p.src == station)


def test_office_life_is_there(demo: Demo) -> None:
    """Each kind of everyday traffic the demo promises has been made."""
    assert {"dhcp", "http", "tls", "ntp", "ftp", "print", "ssh", "modbus_requests"} <= set(demo.truth.conversations)
    assert all(count > 0 for count in demo.truth.conversations.values())
