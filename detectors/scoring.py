"""From confidence to risk to levels: log-odds, entity scores, diversity (detectors.md section 4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from detectors.model import Text
from store.schema import Severity


@dataclass(frozen=True, slots=True)
class Weight:
    """One piece of context in log-odds, with the sentence that shows it."""

    logit: float
    said: Text


WEIGHTS: Final[Mapping[str, Weight]] = {
    "rare": Weight(0.8, Text("at most 2 % of the hosts do this", "不足 2% 的主机有此行为")),
    "common": Weight(-1.2, Text("at least half of the hosts do this", "半数以上主机有此行为")),
    "new": Weight(0.5, Text("first seen within the last 7 days", "近 7 天内首次出现")),
    "old": Weight(-0.4, Text("known for 30 days or longer", "已知 30 天以上")),
    "odd_hours": Weight(0.3, Text("outside the role's hours", "在该角色工作时间之外")),
    "rare_fingerprint": Weight(0.5, Text("rare client fingerprint", "罕见的客户端指纹")),
    "no_name": Weight(0.3, Text("no host name was sent", "未携带主机名")),
    "intelligence": Weight(1.5, Text("confirmed by threat intelligence", "威胁情报佐证")),
    "stale_reference": Weight(-0.3, Text("reference data is old or missing", "参考数据过旧或缺失")),
    "capture_loss": Weight(-0.5, Text("more than 5 % of the packets were lost", "抓包丢失超过 5%")),
}
"""Context known to scoring. Source: detectors.md 4 (RITA's modifiers moved to log-odds: they never exceed 1)."""

BASELINE_DAYS: Final = 14
"""A baseline younger than this scales confidence by age / 14 (detectors.md 4)."""

CRITICALITY: Final[Mapping[str, float]] = {"low": 0.5, "medium": 1.0, "high": 1.5, "extreme": 2.0, "dispatch": 3.0}
"""Odds multiplier by the asset's criticality (Elastic asset_criticality helpers; dispatch and protection are ours)."""

ZETA_1_5: Final = 2.5924
"""Sum of k^-1.5 as Elastic's risk engine truncates it (risk_score/constants.ts); the score of endless 100s is 100."""

CLAMP: Final = 99.99
"""Highest score: odds are undefined at 100 (detectors.md 4)."""

FAST_HALF_LIFE_DAYS: Final = 3.0
"""Days in which the fast accumulator forgets half of a risk (detectors.md 4; Slips forgets in 1 h, Elastic in 30 d)."""

SLOW_HALF_LIFE_DAYS: Final = 180.0
"""The same for the slow accumulator, which takes slow behaviour only (detectors.md 4)."""

LEVELS: Final = (
    (80.0, Severity.CRITICAL),
    (60.0, Severity.HIGH),
    (40.0, Severity.MEDIUM),
    (20.0, Severity.LOW),
    (-math.inf, Severity.INFO),
)
"""Cut-offs of RITA (viewer/results.sql), so that anchors compare."""

_EDGE: Final = 1e-6
"""Confidence is kept this far from 0 and 1, so that log-odds are finite."""


def logit(probability: float) -> float:
    """Return the log-odds of a probability, finite for 0 and 1."""
    inside = min(1 - _EDGE, max(_EDGE, probability))
    return math.log(inside / (1 - inside))


def confidence(base: float, context: Iterable[str] = (), *, baseline_days: float | None = None) -> float:
    """Return the confidence of an alert after its context.

    Args:
        base: the detector's own confidence, 0..1.
        context: names of ``WEIGHTS``; each counts once.
        baseline_days: age of the baseline the detector used; None when it uses none.

    Returns:
        0..1.

    Raises:
        KeyError: a name is not in ``WEIGHTS``.
    """
    total = logit(base) + sum(WEIGHTS[name].logit for name in set(context))
    maturity = 1.0 if baseline_days is None else min(1.0, max(0.0, baseline_days) / BASELINE_DAYS)
    return maturity / (1 + math.exp(-total))


def evidence_band(context: Iterable[str]) -> Text:
    """Return how well the context supports an alert, strongest first, in words.

    Weights are expert settings, so people see bands instead of numbers (detectors.md note 9): strong is +0.8 and more,
    supporting is above 0, against is below.
    """
    names = sorted(set(context), key=lambda name: (-WEIGHTS[name].logit, name))
    bands = (
        (Text("strong", "强"), [n for n in names if WEIGHTS[n].logit >= 0.8]),
        (Text("supporting", "佐证"), [n for n in names if 0 < WEIGHTS[n].logit < 0.8]),
        (Text("against", "反证"), [n for n in names if WEIGHTS[n].logit < 0]),
    )
    en = "; ".join(f"{band.en}: {', '.join(WEIGHTS[n].said.en for n in held)}" for band, held in bands if held)
    zh = "；".join(f"{band.zh}：{'，'.join(WEIGHTS[n].said.zh for n in held)}" for band, held in bands if held)
    return Text(en, zh)


def entity_score(risks: Iterable[float], *, criticality: str = "medium", tactics: int = 1) -> float:
    """Return the score of an entity from the risks of its alerts.

    Args:
        risks: 0..100 each, any order.
        criticality: a name of ``CRITICALITY``.
        tactics: distinct ATT&CK tactics among the alerts; counted up to 4.

    Returns:
        0..99.99. Strongest risks first, each divided by its rank^1.5; then criticality on the odds; then diversity.

    Raises:
        KeyError: ``criticality`` is not a name of ``CRITICALITY``.
    """
    ordered = sorted((min(100.0, max(0.0, risk)) for risk in risks), reverse=True)
    raw = sum(risk / rank**1.5 for rank, risk in enumerate(ordered, start=1)) / ZETA_1_5
    raw = min(CLAMP, raw)
    odds = raw / (100 - raw) * CRITICALITY[criticality]
    weighed = 100 * odds / (1 + odds)
    share: float = 1 - (1 - weighed / 100) ** (1 + 0.35 * (min(4, max(1, tactics)) - 1))
    return min(CLAMP, 100 * share)


def faded(risk: float, then: datetime, now: datetime, half_life_days: float) -> float:
    """Return what is left of a risk after the time between, halved every ``half_life_days``; event time."""
    days = max(0.0, (now - then).total_seconds() / 86400)
    return float(risk * math.exp2(-days / half_life_days))


def level(score: float) -> Severity:
    """Return the level of a score of 0..100."""
    return next(severity for cut, severity in LEVELS if score >= cut)


def within(score: float, severity: Severity) -> float:
    """Return the score moved into the band of a severity, so that number and word never contradict each other."""
    upper = CLAMP
    for cut, one in LEVELS:
        if one is severity:
            return min(upper, max(score, cut, 0.0))
        upper = cut - 0.01
    return score


def counted(position: int) -> bool:
    """Tell whether the n-th duplicate (from 1) still counts: once per power of ten (Slips; detectors.md 4)."""
    return position >= 1 and 10 ** (len(str(position)) - 1) == position
