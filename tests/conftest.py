"""What all tests share: the path of the support modules, and both meters behind one fixture."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"
if str(SUPPORT) not in sys.path:
    sys.path.insert(0, str(SUPPORT))
# At the end, so that the installed packages are tested and not the checkout: only `bench` and `tests` are found here.
sys.path.append(str(SUPPORT.parent.parent))

import naive_meter  # noqa: E402 - needs the path above
from capture.files import Shot, write_pcap  # noqa: E402
from expect import Metering  # noqa: E402
from naive_meter import Metered  # noqa: E402
from real_captures import folder  # noqa: E402
from wire_meter import missing, wire_meter  # noqa: E402


@pytest.fixture(params=["naive", "wire"], name="meter")
def either(request: pytest.FixtureRequest) -> Metering:
    """Return a meter: the executable specification, then the Rust one (skipped when it is not built)."""
    if request.param == "naive":
        return naive_meter.meter
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    return wire_meter


@pytest.fixture
def metering(meter: Metering, tmp_path: Path) -> Metering:
    """Return a function that writes frames into a capture and meters it; options are those of the meters."""

    def run(shots: Iterable[Shot], *, link: int = 1, **options: object) -> Metered:
        return meter(write_pcap(tmp_path / "case.pcap", shots, link=link), **options)

    return run


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real captures, or skip where there is none."""
    found = folder()
    if found is None:
        pytest.skip("no real captures: set TAISHI_DATA or put them into ../shared/data beside the repository")
    return found


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of continuous integration in which a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1
