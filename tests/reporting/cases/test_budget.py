"""The alert budget: the first of each day pass, the others are counted, nothing is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reporting.cases.budget import Budget


def test_the_first_of_each_day_pass() -> None:
    """Three a day over two days: what is beyond is counted by day."""
    start = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)
    rows = [{"n": n, "ts_start": start + timedelta(minutes=15 * n)} for n in range(10)]
    budget = Budget(3)
    assert [row["n"] for row in budget.within(rows)] == [0, 1, 2, 4, 5, 6]
    assert budget.beyond() == (4, 2)


def test_without_a_budget_all_pass() -> None:
    """None lets everything through."""
    rows = [{"ts_start": datetime(2026, 3, 2, tzinfo=UTC)}] * 50
    budget = Budget(None)
    assert len(list(budget.within(rows))) == 50
    assert budget.beyond() == (0, 0)
