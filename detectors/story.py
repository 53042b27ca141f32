"""What an incident tells beyond its alerts: who, how in, what they did when, what was reached and lost, how sure.

Everything follows from the alerts and the surroundings; what is not known is said to be unknown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from detectors._group import Alert, is_info
from detectors.addresses import ip_text
from detectors.alerts import when
from detectors.attack import Technique, techniques
from detectors.model import Detector, Text
from detectors.scoring import evidence_band
from detectors.surroundings import Surroundings

MAX_STEPS: Final = 40
"""Steps of a timeline (own: one page); what repeats is one step with a count, and what is beyond is counted."""

OLD_DAYS: Final = 30
"""A host known for so long before the incident is "known", not new (detectors.md 4: first seen >= 30 d)."""

_ENTRY: Final = frozenset({"initial-access", "credential-access", "lateral-movement"})
"""Tactics by which somebody gets in."""

STAGES: Final = range(10)
"""Stages of a step: the orders of rules/attack_map.csv (detectors.md 5.3), 0 for what has no technique."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline: when, which stage, what, by whom, to whom, and how often."""

    since: datetime
    until: datetime
    stage: int
    title: Text
    actor: bytes | None
    target: bytes | None
    severity: str
    detector: str
    count: int
    alert_ids: tuple[str, ...]
    succeeded: bool


@dataclass(frozen=True, slots=True)
class Story:
    """The answers of an incident; each text is complete in both languages."""

    who: tuple[Text, ...]
    how_in: Text
    reached: Text
    lost: Text
    sure: Text
    timeline: tuple[Step, ...]
    steps_left_out: int


def story(
    group: Sequence[Alert], known: Mapping[str, Detector], attack_map: Mapping[str, Technique], around: Surroundings
) -> Story:
    """Return what the alerts of one incident tell, in time order.

    Args:
        group: Alerts of the incident in time order.
        known: Detectors by id.
        attack_map: Techniques by id.
        around: What is known of the addresses.
    """
    steps = timeline(group, known, attack_map)
    return Story(
        who=tuple(_person(address, group, around) for address in _actors(group)[:5]),
        how_in=_how_in(group, attack_map),
        reached=_reached(group, around),
        lost=_lost(group, known),
        sure=_sure(group),
        timeline=tuple(steps[:MAX_STEPS]),
        steps_left_out=max(0, len(steps) - MAX_STEPS),
    )


def timeline(group: Sequence[Alert], known: Mapping[str, Detector], attack_map: Mapping[str, Technique]) -> list[Step]:
    """Return the steps in time order; alerts of one detector, actor and target are one step with their number."""
    held: dict[tuple[object, ...], list[Alert]] = {}
    for alert in group:
        held.setdefault((alert["detector"], alert["actor_ip"], alert["target_ip"], alert["succeeded"]), []).append(
            alert
        )
    steps = [_step(own, known, attack_map) for own in held.values()]
    return sorted(steps, key=lambda step: (step.since, step.alert_ids))


def _step(own: Sequence[Alert], known: Mapping[str, Detector], attack_map: Mapping[str, Technique]) -> Step:
    first = own[0]
    found = techniques((name for alert in own for name in alert["attack"]), attack_map)
    title = Text(first["title_en"], first["title_zh"])
    detector = known.get(first["detector"])
    if len(own) > 1 and detector is not None and len({alert["title_en"] for alert in own}) > 1:
        actor = ip_text(first["actor_ip"])
        title = Text(f"{detector.title.en} by {actor}", f"{actor}：{detector.title.zh}")
    return Step(
        since=first["ts_start"],
        until=max(alert["ts_end"] for alert in own),
        stage=max((technique.order for technique in found), default=0),
        title=title,
        actor=first["actor_ip"],
        target=first["target_ip"],
        severity=str(first["severity"]),
        detector=str(first["detector"]),
        count=len(own),
        alert_ids=tuple(alert["alert_id"] for alert in own),
        succeeded=bool(first["succeeded"]),
    )


def _actors(group: Iterable[Alert]) -> list[bytes]:
    return list(dict.fromkeys(alert["actor_ip"] for alert in group if alert["actor_ip"] is not None))


def _person(address: bytes, group: Sequence[Alert], around: Surroundings) -> Text:
    """Return who an address is: ours or not, its asset, zone, roles, since when it is known."""
    own = [alert for alert in group if alert["actor_ip"] == address]
    first = own[0]["ts_start"]
    en, zh = [ip_text(address)], [ip_text(address)]
    asset = around.assets.at(address, first)
    if asset.startswith("mac:"):
        en.append(f"link address {asset[4:]}")
        zh.append(f"链路地址 {asset[4:]}")
    side = ("of this site", "本单位") if address in around.home else ("outside the home networks", "本单位以外")
    en.append(side[0])
    zh.append(side[1])
    if zone := around.zones.get(address):
        en.append(f"zone {zone}")
        zh.append(f"区域 {zone}")
    if roles := around.roles.get(address):
        en.append(f"role {', '.join(roles)}")
        zh.append(f"角色 {'、'.join(roles)}")
    seen = around.first_seen.get(address)
    known = _since(seen, first)
    en.append(known.en)
    zh.append(known.zh)
    return Text("; ".join(en), "；".join(zh))


def _since(seen: datetime | None, first: datetime) -> Text:
    if seen is None:
        return Text("never heard itself", "自身从未发过报文")
    days = (first - seen).total_seconds() / 86400
    if days >= OLD_DAYS:
        return Text(f"known since {when(seen)}", f"自 {when(seen)} 起已知")
    return Text(f"first seen {when(seen)}", f"首次出现于 {when(seen)}")


def _how_in(group: Sequence[Alert], attack_map: Mapping[str, Technique]) -> Text:
    """Return by what they came in: the first success of an entry tactic, else the first thing seen at all."""
    serious = [alert for alert in group if not is_info(alert)]
    for alert in serious:
        tactics = {technique.tactic for technique in techniques(alert["attack"], attack_map)}
        if alert["succeeded"] and tactics & _ENTRY:
            moment = when(alert["ts_end"])
            return Text(f"{alert['title_en']}, succeeded by {moment}", f"{alert['title_zh']}，{moment} 前得手")
    first = serious[0]
    return Text(
        f"not seen; the first thing seen is: {first['title_en']} ({when(first['ts_start'])})",
        f"未观测到；最早所见为：{first['title_zh']}（{when(first['ts_start'])}）",
    )


def _reached(group: Sequence[Alert], around: Surroundings) -> Text:
    """Return how many hosts were concerned, where access is proven, and which zones they are in."""
    targets = list(dict.fromkeys(a["target_ip"] for a in group if a["target_ip"] is not None and not is_info(a)))
    entered = list(dict.fromkeys(a["target_ip"] for a in group if a["target_ip"] is not None and a["succeeded"]))
    most = max((int(a["target_count"]) for a in group if a["target_ip"] is None and not is_info(a)), default=0)
    count = max(len(targets), most)
    if not count:
        return Text("nobody but the actor is named", "除行为主体外未涉及其他主机")
    en, zh = [f"{count} host{'s' if count > 1 else ''}"], [f"{count} 台主机"]
    zones = sorted({around.zones[t] for t in targets if t in around.zones})
    if zones:
        en.append(f"in zone {', '.join(zones)}")
        zh.append(f"所在区域：{'、'.join(zones)}")
    if entered:
        names = ", ".join(ip_text(t) for t in entered[:5]) + (" …" if len(entered) > 5 else "")
        en.append(f"access proven on {names}")
        zh.append(f"已证实进入 {names}")
    else:
        en.append("no access proven")
        zh.append("未证实进入")
    return Text("; ".join(en), "；".join(zh))


def _lost(group: Sequence[Alert], known: Mapping[str, Detector]) -> Text:
    """Return what left the site and what was commanded, as far as it was seen."""
    # Several detectors may tell of the same upload: of one actor and target the largest counts.
    volumes: dict[tuple[object, object], int] = {}
    for alert in group:
        if alert["lost_bytes"]:
            pair = (alert["actor_ip"], alert["target_ip"])
            volumes[pair] = max(volumes.get(pair, 0), int(alert["lost_bytes"]))
    en, zh = [], []
    if volumes:
        total = sum(volumes.values())
        en.append(f"{total:,} bytes left the site")
        zh.append(f"{total:,} 字节流出")
    control = [a for a in group if (d := known.get(a["detector"])) is not None and d.family.startswith("ics")]
    commands = sum(int(alert["flow_count"]) for alert in control if not is_info(alert))
    if control and commands:
        en.append(f"control messages in {commands} conversations")
        zh.append(f"{commands} 次会话中有控制报文")
    if not en:
        return Text("no loss seen", "未见损失")
    return Text("; ".join(en), "；".join(zh))


def _sure(group: Sequence[Alert]) -> Text:
    """Return how sure the incident is: one minus the odds that every kind of alert in it errs, and the context.

    Alerts of one detector share their error, so only the surest of each detector counts.
    """
    best: dict[str, float] = {}
    for alert in group:
        if not is_info(alert):
            best[alert["detector"]] = max(best.get(alert["detector"], 0.0), float(alert["confidence"]))
    doubt = math.prod(1 - confidence for confidence in best.values())
    percent = min(99, round(100 * (1 - doubt)))
    n = len(best)
    en = f"{percent} % by {n} detector{'s' if n > 1 else ''}"
    zh = f"{percent}%，依据 {n} 个检测器"
    band = evidence_band({name for alert in group for name in (alert["context"] or ())})
    return Text(f"{en}; {band.en}" if band.en else en, f"{zh}；{band.zh}" if band.zh else zh)
