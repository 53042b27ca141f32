"""From training files to a model on record: read, train, write the numbers, enter their hash into the registry."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from detectors.models import REGISTRY
from detectors.rulefiles import KINDS, RuleFileError, load_rules
from reporting.training.dga import Trained, train
from store.errors import Problem, TaishiError
from store.text import Text

_BAD_COLUMNS: Final = ["family", "name", "is_word_list"]
_SOURCE: Final = "detectors.md D12; taishi model train dga"


@dataclass(frozen=True, slots=True)
class Kept:
    """A model as it was put on record."""

    trained: Trained
    version: int
    sha256: str


def train_dga(good: Path, bad: Path, seed: int, window: tuple[str, str], rules_dir: Path) -> Kept:
    """Train the model ``dga`` and put it on record; the same files and seed give the same bytes.

    Args:
        good: popular registered domains, one a line.
        bad: CSV of family, name, is_word_list (1: measured, never learned from).
        seed: of the splits.
        window: first and last day of the popular names, as texts.
        rules_dir: folder with ``models.csv``, into whose ``models/`` the file goes.

    Raises:
        TaishiError: a file has not the form it must have, or cannot be written.
    """
    made: dict[str, list[str]] = {}
    apart: set[str] = set()
    for row in _rows(bad):
        made.setdefault(row["family"], []).append(row["name"])
        if row["is_word_list"] == "1":
            apart.add(row["family"])
    try:
        trained = train(good.read_text(encoding="utf-8").split(), made, apart, seed)
    except ValueError as error:
        allowed = Text("a name on each line; families in the other file", "每行一个域名；家族写在另一个文件")
        raise _problem(good, str(error), allowed) from error
    data = f"{good.name} {_digest(good)[:16]}; {bad.name} {_digest(bad)[:16]}"
    return _record(trained, seed, window, data, rules_dir)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as held:
        reader = csv.DictReader(held)
        if reader.fieldnames != _BAD_COLUMNS:
            columns = ", ".join(_BAD_COLUMNS)
            raise _problem(path, f"columns {reader.fieldnames}", Text(columns, columns))
        return list(reader)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _record(trained: Trained, seed: int, window: tuple[str, str], data: str, rules_dir: Path) -> Kept:
    sha256 = hashlib.sha256(trained.content).hexdigest()
    try:
        held = {row["model"]: row for row in load_rules(REGISTRY, rules_dir).to_pylist()}
        last = held.get("dga")
        version = 1 if last is None else int(last["version"]) + (last["sha256"] != sha256)
        held["dga"] = {
            "model": "dga",
            "file": "dga.csv",
            "version": str(version),
            "sha256": sha256,
            "seed": str(seed),
            "trained_from": window[0],
            "trained_until": window[1],
            "data": data,
            "source": _SOURCE,
        }
        text = io.StringIO(newline="")
        out = csv.DictWriter(text, list(KINDS["models"].columns), lineterminator="\n")
        out.writeheader()
        out.writerows(row for _, row in sorted(held.items()))
        (rules_dir / "models").mkdir(exist_ok=True)
        (rules_dir / "models" / "dga.csv").write_bytes(trained.content)
        (rules_dir / REGISTRY).write_text(text.getvalue(), encoding="utf-8")
    except (OSError, RuleFileError) as error:
        allowed = Text(f"a folder with {REGISTRY} that can be written", f"含 {REGISTRY} 且可写入的目录")
        raise _problem(rules_dir, str(error), allowed) from error
    return Kept(trained, version, sha256)


def _problem(where: Path, found: str, allowed: Text) -> TaishiError:
    return TaishiError(
        Problem(
            str(where),
            Text(f"{found}", f"发现：{found}"),
            Text(f"allowed: {allowed.en}", f"可用：{allowed.zh}"),
            Text("correct the file or name another one", "请改正该文件或指定另一个"),
        )
    )
