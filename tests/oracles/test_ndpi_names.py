"""Names of protocols against nDPI's, flow by flow, where nDPI decided by content."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support import names
from tests.oracles.support.agreement import Exceptions
from tests.oracles.support.truth import EXCEPTIONS_DIR

LEAST_SHARE = 0.97
"""Share of the flows named by either side, listed ones included, that have the same name on both."""
LEAST_FLOWS = 580


@pytest.fixture(scope="module")
def named(data: Path) -> names.Named:
    """Compare all captures that have a result of nDPI."""
    return names.compare(data)


def test_names_agree_with_ndpi(named: names.Named, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 97 % of the flows that nDPI names by a protocol we claim have our name for it."""
    with capsys.disabled():
        print(f"\nnDPI names: {named.table()}")
    assert named.total >= LEAST_FLOWS
    assert named.share >= LEAST_SHARE, "\n".join(map(str, named.differing))


def test_every_other_name_is_listed_with_its_reason(named: names.Named) -> None:
    """A flow that nDPI names otherwise, or by an application that we do not claim, is in the table, and no other."""
    listed = Exceptions.load(EXCEPTIONS_DIR / "ndpi_names_exceptions.csv")
    lines = named.differing + named.unconfirmed
    assert [line for line in lines if listed.find("differs", line[0], line[1]) is None] == []
    assert listed.unused() == []


def test_mapping_names_only_what_the_sensor_says(named: names.Named) -> None:
    """The table of names has no name of ours twice in one row, and every row says one."""
    mapped = names.mapping()
    assert all(ours for ours in mapped.values())
    assert set(named.equal) <= frozenset[str]().union(*mapped.values())
