"""Whose behaviour changed for good, and on which day? Detector D46 of detectors.md.

A day of a host, service, zone or the site is its bytes, share of upload, peers, share of failures and share of the
night. Days that the taps did not see are left out. A change counts when it lasted at least a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors.alerts import AlertRows, Finding, display_filter
from detectors.catalogue._changes import (
    MEASURES,
    SEEN_H,
    SIGMA_FLOOR,
    change_points,
    cusum_alarm,
    days_of,
    noise,
    without_weekdays,
)
from detectors.catalogue._series import COLUMNS, Floats, Grid, Hours, Series, grid_of, series_of, volume_text
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_MEASURE_TEXT: Final = {
    "bytes": Text("bytes per day", "日流量"),
    "upload_share": Text("share of upload", "上行占比"),
    "peers": Text("peer-hours per day", "日对端小时数"),
    "failure_share": Text("share of failed conversations", "失败会话占比"),
    "night_share": Text("share of the night (00-06 UTC)", "夜间（00-06 UTC）占比"),
}
_TITLE: Final = Text("Behaviour changed on {date}: {label}", "行为自 {date} 起改变：{label}")
_EVIDENCE: Final = {
    True: Text(
        "{label}: the behaviour changed on {date} and stayed ({days} days so far): {changes}; {before_days} days"
        " before it for comparison, {unseen} days not seen.",
        "{label}：行为自 {date} 起改变并持续至今（已 {days} 天）：{changes}；此前有 {before_days} 天可比，"
        "另有 {unseen} 天未观测到。",
    ),
    False: Text(
        "{label}: the behaviour changed on {date} for {days} days, until {until}: {changes};"
        " {before_days} days before it for comparison, {unseen} days not seen.",
        "{label}：行为自 {date} 起改变，持续 {days} 天，至 {until}：{changes}；此前有 {before_days} 天可比，"
        "另有 {unseen} 天未观测到。",
    ),
}
_CHANGE: Final = Text(
    "{measure} from {before} to {after} ({sigmas} sigma)", "{measure}由 {before} 变为 {after}（{sigmas}σ）"
)


@dataclass(frozen=True, slots=True)
class _Change:
    """One measure of one series that moved to another level on a day and kept it."""

    measure: str
    day: int
    end: int
    stayed: bool
    before: float
    after: float
    sigmas: float
    before_days: int
    noticed: int


def run(tables: Tables, params: Params) -> pa.Table:
    """Find days on which a behaviour changed for at least a week.

    Args:
        tables: ``trend_hour``, ``trend_hour_before`` and the policy tables ``seen_hour`` and ``capture_span``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per series and day of change.
    """
    alerts = AlertRows(DETECTOR)
    grid = grid_of(tables["seen_hour"])
    if grid is None or not tables["capture_span"].num_rows:
        return alerts.table()
    start: datetime = tables["capture_span"]["ts_start"][0].as_py()
    lasting = int(params["lasting"])
    site = _changes_of("peers", _site_days(grid), params)
    span_h = int(params["training"] + lasting) * 24
    for series in series_of(tables, grid, min_hours=int(params["min_hours"]), min_span_h=span_h):
        daily = days_of(series)
        if not np.nanmax(daily["bytes"], initial=0.0) >= np.log1p(params["min_bytes"]):
            continue
        changes = [c for name in MEASURES for c in _changes_of(name, daily[name], params)]
        if series.scope == "asset":
            changes = [c for c in changes if not _is_everybodys(c, site)]
        for together in _together(changes):
            if grid.when(24 * (together[0].day + lasting)) >= start:
                alerts.add(_finding(series, together, daily, grid))
    return alerts.table()


def _site_days(grid: Grid) -> Floats:
    """Return the conversations of all taps together day by day, as a measure that behaves like peers."""
    hours = np.where(grid.seen, grid.conversations, np.nan).reshape(-1, 24)
    seen = (~np.isnan(hours)).sum(axis=1)
    return np.where(seen >= SEEN_H, np.log1p(np.nansum(hours, axis=1) * 24 / np.maximum(seen, 1)), np.nan)


def _is_everybodys(change: _Change, site: Sequence[_Change]) -> bool:
    """Tell whether the whole site moved the same way at the same time: that is told of the site, not of each host."""
    return change.measure in _LOG_MEASURES and any(
        abs(change.day - one.day) <= _SAME_DAYS and (change.after > change.before) == (one.after > one.before)
        for one in site
    )


def _changes_of(measure: str, daily: Floats, params: Params) -> list[_Change]:
    """Return the changes of one measure; only days that are known count."""
    level = without_weekdays(daily)
    days: Hours = np.flatnonzero(~np.isnan(level))
    training, lasting = int(params["training"]), int(params["lasting"])
    if len(days) < training + lasting:
        return []
    known = level[days]
    sigma = noise(known, SIGMA_FLOOR[measure])
    noticed = cusum_alarm(known / sigma, training)
    if noticed is None:
        return []
    cuts = change_points(known / sigma, lasting, params["penalty"] * float(np.log(len(known))))
    bounds = [0, *(int(cut) for cut in cuts), len(known)]
    found: list[_Change] = []
    for left, cut, right in zip(bounds, bounds[1:], bounds[2:], strict=False):
        before, after = float(np.median(known[left:cut])), float(np.median(known[cut:right]))
        if cut < training or abs(after - before) < max(params["shift"] * sigma, params[f"least_{measure}"]):
            continue
        if found and not found[-1].stayed and abs(after - found[-1].before) < params["shift"] * sigma:
            continue  # back to the level of before: the change before this one says until when it lasted
        end, sigmas = int(days[right - 1]) + 1, abs(after - before) / sigma
        found.append(
            _Change(
                measure, int(days[cut]), end, right == len(known), before, after, sigmas, cut - left, int(days[noticed])
            )
        )
    return found


def _together(changes: Sequence[_Change]) -> list[list[_Change]]:
    """Return the changes grouped by day (up to three days apart), the largest of each group first."""
    groups: list[list[_Change]] = []
    for one in sorted(changes, key=lambda c: (c.day, c.measure)):
        if groups and one.day - groups[-1][0].day <= _SAME_DAYS:
            groups[-1].append(one)
        else:
            groups.append([one])
    return [sorted(group, key=lambda c: (-c.sigmas, c.measure)) for group in groups]


_SAME_DAYS: Final = 3
"""Measures that move within so many days moved together."""

_LOG_MEASURES: Final = ("bytes", "peers")


def _level(measure: str, value: float) -> float:
    """Return a level in the measure's own unit: bytes or peer-hours per day, or a ratio."""
    return max(0.0, float(np.expm1(value))) if measure in _LOG_MEASURES else min(1.0, max(0.0, value))


def _level_text(measure: str, value: float) -> str:
    level = _level(measure, value)
    if measure == "bytes":
        return volume_text(level)
    return f"{level:.0f}" if measure == "peers" else f"{100 * level:.0f} %"


def _said(change: _Change) -> Text:
    measure = _MEASURE_TEXT[change.measure]
    values = {
        "before": _level_text(change.measure, change.before),
        "after": _level_text(change.measure, change.after),
        "sigmas": f"{change.sigmas:.3g}",
    }
    return Text(_CHANGE.en.format(measure=measure.en, **values), _CHANGE.zh.format(measure=measure.zh, **values))


def _finding(series: Series, changes: Sequence[_Change], daily: dict[str, Floats], grid: Grid) -> Finding:
    first, label = changes[0], series.label
    day, end = grid.when(24 * first.day), grid.when(24 * first.end)
    told = [_said(change) for change in changes]
    unseen = int(np.isnan(daily["bytes"][series.first // 24 + 1 : first.end]).sum())
    said: dict[str, Any] = {
        "date": f"{day:%Y-%m-%d}",
        "until": f"{end:%Y-%m-%d}",
        "days": first.end - first.day,
        "before_days": first.before_days,
        "unseen": unseen,
    }
    evidence = _EVIDENCE[first.stayed]
    strong = [change for change in changes if change.sigmas >= _STRONG]
    is_grave = series.scope == "asset" and first.stayed and len(strong) >= 2
    return Finding(
        key=(series.scope, series.name, said["date"]),
        ts_start=day,
        ts_end=max(end, day + timedelta(days=1)),
        severity=Severity.LOW if is_grave else Severity.INFO,
        confidence=DETECTOR.confidence.of(first.sigmas, DETECTOR.params["shift"].default),
        title=Text(
            _TITLE.en.format(label=label.en, date=said["date"]), _TITLE.zh.format(label=label.zh, date=said["date"])
        ),
        evidence=Text(
            evidence.en.format(label=label.en, changes="; ".join(text.en for text in told), **said),
            evidence.zh.format(label=label.zh, changes="；".join(text.zh for text in told), **said),
        ),
        flow_uids=(),
        flow_count=0,
        display_filter=display_filter(actor=series.asset_ip) if series.asset_ip is not None else "",
        actor=series.asset_ip,
        baseline_days=float(first.before_days),
        details=_details(series, changes, daily, grid),
    )


_STRONG: Final = 5.0
"""Sigmas from which two measures that change together are more than a new habit."""


def _details(series: Series, changes: Sequence[_Change], daily: dict[str, Floats], grid: Grid) -> dict[str, Any]:
    """Return the change and the daily series of its main measure, null for days that are not known."""
    first = changes[0]
    values = [None if np.isnan(v) else round(_level(first.measure, v), 4) for v in daily[first.measure]]
    return {
        "scope": series.scope,
        "name": series.name,
        "stayed": first.stayed,
        "measure": first.measure,
        "before": round(_level(first.measure, first.before), 4),
        "after": round(_level(first.measure, first.after), 4),
        "sigmas": round(first.sigmas, 3),
        "noticed": grid.when(24 * min(change.noticed for change in changes)).isoformat(),
        "measures": {change.measure: round(change.sigmas, 3) for change in changes},
        "series_start": grid.when(0).isoformat(),
        "step_s": 86400,
        "values": values[-400:],
    }


DETECTOR: Final = Detector(
    id="change_point",
    version=1,
    title=Text("Lasting change of behaviour", "行为持续改变"),
    question=Text("Whose behaviour changed for good, and on which day?", "谁的行为从哪一天起持续改变？"),
    needs={"trend_hour": COLUMNS, "trend_hour_before": COLUMNS},
    partition_by={"trend_hour": "name", "trend_hour_before": "name"},
    window_s=86400,
    min_history_s=21 * 86400,
    blind_without=("trend_hour",),
    params={
        "training": Param(14, "d", 7, 365, "two weeks of the old behaviour", "detectors.md 4: 14 d"),
        "lasting": Param(7, "d", 3, 90, "what lasts a week is no holiday and no incident of a day", "own"),
        "penalty": Param(3, "ln(n)", 1, 20, "price of one more part, in squared sigmas", "detectors.md 1.8: 3*log n"),
        "shift": Param(3, "sigma", 1, 20, "levels closer than that are one behaviour", "own; control charts: 3 sigma"),
        "least_bytes": Param(1.1, "ln(B)", 0.1, 5, "three times as much or a third", "own"),
        "least_upload_share": Param(0.2, "ratio", 0.02, 1, "a fifth of the traffic turned round", "own"),
        "least_peers": Param(0.7, "ln(1)", 0.1, 5, "twice as many or half", "own"),
        "least_failure_share": Param(0.2, "ratio", 0.02, 1, "a fifth more or fewer fail", "own"),
        "least_night_share": Param(0.2, "ratio", 0.02, 1, "a fifth moved into or out of the night", "own"),
        "min_bytes": Param(1e6, "B/d", 1, 1e12, "a behaviour of less is noise of the machines", "own"),
        "min_hours": Param(48, "h", 2, 10000, "who was active in fewer hours has no habit", "own"),
    },
    attack=(),
    severity=Severity.INFO,
    impact=25,
    confidence=Confidence(0.4, 0.8, 10),
    innocent=(
        Text("A new task, user or release on this host.", "该主机更换了用途、使用者或软件版本。"),
        Text("The capture point was moved: other traffic is seen now.", "采集点位置变动，所见流量不同。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi trend show --by asset", "taishi trend show --by asset"),
    ),
    source="detectors.md D46; Page 1954 (CUSUM); Killick et al. 2012 (PELT)",
    run=run,
    family="trend",
)
