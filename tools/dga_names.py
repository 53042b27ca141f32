"""Writes the training data of the model ``dga``: ``good FILE`` (popular names) and ``bad FILE`` (generated names).

Popular names are those of the warning-lists in the installed package pymispwarninglists (Tranco, Chrome UX report,
Cisco Umbrella), cut to registered domains. Generated names are those of tools/dga_families.
"""

from __future__ import annotations

import argparse
import csv
import json
from importlib.resources import files
from pathlib import Path
from typing import Final

from store.domains import registered_domain
from tools.dga_families import RANDOM, WORDS, names

LISTS: Final = ("tranco10k", "majestic_million", "cisco_top20k", "tranco")
"""Warning-lists that are used; of the last, which holds a million names in no order of rank, every third."""


def good() -> list[str]:
    """Return popular registered domains, sorted."""
    root = files("pymispwarninglists") / "data" / "misp-warninglists" / "lists"
    found: set[str] = set()
    for name in LISTS:
        held = json.loads((root / name / "list.json").read_text(encoding="utf-8"))["list"]
        found |= {domain for one in held[:: 3 if name == "tranco" else 1] if (domain := registered_domain(one))}
    return sorted(found)


def main() -> None:
    """Write the file that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("good", "bad"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=3000, help="names of each family")
    asked = parser.parse_args()
    with asked.out.open("w", encoding="utf-8", newline="") as out:
        if asked.kind == "good":
            out.writelines(f"{name}\n" for name in good())
            return
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(("family", "name", "is_word_list"))
        for family in sorted(RANDOM | WORDS):
            rows.writerows((family, name, int(family in WORDS)) for name in names(family, asked.count, asked.seed))


if __name__ == "__main__":
    main()
