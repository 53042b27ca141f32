"""Our SNMP records against tshark's messages and Suricata's events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support import snmp_run, truth
from tests.oracles.support.agreement import Agreement, Exceptions, unlisted

LEAST_SHARE = 0.98
"""Share of comparable messages that must be equal on all fields both have."""
LEAST_ROWS = {"suricata": 14, "tshark": 4109}
"""Comparable messages there are at least: fewer would mean that the loader lost some."""
Compared = tuple[dict[str, Agreement], Exceptions]


@pytest.fixture(scope="module")
def compared(data: Path) -> Compared:
    """Every comparison, and the table of exceptions."""
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "snmp_exceptions.csv")
    tools = {"suricata": snmp_run.suricata, "tshark": snmp_run.tshark}
    return {tool: tools[tool](data, exceptions) for tool in LEAST_ROWS}, exceptions


@pytest.mark.parametrize("tool", LEAST_ROWS)
def test_nearly_all_messages_agree(compared: Compared, tool: str) -> None:
    """At least 98 % of the comparable messages are equal in every field both have."""
    agreement = compared[0][tool]
    assert agreement.total >= LEAST_ROWS[tool]
    assert agreement.share >= LEAST_SHARE, "\n".join(d.line() for d in agreement.differing[:50])


def test_every_difference_is_listed_with_its_reason(compared: Compared) -> None:
    """A message that differs is in the table, and the table names no other; no message is ours alone."""
    agreements, exceptions = compared
    assert [d.line() for agreement in agreements.values() for d in unlisted(agreement, exceptions)] == []
    paired = {(d.trace, d.key) for agreement in agreements.values() for d in agreement.differing}
    extra = [one for agreement in agreements.values() for one in agreement.extra]
    assert [(trace, message) for trace, message in extra if (trace, message.key) not in paired] == []
    assert exceptions.unused() == []
