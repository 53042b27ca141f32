"""A home with the demo day scanned into it, made once, and a runner that uses it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporting.cli._root import ROOT
from reporting.demo import write_demo
from reporting.scan.pipeline import ScanRequest, scan
from store.home import Home

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def scanned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with ``day.pcap`` and ``home``, where the case ``demo`` holds it; not to be changed."""
    folder = tmp_path_factory.mktemp("scanned")
    write_demo(folder / "day.pcap")
    scan(ScanRequest((folder / "day.pcap",), into="demo"), Home.open(folder / "home"))
    return folder


@pytest.fixture
def own_home(scanned: Path, tmp_path: Path) -> Path:
    """A copy of the home that a test may break."""
    return Path(shutil.copytree(scanned / "home", tmp_path / "home"))


@pytest.fixture
def over() -> Callable[[Path], Run]:
    """Return a function that gives a runner of ``taishi`` over a home, in an English locale."""

    def runner(home: Path) -> Run:
        def run(*args: object) -> Result:
            env = {"LC_ALL": "C.UTF-8", "TAISHI_HOME": str(home), "COLUMNS": "100"}
            return CliRunner(env=env).invoke(ROOT, [str(arg) for arg in args])

        return run

    return runner


@pytest.fixture
def taishi(scanned: Path, over: Callable[[Path], Run]) -> Run:
    """Run ``taishi`` over the scanned demo."""
    return over(scanned / "home")
