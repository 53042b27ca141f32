"""Trained models as tables: plain numbers in CSV files, loaded only when their SHA-256 is the one on record.

``rules/models.csv`` names each model's file, version, hash, seed, training window and data. A model is never
code: no pickle, nothing that runs on loading. Detectors get it as the table ``model/<name>``.
"""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import csv as arrow_csv

from detectors.rulefiles import RULES_DIR, RuleFileError, load_rules

REGISTRY: Final = "models.csv"
"""Which models exist, with the hash of each file."""


def load_model(name: str, rules_dir: Path = RULES_DIR) -> pa.Table:
    """Return a model's numbers as a table, after its file proved to be the one on record.

    Args:
        name: model of ``rules/models.csv``.
        rules_dir: where rules lie.

    Raises:
        RuleFileError: no such model, no file, another hash than on record, or no table.
    """
    rows = {row["model"]: row for row in load_rules(REGISTRY, rules_dir).to_pylist()}
    if name not in rows:
        raise RuleFileError(
            f"rules/{REGISTRY}: no model {name!r}; allowed: {', '.join(rows) or 'none'}; train it or restore the file"
        )
    where, wanted = f"models/{rows[name]['file']}", rows[name]["sha256"]
    try:
        content = (rules_dir / where).read_bytes()
    except OSError as error:
        raise RuleFileError(f"rules/{where}: cannot be read ({error}); allowed: a model file; restore it") from error
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise RuleFileError(
            f"rules/{where}: SHA-256 is {found}; allowed: {wanted} (rules/{REGISTRY});"
            " restore the file, or train the model again"
        )
    try:
        return arrow_csv.read_csv(pa.BufferReader(content))
    except (pa.ArrowInvalid, csv.Error) as error:
        raise RuleFileError(f"rules/{where}: {error}; allowed: a CSV table; train the model again") from error
