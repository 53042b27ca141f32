"""``taishi trend show``: pictures that fit the screen, in every form and both languages."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from click.testing import Result

from reporting.cli.trend import bars
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES
from store import schema

Run = Callable[..., Result]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("by", [None, "site", "zone", "service", "asset"])
def test_every_view_fits_the_screen(taishi: Run, by: str | None, lang: str) -> None:
    """Whatever is asked for, in either language: at most 100 columns and the legend below."""
    result = taishi("trend", "show", "--lang", lang, *(["--by", by] if by else []))
    assert result.exit_code == 0
    assert all(cells(line) <= MAX_COLUMNS for line in result.stdout.splitlines())
    assert result.stdout.strip()


def test_the_screen_says_what_it_is(taishi: Run) -> None:
    """A day has no weeks: hour by hour, the first week, the busiest hour."""
    en, zh = taishi("trend", "show").stdout, taishi("trend", "show", "--lang", "zh-CN").stdout
    assert "hour by hour" in en
    assert "whole site" in en
    assert "first week" in en
    assert "not seen by the tap" in en
    assert "逐时" in zh
    assert "全网" in zh
    assert "首周" in zh


def test_json_is_one_object_and_csv_are_the_weeks(taishi: Run) -> None:
    """The object holds the series; the list form is trend_week, column by column."""
    told = json.loads(taishi("trend", "show", "--by", "asset", "-o", "json").stdout)
    assert told["by"] == "asset"
    assert told["count"] >= len(told["series"]) >= 1
    assert {"scope", "name", "weeks", "hours", "busiest_week_hour", "changes"} <= set(told["series"][0])
    rows = list(csv.DictReader(io.StringIO(taishi("trend", "show", "--by", "asset", "-o", "csv").stdout)))
    assert list(rows[0]) == [column.name for column in schema.table("trend_week").stored()]
    assert len(rows) == sum(len(one["weeks"]) for one in told["series"])


def test_a_limit_says_what_is_left_out(taishi: Run) -> None:
    """Rows beyond the limit are counted."""
    assert "more; --limit shows them." in taishi("trend", "show", "--by", "asset", "--limit", "1").stdout


def test_bars() -> None:
    """The highest value has the darkest mark; nothing and unknown have marks of their own."""
    assert bars([0, 1, 50, 100, None]) == "_.=#?"
    assert bars([]) == ""
    assert bars([0, 0]) == "__"
