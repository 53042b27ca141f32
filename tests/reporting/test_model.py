"""taishi model: training is by command, reproducible byte for byte, and puts the hash on record."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from detectors.catalogue._lexical import lexical
from detectors.models import load_model
from detectors.rulefiles import RULES_DIR, load_rules
from reporting.training.record import train_dga
from store.errors import TaishiError
from tools.dga_families import names


@pytest.fixture
def data(tmp_path: Path) -> tuple[Path, Path]:
    """Return small files of popular and of generated names."""
    good, bad = tmp_path / "good.txt", tmp_path / "bad.csv"
    good.write_text("".join(f"{name}\n" for name in names("suppobox", 700, 1) + names("matsnu", 700, 1)), "utf-8")
    with bad.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("family", "name", "is_word_list"))
        for family in ("qakbot", "dyre", "tinba", "banjori"):
            rows.writerows((family, name, int(family == "banjori")) for name in names(family, 200, 1))
    return good, bad


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a folder of rules without any model."""
    folder = tmp_path / "rules"
    folder.mkdir()
    header = (RULES_DIR / "models.csv").read_text(encoding="utf-8").splitlines()[0]
    (folder / "models.csv").write_text(f"{header}\n", encoding="utf-8")
    return folder


def test_training_is_reproducible_and_on_record(data: tuple[Path, Path], rules: Path) -> None:
    """The same files and seed give the same bytes and no new version; the model loads by the hash on record."""
    first = train_dga(*data, 3, ("2026-01-01", "2026-01-31"), rules)
    content = (rules / "models" / "dga.csv").read_bytes()
    second = train_dga(*data, 3, ("2026-01-01", "2026-01-31"), rules)
    assert (rules / "models" / "dga.csv").read_bytes() == content
    assert (first.sha256, first.version) == (second.sha256, second.version)
    model = lexical(load_model("dga", rules))
    made, plain = model.probability(["xkqzvwtrpqjd", "summerschool"])
    assert made > 0.9 > plain
    (row,) = load_rules("models.csv", rules).to_pylist()
    assert (row["seed"], row["trained_from"]) == ("3", "2026-01-01")
    assert first.trained.held_out.keys() == {"dyre", "qakbot", "tinba"}
    assert first.trained.apart.keys() == {"banjori"}


def test_another_seed_is_another_version(data: tuple[Path, Path], rules: Path) -> None:
    """A model that differs gets the next version."""
    train_dga(*data, 3, ("", ""), rules)
    assert train_dga(*data, 4, ("", ""), rules).version == 2


def test_wrong_columns(data: tuple[Path, Path], rules: Path) -> None:
    """A file of other columns is one message that says what is allowed."""
    data[1].write_text("name\nx\n", encoding="utf-8")
    with pytest.raises(TaishiError, match="allowed: family, name, is_word_list"):
        train_dga(*data, 1, ("", ""), rules)


def test_the_shipped_model_is_small_and_on_record() -> None:
    """The model that is shipped is below 1 MB and its record says what it was trained on."""
    assert (RULES_DIR / "models" / "dga.csv").stat().st_size < 1_000_000
    row = next(row for row in load_rules("models.csv").to_pylist() if row["model"] == "dga")
    assert row["data"]
    assert row["trained_from"]
