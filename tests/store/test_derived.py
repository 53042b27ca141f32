"""Tables made on demand: weeks are compared by what was seen in both, and the reader and the console give the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from store import schema
from store.lake import Lake
from store.segment import SegmentWriter
from store.site import SitePolicy, load_site
from store.sql import query_table
from tests.store.rows import batch, flow, ip, uid

MONDAY_US = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp() * 1e6)
HOUR_US = 3_600_000_000

NOTHING = {"src_bytes_payload": 0, "dst_bytes_payload": 0, "app_proto": None}

ZONES = (
    '[[zones]]\nname = "office"\nnetworks = ["10.0.0.0/24"]\nwhy = "w"\n'
    '[[zones]]\nname = "plant"\nnetworks = ["10.9.0.0/24"]\nwhy = "w"\n'
)


def _row(number: int, hour: float, src: str, **values: object) -> dict[str, object]:
    start = MONDAY_US + int(hour * HOUR_US)
    row = {"ts_start": start, "ts_end": start + 1_000_000, "src_ip": ip(src), "flow_uid": uid(number + 1)}
    return flow(number, **(row | values))


def _lake(folder: Path, rows: Sequence[dict[str, object]]) -> tuple[Lake, SitePolicy]:
    writer = SegmentWriter(folder / "lake", schema.FLOW, "weeks", "tap", stamps={})
    writer.write(batch(schema.FLOW, rows))
    writer.close({})
    (folder / "site.toml").write_text(ZONES)
    return Lake(folder / "lake"), load_site(folder / "site.toml")


def _ask(lake: Lake, policy: SitePolicy, sql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = query_table(lake, sql, case="weeks", policy=policy).to_pylist()
    return rows


def _weeks(drop: range = range(0), unseen: range = range(0)) -> list[dict[str, object]]:
    """Return five weeks of two hosts, one conversation an hour each; ``drop`` leaves out one host, ``unseen`` both."""
    rows = []
    for hour in range(5 * 168):
        for at, src in enumerate(("10.0.0.1", "10.9.0.1")):
            if hour in unseen or (at == 1 and hour in drop):
                continue
            sizes = {"src_bytes_payload": 100, "dst_bytes_payload": 900, "app_proto": "tls"}
            rows.append(_row(2 * hour + at, hour + 0.1, src, **sizes))
    return rows


def test_a_week_without_the_tap_is_not_seen_and_no_drop(tmp_path: Path) -> None:
    """The week of the outage says so, the week behind it cannot be compared, the one after that is steady."""
    lake, policy = _lake(tmp_path, _weeks(unseen=range(2 * 168, 3 * 168)))
    rows = _ask(lake, policy, "SELECT * FROM trend_week WHERE scope = 'zone' AND name = 'plant' ORDER BY week")
    assert [row["state"] for row in rows] == ["first", "steady", "not_seen", "not_comparable", "steady"]
    assert [row["hours_seen"] for row in rows] == [168, 168, 0, 168, 168]
    assert rows[2]["bytes_up"] is None
    assert rows[1]["ratio"] == pytest.approx(1.0)


def test_a_zone_that_falls_silent_is_gone_and_comes_back(tmp_path: Path) -> None:
    """While the tap sees others, nothing from a zone is nothing, not unknown."""
    lake, policy = _lake(tmp_path, _weeks(drop=range(2 * 168, 3 * 168)))
    rows = _ask(lake, policy, "SELECT state, bytes_up FROM trend_week WHERE name = 'plant' ORDER BY week")
    assert [row["state"] for row in rows] == ["first", "steady", "gone", "back", "steady"]
    assert rows[2]["bytes_up"] == 0


def test_a_half_week_is_compared_with_the_same_half(tmp_path: Path) -> None:
    """Two days without the tap leave five that are compared with the same five days before."""
    lake, policy = _lake(tmp_path, _weeks(unseen=range(2 * 168, 2 * 168 + 48)))
    rows = _ask(lake, policy, "SELECT * FROM trend_week WHERE name = 'plant' ORDER BY week")
    assert (rows[2]["hours_matched"], rows[2]["state"]) == (120, "steady")
    assert rows[2]["ratio"] == pytest.approx(1.0)


def test_hours_of_all_scopes(tmp_path: Path) -> None:
    """Site, zone, service and asset each have the bytes of their own side; a refused call to a port is no service."""
    rows = [
        _row(0, 9, "10.0.0.1", dst_ip=ip("10.9.0.1"), src_bytes_payload=7, dst_bytes_payload=50, app_proto="ssh"),
        _row(1, 9.2, "10.0.0.1", dst_port=31337, conn_state="REJ", **NOTHING),
    ]
    lake, policy = _lake(tmp_path, rows)
    held = _ask(lake, policy, "SELECT * FROM trend_hour ORDER BY scope, name")
    shown = {(r["scope"], r["name"]): (r["bytes_up"], r["bytes_down"], r["conversations"], r["failures"]) for r in held}
    assert shown == {
        ("asset", "10.0.0.1"): (7, 50, 2, 1),
        ("asset", "10.9.0.1"): (50, 7, 1, 0),
        ("service", "other/tcp"): (0, 0, 1, 1),
        ("service", "ssh"): (7, 50, 1, 0),
        ("site", "site"): (7, 50, 2, 1),
        ("zone", "office"): (7, 50, 2, 1),
        ("zone", "plant"): (50, 7, 1, 0),
    }


def test_a_long_conversation_is_spread_over_its_hours(tmp_path: Path) -> None:
    """Bytes lie evenly on the hours, not one is lost, and it began once."""
    end = MONDAY_US + int(12.5 * HOUR_US)
    lake, policy = _lake(tmp_path, [_row(0, 9.5, "10.0.0.1", ts_end=end, src_bytes_payload=1001)])
    rows = _ask(lake, policy, "SELECT * FROM trend_hour WHERE scope = 'site' ORDER BY hour")
    assert [row["hour"].hour for row in rows] == [9, 10, 11, 12]
    assert [row["bytes_up"] for row in rows] == [250, 250, 250, 251]
    assert [row["conversations"] for row in rows] == [1, 0, 0, 0]


def test_habit_of_the_hours(tmp_path: Path) -> None:
    """Each hour of the week has its median over the weeks that were seen."""
    lake, policy = _lake(tmp_path, _weeks(unseen=range(2 * 168, 3 * 168)))
    rows = _ask(lake, policy, "SELECT * FROM trend_season WHERE name = 'plant' ORDER BY week_hour")
    assert len(rows) == 168
    assert {row["weeks"] for row in rows} == {4}
    assert {round(row["bytes_median"]) for row in rows} == {1000}


@pytest.mark.parametrize("table", schema.DERIVED_TABLES, ids=lambda table: table.name)
def test_reader_and_console_agree_on_the_declared_columns(tmp_path: Path, table: schema.Table) -> None:
    """The rows that detectors get are those that a person sees, in the columns and order of the schema."""
    lake, policy = _lake(tmp_path, _weeks()[:400])
    names = [column.name for column in table.stored()]
    shown = _ask(lake, policy, f"SELECT * FROM {table.name} ORDER BY ALL")
    with lake.reader("weeks", policy) as reader:
        assert reader.has(table.name)
        held = reader.arrow(f"SELECT * FROM {table.name} ORDER BY ALL")
        assert held.schema.names == names
        assert reader.has(f"{table.name}_before")
        before = reader.arrow(f"SELECT * FROM {table.name}_before")
    assert held.to_pylist() == shown
    assert before.num_rows == 0
    with Lake(tmp_path / "none").reader() as reader:
        assert reader.table_for(table.name, names).num_rows == 0
