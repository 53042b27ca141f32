"""``make evaluate``: judge the labelled and the ordinary captures, the generated campaigns and the noise zoo.

Run ``python -m bench.evaluation.run``; with ``--only captures|ordinary|generated|zoo`` one part, printed, not written.
Results per capture are kept in ``var/evaluation`` by content of capture and code.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from bench.evaluation import page  # noqa: E402  (the generators lie beside the tests)
from bench.evaluation.captures import all_fired, rows  # noqa: E402

TARGET = ROOT / "docs" / "evaluation.md"
CACHE = ROOT / "var" / "evaluation"


def zoo_fired() -> tuple[dict[str, dict[str, list[dict[str, Any]]]], float]:
    """Return what each nuisance sets off, and how many host days the zoo holds."""
    from zoo.all import NUISANCES  # noqa: PLC0415
    from zoo.site import HOSTS  # noqa: PLC0415

    from tests.cases.test_noise_zoo import alerts_of  # noqa: PLC0415

    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name in sorted(NUISANCES):
        held: dict[str, list[dict[str, Any]]] = {}
        for alert in alerts_of(name):
            held.setdefault(alert["detector"], []).append({"severity": alert["severity"], "text": alert["evidence_en"]})
        found[name] = held
        print(f"zoo  {name}  {page.told(held)}", flush=True)
    return found, float(len(HOSTS) * len(NUISANCES))


def generated_cases() -> list[page.Case]:
    """Return the generated campaigns with what found them."""
    from bench.evaluation.generated import CAMPAIGNS, play  # noqa: PLC0415

    cases = []
    for name in sorted(CAMPAIGNS):
        cases.append(play(name))
        print(f"case  {name}  {page.told(cases[-1].alerts)}", flush=True)
    return cases


def evaluate(data: Path) -> str:
    """Return the whole page."""
    labelled, calm = rows("scenarios.csv"), rows("harmless.csv")
    attacks = {fired.path: fired for fired in all_fired(data, [row["path"] for row in labelled], CACHE)}
    ordinary = {fired.path: fired for fired in all_fired(data, [row["path"] for row in calm], CACHE)}
    fired, host_days = zoo_fired()
    parts: list[Any] = [
        page.scenarios(labelled, attacks),
        page.harmless(calm, ordinary),
        page.precision(labelled, attacks, ordinary),
        page.generated(generated_cases()),
        page.zoo(fired, host_days),
    ]
    head = page.HEAD.format(date=datetime.now(UTC).date().isoformat())
    return head + "".join(text for part in parts for text in part)


def main(arguments: list[str]) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("captures", "ordinary", "generated", "zoo"))
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("TAISHI_DATA", ROOT.parent / "shared/data")))
    options = parser.parse_args(arguments)
    parts: Mapping[str, Any] = {
        "captures": lambda: all_fired(options.data, [row["path"] for row in rows("scenarios.csv")], CACHE),
        "ordinary": lambda: all_fired(options.data, [row["path"] for row in rows("harmless.csv")], CACHE),
        "generated": generated_cases,
        "zoo": zoo_fired,
    }
    if options.only:
        parts[options.only]()
        return 0
    TARGET.write_text(evaluate(options.data), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
