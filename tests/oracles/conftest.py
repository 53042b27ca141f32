"""Fixtures of the comparisons with other tools: the captures, and each comparison once per run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support import ndpi_run, truth, tshark_run, zeek_run
from tests.oracles.support.agreement import Agreement, Exceptions
from tests.oracles.support.meter import conversations


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of the captures; absent: skip, in CI fail."""
    return truth.root()


@pytest.fixture(scope="session")
def zeek(data: Path) -> tuple[zeek_run.ZeekResult, Exceptions]:
    """Comparison with Zeek under our default time-outs, and the table of exceptions."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "zeek_exceptions.csv")
    return zeek_run.compare(data, conversations, exceptions), exceptions


@pytest.fixture(scope="session")
def tshark(data: Path) -> tuple[Agreement, Exceptions]:
    """Comparison with tshark, and the table of exceptions."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "tshark_exceptions.csv")
    return tshark_run.compare(data, conversations, exceptions)[0], exceptions


@pytest.fixture(scope="session")
def ndpi(data: Path) -> tuple[Agreement, Exceptions]:
    """Comparison with nDPI, and the table of exceptions."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "ndpi_exceptions.csv")
    return ndpi_run.compare(data, conversations), exceptions
