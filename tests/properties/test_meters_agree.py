"""The Rust meter against the executable specification, on random captures and on small real ones."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pytest
from capture.files import Shot, write_pcap
from compare import differences
from expect import conserved
from hypothesis import HealthCheck, Phase, given, settings
from naive_meter import Metered, meter
from real_captures import folder, small_captures
from traffic import captures
from wire_meter import missing, wire_meter

from store import schema

WITHOUT_WIRE: Final = missing()
needs_wire = pytest.mark.skipif(WITHOUT_WIRE is not None, reason=str(WITHOUT_WIRE))
random_runs = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
"""150 random captures, the same ones in every run. Not shrunk: that takes minutes; raise the phases to look closer."""


def both(shots: list[Shot]) -> tuple[Metered, Metered]:
    """Return what the two meters make of some frames."""
    with tempfile.TemporaryDirectory() as place:
        path = write_pcap(Path(place) / "random.pcap", shots)
        return meter(path), wire_meter(path)


def agree(naive: Metered, wire: Metered) -> None:
    """Assert that both results are equal and conserve what they were given."""
    conserved(naive)
    conserved(wire)
    assert not differences(naive.rows, wire.rows)
    for name in ("frames.delivered", "frames.decoded", "flow.packets", "flow.rows"):
        assert naive.counters.get(name, 0) == wire.counters.get(name, 0), name


@needs_wire
@random_runs
@given(shots=captures(tame=True))
def test_tame_captures(shots: list[Shot]) -> None:
    """Both meters make the same rows of well-opened traffic with losses, repetitions, fragments and tunnels."""
    agree(*both(shots))


@needs_wire
@random_runs
@given(shots=captures())
def test_wild_captures(shots: list[Shot]) -> None:
    """Both meters make the same rows of any traffic, in every column."""
    agree(*both(shots))


FLOATS: Final = tuple(
    column.name for table in (schema.FLOW, schema.FLOW_EXT) for column in table.emitted() if column.type == pa.float32()
)


@needs_wire
@random_runs
@given(shots=captures())
def test_stored_floats_are_the_computed_ones(shots: list[Shot]) -> None:
    """What is stored is what was computed and compared at 1e-9, rounded to float32; all else is the same."""
    with tempfile.TemporaryDirectory() as place:
        path = write_pcap(Path(place) / "random.pcap", shots)
        stored, computed = wire_meter(path, floats="single"), wire_meter(path)
    for row in computed.rows:
        row |= {name: None if row[name] is None else float(np.float32(row[name])) for name in FLOATS}
    assert stored.rows == computed.rows


@needs_wire
@random_runs
@given(shots=captures())
def test_every_frame_is_counted(shots: list[Shot]) -> None:
    """Every frame of any traffic is counted under exactly one reason, the same by both meters."""
    naive, wire = both(shots)
    conserved(naive)
    conserved(wire)
    errors = [{k: v for k, v in m.counters.items() if k.startswith("non_flow.") and v} for m in (naive, wire)]
    assert errors[0] == errors[1]
    assert naive.counters.get("flow.packets", 0) == wire.counters.get("flow.packets", 0)


BELOW: Final = ("robust", "oracles/zeek/traces", "oracles/community-id", "attack/scan", "oracles/arkime")
"""Folders of real captures that are compared."""

LONG_LIVED: Final = {"modbus", "iec104", "s7comm", "dnp3"}
"""Protocols whose parsed flows live longer; the specification has no parsers, so captures with them are left out."""


def cases() -> list[object]:
    """Return the small real captures as parameters, those with an open point expected to fail."""
    root = folder()
    found: list[object] = []
    for path in small_captures(*BELOW, limit=60_000):
        name = str(path.relative_to(root)) if root is not None else path.name
        found.append(pytest.param(path, id=name))
    return found


REAL: Final = cases()


@needs_wire
@pytest.mark.skipif(not REAL, reason="no real captures: set TAISHI_DATA or put them into ../shared/data")
@pytest.mark.parametrize("path", REAL)
def test_real_captures(path: Path) -> None:
    """Both meters make the same rows of a real capture, apart from flows that only a protocol parser can turn."""
    naive, wire = meter(path), wire_meter(path)
    conserved(naive)
    conserved(wire)
    for name in ("frames.delivered", "frames.decoded", "flow.packets"):
        assert naive.counters.get(name, 0) == wire.counters.get(name, 0), name
    assert (naive.problem is None) == (wire.problem is None)
    if any(row["app_proto"] in LONG_LIVED and row["app_basis"] == "parsed" for row in wire.rows):
        return
    turned = {row["pcap_first_off"] for row in (*naive.rows, *wire.rows) if row["dir_basis"] == "app"}
    mine = [row for row in naive.rows if row["pcap_first_off"] not in turned]
    theirs = [row for row in wire.rows if row["pcap_first_off"] not in turned]
    assert not differences(mine, theirs)
