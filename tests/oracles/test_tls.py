"""Our TLS rows against FoxIO's JA4 values, nDPI, Suricata and Zeek, value by value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracles.support import tls_rows, tls_truth, truth
from tests.oracles.support.agreement import Agreement, Difference, Exceptions

LEAST_SHARE = 0.98
"""Share of comparable values that must be equal."""
SOURCES: dict[str, tuple[Callable[[Path], tls_truth.Truth], int]] = {
    "foxio": (tls_truth.foxio, 11),
    "ndpi": (tls_truth.ndpi, 500),
    "suricata": (tls_truth.suricata, 3000),
    "zeek": (tls_truth.zeek, 1700),
}
"""Where values come from, and how many there are at least: fewer would mean that the loader lost some."""
Compared = tuple[dict[str, Agreement], Exceptions]


@pytest.fixture(scope="module")
def tls(data: Path) -> Compared:
    """All comparisons, and the table of exceptions; each capture is metered once per source."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "tls_exceptions.csv")
    agreements = {}
    for name, (load, _) in SOURCES.items():
        agreements[name] = Agreement()
        for trace, values in load(data):
            wanted = [value for value in values if not _listed(exceptions, "excluded", trace, value.key)]
            if wanted:
                agreements[name].add(trace, wanted, tls_rows.measured(data / trace))
    return agreements, exceptions


def _listed(exceptions: Exceptions, kind: str, trace: str, key: str) -> bool:
    """Tell whether the table names that value, or its whole connection."""
    of_connection = key.rsplit(" ", 1)[0]
    return any(exceptions.find(kind, trace, row) is not None for row in (key, of_connection))


def _unlisted(agreement: Agreement, exceptions: Exceptions) -> list[Difference]:
    return [d for d in agreement.differing if not _listed(exceptions, "differs", d.trace, d.key)]


@pytest.mark.parametrize("source", SOURCES)
def test_nearly_all_values_agree(tls: Compared, source: str) -> None:
    """At least 98 % of the comparable values of each source are equal."""
    agreement = tls[0][source]
    assert agreement.total >= SOURCES[source][1]
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing)


def test_every_ja4_of_the_specification_s_authors_is_equal(tls: Compared) -> None:
    """FoxIO's values admit no exception."""
    assert tls[0]["foxio"].differing == []


@pytest.mark.parametrize("source", SOURCES)
def test_every_difference_is_listed_with_its_reason(tls: Compared, source: str) -> None:
    """A value that differs is in the table, or the test fails."""
    agreements, exceptions = tls
    assert [d.line() for d in _unlisted(agreements[source], exceptions)] == []


def test_the_table_is_up_to_date(tls: Compared) -> None:
    """No exception is listed that is no longer needed."""
    agreements, exceptions = tls
    for agreement in agreements.values():
        _unlisted(agreement, exceptions)
    assert exceptions.unused() == []
