"""Which alerts belong together: union-find over assets, hand-overs, rare marks and shared flows (detectors.md 5.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from detectors.model import SEVERITY_RANK
from detectors.surroundings import NOTHING_KNOWN, Surroundings
from store.schema import Severity

Alert = dict[str, Any]
"""One row of ALERT."""

_Held = dict[str, list[tuple[int, Alert, bool]]]

LINK: Final = timedelta(hours=24)
"""Alerts of one asset further apart are separate incidents (detectors.md 5.2: same asset within 24 h)."""

SLOW_LINK: Final = timedelta(days=30)
"""The same for detectors of slow behaviour, and for a shared rare mark (detectors.md 5.2: 30 d)."""

GROWTH: Final = timedelta(days=7)
"""An incident takes alerts for so long after its first; what comes later is a new one (detectors.md 5.2)."""

SLOW_GROWTH: Final = timedelta(days=30)
"""The same for an incident with slow behaviour."""

CAMPAIGN: Final = 200
"""Alerts of one detector in one incident beyond which they are told as a campaign of its own (detectors.md 5.2)."""


class _Sets:
    """Disjoint sets of 0..n-1 with path halving."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def find(self, item: int) -> int:
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]
            item = self._parent[item]
        return item

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.find(one), self.find(other)))
        self._parent[high] = low


def is_info(alert: Alert) -> bool:
    """Tell whether an alert is informational."""
    return str(alert["severity"]) == Severity.INFO.value


def groups(
    alerts: Iterable[Alert], around: Surroundings = NOTHING_KNOWN, slow: Collection[str] = ()
) -> list[list[Alert]]:
    """Return the alerts of each incident, every group and the list of groups in time order.

    Links: the same acting asset with at most ``LINK`` between the alerts; the target of one that becomes the actor of
    another as soon; a rare mark both show; a flow both rest on. Informational alerts make no incident and link
    nothing: they join the group of their actor, or of the intrusion that took their actor over. Two sources that attack
    the same target are not linked: on a public address that would join strangers.

    Args:
        alerts: Rows of ALERT, any order.
        around: Which asset bore which address.
        slow: Detectors of slow behaviour (``is_slow``).
    """
    ordered = sorted(alerts, key=_when)
    serious = [alert for alert in ordered if not is_info(alert)]
    sets = _Sets(len(serious))
    _link_actors(serious, sets, around, slow)
    _link_handover(serious, sets, around)
    _link_marks(serious, sets)
    members: dict[int, list[Alert]] = {}
    for position, alert in enumerate(serious):
        members.setdefault(sets.find(position), []).append(alert)
    found = [part for group in members.values() for part in _parts(group, slow)]
    found.sort(key=lambda group: _when(group[0]))
    held = _held(found, around)
    for alert in ordered:
        if is_info(alert):
            _attach(alert, held, found, around)
    return [sorted(group, key=_when) for group in found]


def _when(alert: Alert) -> tuple[datetime, str]:
    return alert["ts_start"], alert["alert_id"]


def _link_actors(alerts: Sequence[Alert], sets: _Sets, around: Surroundings, slow: Collection[str]) -> None:
    last: dict[tuple[str, bool], tuple[int, datetime]] = {}
    for position, alert in enumerate(alerts):
        asset = around.assets.at(alert["actor_ip"], alert["ts_start"])
        if not asset:
            continue
        is_slow = alert["detector"] in slow
        for was_slow in (False, True):
            before = last.get((asset, was_slow))
            reach = SLOW_LINK if is_slow or was_slow else LINK
            if before and alert["ts_start"] - before[1] <= reach:
                sets.join(before[0], position)
        before = last.get((asset, is_slow))
        last[asset, is_slow] = (position, max(alert["ts_end"], before[1]) if before else alert["ts_end"])


def _link_handover(alerts: Sequence[Alert], sets: _Sets, around: Surroundings) -> None:
    """Join the attack on an asset with what the asset does afterwards; alerts come in time order.

    Only an attack that succeeded or is at least of medium severity hands over: a public server is probed all day.
    """
    attacked: dict[str, list[int]] = {}
    for position, alert in enumerate(alerts):
        actor = around.assets.at(alert["actor_ip"], alert["ts_start"])
        for earlier in attacked.get(actor, ()) if actor else ():
            if alert["ts_start"] - alerts[earlier]["ts_end"] <= LINK:
                sets.join(earlier, position)
        is_grave = alert["succeeded"] or SEVERITY_RANK[Severity(alert["severity"])] >= SEVERITY_RANK[Severity.MEDIUM]
        if alert["target_ip"] is not None and is_grave:
            attacked.setdefault(around.assets.at(alert["target_ip"], alert["ts_start"]), []).append(position)


def _link_marks(alerts: Sequence[Alert], sets: _Sets) -> None:
    """Join alerts that rest on one flow, and those with one rare mark at most ``SLOW_LINK`` apart."""
    owner: dict[bytes, int] = {}
    marked: dict[str, int] = {}
    for position, alert in enumerate(alerts):
        for uid in alert["flow_uids"]:
            sets.join(owner.setdefault(uid, position), position)
        for mark in alert["indicators"] or ():
            earlier = marked.get(mark)
            if earlier is not None and alert["ts_start"] - alerts[earlier]["ts_end"] <= SLOW_LINK:
                sets.join(earlier, position)
            marked[mark] = position


def _parts(group: list[Alert], slow: Collection[str]) -> Iterator[list[Alert]]:
    """Cut a group where it outgrew its time, and take campaigns out of it; the group is in time order."""
    counts = Counter(alert["detector"] for alert in group)
    campaigns = {name for name, count in counts.items() if count > CAMPAIGN and len(counts) > 1}
    for name in sorted(campaigns):
        yield from _grown([alert for alert in group if alert["detector"] == name], slow)
    yield from _grown([alert for alert in group if alert["detector"] not in campaigns], slow)


def _grown(group: list[Alert], slow: Collection[str]) -> Iterator[list[Alert]]:
    reach = SLOW_GROWTH if any(alert["detector"] in slow for alert in group) else GROWTH
    part: list[Alert] = []
    for alert in group:
        if part and alert["ts_start"] - part[0]["ts_start"] > reach:
            yield part
            part = []
        part.append(alert)
    if part:
        yield part


def _attach(alert: Alert, held: _Held, found: Sequence[list[Alert]], around: Surroundings) -> None:
    """Add an informational alert to the first incident of its actor, or of the intrusion that took its actor over."""
    actor = around.assets.at(alert["actor_ip"], alert["ts_start"])
    fits = [
        number
        for number, other, is_victim in held.get(actor, ())
        if abs(alert["ts_start"] - other["ts_start"]) <= LINK
        and (not is_victim or other["ts_end"] <= alert["ts_start"])
    ]
    if actor and fits:
        found[min(fits)].append(alert)


def _held(found: Sequence[Sequence[Alert]], around: Surroundings) -> _Held:
    """Return for each asset the incidents and alerts in which it acted, or was taken over."""
    held: _Held = {}
    for number, group in enumerate(found):
        for alert in group:
            moment = alert["ts_start"]
            held.setdefault(around.assets.at(alert["actor_ip"], moment), []).append((number, alert, False))
            if alert["succeeded"]:
                held.setdefault(around.assets.at(alert["target_ip"], moment), []).append((number, alert, True))
    return held
