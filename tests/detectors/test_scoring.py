"""Scoring: log-odds stay in range, the entity formula has its published fixed points, levels have their edges."""

from __future__ import annotations

import pytest

from detectors.attack import progress
from detectors.scoring import CLAMP, WEIGHTS, confidence, counted, entity_score, evidence_band, level, logit, within
from store.schema import Severity


def test_context_moves_confidence_and_never_leaves_the_unit_interval() -> None:
    """All that speaks for an alert raises it, all that speaks against lowers it, within 0..1."""
    every = [name for name, weight in WEIGHTS.items() if weight.logit > 0]
    assert 0.6 < confidence(0.6, ["rare"]) < confidence(0.6, every) < 1
    assert 0 < confidence(0.6, ["common", "old", "capture_loss"]) < 0.6
    assert confidence(0.6) == pytest.approx(0.6)
    assert confidence(1.0, every) < 1
    assert confidence(0.6, ["rare", "rare"]) == confidence(0.6, ["rare"])


def test_young_baseline_scales() -> None:
    """Half of fourteen days is half the confidence; older baselines change nothing."""
    assert confidence(0.8, baseline_days=7) == pytest.approx(0.4)
    assert confidence(0.8, baseline_days=30) == pytest.approx(0.8)


def test_logit_is_finite_at_the_ends() -> None:
    """Certainty has finite log-odds."""
    assert logit(1.0) == pytest.approx(-logit(0.0))
    assert logit(1.0) > 10


def test_entity_score_fixed_points() -> None:
    """One alert of 100 gives 38.57 (Elastic's normalisation); endless 100s stay below 100; nothing gives 0."""
    assert entity_score([100.0]) == pytest.approx(100 / 2.5924, abs=1e-6)
    assert entity_score([100.0] * 100000) <= CLAMP
    assert entity_score([]) == 0
    assert entity_score([10, 50]) == entity_score([50, 10])


def test_criticality_and_diversity() -> None:
    """Odds are doubled for extreme assets; three tactics weigh more than one, five as much as four."""
    base = entity_score([80.0])
    odds = base / (100 - base)
    assert entity_score([80.0], criticality="extreme") == pytest.approx(100 * 2 * odds / (1 + 2 * odds))
    assert base < entity_score([80.0], tactics=3) < entity_score([80.0], tactics=4) == entity_score([80.0], tactics=5)


@pytest.mark.parametrize(
    ("score", "severity"),
    [(80, "critical"), (79.99, "high"), (60, "high"), (40, "medium"), (20, "low"), (19.99, "info"), (0, "info")],
)
def test_levels(score: float, severity: str) -> None:
    """The cut-offs belong to the higher level."""
    assert level(score).value == severity


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("score", [0.0, 25.0, 59.995, 79.995, 99.99])
def test_within_keeps_number_and_word_together(score: float, severity: Severity) -> None:
    """A score moved into a band has that level."""
    assert level(within(score, severity)) is severity


def test_duplicates_count_once_per_power_of_ten() -> None:
    """The 1st, 10th, 100th duplicate count."""
    assert [n for n in range(1200) if counted(n)] == [1, 10, 100, 1000]


def test_bands_are_shown_strongest_first() -> None:
    """Strong evidence stands before supporting, and what speaks against comes last."""
    text = evidence_band(["old", "new", "intelligence"])
    assert text.en.startswith("strong: confirmed by threat intelligence; supporting: first seen")
    assert text.en.endswith("against: known for 30 days or longer")
    assert evidence_band([]).en == ""


def test_progress() -> None:
    """The longest strictly increasing chain, one link per alert."""

    def chain(*orders: int) -> int:
        return progress(frozenset({order}) for order in orders)

    assert progress([]) == 0
    assert (chain(4), chain(4, 4), chain(4, 9), chain(9, 4), chain(4, 3, 5, 9)) == (1, 1, 2, 1, 3)
    assert progress([frozenset({2, 9})]) == 1
    assert progress([frozenset({1, 4}), frozenset({3, 5})]) == 2
