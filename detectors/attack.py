"""ATT&CK techniques as data: version, name, tactic and place in the course of an intrusion.

Tactics are never written into code, because they move between versions; ``rules/attack_map.csv`` says what they were
in the version of each row and what later versions made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from detectors.rulefiles import RULES_DIR, load_rules


@dataclass(frozen=True, slots=True)
class Technique:
    """One technique; ``order`` is 1 (reconnaissance) to 9 (impact), ``remap`` what later versions did to it."""

    id: str
    version: str
    domain: str
    name: str
    tactic: str
    order: int
    remap: str


def load_attack_map(rules_dir: Path = RULES_DIR) -> dict[str, Technique]:
    """Return the techniques of ``attack_map.csv`` by id.

    Raises:
        RuleFileError: the file cannot be used.
    """
    rows = load_rules("attack_map.csv", rules_dir).to_pylist()
    return {
        row["id"]: Technique(
            row["id"], row["version"], row["domain"], row["name"], row["tactic"], int(row["order"]), row["remap"]
        )
        for row in rows
    }


def techniques(ids: Iterable[str], attack_map: Mapping[str, Technique]) -> tuple[Technique, ...]:
    """Return the distinct techniques of these ids by order and id; ids that are not in the map are left out."""
    found = {attack_map[name] for name in ids if name in attack_map}
    return tuple(sorted(found, key=lambda technique: (technique.order, technique.id)))


def progress(stages: Iterable[frozenset[int]]) -> int:
    """Return the length of the longest strictly increasing chain of stages.

    Args:
        stages: the orders of each alert's techniques, alerts in time order; every alert gives at most one link.

    Returns:
        0 without stages, else at least 1.

    Source: detectors.md 5.3 (progress = longest time-ordered increasing stage chain).
    """
    best: dict[int, int] = {}
    for orders in stages:
        reached = {order: 1 + max((n for at, n in best.items() if at < order), default=0) for order in orders}
        for order, length in reached.items():
            best[order] = max(best.get(order, 0), length)
    return max(best.values(), default=0)
