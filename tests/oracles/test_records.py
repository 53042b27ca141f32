"""Our protocol records against the logs of other tools, row by row: one list of comparisons, one table per family."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.oracles.support import truth
from tests.oracles.support.agreement import Agreement, Exceptions, unlisted
from tests.oracles.support.comparison import LEAST_SHARE
from tests.oracles.support.families import FAMILIES

CASES: Final = [
    pytest.param(family, index, id=comparison.name.replace(" ", "_"))
    for family, comparisons in FAMILIES.items()
    for index, comparison in enumerate(comparisons)
]


@cache
def _compared(data: Path, family: str) -> tuple[list[Agreement], Exceptions]:
    """Run the comparisons of a family, once per session."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / f"{family}_exceptions.csv")
    return [comparison.run(data, exceptions) for comparison in FAMILIES[family]], exceptions


@pytest.mark.parametrize(("family", "index"), CASES)
def test_nearly_all_rows_agree(data: Path, family: str, index: int) -> None:
    """At least 98 % of the comparable rows are equal in every field both have."""
    agreement = _compared(data, family)[0][index]
    assert agreement.total >= FAMILIES[family][index].least
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_difference_is_listed_with_its_reason(data: Path, family: str) -> None:
    """A row that differs is in the table, and the table names no other."""
    agreements, exceptions = _compared(data, family)
    assert [d.line() for agreement in agreements for d in unlisted(agreement, exceptions)] == []
    assert exceptions.unused() == []
