"""The Rust meter against the executable specification, on random captures and on small real ones."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import pytest
from capture.files import Shot, write_pcap
from compare import differences
from expect import conserved
from hypothesis import HealthCheck, given, settings
from naive_meter import Metered, meter
from real_captures import folder, small_captures
from traffic import captures
from wire_meter import missing, wire_meter

EXAMPLES: Final = 150
"""Random captures per run: about half a minute."""

WITHOUT_WIRE: Final = missing()


@pytest.mark.skipif(WITHOUT_WIRE is not None, reason=str(WITHOUT_WIRE))
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(shots=captures())
def test_random_captures(shots: list[Shot]) -> None:
    """Both meters make the same rows of any traffic, and every frame is counted under exactly one reason."""
    with tempfile.TemporaryDirectory() as place:
        path = write_pcap(Path(place) / "random.pcap", shots)
        naive, wire = meter(path), wire_meter(path)
    agree(naive, wire)


def agree(naive: Metered, wire: Metered) -> None:
    """Assert that both results are equal and conserve what they were given."""
    conserved(naive)
    conserved(wire)
    assert not differences(naive.rows, wire.rows)
    for name in ("frames.delivered", "frames.decoded", "flow.packets", "flow.rows"):
        assert naive.counters.get(name, 0) == wire.counters.get(name, 0), name


BELOW: Final = ("robust", "oracles/zeek/traces", "oracles/community-id", "attack/scan", "oracles/arkime")
"""Folders of real captures that are compared; those of industrial protocols live longer and are left out."""

REAL: Final = small_captures(*BELOW, limit=60_000)


def name_of(path: Path) -> str:
    """Return a capture's name relative to the folder of captures."""
    root = folder()
    return str(path.relative_to(root)) if root is not None else path.name


@pytest.mark.skipif(WITHOUT_WIRE is not None, reason=str(WITHOUT_WIRE))
@pytest.mark.skipif(not REAL, reason="no real captures: set TAISHI_DATA or put them into ../shared/data")
@pytest.mark.parametrize("path", REAL, ids=name_of)
def test_real_captures(path: Path) -> None:
    """Both meters make the same rows of a real capture, apart from flows that only a protocol parser can turn."""
    naive, wire = meter(path), wire_meter(path)
    conserved(naive)
    conserved(wire)
    assert naive.counters.get("frames.delivered", 0) == wire.counters.get("frames.delivered", 0)
    turned = {row["pcap_first_off"] for row in wire.rows if row["dir_basis"] == "app"}
    turned |= {row["pcap_first_off"] for row in naive.rows if row["dir_basis"] == "app"}
    mine = [row for row in naive.rows if row["pcap_first_off"] not in turned]
    theirs = [row for row in wire.rows if row["pcap_first_off"] not in turned]
    assert not differences(mine, theirs)
