"""Which alerts belong together: union-find over shared actors, hand-overs and shared flows (detectors.md 5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from store.schema import Severity

Alert = dict[str, Any]
"""One row of ALERT."""

LINK: Final = timedelta(hours=24)
"""Alerts of one asset further apart are separate incidents (detectors.md 5.2: same asset within 24 h)."""


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


def groups(alerts: Iterable[Alert]) -> list[list[Alert]]:
    """Return the alerts of each incident, every group and the list of groups in time order.

    Links: the same actor with at most 24 h between the alerts; the target of one that becomes the actor of another at
    most 24 h later; a flow that two alerts share. Informational alerts make no incident and link nothing: they join
    the group of their actor, or of the intrusion that took their actor over. Two sources that attack the same target
    are not linked: on a public address that would join strangers.
    """
    ordered = sorted(alerts, key=lambda alert: (alert["ts_start"], alert["alert_id"]))
    serious = [alert for alert in ordered if not is_info(alert)]
    sets = _Sets(len(serious))
    _link_actors(serious, sets)
    _link_handover(serious, sets)
    _link_flows(serious, sets)
    members: dict[int, list[Alert]] = {}
    for position, alert in enumerate(serious):
        members.setdefault(sets.find(position), []).append(alert)
    found = list(members.values())
    for alert in ordered:
        if is_info(alert):
            _attach(alert, found)
    return [sorted(group, key=lambda alert: (alert["ts_start"], alert["alert_id"])) for group in found]


def _link_actors(alerts: Sequence[Alert], sets: _Sets) -> None:
    last: dict[bytes, tuple[int, datetime]] = {}
    for position, alert in enumerate(alerts):
        actor = alert["actor_ip"]
        if actor is None:
            continue
        before = last.get(actor)
        if before and alert["ts_start"] - before[1] <= LINK:
            sets.join(before[0], position)
        until = max(alert["ts_end"], before[1]) if before else alert["ts_end"]
        last[actor] = (position, until)


def _link_handover(alerts: Sequence[Alert], sets: _Sets) -> None:
    """Join the alert against a target with what the target does afterwards; alerts come in time order."""
    attacked: dict[bytes, list[int]] = {}
    for position, alert in enumerate(alerts):
        for earlier in attacked.get(alert["actor_ip"] or b"", ()):
            if alert["ts_start"] - alerts[earlier]["ts_end"] <= LINK:
                sets.join(earlier, position)
        if alert["target_ip"] is not None:
            attacked.setdefault(alert["target_ip"], []).append(position)


def _link_flows(alerts: Sequence[Alert], sets: _Sets) -> None:
    owner: dict[bytes, int] = {}
    for position, alert in enumerate(alerts):
        for uid in alert["flow_uids"]:
            sets.join(owner.setdefault(uid, position), position)


def _attach(alert: Alert, found: list[list[Alert]]) -> None:
    for group in found:
        near = [other for other in group if abs(alert["ts_start"] - other["ts_start"]) <= LINK]
        same_actor = any(other["actor_ip"] == alert["actor_ip"] for other in near if not is_info(other))
        taken_over = any(
            other["succeeded"] and other["target_ip"] == alert["actor_ip"] and other["ts_end"] <= alert["ts_start"]
            for other in near
            if not is_info(other)
        )
        if same_actor or taken_over:
            group.append(alert)
            return
