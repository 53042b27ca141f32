"""The list of service ports is written twice, here and in the Rust core; both must be the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from naive_meter.service_ports import SERVICE_PORTS

RUST = Path(__file__).parents[2] / "wire" / "src" / "flow" / "direction.rs"


@pytest.mark.skipif(not RUST.exists(), reason="wire/src/flow/direction.rs is not in this tree")
def test_same_ports() -> None:
    """``SERVICE_PORTS`` of the Rust core holds the ports of the specification."""
    found = re.search(r"SERVICE_PORTS: \[u16; \d+\] = \[(.*?)\]", RUST.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    assert {int(port) for port in re.findall(r"[\d_]+", found[1])} == SERVICE_PORTS
