"""The memory: hand-computed days, one rule for any order of arrival, what goes when there is too much, and as-of."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store import schema
from store.lake import Lake
from store.memory import Memory, _merge, _states
from store.memory import _partials as partials
from store.segment import SegmentWriter
from store.site import SitePolicy
from store.window import Window, day_start
from tests.store.rows import DAY_US, batch, flow, ip

DAY0 = 19_675
"""2023-11-14."""
START = DAY0 * DAY_US
POLICY = SitePolicy()


def at(day: int, second: float = 0.0) -> int:
    """Return microseconds of a moment, ``day`` days after the first."""
    return START + day * DAY_US + round(second * 1_000_000)


def one(number: int, day: int, second: float, **values: object) -> dict[str, object]:
    """Return a flow of one second that begins at a moment."""
    begin = at(day, second)
    return flow(number, ts_start=begin, ts_end=begin + 1_000_000, **values)


def put(lake: Lake, table: schema.Table, rows: Sequence[dict[str, object]], case: str = "c") -> None:
    """Write rows as segments of their own."""
    stamps = {"pcap_file_id": 1} if table.has("pcap_file_id") else {}
    writer = SegmentWriter(lake.root, table, case, "s", stamps=stamps)
    writer.write(batch(table, rows))
    writer.close({})


def read(lake: Lake, memory: Memory, name: str, window: Window | None = None) -> list[dict[str, Any]]:
    """Return the rows of a view of the memory, without the case, sorted."""
    with lake.reader("c", POLICY, memory=memory, window=window or Window()) as reader:
        assert reader.has(name)
        rows = reader.arrow(f"SELECT * EXCLUDE (case_name) FROM {name}").to_pylist()
    return sorted(rows, key=str)


def files_of(memory: Memory) -> dict[str, str]:
    """Return the hash of every Parquet file of the partials."""
    found = sorted((memory.root / "days").rglob("*.parquet"))
    return {str(p.relative_to(memory.root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in found}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    """An empty memory of case c."""
    return Memory(tmp_path / "memory", "c")


def test_an_edge_sums_its_days(lake: Lake, memory: Memory) -> None:
    """Two days of one pair: first, last, days, conversations and bytes as a person counts them."""
    rows = [
        one(1, 0, 3600),
        one(2, 0, 7200, dst_bytes_payload=0, conn_state="S0"),
        one(3, 2, 60),
        one(4, 2, 90, dst_port=50_000),
        one(5, 2, 95, dst_port=50_001),
    ]
    put(lake, schema.FLOW, rows)
    memory.update(lake, POLICY)
    edges = {row["dst_port"]: row for row in read(lake, memory, "edge")}
    assert set(edges) == {443, 0}
    https = edges[443]
    assert (https["days"], https["conversations"], https["answered"]) == (2, 3, 2)
    assert (https["src_bytes"], https["dst_bytes"]) == (3 * 440, 2 * 2800)
    assert https["first_ts"] == day_start(DAY0) + timedelta(hours=1)
    assert https["last_ts"] == day_start(DAY0 + 2) + timedelta(seconds=61)
    assert (edges[0]["conversations"], edges[0]["days"]) == (2, 1)
    days = [row for row in read(lake, memory, "edge_day") if row["dst_port"] == 443]
    assert sorted(row["hours"] for row in days) == [1 << 0, (1 << 1) | (1 << 2)]
    seen = {row["ip"]: row for row in read(lake, memory, "asset_seen")}
    assert seen[ip("10.0.0.1")]["days"] == 2
    assert seen[ip("10.0.0.1")]["conversations"] == 5


def test_a_long_flow_counts_once_and_its_bytes_where_they_flowed(lake: Lake, memory: Memory) -> None:
    """A segment of the next day adds bytes and a day, no conversation."""
    first = one(1, 0, 86_390, is_final=False, end_reason="active")
    second = one(2, 1, 5, flow_root_uid=first["flow_uid"], segment_seq=1)
    put(lake, schema.FLOW, [first, second])
    memory.update(lake, POLICY)
    (edge,) = read(lake, memory, "edge")
    assert (edge["conversations"], edge["days"], edge["src_bytes"]) == (1, 2, 880)


def test_observables_count_home_hosts(lake: Lake, memory: Memory) -> None:
    """Two home hosts name a server, an outside host names another: hosts are 2 and 0; the domain is the registered."""
    put(
        lake,
        schema.FLOW,
        [
            one(1, 0, 1, server_name="www.example.co.uk", ja4="t13"),
            one(2, 0, 2, server_name="www.example.co.uk", src_ip=ip("10.0.0.2")),
            one(3, 1, 3, server_name="www.example.co.uk"),
            one(4, 0, 4, server_name="in.test.com", src_ip=ip("203.0.113.9"), dst_ip=ip("10.0.0.9")),
        ],
    )
    memory.update(lake, POLICY)
    found = {(row["kind"], row["value"]): row for row in read(lake, memory, "observable")}
    name = found["server_name", "www.example.co.uk"]
    assert (name["hosts"], name["sightings"], name["days"]) == (2, 3, 2)
    assert found["domain", "example.co.uk"]["hosts"] == 2
    assert found["server_name", "in.test.com"]["hosts"] == 0
    names = {(row["ip"], row["side"], row["value"]) for row in read(lake, memory, "name_seen")}
    assert (ip("10.0.0.2"), "asked", "example.co.uk") in names
    assert (ip("10.0.0.9"), "served", "in.test.com") in names


def test_a_mac_that_forwards_is_no_identity(lake: Lake, memory: Memory) -> None:
    """A gateway bears an outside address: on no day do addresses behind it count as its own."""
    gateway, host = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
    put(
        lake,
        schema.FLOW,
        [
            one(1, 0, 1, src_mac=host, dst_mac=gateway),
            one(2, 1, 1, src_mac=host, dst_mac=gateway, dst_ip=ip("10.9.9.9")),
        ],
    )
    memory.update(lake, POLICY)
    rows = {(row["kind"], row["value"], row["ip"]) for row in read(lake, memory, "identity")}
    assert ("mac", "02:00:00:00:00:02", ip("10.0.0.1")) in rows
    assert ("router", "02:00:00:00:00:01", None) in rows
    assert not any(kind == "mac" and value.endswith(":01") for kind, value, _ in rows)


def test_a_lease_ties_name_and_address(lake: Lake, memory: Memory) -> None:
    """The request says the name, the answer the address: both belong to the client."""
    zero = b"\0" * 10 + b"\xff\xff" + b"\0" * 4
    mac = b"\2\0\0\0\0\7"
    common = {"client_mac": mac, "sender_ip": zero, "receiver_ip": ip("255.255.255.255"), "client_ip": zero}
    rows = [
        {**common, "ts": at(0, 1), "msg_type": 3, "host_name": "PC-7", "client_id": "01020000000007"},
        {**common, "ts": at(0, 2), "msg_type": 5, "assigned_ip": ip("10.0.0.7")},
    ]
    put(lake, schema.table("dhcp"), rows)
    memory.update(lake, POLICY)
    found = {(row["kind"], row["value"], row["ip"]) for row in read(lake, memory, "identity")}
    assert {
        ("hostname", "pc-7", ip("10.0.0.7")),
        ("dhcp_id", "01020000000007", ip("10.0.0.7")),
        ("mac", "02:00:00:00:00:07", ip("10.0.0.7")),
    } <= found


def test_any_order_of_arrival_makes_the_same_files(tmp_path: Path) -> None:
    """Segments in any order, with updates in between or none, and a rebuild: the same bytes."""
    parts = [
        [one(1, 0, 10), one(2, 1, 10)],
        [one(3, 0, 20), one(4, 0, 30, src_ip=ip("10.0.0.3"))],
        [one(5, 2, 10, server_name="a.example.com")],
    ]
    seen = set()
    for number, order in enumerate(itertools.permutations(range(3))):
        lake, memory = Lake(tmp_path / f"l{number}"), Memory(tmp_path / f"m{number}", "c")
        for step in order:
            put(lake, schema.FLOW, parts[step])
            if number % 2:
                memory.update(lake, POLICY)
        memory.update(lake, POLICY)
        incremental = files_of(memory)
        memory.rebuild(lake, POLICY)
        assert files_of(memory) == incremental
        seen.add(tuple(sorted(incremental.items())))
    assert len(seen) == 1


def test_only_changed_days_are_made_again(lake: Lake, memory: Memory) -> None:
    """A segment for one of two days: one day is made; nothing new: none."""
    put(lake, schema.FLOW, [one(1, 0, 1), one(2, 1, 1)])
    assert memory.update(lake, POLICY).made == 2
    assert memory.update(lake, POLICY).made == 0
    put(lake, schema.FLOW, [one(3, 1, 2)])
    assert memory.update(lake, POLICY).made == 1


def test_the_memory_outlives_the_lake(lake: Lake, memory: Memory) -> None:
    """Days whose segments are gone stay, are said to be only here, and survive a rebuild."""
    put(lake, schema.FLOW, [one(1, 0, 1), one(2, 1, 1)])
    memory.update(lake, POLICY)
    for path in lake.segments("flow", "c"):
        if "date=2023-11-14" in str(path):
            path.unlink()
    memory.rebuild(lake, POLICY)
    status = memory.status(lake, POLICY)
    assert (status.days, status.only_here, status.stale) == (2, 1, 0)


@pytest.mark.parametrize("incremental", [True, False])
def test_a_state_is_the_sum_of_its_days(
    lake: Lake, memory: Memory, monkeypatch: pytest.MonkeyPatch, incremental: bool
) -> None:
    """Summed day after day from the state before, or at once: the same rows as without any state."""
    for day in range(6):
        put(lake, schema.FLOW, [one(day * 10 + n, day, n, src_ip=ip(f"10.0.0.{n + 1}")) for n in range(day + 1)])
        if incremental:
            monkeypatch.setattr(_states, "SMALL_DAYS", 1)
            memory.update(lake, POLICY)
    monkeypatch.setattr(_states, "SMALL_DAYS", 1)
    memory.update(lake, POLICY)
    assert _states.find(memory.root / "states", list(memory.partials().values())) is not None
    with_state = {name: read(lake, memory, name) for name in ("edge", "asset_seen", "observable", "identity")}
    monkeypatch.setattr(_states, "find", lambda *_: None)
    assert {name: read(lake, memory, name) for name in with_state} == with_state


def test_eviction_protects_the_slow_and_is_counted(lake: Lake, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation a fortnight for a year stays when 200 edges of one day compete for 50 places."""
    slow = [one(n, n * 14, 5, dst_ip=ip("198.51.100.77")) for n in range(12)]
    flood = [one(100 + n, 154, n, dst_ip=ip(f"203.0.113.{n + 1}")) for n in range(200)]
    put(lake, schema.FLOW, [*slow, *flood])
    monkeypatch.setitem(_merge.BUDGET, "edge", 50)
    monkeypatch.setattr(_states, "SMALL_DAYS", 1)
    memory.update(lake, POLICY)
    edges = read(lake, memory, "edge")
    assert len(edges) == 50
    assert any(row["dst_ip"] == ip("198.51.100.77") and row["days"] == 12 for row in edges)
    assert memory.status().evicted == {"edge": 151}


def test_a_flood_of_one_day_ends_at_the_budget_of_the_day(
    lake: Lake, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unanswered conversations go first, whatever their number; how many went is shown."""
    flood = [
        one(n, 0, n, dst_ip=ip(f"203.0.113.{n % 250 + 1}"), dst_port=n % 7, dst_bytes_payload=0, conn_state="S0")
        for n in range(1_000)
    ]
    put(lake, schema.FLOW, [*flood, one(5_000, 0, 9)])
    monkeypatch.setitem(_merge.DAY_BUDGET, "edge_day", 10)
    memory.update(lake, POLICY)
    rows = read(lake, memory, "edge_day")
    assert len(rows) == 10
    assert sum(row["answered"] for row in rows) == 1
    assert memory.status().evicted["edge_day"] > 900


def test_before_is_the_memory_as_of_a_moment(lake: Lake, memory: Memory) -> None:
    """At a day's boundary the days before count; amid a day also its part; what begins later is unknown."""
    rows = [one(1, 0, 100), one(2, 1, 100), one(3, 1, 200, dst_port=22), one(4, 2, 100)]
    put(lake, schema.FLOW, rows)
    memory.update(lake, POLICY)

    def ports(moment: datetime) -> dict[int, int]:
        found = read(lake, memory, "edge_before", Window(moment, None))
        assert all(row["last_ts"] < moment for row in found)
        return {row["dst_port"]: row["conversations"] for row in found}

    day = day_start(DAY0 + 1)
    assert ports(day) == {443: 1}
    assert ports(day + timedelta(seconds=100)) == {443: 1}
    assert ports(day + timedelta(seconds=100, microseconds=1)) == {443: 2}
    assert ports(day + timedelta(seconds=150)) == {443: 2}
    assert ports(day + timedelta(days=1)) == {443: 2, 22: 1}
    assert ports(day_start(DAY0)) == {}
    with lake.reader("c", POLICY, memory=memory) as reader:
        assert reader.has("edge_before")
        assert reader.table_for("edge_before", ["dst_port"]).num_rows == 0


def test_a_window_limits_every_view(lake: Lake, memory: Memory) -> None:
    """Flows, conversations and records outside the range are not there; each row is in the range or before it."""
    put(lake, schema.FLOW, [one(n, n, 50) for n in range(4)])
    put(
        lake,
        schema.table("ssh"),
        [{"ts": at(n, 50), "flow_uid": bytes([n] * 16), "sender_ip": ip("10.0.0.1")} for n in range(4)],
    )
    window = Window(day_start(DAY0 + 1), day_start(DAY0 + 3))
    with lake.reader("c", POLICY, memory=memory, window=window) as reader:
        counts = {
            name: reader.arrow(f"SELECT count(*) AS n FROM {name}")["n"][0].as_py()
            for name in ("flow", "conversation", "ssh", "logins")
        }
    assert counts == {"flow": 2, "conversation": 2, "ssh": 2, "logins": counts["logins"]}
    memory.update(lake, POLICY)
    (edge,) = read(lake, memory, "edge_before", window)
    assert edge["conversations"] == 1


def test_ranges_without_a_zone_or_the_wrong_way_round_are_refused() -> None:
    """Both are mistakes of a caller."""
    with pytest.raises(ValueError, match="no time zone"):
        Window(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="since before until"):
        Window(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def test_damaged_times_make_no_flood_of_folders(lake: Lake, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of times all over the centuries the newest days are kept, and no more."""
    monkeypatch.setattr(partials, "MAX_DAYS", 5)
    put(lake, schema.FLOW, [one(n, n * 400, 1) for n in range(12)])
    memory.update(lake, POLICY)
    assert memory.status().days == 5
