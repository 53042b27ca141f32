"""``taishi trend show``: how volumes move: week on week, hour by hour, and since when they are as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.words import Words

BAR_WEEKS: Final = 12
"""Weeks of the small picture: a quarter of a year."""

_LEVELS: Final = ".:-=+*#"
"""From low to high; ASCII, because block characters are two columns wide in many Chinese terminals."""

_ZERO, _UNSEEN = "_", "?"


@command("show")
@click.option("--by", "by", type=click.Choice(["site", "zone", "service", "asset"]))
@click.option("--limit", type=click.IntRange(min=1), default=20, metavar="N")
@case_option
def show(by: str | None, limit: int, case: str | None) -> None:
    """Show the trends of a case."""
    from reporting.cases.trends import trends_of
    from reporting.tables import Column, emit, emit_object

    settings = current()
    opened = chosen(settings, case)
    rows = trends_of(opened, ("site", "zone") if by is None else (by,))
    if settings.output is Output.CSV:
        from store.schema import table

        names = [column.name for column in table("trend_week").stored()]
        emit(_weeks(rows[:limit]), [Column(name, name) for name in names], "csv")
        return
    if settings.output is not Output.TABLE:
        emit_object({"case": opened.name, "by": by, "count": len(rows), "series": rows[:limit]}, settings.output.value)
        return
    _print(rows, limit, settings, opened.name, by)


def _weeks(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for week in row["weeks"]:
            yield {"scope": row["scope"], "name": row["name"], "asset_ip": row["asset_ip"], **week}


def _print(rows: Sequence[Mapping[str, Any]], limit: int, settings: Settings, case: str, by: str | None) -> None:
    from reporting.tables import Column, emit
    from reporting.width import MAX_COLUMNS, wrap

    words = settings.words
    if not rows:
        click.echo(words("trend.no_zones" if by == "zone" else "trend.none", case=case))
        return
    is_weekly = max(len(row["weeks"]) for row in rows) >= 3
    keys = ["name", "picture", "bytes", "ratio", "state", "busiest", "changed"]
    titles = {key: words(f"trend.{key}") for key in keys}
    titles["picture"] = words("trend.by_week" if is_weekly else "trend.by_hour")
    right = {"bytes", "ratio"}
    whole = {"name", "picture", "bytes", "ratio"}
    columns = [Column(key, titles[key], right=key in right, whole=key in whole) for key in keys]
    emit([_line(row, words, is_weekly=is_weekly) for row in rows[:limit]], columns, "table")
    notes = [words("trend.legend", levels=_LEVELS, zero=_ZERO, unseen=_UNSEEN)]
    if len(rows) > limit:
        notes.append(words("trend.more", n=len(rows) - limit))
    for note in notes:
        click.echo("\n".join(wrap(note, MAX_COLUMNS)))


def _line(row: Mapping[str, Any], words: Words, *, is_weekly: bool) -> dict[str, Any]:
    from reporting.cases.trends import last_seen
    from reporting.figures import bytes_text

    shown = last_seen(dict(row))
    latest = row["weeks"][-1]
    ratio = latest["ratio"]
    return {
        "name": words("trend.site") if row["scope"] == "site" else row["name"],
        "picture": _weekly(row) if is_weekly else _hourly(row),
        "bytes": "-" if shown is None else bytes_text(shown["bytes_up"] + shown["bytes_down"]),
        "ratio": "-" if ratio is None else _ratio_text(ratio),
        "state": words(f"trend.state_{latest['state']}"),
        "busiest": _busiest(row["busiest_week_hour"], words),
        "changed": ", ".join(f"{change['since']:%Y-%m-%d}" for change in row["changes"][-2:]) or "-",
    }


def _ratio_text(ratio: float) -> str:
    if ratio >= 10:
        return f"x{ratio:.0f}"
    return f"{100 * (ratio - 1):+.0f} %"


def _busiest(week_hour: int | None, words: Words) -> str:
    if week_hour is None:
        return "-"
    return f"{words('trend.days').split()[week_hour // 24]} {week_hour % 24:02d}"


def _weekly(row: Mapping[str, Any]) -> str:
    weeks = row["weeks"][-BAR_WEEKS:]
    return bars([None if w["bytes_up"] is None else w["bytes_up"] + w["bytes_down"] for w in weeks])


def _hourly(row: Mapping[str, Any]) -> str:
    held = {hour["hour"]: hour["bytes"] for hour in row["hours"]}
    if not held:
        return ""
    first, last = min(held), max(held)
    count = (last - first) // timedelta(hours=1) + 1
    return bars([held.get(first + timedelta(hours=n)) for n in range(count)])


def bars(values: Sequence[float | None]) -> str:
    """Return a line of characters, one per value: ``_`` for none, ``?`` for not seen, else the share of the highest."""
    top = max((value for value in values if value is not None), default=0)
    return "".join(_bar(value, top) for value in values)


def _bar(value: float | None, top: float) -> str:
    if value is None:
        return _UNSEEN
    if value <= 0 or top <= 0:
        return _ZERO
    return _LEVELS[min(len(_LEVELS) - 1, int(len(_LEVELS) * value / top))]
