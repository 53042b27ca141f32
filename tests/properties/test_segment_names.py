"""Segments of real metering: named by their bytes, and the same bytes when the same program reads a capture again."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pytest
from capture.files import Shot, write_pcap
from hypothesis import HealthCheck, given, settings
from traffic import captures
from wire_meter import missing

from sensor.metering import meter_capture
from store.lake import Lake


@pytest.mark.skipif(missing() is not None, reason=str(missing()))
@settings(max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(shots=captures())
def test_metering_again_writes_the_same_files(shots: list[Shot]) -> None:
    """Every name is the SHA-256 of its file, and another lake gets the same names: metering can be repeated."""
    with tempfile.TemporaryDirectory() as place:
        path = write_pcap(Path(place) / "random.pcap", shots)
        names = []
        for lake in (Lake(Path(place) / "one"), Lake(Path(place) / "two")):
            segments = meter_capture(path, lake, "c").segments
            assert all(hashlib.sha256(file.read_bytes()).hexdigest() == file.stem for file in segments)
            names.append([file.relative_to(lake.root) for file in segments])
        assert names[0] == names[1]
