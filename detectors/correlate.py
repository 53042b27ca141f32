"""Alerts become incidents: grouped, scored, and told so that a person can act (detectors.md sections 4 and 5).

Pure: the same alerts give the same incidents, in whatever order they come.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeVar

import pyarrow as pa

from detectors import registry
from detectors._group import Alert, groups, is_info
from detectors.addresses import ip_text
from detectors.alerts import capped
from detectors.attack import Technique, load_attack_map, progress, techniques
from detectors.incident import Incident
from detectors.model import SEVERITY_RANK, Detector, Text
from detectors.scoring import CLAMP, counted, entity_score, level, within
from store.schema import Severity

_T = TypeVar("_T")

MAX_SENTENCES: Final = 20
"""Evidence sentences shown per incident; more are counted (own: one page)."""

BONUS_PER_STEP: Final = 10.0
"""Points for every step of the stage chain beyond the first (detectors.md 5.3)."""

SCAN_FAMILY: Final = "scan"
MASTER_FAMILY: Final = "ics_master"
FUNCTION_FAMILY: Final = "ics_function"

_INDUSTRIAL: Final = frozenset({MASTER_FAMILY, FUNCTION_FAMILY})
_LAST_STAGE: Final = 9
"""Order of impact, impair-process-control and inhibit-response-function in rules/attack_map.csv."""

_BY_RANK: Final = {rank: severity for severity, rank in SEVERITY_RANK.items()}

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
) -> list[Incident]:
    """Return the incidents that the alerts make up.

    Args:
        alerts: ALERT; rows of detectors that are not in ``detectors`` count by their own columns alone.
        assessments: ASSESSMENT; what could not be judged becomes each incident's coverage note.
        detectors: by id; the catalogue when None.
        attack_map: techniques by id; ``rules/attack_map.csv`` when None.

    Returns:
        Incidents, the most severe and highest first. Informational alerts alone make none.

    Raises:
        RuleFileError: ``attack_map.csv`` is needed and cannot be used.
    """
    known = registry() if detectors is None else detectors
    tactics = load_attack_map() if attack_map is None else attack_map
    coverage = coverage_notes(assessments, known)
    found = [_incident(group, known, tactics, coverage) for group in groups(_unique(alerts.to_pylist()))]
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
    alerts: pa.Table, attack_map: Mapping[str, Technique], criticality: Mapping[bytes, str] | None = None
) -> dict[bytes, float]:
    """Return the score of every actor and target address, 0..99.99.

    Args:
        alerts: ALERT.
        attack_map: techniques by id, for the diversity of tactics.
        criticality: name of ``scoring.CRITICALITY`` by address; medium when absent.
    """
    held: dict[bytes, list[Alert]] = {}
    for alert in _unique(alerts.to_pylist()):
        for address in {alert["actor_ip"], alert["target_ip"]} - {None}:
            held.setdefault(address, []).append(alert)
    weights = criticality or {}
    return {
        address: entity_score(
            _risks(own), criticality=weights.get(address, "medium"), tactics=_tactics(own, attack_map)
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


def _stages(group: Sequence[Alert], attack_map: Mapping[str, Technique]) -> list[frozenset[int]]:
    """Return the stages in time order; alerts of the same moment are one act and give one link."""
    moments: dict[object, set[int]] = {}
    for alert in group:
        orders = moments.setdefault(alert["ts_start"], set())
        orders |= {technique.order for technique in techniques(alert["attack"], attack_map)}
    return [frozenset(orders) for orders in moments.values()]


def _kind(alert: Alert, known: Mapping[str, Detector], attack_map: Mapping[str, Technique]) -> str:
    """Return the kind of behaviour; the two industrial detectors see the same commands, so only recon differs."""
    family = _family(alert, known)
    if family not in _INDUSTRIAL:
        return family
    latest = max((technique.order for technique in techniques(alert["attack"], attack_map)), default=0)
    return "ics control" if latest >= _LAST_STAGE else "ics preparation"


def _severity(
    group: Sequence[Alert],
    score: float,
    steps: int,
    known: Mapping[str, Detector],
    attack_map: Mapping[str, Technique],
) -> tuple[Severity, bool]:
    """Return the incident's severity and whether it is direct.

    The level of the score, but never above its strongest alert, or one step above when two kinds of behaviour form a
    chain; purely industrial incidents that are not direct end at medium, because nothing signed says who may command
    (detectors.md note 5). A direct incident is at least what makes it direct.
    """
    strongest = max(SEVERITY_RANK[Severity(alert["severity"])] for alert in group)
    kinds = {_kind(alert, known, attack_map) for alert in group}
    ceiling = min(strongest + int(steps >= 2 and len(kinds) >= 2), SEVERITY_RANK[Severity.CRITICAL])
    severity = capped(level(score), _BY_RANK[ceiling])
    floor = _direct(group, known)
    if floor is not None:
        return max(severity, floor, key=SEVERITY_RANK.__getitem__), True
    if all(_family(alert, known) in _INDUSTRIAL for alert in group):
        severity = capped(severity, Severity.MEDIUM)
    return severity, False


def _direct(group: Sequence[Alert], known: Mapping[str, Detector]) -> Severity | None:
    """Return the least severity of an incident that needs no accumulation, None for all others.

    A guessed password, a function of class 95, and an undeclared master with a second indicator by the same station: a
    dangerous function, a scan, or a new link address (which the detector itself rates high). One indicator makes high,
    two make critical. Source: detectors.md 4 and note 5.
    """
    floors = [
        Severity(alert["severity"])
        for alert in group
        if (alert["succeeded"] and _family(alert, known) == "access")
        or (_family(alert, known) in (FUNCTION_FAMILY, MASTER_FAMILY) and _at_least_high(alert))
    ]
    for alert in group:
        if _family(alert, known) == MASTER_FAMILY:
            own = [other for other in group if other["actor_ip"] == alert["actor_ip"]]
            indicators = (
                any(_family(other, known) == FUNCTION_FAMILY and _at_least_high(other) for other in own),
                any(_family(other, known) == SCAN_FAMILY for other in own),
                _at_least_high(alert),
                any(other["succeeded"] and other["target_ip"] == alert["actor_ip"] for other in group),
            )
            if any(indicators):
                floors.append(Severity.CRITICAL if sum(indicators) >= 2 else Severity.HIGH)
    return max(floors, key=SEVERITY_RANK.__getitem__, default=None)


def _at_least_high(alert: Alert) -> bool:
    return SEVERITY_RANK[Severity(alert["severity"])] >= SEVERITY_RANK[Severity.HIGH]


def _family(alert: Alert, known: Mapping[str, Detector]) -> str:
    detector = known.get(alert["detector"])
    return (detector.family or detector.id) if detector else str(alert["detector"])


def _incident(
    group: Sequence[Alert],
    known: Mapping[str, Detector],
    attack_map: Mapping[str, Technique],
    coverage: tuple[Text, ...],
) -> Incident:
    steps = progress(_stages(group, attack_map))
    total = entity_score(_risks(group), tactics=_tactics(group, attack_map))
    strongest = max(float(alert["score"]) for alert in group)
    score = min(CLAMP, max(total, strongest) + BONUS_PER_STEP * max(0, steps - 1))
    severity, direct = _severity(group, score, steps, known, attack_map)
    first = next(alert for alert in group if not is_info(alert))
    key = hashlib.sha256(f"incident\x1f{first['alert_id']}".encode()).hexdigest()[:32]
    kinds = len({_kind(alert, known, attack_map) for alert in group})
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
    )


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
