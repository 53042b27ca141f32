"""Judging day by day: segments in any order, twice, cut anywhere, end in the alerts of one run over everything."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from detectors import registry
from detectors.alerts import AlertRows, Finding
from detectors.model import Confidence, Detector, Params, Tables, Text
from detectors.sql import rows as sql_rows
from reporting.judging import days, evaluation
from reporting.judging.evaluation import Scope, evaluate
from reporting.judging.keeping import current
from store import schema
from store.adopt import adopt
from store.lake import Lake
from store.memory import Memory
from store.schema import Severity
from store.segment import SegmentWriter
from store.site import SitePolicy
from store.window import Window, day_start

DAY0 = 20_000
DAY_US = 86_400_000_000
POLICY = SitePolicy()
CASE = "c"

Row = dict[str, Any]


def _newcomer(tables: Tables, params: Params) -> pa.Table:
    """Tell each pair that the memory does not know: a detector whose alerts depend on what came before."""
    found = AlertRows(NEWCOMER)
    sql = """
    SELECT src_ip, dst_ip, min(ts_start) AS first, max(ts_end) AS last, list(root_uid ORDER BY ts_start) AS uids
    FROM conversation WHERE (src_ip, dst_ip) NOT IN (SELECT (src_ip, dst_ip) FROM edge_before) GROUP BY ALL
    """
    for row in sql_rows(sql, {name: tables[name] for name in NEWCOMER.needs}):
        text = Text(f"{len(row['uids'])} new", f"{len(row['uids'])} 新")
        key = (row["src_ip"].hex(), row["dst_ip"].hex())
        found.add(
            Finding(
                key,
                row["first"],
                row["last"],
                Severity.INFO,
                0.5,
                text,
                text,
                row["uids"],
                len(row["uids"]),
                "",
                actor=row["src_ip"],
                target=row["dst_ip"],
            )
        )
    return found.table()


NEWCOMER = Detector(
    id="newcomer",
    version=1,
    title=Text("New", "新"),
    question=Text("New?", "新？"),
    needs={
        "conversation": ("src_ip", "dst_ip", "ts_start", "ts_end", "root_uid"),
        "edge_before": ("src_ip", "dst_ip"),
    },
    partition_by={"conversation": "src_ip", "edge_before": "src_ip"},
    params={},
    attack=(),
    severity=Severity.INFO,
    impact=1,
    confidence=Confidence(0.5, 0.5, 1),
    innocent=(),
    next_steps=(),
    source="test",
    run=_newcomer,
)
WANTED = ("newcomer", "scan_horizontal", "scan_vertical")


@pytest.fixture(autouse=True)
def _with_newcomer(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**registry(), "newcomer": NEWCOMER}
    monkeypatch.setattr(evaluation, "registry", lambda: known)


def _ip(text: str) -> bytes:
    return b"\0" * 10 + b"\xff\xff" + bytes(int(part) for part in text.split("."))


def _flow(number: int, moment_us: int, src: str, dst: str, port: int, *, answered: bool) -> Row:
    state = "SF" if answered else "S0"
    return {
        "flow_uid": number.to_bytes(16, "big"),
        "is_final": True,
        "ts_start": moment_us,
        "ts_end": moment_us + 400_000,
        "duration_ns": 400_000_000,
        "ip_version": 4,
        "ethertype": 0x0800,
        "src_ip": _ip(src),
        "dst_ip": _ip(dst),
        "src_port": 40_000 + number % 20_000,
        "dst_port": port,
        "ip_proto": 6,
        "src_pkts": 3,
        "dst_pkts": 3 if answered else 0,
        "src_bytes_ip": 200,
        "src_bytes_payload": 100 if answered else 0,
        "dst_bytes_payload": 100 if answered else 0,
        "src_syn": 1,
        "src_tcp_flags": 2,
        "src_flags_first": 2,
        "conn_state": state,
        "history": "ShADadFf" if answered else "S",
        "end_reason": "end",
        "dir_basis": "syn",
    }


def traffic(seed: int) -> list[Row]:
    """Return three days: ordinary pairs, a scan over midnight, a scan of ports, a pair that comes back."""
    draw = random.Random(seed)
    rows: list[Row] = []
    for day in range(3):
        for _ in range(40):
            moment = (DAY0 + day) * DAY_US + draw.randrange(DAY_US)
            src, dst = f"10.0.0.{draw.randrange(1, 6)}", f"10.0.1.{draw.randrange(1, 9)}"
            rows.append(_flow(len(rows) + 1, moment, src, dst, 443, answered=True))
    midnight = (DAY0 + draw.randrange(1, 3)) * DAY_US
    for n in range(60):
        moment = midnight + (n - 30) * 2_000_000
        rows.append(_flow(len(rows) + 1, moment, "10.0.0.66", f"10.0.2.{n + 1}", 445, answered=False))
    ports = (DAY0 + draw.randrange(3)) * DAY_US + DAY_US // 2
    for n in range(150):
        rows.append(_flow(len(rows) + 1, ports + n * 100_000, "10.0.0.77", "10.0.1.1", 1 + n, answered=False))
    return rows


def _batch(rows: Sequence[Row]) -> pa.RecordBatch:
    table = schema.FLOW
    arrays = []
    for column in table.emitted():
        zero: object = 0
        if column.nullable:
            zero = None
        elif pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            zero = ""
        elif pa.types.is_boolean(column.type):
            zero = False
        elif pa.types.is_fixed_size_binary(column.type):
            zero = bytes(column.type.byte_width)
        arrays.append(pa.array([row.get(column.name, zero) for row in rows], column.type))
    return pa.RecordBatch.from_arrays(arrays, schema=table.arrow(table.emitted()))


def _deliver(lake: Lake, rows: Sequence[Row]) -> None:
    writer = SegmentWriter(lake.root, schema.FLOW, CASE, "s", stamps={"pcap_file_id": 1})
    writer.write(_batch(rows))
    writer.close({})


def _judge(root: Path, lake: Lake) -> days.Progress:
    memory = Memory(root / "memory", CASE)
    memory.update(lake, POLICY)
    return days.judge_days(Scope(lake, CASE, POLICY, memory=memory, detectors=WANTED))


def _alerts(lake: Lake) -> pa.Table:
    with lake.reader(CASE, POLICY) as reader:
        return current(reader)[0]


def _bytes_of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as out:
        out.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


@pytest.mark.parametrize("seed", range(2))
def test_segments_in_any_order_end_in_the_same_alerts(tmp_path: Path, seed: int) -> None:
    """Shuffled, cut at random, delivered twice and judged in between, against one delivery and one run."""
    draw = random.Random(1_000 + seed)
    rows = traffic(seed)
    whole = Lake(tmp_path / "whole" / "lake")
    _deliver(whole, rows)
    _judge(tmp_path / "whole", whole)
    wanted = _alerts(whole)
    assert {"newcomer", "scan_horizontal", "scan_vertical"} <= set(wanted["detector"].to_pylist())

    shuffled = rows[:]
    draw.shuffle(shuffled)
    cuts = sorted(draw.sample(range(1, len(rows)), 4))
    pieces = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    lake = Lake(tmp_path / "pieces" / "lake")
    for number, piece in enumerate(pieces):
        _deliver(lake, piece)
        if draw.random() < 0.4:
            _deliver(lake, piece)
        if number == 2:
            _judge(tmp_path / "pieces", lake)
    _judge(tmp_path / "pieces", lake)
    assert _bytes_of(_alerts(lake)) == _bytes_of(wanted)
    assert _judge(tmp_path / "pieces", lake).evaluated == 0


def test_an_old_day_that_arrives_late_changes_what_was_new(tmp_path: Path) -> None:
    """The memory of later days changes with it; days before it are left alone."""
    rows = traffic(7)
    first = [row for row in rows if row["ts_start"] < (DAY0 + 1) * DAY_US]
    lake = Lake(tmp_path / "lake")
    _deliver(lake, [row for row in rows if row not in first])
    _judge(tmp_path, lake)
    before = _alerts(lake)
    _deliver(lake, first)
    _judge(tmp_path, lake)
    assert _bytes_of(_alerts(lake)) != _bytes_of(before)


def test_a_range_supersedes_its_own_alerts_only(tmp_path: Path) -> None:
    """After all days, a range judged with other parameters replaces the alerts that end in it, of that detector."""
    from reporting.judging.keeping import keep, last_revision  # noqa: PLC0415

    lake = Lake(tmp_path / "lake")
    _deliver(lake, traffic(3))
    _judge(tmp_path, lake)
    before = _alerts(lake).to_pylist()
    window = Window(day_start(DAY0 + 1), day_start(DAY0 + 2))
    scope = Scope(lake, CASE, POLICY, window, detectors=("newcomer",))
    _, assessments = evaluate(scope)
    with lake.reader(CASE, POLICY) as reader:
        number = last_revision(reader)
    none = schema.ALERT.arrow(schema.ALERT.emitted()).empty_table()
    keep(lake, CASE, number + 1, window, none, assessments)
    after = _alerts(lake).to_pylist()
    gone = [row for row in before if row not in after]
    assert gone
    assert all(row["detector"] == "newcomer" for row in gone)
    assert all(row["detector"] != "newcomer" or not _ends_in(row, window) for row in after)


def _ends_in(row: Row, window: Window) -> bool:
    assert window.since is not None
    assert window.until is not None
    return bool(window.since <= row["ts_end"] < window.until)


def test_workers_change_nothing(tmp_path: Path) -> None:
    """One process or two: the same bytes."""
    lake = Lake(tmp_path / "lake")
    _deliver(lake, traffic(5))
    scope = Scope(lake, CASE, POLICY, detectors=("scan_horizontal", "scan_vertical"))
    one, two = evaluate(scope, 1), evaluate(scope, 2)
    assert [part.to_pylist() for part in one] == [part.to_pylist() for part in two]
    assert [_bytes_of(part) for part in one] == [_bytes_of(part) for part in two]


def test_a_segment_taken_in_twice_changes_nothing(tmp_path: Path) -> None:
    """Delivered as a file: adopted once, and no slice is judged again."""
    lake = Lake(tmp_path / "lake")
    _deliver(lake, traffic(2))
    _judge(tmp_path, lake)
    segment = lake.segments("flow", CASE)[0]
    copy = tmp_path / segment.name
    copy.write_bytes(segment.read_bytes())
    adopt(lake.root, CASE, schema.FLOW, copy)
    assert _judge(tmp_path, lake).evaluated == 0
