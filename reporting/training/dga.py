"""Trains the lexical model of the detector ``dga``: popular names against names that known algorithms make."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import numpy as np

from detectors.catalogue._lexical import FEATURES, Lexicon, features, label_of, triples

GRAM_FLOOR: Final = 4
"""Times a triple must occur in the names to be kept; rarer ones count as unseen (keeps the file below 1 MB)."""

WORDS_KEPT: Final = 12_000
"""Words kept, the most frequent first."""

JUDGED: Final = 40_000
"""Popular names that the weights are fitted on; all others make the lexicon, so that none vouches for itself."""

PER_FAMILY: Final = 1500
"""Names of a family that are used, so that no family outweighs the others."""

ALARM: Final = 0.95
"""Probability at which the detector counts a name (detectors.md D12)."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model as the text of its file, and how well it does.

    Attributes:
        content: CSV of kind, key, value.
        held_out: Family to the area under the curve when that family was not learned from.
        apart: The same of families left out on purpose (word lists).
        mean_auc: Of all families of ``held_out`` together.
        false_share: Popular names, not learned from, that reach ``ALARM``.
        found_share: Names of held-out families that reach it.
    """

    content: bytes
    held_out: Mapping[str, float]
    apart: Mapping[str, float]
    mean_auc: float
    false_share: float
    found_share: float


def train(good: Sequence[str], bad: Mapping[str, Sequence[str]], apart: Iterable[str], seed: int) -> Trained:
    """Train on popular names and on names by family.

    Args:
        good: registered domains.
        bad: family to its registered domains.
        apart: families that are measured and never learned from.
        seed: decides which popular names make the lexicon and which the weights.

    Returns:
        The model and its figures; the same input gives the same bytes.

    Raises:
        ValueError: too few names or families to learn from.
    """
    labels = sorted({label for name in good if (label := label_of(name))})
    Random(seed).shuffle(labels)  # noqa: S311 # a split, not a secret
    judged, rest = labels[: min(JUDGED, len(labels) // 3)], labels[min(JUDGED, len(labels) // 3) :]
    names = {family: sorted({label for n in held if (label := label_of(n))}) for family, held in sorted(bad.items())}
    for held in names.values():
        Random(seed).shuffle(held)  # noqa: S311
    left_out = set(apart)
    learned = {family: held[:PER_FAMILY] for family, held in names.items() if held and family not in left_out}
    if len(judged) < 100 or len(learned) < 2:
        raise ValueError(f"{len(judged)} popular names and {len(learned)} families; allowed: 100 and 2 or more")
    lexicon = _lexicon(rest)
    plain = np.array([features(label, lexicon) for label in judged])
    made = {family: np.array([features(label, lexicon) for label in held]) for family, held in learned.items()}
    fit, check = plain[: len(plain) // 2], plain[len(plain) // 2 :]
    held_out, probabilities = _held_out(fit, check, made)
    model = _fit(fit, np.concatenate(list(made.values())))
    good_p = _probability(model, check)
    others = {
        family: _auc(good_p, _probability(model, np.array([features(label, lexicon) for label in names[family]])))
        for family in sorted(left_out & set(names))
        if names[family]
    }
    found = np.concatenate(list(probabilities.values()))
    return Trained(
        _content(lexicon, model),
        held_out,
        others,
        sum(held_out.values()) / len(held_out),
        float((good_p >= ALARM).mean()),
        float((found >= ALARM).mean()),
    )


def _lexicon(labels: Sequence[str]) -> Lexicon:
    counts = Counter(triple for label in labels for triple in triples(label))
    pairs: Counter[str] = Counter()
    for triple, n in counts.items():
        pairs[triple[:2]] += n
    grams = {t: round(math.log(n / pairs[t[:2]]), 2) for t, n in sorted(counts.items()) if n >= GRAM_FLOOR}
    words = Counter(part for label in labels for part in label.split("-") if 3 <= len(part) <= 14 and part.isalpha())
    kept = sorted(words.items(), key=lambda item: (-item[1], item[0]))[:WORDS_KEPT]
    return Lexicon(grams, round(min(grams.values()) - 2, 2), frozenset(word for word, n in kept if n >= 2))


def _fit(good: np.ndarray, bad: np.ndarray) -> dict[str, np.ndarray]:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 # 1 s that only training pays

    rows = np.concatenate([good, bad])
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale == 0] = 1.0
    truth = np.concatenate([np.zeros(len(good)), np.ones(len(bad))])
    found = LogisticRegression(C=1.0, max_iter=500, class_weight="balanced").fit((rows - mean) / scale, truth)
    return {"mean": mean, "scale": scale, "weight": found.coef_[0], "bias": found.intercept_}


def _probability(model: Mapping[str, np.ndarray], rows: np.ndarray) -> np.ndarray:
    z = ((rows - model["mean"]) / model["scale"]) @ model["weight"] + model["bias"][0]
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -60, 60))))


def _auc(good: np.ndarray, bad: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415

    truth = np.concatenate([np.zeros(len(good)), np.ones(len(bad))])
    return float(roc_auc_score(truth, np.concatenate([good, bad])))


def _held_out(
    fit: np.ndarray, check: np.ndarray, made: Mapping[str, np.ndarray]
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Return for each family what a model that never saw it makes of it."""
    areas, probabilities = {}, {}
    for family, rows in made.items():
        model = _fit(fit, np.concatenate([other for name, other in made.items() if name != family]))
        probabilities[family] = _probability(model, rows)
        areas[family] = _auc(_probability(model, check), probabilities[family])
    return areas, probabilities


def _content(lexicon: Lexicon, model: Mapping[str, Any]) -> bytes:
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("kind", "key", "value"))
    out.writerow(("gram", "*", f"{lexicon.unseen:.2f}"))
    out.writerows(("gram", triple, f"{value:.2f}") for triple, value in sorted(lexicon.grams.items()))
    out.writerows(("word", word, 1) for word in sorted(lexicon.words))
    for kind in ("mean", "scale", "weight"):
        out.writerows((kind, name, f"{value:.4f}") for name, value in zip(FEATURES, model[kind], strict=True))
    out.writerow(("bias", "bias", f"{model['bias'][0]:.4f}"))
    return text.getvalue().encode()
