"""How much a registered name looks generated: features of one label, and the logistic model over them.

The model is a table of plain numbers (``rules/models/dga.csv``, columns kind, key, value): log-probabilities of
character triples (``gram``; ``gram,*`` is that of an unseen one), words that names are made of (``word``), and mean,
scale and weight of each feature. Training (reporting.training) and judging use the features of this file, so that both
mean the same.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa

FEATURES: Final = (
    "gram_mean",
    "gram_low",
    "length",
    "vowels",
    "digits",
    "digit_runs",
    "entropy",
    "consonant_run",
    "words",
    "longest_word",
    "uncovered",
    "hyphens",
    "hexadecimal",
)
"""Features of a label, in the order of the weights."""

SHORTEST: Final = 6
"""Labels below this many characters say nothing (every second one of five letters is taken and looks random)."""

LONGEST_WORD: Final = 14
"""Longest word that is looked for."""

_VOWELS: Final = frozenset("aeiouy")
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What names are usually made of: log-probability of character triples, that of an unseen one, and words."""

    grams: Mapping[str, float]
    unseen: float
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexical:
    """The trained model."""

    lexicon: Lexicon
    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: float

    def probability(self, labels: Iterable[str]) -> list[float]:
        """Return for each label the probability (0..1) that an algorithm made it."""
        rows = [features(label, self.lexicon) for label in labels]
        if not rows:
            return []
        z = ((np.array(rows) - self.mean) / self.scale) @ self.weight + self.bias
        return [float(p) for p in 1 / (1 + np.exp(-np.clip(z, -60, 60)))]


def lexical(table: pa.Table) -> Lexical:
    """Return the model that a model table holds."""
    held: dict[str, dict[str, float]] = {}
    for row in table.to_pylist():
        held.setdefault(str(row["kind"]), {})[str(row["key"])] = float(row["value"])
    grams = held["gram"]
    unseen = grams.pop("*")
    numbers = {kind: np.array([held[kind][name] for name in FEATURES]) for kind in ("mean", "scale", "weight")}
    return Lexical(Lexicon(grams, unseen, frozenset(held.get("word", {}))), **numbers, bias=held["bias"]["bias"])


def label_of(domain: str) -> str | None:
    """Return the label of a registered domain that its owner chose, None when it says nothing.

    Short labels say nothing, and neither do names in punycode, whose letters are an encoding.
    """
    label = domain.split(".", 1)[0].lower()
    plain = label.isascii() and not label.startswith("xn--") and label.replace("-", "").replace("_", "").isalnum()
    return label if plain and len(label) >= SHORTEST else None


def triples(label: str) -> list[str]:
    """Return the character triples of a label, its ends marked by ``^`` and ``$``."""
    marked = f"^{label}$"
    return [marked[i : i + 3] for i in range(len(marked) - 2)]


def features(label: str, lexicon: Lexicon) -> list[float]:
    """Return the features of a label in the order of ``FEATURES``."""
    size = len(label)
    likely = sorted(lexicon.grams.get(triple, lexicon.unseen) for triple in triples(label))
    letters = sum(c.isalpha() for c in label)
    covered, longest, count = _words(label, lexicon.words)
    return [
        sum(likely) / len(likely),
        sum(likely[: max(1, len(likely) // 3)]) / max(1, len(likely) // 3),
        math.log(size),
        sum(c in _VOWELS for c in label) / max(1, letters),
        sum(c.isdigit() for c in label) / size,
        float(sum(a.isdigit() != b.isdigit() for a, b in pairwise(label))),
        -sum(n / size * math.log2(n / size) for n in Counter(label).values()),
        float(_consonant_run(label)),
        count / size,
        float(longest),
        (size - covered) / size,
        float(label.count("-")),
        float(size >= 12 and sum(c in _HEX for c in label) >= 0.95 * size),
    ]


def _consonant_run(label: str) -> int:
    longest = run = 0
    for c in label:
        run = run + 1 if c.isalpha() and c not in _VOWELS else 0
        longest = max(longest, run)
    return longest


def _words(label: str, words: frozenset[str]) -> tuple[int, int, int]:
    """Return the most characters that words of three letters and more cover, the longest of them, their number.

    Among covers of the same size the one with fewer, that is longer, words counts.
    """
    best: list[tuple[int, int, int]] = [(0, 0, 0)]
    for end in range(1, len(label) + 1):
        option = best[end - 1]
        for size in range(3, min(LONGEST_WORD, end) + 1):
            if label[end - size : end] in words:
                covered, fewer, longest = best[end - size]
                option = max(option, (covered + size, fewer - 1, max(longest, size)))
        best.append(option)
    covered, fewer, longest = best[-1]
    return covered, longest, -fewer
