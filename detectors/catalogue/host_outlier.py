"""Whose day was unlike that of its peers and unlike its own days before? Detector D47 of detectors.md.

A lead, not a verdict: confidence stays below one half and the alert is informational; other detectors say what it is.
Nothing is trained beforehand: the peers of the range are the model, the forest has a fixed seed and sorted rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter
from detectors.catalogue._host_features import FEATURES, NAMES, forest_scores, levels, robust_scale, tails
from detectors.catalogue._season import median
from detectors.catalogue._series import Floats
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import query
from store.schema import Severity

_COLUMNS: Final = ("peer_group", "host_ip", "day", *NAMES)

_TITLE: Final = Text("Unlike its peers: {host} on {day}", "与同类主机明显不同：{host}（{day}）")
_EVIDENCE: Final = Text(
    "{host} on {day} differs from the {hosts} hosts of its group ({group}) most in: {features}. Outlier of {tails} % of"
    " the host-days by rare values and of {forest} % by the isolation forest; {own}.",
    "{host} 在 {day} 与同组（{group}）{hosts} 台主机差异最大的是：{features}。按罕见值超过 {tails}% 的主机日，"
    "按孤立森林超过 {forest}%；{own}。",
)
_FEATURE: Final = Text("{name} {value} (peers {usual})", "{name} {value}（同组通常 {usual}）")
_OWN: Final = {
    True: Text("unlike its own {days} days before, too", "与其自身此前 {days} 天也不同"),
    False: Text("its own days before are not known", "其自身此前情况未知"),
}
_GROUP: Final = {"client": Text("clients", "客户端"), "server": Text("servers", "服务器")}


@dataclass(frozen=True, slots=True)
class _Group:
    """The host-days of one peer group, sorted by host and day."""

    name: str
    hosts: NDArray[np.object_]
    days: NDArray[np.object_]
    level: Floats

    def history(self, row: int) -> Floats:
        """Return the rows of the same host before a row."""
        return np.asarray(self.level[(self.hosts == self.hosts[row]) & (self.days < self.days[row])])


@dataclass(frozen=True, slots=True)
class _Outlier:
    """One host-day, with its features from the rarest down and how it compares with its own days."""

    row: int
    top: tuple[int, ...]
    tail_rank: float
    forest_rank: float
    own_days: int

    @property
    def rank(self) -> float:
        return (self.tail_rank + self.forest_rank) / 2


def run(tables: Tables, params: Params) -> pa.Table:
    """Find host-days that are unlike those of the peers.

    Args:
        tables: ``host_day``, ``host_day_before`` and the policy table ``capture_span``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, at most one row per host and day, informational.
    """
    alerts = AlertRows(DETECTOR)
    if not tables["capture_span"].num_rows:
        return alerts.table()
    start: datetime = tables["capture_span"]["ts_start"][0].as_py()
    for group in _groups(tables, int(params["min_hosts"])):
        for outlier in _outliers(group, start, params):
            alerts.add(_finding(group, outlier, params))
    return alerts.table()


def _groups(tables: Tables, min_hosts: int) -> list[_Group]:
    """Return the peer groups that have enough hosts; a row that was given twice counts once."""
    counts = ", ".join(f"max({name}) AS {name}" for name in NAMES)
    sql = f"""
        SELECT peer_group, host_ip, day, {counts}
        FROM (SELECT * FROM host_day UNION ALL SELECT * FROM host_day_before)
        WHERE host_ip IS NOT NULL AND day IS NOT NULL GROUP BY peer_group, host_ip, day
        ORDER BY peer_group, host_ip, day"""
    held = query(sql, {name: tables[name].select(list(_COLUMNS)) for name in ("host_day", "host_day_before")})
    names = np.asarray(held["peer_group"].to_pylist(), dtype=object)
    hosts = np.asarray(held["host_ip"].to_pylist(), dtype=object)
    days = np.asarray(held["day"].to_pylist(), dtype=object)
    columns = {name: np.nan_to_num(np.asarray(held[name], dtype=np.float64)) for name in NAMES}
    found = []
    for name in sorted({str(one) for one in names}):
        own = names == name
        if len(set(hosts[own])) >= min_hosts:
            found.append(_Group(name, hosts[own], days[own], levels({key: part[own] for key, part in columns.items()})))
    return found


def _outliers(group: _Group, start: datetime, params: Params) -> list[_Outlier]:
    """Return the most unusual host-days: far out in several features, rare for both judges, and new for the host."""
    centre, sigma = robust_scale(group.level)
    off = (group.level - centre) / sigma
    day_of_start = start.replace(hour=0, minute=0, second=0, microsecond=0)
    is_far = (np.abs(off) >= params["sigmas"]).sum(axis=1) >= params["min_features"]
    far = np.flatnonzero(is_far & (group.days >= day_of_start))
    if not far.size:
        return []
    rare = tails(group.level)
    total = rare.sum(axis=1)
    ordered = np.sort(total)
    tail_rank = np.searchsorted(ordered, total[far], side="left") / max(1, len(total) - 1)
    forest_rank = forest_scores(
        np.clip(off, -20, 20),
        far,
        trees=int(params["trees"]),
        seed=int(params["seed"]),
        reference=int(params["reference"]),
    )
    found = []
    for at, row in enumerate(far):
        order = sorted(range(len(NAMES)), key=lambda one: (-rare[row, one], -abs(off[row, one]), one))
        top = tuple(one for one in order if abs(off[row, one]) >= params["sigmas"] / 2)[:5]
        own = _own_days(group, int(row), top, params)
        rank = (tail_rank[at] + forest_rank[at]) / 2
        if own is not None and rank >= params["rank"]:
            found.append(_Outlier(int(row), top, float(tail_rank[at]), float(forest_rank[at]), own))
    return _best_per_day(group, found, params)


def _own_days(group: _Group, row: int, top: Sequence[int], params: Params) -> int | None:
    """Return how many own days a host-day was compared with (0: too few), None when it is as that host always is."""
    history = group.history(row)
    if len(history) < params["own_days"]:
        return 0
    part = history[:, list(top)]
    centre = median(part, axis=0)
    sigma = np.fmax(1.4826 * median(np.abs(part - centre), axis=0), params["floor"])
    is_new = np.abs(group.level[row, list(top)] - centre) / sigma >= params["own_sigmas"]
    return len(history) if is_new.mean() >= 0.5 else None


def _best_per_day(group: _Group, found: Sequence[_Outlier], params: Params) -> list[_Outlier]:
    """Return the strongest of each day, at most a share of its host-days and at least one."""
    kept: list[_Outlier] = []
    for day in sorted({group.days[one.row] for one in found}):
        limit = max(1, int(params["share"] * (group.days == day).sum()))
        own = [one for one in found if group.days[one.row] == day]
        kept += sorted(own, key=lambda one: (-one.rank, group.hosts[one.row]))[:limit]
    return kept


def _finding(group: _Group, outlier: _Outlier, params: Params) -> Finding:
    row, centre = outlier.row, median(group.level, axis=0)
    host, day = group.hosts[row], group.days[row]
    told = [(FEATURES[NAMES[at]], _number(group.level[row, at]), _number(centre[at])) for at in outlier.top]
    name, own = _GROUP.get(group.name, Text(group.name, group.name)), _OWN[outlier.own_days > 0]
    said: dict[str, Any] = {
        "host": ip_text(host),
        "day": f"{day:%Y-%m-%d}",
        "hosts": len(set(group.hosts)),
        "tails": f"{100 * outlier.tail_rank:.1f}",
        "forest": f"{100 * outlier.forest_rank:.1f}",
    }
    en = ", ".join(_FEATURE.en.format(name=text.en, value=value, usual=usual) for text, value, usual in told)
    zh = "、".join(_FEATURE.zh.format(name=text.zh, value=value, usual=usual) for text, value, usual in told)
    return Finding(
        key=(said["host"], said["day"]),
        ts_start=day,
        ts_end=day.replace(hour=23, minute=59, second=59),
        severity=Severity.INFO,
        confidence=DETECTOR.confidence.of(outlier.rank, params["rank"]),
        title=_TITLE.fill(**said),
        evidence=Text(
            _EVIDENCE.en.format(group=name.en, features=en, own=own.en.format(days=outlier.own_days), **said),
            _EVIDENCE.zh.format(group=name.zh, features=zh, own=own.zh.format(days=outlier.own_days), **said),
        ),
        flow_uids=(),
        flow_count=0,
        display_filter=display_filter(actor=host),
        actor=host,
        details={
            "peer_group": group.name,
            "tail_rank": round(outlier.tail_rank, 4),
            "forest_rank": round(outlier.forest_rank, 4),
            "own_days": outlier.own_days,
            "features": {
                NAMES[at]: [round(float(np.expm1(part[at])), 1) for part in (group.level[row], centre)]
                for at in outlier.top
            },
        },
    )


def _number(level: float) -> str:
    value = float(np.expm1(level))
    return f"{value:.0f}" if value < 1e5 else f"{value:.3g}"


DETECTOR: Final = Detector(
    id="host_outlier",
    version=1,
    title=Text("Unlike its peers", "与同类主机不同"),
    question=Text("Whose day was unlike that of its peers?", "谁的一天与同类主机明显不同？"),
    needs={"host_day": _COLUMNS, "host_day_before": _COLUMNS},
    partition_by={"host_day": "peer_group", "host_day_before": "peer_group"},
    window_s=86400,
    min_span_s=86400,
    blind_without=("host_day",),
    params={
        "min_hosts": Param(20, "hosts", 5, 1e6, "fewer are no group to compare with", "detectors.md D47: >= 20 hosts"),
        "sigmas": Param(6, "sigma", 3, 50, "ordinary hosts differ by less", "own: 4.5 and more are found by chance"),
        "min_features": Param(3, "features", 1, 44, "one odd number is other detectors' matter", "own"),
        "rank": Param(
            0.99, "ratio", 0.5, 1, "among the rarest hundredth by the mean of both judges", "detectors.md D47"
        ),
        "share": Param(0.001, "ratio", 0, 1, "of the host-days of a day, and at least one", "detectors.md D47: .1 %"),
        "own_days": Param(7, "d", 2, 365, "a week of its own shows how a host is", "own"),
        "own_sigmas": Param(3, "sigma", 1, 50, "as it always is, is no news", "own; control charts: 3 sigma"),
        "floor": Param(0.35, "ln(1+x)", 0.05, 3, "smallest own deviation, as among peers", "own"),
        "trees": Param(200, "trees", 10, 1000, "second opinion", "detectors.md 1.8: IsolationForest(200, 256)"),
        "reference": Param(5000, "rows", 256, 1e6, "more rows teach the forest nothing new", "own"),
        "seed": Param(20260302, "-", 0, 2**31, "any number: the same rows give the same forest", "own"),
    },
    attack=("T1078", "T1071"),
    severity=Severity.INFO,
    impact=25,
    confidence=Confidence(0.2, 0.5, 1.0),
    innocent=(
        Text(
            "The only host of its kind: give it a role in site.toml.", "同类中唯一的主机：请在 site.toml 中登记角色。"
        ),
        Text("A new task, an update or a migration on that day.", "当天有新任务、更新或迁移。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi trend show --by asset", "taishi trend show --by asset"),
    ),
    source="detectors.md D47; Li et al. 2022 (ECOD); Liu et al. 2008 (isolation forest)",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="trend",
)
