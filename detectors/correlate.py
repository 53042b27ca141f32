"""Alerts become incidents: grouped, scored, and told so that a person can act (detectors.md sections 4 and 5).

Pure: the same alerts give the same incidents, in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeVar

import pyarrow as pa

from detectors import registry
from detectors._gravity import bonus, kind, severity_of, stages
from detectors._group import Alert, groups, is_info
from detectors.addresses import ip_text
from detectors.attack import Technique, load_attack_map, progress, techniques
from detectors.incident import Incident
from detectors.model import SEVERITY_RANK, Detector, Text
from detectors.scoring import CLAMP, FAST_HALF_LIFE_DAYS, SLOW_HALF_LIFE_DAYS, counted, entity_score, faded, within
from detectors.story import story
from detectors.surroundings import NOTHING_KNOWN, Surroundings
from store.schema import Severity

_T = TypeVar("_T")

MAX_SENTENCES: Final = 20
"""Evidence sentences shown per incident; more are counted (own: one page)."""

_STEPS: Final = Text("Intrusion in {count} steps by {who}: {what}", "{who} 分 {count} 步入侵：{what}")
_STEPS_WEAK: Final = Text("{count} suspicious steps by {who}: {what}", "{who} 的 {count} 步可疑行为：{what}")
_MORE: Final = Text("… and {count} more alerts.", "……另有 {count} 条告警。")
_UNKNOWN: Final = Text("unknown", "未知")


def incidents(
    alerts: pa.Table,
    assessments: pa.Table | None = None,
    *,
    detectors: Mapping[str, Detector] | None = None,
    attack_map: Mapping[str, Technique] | None = None,
    around: Surroundings = NOTHING_KNOWN,
) -> list[Incident]:
    """Return the incidents that the alerts make up.

    Args:
        alerts: ALERT; rows of detectors that are not in ``detectors`` count by their own columns alone.
        assessments: ASSESSMENT; what could not be judged becomes each incident's coverage note.
        detectors: by id; the catalogue when None.
        attack_map: techniques by id; ``rules/attack_map.csv`` when None.
        around: what is known of the addresses.

    Returns:
        Incidents, the most severe and highest first. Informational alerts alone make none.

    Raises:
        RuleFileError: ``attack_map.csv`` is needed and cannot be used.
    """
    known = registry() if detectors is None else detectors
    tactics = load_attack_map() if attack_map is None else attack_map
    coverage = coverage_notes(assessments, known)
    slow = {name for name, detector in known.items() if detector.is_slow}
    held = groups(_unique(alerts.to_pylist()), around, slow)
    found = _distinct([_incident(group, known, tactics, coverage, around) for group in held])
    return sorted(found, key=lambda one: (-SEVERITY_RANK[one.severity], -one.score, one.since, one.key))


def coverage_notes(assessments: pa.Table | None, detectors: Mapping[str, Detector] | None = None) -> tuple[Text, ...]:
    """Return one text for each detector that could not judge, or only on little data.

    Args:
        assessments: ASSESSMENT.
        detectors: by id, for their titles; the catalogue when None. One that is not in it is called by its id.
    """
    known = registry() if detectors is None else detectors
    rows = [] if assessments is None else assessments.to_pylist()
    judged = sorted(
        (row for row in rows if row["status"] not in ("assessed", "no_data")), key=lambda row: str(row["detector"])
    )
    titles = [_name(str(row["detector"]), known) for row in judged]
    return tuple(
        Text(f"{title.en}: {row['reason_en']}", f"{title.zh}：{row['reason_zh']}")
        for title, row in zip(titles, judged, strict=True)
    )


def entity_scores(
    alerts: pa.Table,
    attack_map: Mapping[str, Technique],
    criticality: Mapping[bytes, str] | None = None,
    *,
    at: datetime | None = None,
    slow: Collection[str] = (),
) -> dict[bytes, float]:
    """Return the score of every actor and target address, 0..99.99: the larger of a fast and a slow accumulator.

    The fast one forgets half of every risk in 3 days; the slow one takes only what slow detectors found and forgets
    half in 180 days, so that who does one small thing a week adds up (detectors.md 4).

    Args:
        alerts: ALERT.
        attack_map: techniques by id, for the diversity of tactics.
        criticality: name of ``scoring.CRITICALITY`` by address; medium when absent.
        at: moment of the score, event time; the end of the last alert when None. Later alerts do not count.
        slow: detectors of slow behaviour (``is_slow``).
    """
    rows = _unique(alerts.to_pylist())
    moment = at or max((row["ts_end"] for row in rows), default=None)
    if moment is None:
        return {}
    held: dict[bytes, list[Alert]] = {}
    for alert in rows:
        for address in {alert["actor_ip"], alert["target_ip"]} - {None} if alert["ts_end"] <= moment else ():
            held.setdefault(address, []).append(alert)
    weights = criticality or {}

    def score(own: Sequence[Alert], half_life: float, weight: str) -> float:
        aged = [alert | {"score": faded(alert["score"], alert["ts_end"], moment, half_life)} for alert in own]
        return entity_score(_risks(aged), criticality=weight, tactics=_tactics(own, attack_map))

    return {
        address: max(
            score(own, FAST_HALF_LIFE_DAYS, weights.get(address, "medium")),
            score([a for a in own if a["detector"] in slow], SLOW_HALF_LIFE_DAYS, weights.get(address, "medium")),
        )
        for address, own in sorted(held.items())
    }


def _unique(rows: Iterable[Alert]) -> list[Alert]:
    return list({row["alert_id"]: row for row in rows}.values())


def _risks(alerts: Sequence[Alert]) -> list[float]:
    """Return the risks that count: duplicates of (detector, actor, target) once per power of ten, strongest first."""
    seen: dict[tuple[object, ...], int] = {}
    risks = []
    for alert in sorted(alerts, key=lambda alert: (-alert["score"], alert["alert_id"])):
        key = (alert["detector"], alert["actor_ip"], alert["target_ip"])
        seen[key] = seen.get(key, 0) + 1
        if counted(seen[key]):
            risks.append(float(alert["score"]))
    return risks


def _tactics(alerts: Iterable[Alert], attack_map: Mapping[str, Technique]) -> int:
    ids = (name for alert in alerts for name in alert["attack"])
    return len({technique.tactic for technique in techniques(ids, attack_map)})


def _incident(
    group: Sequence[Alert],
    known: Mapping[str, Detector],
    attack_map: Mapping[str, Technique],
    coverage: tuple[Text, ...],
    around: Surroundings,
) -> Incident:
    steps = progress(stages(group, attack_map))
    total = entity_score(_risks(group), tactics=_tactics(group, attack_map))
    strongest = max(float(alert["score"]) for alert in group)
    score = min(CLAMP, max(total, strongest) + bonus(group, steps, known))
    severity, direct = severity_of(group, score, steps, known, attack_map)
    first = next(alert for alert in group if not is_info(alert))
    key = _key(first)
    kinds = len({kind(alert, known, attack_map) for alert in group})
    detectors = [known[name] for name in _in_order(alert["detector"] for alert in group) if name in known]
    who, what = _who(group), _what(group, known)
    return Incident(
        id=f"I{first['ts_start']:%Y%m%d}-{key[:8]}",
        key=key,
        title=_title(group, kinds if steps >= 2 else 1, severity, who, what),
        who=who,
        what=what,
        since=min(alert["ts_start"] for alert in group),
        until=max(alert["ts_end"] for alert in group),
        severity=severity,
        score=round(within(score, severity), 2),
        direct=direct,
        succeeded=any(alert["succeeded"] for alert in group if not is_info(alert)),
        progress=steps,
        alert_ids=tuple(alert["alert_id"] for alert in group),
        actors=tuple(sorted({alert["actor_ip"] for alert in group} - {None})),
        targets=tuple(sorted({alert["target_ip"] for alert in group} - {None})),
        evidence=_evidence(group),
        innocent=tuple(_in_order(text for detector in detectors for text in detector.innocent)),
        next_steps=tuple(_in_order(text for detector in detectors for text in detector.next_steps)),
        attack=techniques((name for alert in group for name in alert["attack"]), attack_map),
        coverage=coverage,
        story=story(group, known, attack_map, around),
    )


def _key(first: Alert) -> str:
    """Return what names an incident for good: what its first alert is about, whatever configuration found it.

    Alert ids change with parameters, policy and reference data; what people decided must not get lost with them.
    """
    about = [first[name] for name in ("detector", "ts_start", "actor_ip", "target_ip", "target_port")]
    parts = [part.hex() if isinstance(part, bytes) else str(part) for part in about]
    return hashlib.sha256("\x1f".join(("incident", *parts)).encode()).hexdigest()[:32]


def _distinct(found: list[Incident]) -> list[Incident]:
    """Return the incidents with different keys: of those about the same the later ones get a number."""
    counts: dict[str, int] = {}
    named = []
    for one in found:
        counts[one.key] = counts.get(one.key, 0) + 1
        again = hashlib.sha256(f"{one.key}{counts[one.key]}".encode()).hexdigest()[:32]
        named.append(one if counts[one.key] == 1 else replace(one, key=again))
    return named


def _in_order(items: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(items))


def _who(group: Sequence[Alert]) -> Text:
    names = _in_order(ip_text(alert["actor_ip"]) for alert in group if alert["actor_ip"] is not None)
    if not names:
        return _UNKNOWN
    more = f" +{len(names) - 3}" if len(names) > 3 else ""
    return Text(", ".join(names[:3]) + more, "、".join(names[:3]) + more)


def _name(detector: str, known: Mapping[str, Detector]) -> Text:
    return known[detector].title if detector in known else Text(detector, detector)


def _what(group: Sequence[Alert], known: Mapping[str, Detector]) -> Text:
    ids = _in_order(alert["detector"] for alert in group)
    titles = [_name(name, known) for name in ids]
    return Text(", ".join(title.en.lower() for title in titles), "、".join(title.zh for title in titles))


def _title(group: Sequence[Alert], kinds: int, severity: Severity, who: Text, what: Text) -> Text:
    """Return the strongest alert's title, or one for the whole course when several kinds of behaviour form it."""
    if kinds >= 2:
        form = _STEPS if SEVERITY_RANK[severity] >= SEVERITY_RANK[Severity.HIGH] else _STEPS_WEAK
        return Text(
            form.en.format(count=kinds, who=who.en, what=what.en), form.zh.format(count=kinds, who=who.zh, what=what.zh)
        )
    serious = [alert for alert in group if not is_info(alert)]
    top = max(serious, key=lambda alert: (SEVERITY_RANK[Severity(alert["severity"])], alert["score"]))
    return Text(top["title_en"], top["title_zh"])


def _evidence(group: Sequence[Alert]) -> tuple[Text, ...]:
    """Return the sentences in time order; of too many the most severe are kept."""
    ranked = sorted(group, key=lambda a: (-SEVERITY_RANK[Severity(a["severity"])], -a["score"], a["ts_start"]))
    kept = {alert["alert_id"] for alert in ranked[:MAX_SENTENCES]}
    texts = [Text(a["evidence_en"], a["evidence_zh"]) for a in group if a["alert_id"] in kept]
    if len(group) > len(texts):
        texts.append(_MORE.fill(count=len(group) - len(texts)))
    return tuple(texts)
