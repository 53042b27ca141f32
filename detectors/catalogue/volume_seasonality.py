"""Whose traffic left its weekly habit, upwards or downwards? Detector D45 of detectors.md.

Bytes, conversations and peers per hour of the site, its zones, services and hosts are compared with what is usual at
that hour of the week. Hours that a tap did not see are unknown, never a drop. A day on which the whole site behaves
like the other kind of day (a holiday, a working Saturday) is told as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._season import Judged, judge
from detectors.catalogue._series import COLUMNS, Flags, Floats, Grid, Hours, Series, grid_of, series_of, volume_text
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_MEASURE_TEXT: Final = {
    "bytes": Text("bytes per hour", "每小时字节数"),
    "conversations": Text("conversations per hour", "每小时会话数"),
    "peers": Text("peers per hour", "每小时对端数"),
}
_TITLE: Final = {
    True: Text("Unusually much traffic: {label}", "流量异常升高：{label}"),
    False: Text("Unusually little traffic: {label}", "流量异常下降：{label}"),
}
_EVIDENCE: Final = {
    True: Text(
        "{label}: {measure} above the habit of this hour of the week in {hours} h from {start} to {end};"
        " most at {peak}: {value}, usual up to {bound} ({sigmas} standard deviations, habit learnt over {days} days).",
        "{label}：自 {start} 至 {end} 有 {hours} 小时的{measure}高于该时段的周规律；最高在 {peak}：{value}，"
        "通常不超过 {bound}（偏离 {sigmas} 个标准差，规律取自 {days} 天）。",
    ),
    False: Text(
        "{label}: {measure} below the habit of this hour of the week in {hours} h from {start} to {end};"
        " least at {peak}: {value}, usual at least {bound} ({sigmas} standard deviations, habit learnt over {days}"
        " days). Hours that the tap did not see are not counted.",
        "{label}：自 {start} 至 {end} 有 {hours} 小时的{measure}低于该时段的周规律；最低在 {peak}：{value}，"
        "通常不低于 {bound}（偏离 {sigmas} 个标准差，规律取自 {days} 天）。探针未观测到的时段不计入。",
    ),
}
_CALENDAR: Final = {
    True: Text(" The whole site was as busy as on a working day.", "当时全网与工作日同样繁忙（可能为调休上班）。"),
    False: Text(
        " The whole site was as quiet as on a weekend (a holiday?).", "当时全网与周末同样安静（可能为节假日）。"
    ),
}


@dataclass(frozen=True, slots=True)
class _Episode:
    """A stretch in which one measure of one series was outside its band."""

    series: Series
    measure: str
    is_rise: bool
    hours: tuple[int, ...]
    peak: int
    judged: Judged
    is_calendar: bool

    @property
    def size(self) -> float:
        return abs(float(self.judged.z[self.peak]))


def run(tables: Tables, params: Params) -> pa.Table:
    """Find hours in which a volume left its weekly habit.

    Args:
        tables: ``trend_hour``, ``trend_hour_before`` and the policy tables ``seen_hour`` and ``capture_span``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per series, direction and episode. What a host does because the whole site does it is told of the
        site, not of every host.
    """
    alerts = AlertRows(DETECTOR)
    grid = grid_of(tables["seen_hour"])
    if grid is None or not tables["capture_span"].num_rows:
        return alerts.table()
    start: datetime = tables["capture_span"]["ts_start"][0].as_py()
    span = int(params["min_days"] * 24)
    series = series_of(tables, grid, min_hours=int(params["min_hours"]), min_span_h=span)
    site = _site(grid, params)
    for at in range(0, len(series), _AT_ONCE):
        part = series[at : at + _AT_ONCE]
        found = [e for measure in _MEASURE_TEXT for e in _episodes(part, measure, site, params)]
        for name in part:
            for episode in _strongest([e for e in found if e.series is name], params):
                is_everybodys = episode.is_calendar and episode.series.scope == "asset"
                if grid.when(episode.hours[-1] + 1) > start and not is_everybodys:
                    alerts.add(_finding(episode, grid))
    return alerts.table()


_AT_ONCE: Final = 256
"""Series judged together (1 ...): a year of them is some 100 MB."""


def _site(grid: Grid, params: Params) -> Judged:
    """Return how the conversations of all taps together keep to their habit; one series, no leading dimension."""
    values = np.where(grid.seen, grid.conversations, np.nan)[None, :]
    return judge(values, np.array([int(np.argmax(grid.seen))]), params["floor"] * params["count_floor"]).row(0)


def _values(series: Series, measure: str) -> Floats:
    if measure == "bytes":
        return series.values["up"] + series.values["down"]
    return series.values[measure]


def _episodes(series: Sequence[Series], measure: str, site: Judged, params: Params) -> list[_Episode]:
    """Return the stretches in which one measure of each series was outside its band."""
    held = [(one, _values(one, measure)) for one in series]
    held = [(one, values) for one, values in held if np.nanmax(values, initial=0.0) >= params[f"min_{measure}"]]
    if not held:
        return []
    floor = params["floor"] * (1.0 if measure == "bytes" else params["count_floor"])
    judged = judge(np.stack([values for _, values in held]), np.array([one.first for one, _ in held]), floor)
    return [
        episode
        for at, (one, values) in enumerate(held)
        for is_rise in (True, False)
        for episode in _stretches(one, measure, values, judged.row(at), site, params, is_rise=is_rise)
    ]


def _stretches(
    series: Series, measure: str, values: Floats, judged: Judged, site: Judged, params: Params, *, is_rise: bool
) -> list[_Episode]:
    """Return the stretches of one direction: ``sustained`` hours running make one, pauses up to ``gap`` join two."""
    sign = 1 if is_rise else -1
    matters = (values if is_rise else np.expm1(judged.low)) >= params[f"min_{measure}"]
    odd = (sign * np.nan_to_num(judged.z) >= params["sigmas"]) & matters
    hours = np.flatnonzero(_lasting(odd, int(params["sustained"])))
    found = []
    for part in np.split(hours, np.flatnonzero(np.diff(hours) > params["gap"]) + 1) if hours.size else []:
        peak = int(part[np.argmax(sign * judged.z[part])])
        is_calendar = _is_calendar(part, judged, site, sign)
        found.append(_Episode(series, measure, is_rise, tuple(int(h) for h in part), peak, judged, is_calendar))
    return found


def _lasting(odd: Flags, sustained: int) -> Flags:
    """Return the hours that stand in a run of at least ``sustained``."""
    padded = np.r_[odd, np.zeros(sustained - 1, bool)]
    starts = np.asarray(np.lib.stride_tricks.sliding_window_view(padded, sustained).all(axis=1))
    kept = np.zeros_like(odd)
    for shift in range(sustained):
        kept[shift:] |= starts[: len(odd) - shift]
    return kept


def _is_calendar(part: Hours, judged: Judged, site: Judged, sign: int) -> bool:
    """Tell whether these hours look like the other kind of day, for this series and for the whole site."""
    like_other = sign * judged.other[part] < 3
    site_too = (sign * np.nan_to_num(site.z[part]) >= 1) | (sign * np.nan_to_num(site.other[part]) >= 0)
    return bool(like_other.mean() >= 0.8 and site_too.mean() >= 0.5)


def _strongest(found: list[_Episode], params: Params) -> list[_Episode]:
    """Return the episodes without those that another measure of the same series tells better at the same time."""
    kept: list[_Episode] = []
    for one in sorted(found, key=lambda e: (-e.size, e.measure, e.hours)):
        near = (k for k in kept if k.is_rise == one.is_rise)
        if not any(
            k.hours[0] - params["gap"] <= one.hours[-1] and one.hours[0] <= k.hours[-1] + params["gap"] for k in near
        ):
            kept.append(one)
    return kept


def _amount(measure: str, level: float) -> str:
    value = max(0.0, float(np.expm1(level)))
    return volume_text(value) if measure == "bytes" else f"{value:.0f}"


def _finding(episode: _Episode, grid: Grid) -> Finding:
    series, judged, peak = episode.series, episode.judged, episode.peak
    values = np.log1p(_values(series, episode.measure))
    days = (episode.hours[0] - series.first) // 24
    said = {
        "hours": len(episode.hours),
        "start": when(grid.when(episode.hours[0])),
        "end": when(grid.when(episode.hours[-1] + 1)),
        "peak": when(grid.when(peak)),
        "value": _amount(episode.measure, float(values[peak])),
        "bound": _amount(episode.measure, float((judged.high if episode.is_rise else judged.low)[peak])),
        "sigmas": f"{episode.size:.3g}",
        "days": days,
    }
    evidence, label, measure = _EVIDENCE[episode.is_rise], series.label, _MEASURE_TEXT[episode.measure]
    title = _TITLE[episode.is_rise]
    extra = _CALENDAR[episode.is_rise] if episode.is_calendar else Text("", "")
    return Finding(
        key=(series.scope, series.name, str(episode.is_rise)),
        ts_start=grid.when(episode.hours[0]),
        ts_end=grid.when(episode.hours[-1] + 1),
        severity=Severity.INFO if episode.is_calendar else Severity.LOW,
        confidence=DETECTOR.confidence.of(episode.size, DETECTOR.params["sigmas"].default),
        title=Text(title.en.format(label=label.en), title.zh.format(label=label.zh)),
        evidence=Text(
            evidence.en.format(label=label.en, measure=measure.en, **said) + extra.en,
            evidence.zh.format(label=label.zh, measure=measure.zh, **said) + extra.zh,
        ),
        flow_uids=(),
        flow_count=int(np.nansum(series.values["conversations"][list(episode.hours)])),
        display_filter=display_filter(actor=series.asset_ip) if series.asset_ip is not None else "",
        actor=series.asset_ip,
        attack=("T1498",) if episode.is_rise else ("T1489",),
        baseline_days=float(days),
        details=_details(episode, grid),
    )


_PLOT_BEFORE_H: Final = 120
_PLOT_H: Final = 240
"""Hours of the plot before the episode, and in all."""


def _details(episode: _Episode, grid: Grid) -> dict[str, Any]:
    """Return the series around the episode with its band, for the plot; null where no tap saw anything."""
    start = max(0, episode.hours[0] - _PLOT_BEFORE_H)
    part = slice(start, min(grid.hours, start + _PLOT_H))

    def numbers(level: Floats) -> list[float | None]:
        return [None if np.isnan(v) else round(max(0.0, float(np.expm1(v))), 1) for v in level[part]]

    return {
        "scope": episode.series.scope,
        "name": episode.series.name,
        "measure": episode.measure,
        "is_rise": episode.is_rise,
        "is_calendar": episode.is_calendar,
        "sigmas": round(episode.size, 3),
        "series_start": grid.when(start).isoformat(),
        "step_s": 3600,
        "values": numbers(np.log1p(_values(episode.series, episode.measure))),
        "low": numbers(episode.judged.low),
        "high": numbers(episode.judged.high),
    }


DETECTOR: Final = Detector(
    id="volume_seasonality",
    version=1,
    title=Text("Volume out of season", "流量偏离周期规律"),
    question=Text("Whose traffic left its weekly habit, upwards or downwards?", "谁的流量偏离了每周的规律？"),
    needs={"trend_hour": COLUMNS, "trend_hour_before": COLUMNS},
    partition_by={"trend_hour": "name", "trend_hour_before": "name"},
    window_s=3600,
    min_history_s=15 * 86400,
    blind_without=("trend_hour",),
    params={
        "sigmas": Param(5, "sigma", 3, 20, "an hour of benign traffic strays by less", "detectors.md D45: |z| >= 5"),
        "sustained": Param(2, "h", 1, 24, "one odd hour is a large download", "detectors.md D45: two hours running"),
        "floor": Param(
            0.5,
            "ln(1+B)",
            0.05,
            3,
            "smaller than 5 x 0.5 (12-fold) is no news even where all is still",
            "own; Slips floor",
        ),
        "count_floor": Param(0.6, "ratio", 0.1, 1, "counts vary less than bytes: 5 x 0.3 is 4.5-fold", "own"),
        "min_bytes": Param(1e6, "B/h", 1, 1e12, "a habit of less is noise of the machines", "own"),
        "min_conversations": Param(60, "1/h", 1, 1e6, "one a minute: a habit of less is noise", "own"),
        "min_peers": Param(20, "1/h", 1, 1e6, "a handful of peers more or less is no news", "own"),
        "min_days": Param(15, "d", 15, 400, "two weeks teach the habit, a day is judged by it", "detectors.md 4: 14 d"),
        "min_hours": Param(48, "h", 2, 10000, "who was active in fewer hours has no habit", "own"),
        "gap": Param(72, "h", 1, 720, "what is odd again after a night or a weekend is the same episode", "own"),
    },
    attack=("T1498", "T1489", "T0814"),
    severity=Severity.LOW,
    impact=25,
    confidence=Confidence(0.5, 0.9, 15),
    innocent=(
        Text("A holiday, a working Saturday, a release or a migration.", "节假日、调休上班、版本发布或系统迁移。"),
        Text("A backup or a copy moved to another hour of the week.", "备份或数据同步改到了一周中的其他时段。"),
        Text("A host that was replaced or switched off on purpose.", "主机被更换或有意关停。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi trend show --by asset", "taishi trend show --by asset"),
    ),
    source="detectors.md D45; Slips docs/https_anomaly_detection.md",
    run=run,
    roles_exempt=("backup",),
    family="trend",
)
