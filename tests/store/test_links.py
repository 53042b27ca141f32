"""Flows that several programs saw are counted once; where there is one source nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from capture.files import T0, Shot, write_pcap

from sensor.metering import meter_capture
from store.lake import Lake
from tests.sensor.zeek_logs import conn, jsonl, rows, take_in, tsv

US = 1_000_000


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake."""
    return Lake(tmp_path / "lake")


def _zeek(lake: Lake, tmp_path: Path, *connections: dict[str, object], sensor: str = "zeek") -> None:
    path = tmp_path / f"{sensor}-{len(list(tmp_path.iterdir()))}.log"
    path.write_text(tsv("conn", connections))
    take_in(lake, path, sensor=sensor)


def _suricata(lake: Lake, tmp_path: Path, second: float, *, src_port: int = 40000, end: float | None = None) -> None:
    start_us = int((1_700_000_000 + second) * 1e6)
    stop_us = int((1_700_000_000 + (second + 1 if end is None else end)) * 1e6)
    numbers = {"pkts_toserver": 8, "pkts_toclient": 9, "bytes_toserver": 900, "bytes_toclient": 4000}
    flow = numbers | {"start": _iso(start_us), "end": _iso(stop_us), "reason": "timeout"}
    ends = {"src_ip": "10.0.0.1", "src_port": src_port, "dest_ip": "203.0.113.7", "dest_port": 443, "proto": "TCP"}
    event = {"timestamp": _iso(stop_us), "event_type": "flow", "flow_id": start_us % 2**50, "flow": flow} | ends
    path = tmp_path / f"eve-{len(list(tmp_path.iterdir()))}.json"
    path.write_text(jsonl([event]))
    take_in(lake, path, sensor="suricata")


def _iso(micros: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f+0000")


def _shown(lake: Lake) -> list[tuple[str, int]]:
    sql = "SELECT app_basis, len(flow_uids) AS n FROM conversation_full ORDER BY ts_start, app_basis"
    return [(str(row["app_basis"]), row["n"]) for row in rows(lake, sql)]


def test_zeek_comes_before_suricata(lake: Lake, tmp_path: Path) -> None:
    """Both saw it: one row, Zeek's, that knows both ids; flow counts it once, flow_stored has both."""
    _suricata(lake, tmp_path, 0.2)
    _zeek(lake, tmp_path, conn(0))
    assert _shown(lake) == [("zeek", 2)]
    assert rows(lake, "SELECT count(*) AS n FROM flow") == [{"n": 1}]
    assert rows(lake, "SELECT count(*) AS n FROM flow_stored") == [{"n": 2}]


def test_other_times_are_other_flows(lake: Lake, tmp_path: Path) -> None:
    """The same ports an hour later: what only one of them saw stays."""
    _zeek(lake, tmp_path, conn(0))
    _suricata(lake, tmp_path, 3600)
    assert _shown(lake) == [("zeek", 1), ("suricata", 1)]


def test_tolerance_is_a_second(lake: Lake, tmp_path: Path) -> None:
    """Half a second after the end is the same flow, two seconds are not."""
    _zeek(lake, tmp_path, conn(0), conn(0, uid="C2", id__orig_p=41000))
    _suricata(lake, tmp_path, 2.1)
    _suricata(lake, tmp_path, 4.1, src_port=41000)
    assert _shown(lake) == [("zeek", 1), ("zeek", 2), ("suricata", 1)] or _shown(lake) == [
        ("zeek", 2),
        ("zeek", 1),
        ("suricata", 1),
    ]


def test_reused_ports_find_their_own(lake: Lake, tmp_path: Path) -> None:
    """Two connections one after the other, seen by both: two rows with two ids each."""
    _zeek(lake, tmp_path, conn(0, duration="0.5"), conn(1, uid="C9", id__orig_p=40000, duration="0.5"))
    _suricata(lake, tmp_path, 0.1235, end=0.62)
    _suricata(lake, tmp_path, 1.1235, end=1.62)
    assert _shown(lake) == [("zeek", 2), ("zeek", 2)]


def test_one_long_flow_stands_for_its_parts(lake: Lake, tmp_path: Path) -> None:
    """What one program timed out twice the other saw as one."""
    _zeek(lake, tmp_path, conn(0, duration="100.0"))
    _suricata(lake, tmp_path, 0.2, end=10)
    _suricata(lake, tmp_path, 50, end=90)
    assert _shown(lake) == [("zeek", 3)]


def test_two_places_of_one_kind_are_not_linked(lake: Lake, tmp_path: Path) -> None:
    """Two Zeeks may see a flow rightly at two places: as with two of our own taps, both stand."""
    _zeek(lake, tmp_path, conn(0))
    _zeek(lake, tmp_path, conn(0, uid="Cx"), sensor="zeek-b")
    assert _shown(lake) == [("zeek", 1), ("zeek", 1)]


def test_our_own_flow_comes_first(lake: Lake, tmp_path: Path) -> None:
    """A packet of ours and a line of Zeek's: ours stands, both ids are known, whatever came in first."""
    frame = bytes.fromhex("020000000002 020000000001 0800 4500 001d 0001 0000 40 11 66cd".replace(" ", ""))
    frame += bytes.fromhex("0a000001 0a000002 c000 0035 0009 0000 00".replace(" ", "")) + bytes(17)
    ends = {"id__orig_h": "10.0.0.1", "id__orig_p": 49152, "id__resp_h": "10.0.0.2", "id__resp_p": 53, "proto": "udp"}
    start = f"{T0 / 1e9:.6f}"
    _zeek(lake, tmp_path, conn(0, ts=start, duration="-", service="dns", history="D", conn_state="S0", **ends))
    meter_capture(write_pcap(tmp_path / "x.pcap", [Shot(T0, frame)]), lake, "t")
    (row,) = rows(lake, "SELECT app_basis, len(flow_uids) AS n, root_uid, flow_uids FROM conversation_full")
    assert (row["n"], row["flow_uids"][0]) == (2, row["root_uid"])
    assert row["app_basis"] not in {"zeek", "suricata"}


def test_records_of_a_follower_are_said_once(lake: Lake, tmp_path: Path) -> None:
    """The same question by Zeek and Suricata is one row; what only Suricata has stays."""
    ends = {"id.orig_h": "10.0.0.1", "id.orig_p": 40000, "id.resp_h": "203.0.113.7", "id.resp_p": 443}
    log = tmp_path / "dns.log"
    log.write_text(jsonl([{"_path": "dns", "ts": 1_700_000_000.2, "uid": "C00000", "query": "a", "qtype": 1} | ends]))
    take_in(lake, log)
    _zeek(lake, tmp_path, conn(0))
    _suricata(lake, tmp_path, 0.125)
    (flow,) = rows(lake, "SELECT flow_uid FROM flow_stored WHERE app_basis = 'suricata'")
    event = {"timestamp": _iso(1_700_000_000_300_000), "flow_id": 1_700_000_000_125_000 % 2**50, "proto": "TCP"}
    event |= {"src_ip": "10.0.0.1", "src_port": 40000, "dest_ip": "203.0.113.7", "dest_port": 443}
    dns = {"type": "query", "id": 1, "rrname": "a", "rrtype": "A"}
    records = tmp_path / "records.json"
    records.write_text(jsonl([event | {"event_type": "dns", "dns": dns}, event | {"event_type": "ssh", "ssh": {}}]))
    take_in(lake, records, sensor="suricata")
    assert rows(lake, "SELECT count(*) AS n FROM dns_stored WHERE true") == [{"n": 2}]
    assert rows(lake, "SELECT count(*) AS n FROM dns") == [{"n": 1}]
    assert rows(lake, "SELECT flow_uid FROM ssh") == [flow]


def test_one_source_costs_nothing(lake: Lake, tmp_path: Path) -> None:
    """With Zeek alone no flow is linked: there is not even the table."""
    _zeek(lake, tmp_path, conn(0))
    connection = lake.connect("t")
    try:
        names = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    finally:
        connection.close()
    assert "flow_link" not in names
