"""Trends of a case: week on week, the last day hour by hour, the habit of the hours, and lasting changes."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from reporting.cases.case import Case
from reporting.cases.policy import policy_of
from store.sql import query_table

SCOPES: Final = ("site", "zone", "service", "asset")
"""What trends are of; a scope that the schema names."""

HOURS_SHOWN: Final = 24
"""Hours before the last one that are listed one by one."""

_WEEKS: Final = "SELECT * FROM trend_week WHERE scope IN {scopes} ORDER BY scope, name, week"
_HOURS: Final = """
SELECT scope, name, hour, bytes_up + bytes_down AS bytes FROM trend_hour
WHERE scope IN {scopes} AND hour > (SELECT max(hour) FROM trend_hour) - INTERVAL {hours} HOUR ORDER BY ALL
"""
_SEEN: Final = """
SELECT hour FROM trend_hour
WHERE scope = 'site' AND hour > (SELECT max(hour) FROM trend_hour) - INTERVAL {hours} HOUR ORDER BY hour
"""
_BUSIEST: Final = """
SELECT scope, name, arg_max(week_hour, (bytes_median, -week_hour)) AS week_hour FROM trend_season
WHERE scope IN {scopes} GROUP BY ALL ORDER BY ALL
"""
_CHANGES: Final = "SELECT * FROM trend_change WHERE scope IN {scopes} ORDER BY since, scope, name"


def trends_of(case: Case, scopes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return one row per series: its weeks, last hours, busiest hour of the week and lasting changes.

    The series with most bytes in the last week that was seen come first. Hours that no tap saw are None.

    Args:
        case: whose.
        scopes: of ``SCOPES``.

    Raises:
        TaishiError: the lake or the site policy is not readable.
    """
    policy = policy_of(case)

    def ask(sql: str) -> list[dict[str, Any]]:
        wanted = "(" + ", ".join(f"'{scope}'" for scope in scopes) + ")"
        text = sql.format(scopes=wanted, hours=HOURS_SHOWN)
        table: pa.Table = query_table(case.lake, text, case=case.name, policy=policy)
        rows: list[dict[str, Any]] = table.to_pylist()
        return rows

    series: dict[tuple[str, str], dict[str, Any]] = {}
    for row in ask(_WEEKS):
        who = {"scope": row.pop("scope"), "name": row.pop("name"), "asset_ip": row.pop("asset_ip")}
        one = series.setdefault((who["scope"], who["name"]), {**who, "weeks": []})
        one["weeks"].append(row)
    seen = [row["hour"] for row in ask(_SEEN)]
    hours: dict[tuple[str, str], dict[Any, int]] = {}
    for row in ask(_HOURS):
        hours.setdefault((row["scope"], row["name"]), {})[row["hour"]] = row["bytes"]
    busiest = {(row["scope"], row["name"]): row["week_hour"] for row in ask(_BUSIEST)}
    changes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in ask(_CHANGES):
        changes.setdefault((row["scope"], row["name"]), []).append(row)
    for key, one in series.items():
        own = hours.get(key, {})
        one["hours"] = [{"hour": hour, "bytes": own.get(hour, 0)} for hour in seen]
        one["busiest_week_hour"] = busiest.get(key)
        one["changes"] = changes.get(key, [])
    order = {scope: at for at, scope in enumerate(SCOPES)}
    return sorted(series.values(), key=lambda one: (order[one["scope"]], -_last_bytes(one), one["name"]))


def _last_bytes(one: dict[str, Any]) -> int:
    week = last_seen(one)
    return 0 if week is None else int(week["bytes_up"] + week["bytes_down"])


def last_seen(one: dict[str, Any]) -> dict[str, Any] | None:
    """Return the last week of a series that was seen."""
    weeks: list[dict[str, Any]] = one["weeks"]
    return next((week for week in reversed(weeks) if week["bytes_up"] is not None), None)
