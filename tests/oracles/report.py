"""Print how our flows agree with Zeek, tshark, nDPI and the Community ID baselines, and our records with other tools.

``PYTHONPATH=. python -m tests.oracles.report [--profile zeek|default] [--only zeek,tshark] [--extra]``
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.oracles.support import community, ndpi_run, truth, tshark_run, zeek_run
from tests.oracles.support.agreement import Agreement, Exceptions, grouped, unlisted
from tests.oracles.support.families import FAMILIES
from tests.oracles.support.meter import ZEEK_PROFILE, conversations

PARTS: Final = ("zeek", "tshark", "ndpi", "community-id", "records")
PROFILES: Final[dict[str, Mapping[str, Any]]] = {"default": {}, "zeek": ZEEK_PROFILE}


def _table(name: str) -> Exceptions:
    return Exceptions.load(truth.EXCEPTIONS_DIR / f"{name}_exceptions.csv")


def _print(name: str, agreement: Agreement, exceptions: Exceptions) -> int:
    new = unlisted(agreement, exceptions)
    listed = len(agreement.differing) - len(new)
    share = f"{100 * agreement.share:.2f} %"
    print(f"\n== {name}: {agreement.equal:,} of {agreement.total:,} equal ({share}); {listed} differ as listed")
    for trace, differences in grouped(agreement.differing).items():
        entry = exceptions.find("differs", trace, differences[0].key)
        print(f"{trace}  ({len(differences)})  {entry.reason if entry else 'NOT LISTED'}")
        for difference in differences:
            if difference in new:
                print(f"    {difference.key}: expected {difference.expected}, found {difference.found}")
    for entry in exceptions.unused():
        print(f"no longer needed: {entry.trace} {entry.row}")
    return len(new)


def _zeek(root: Path, options: Mapping[str, Any], *, extra: bool) -> int:
    exceptions = _table("zeek")
    result = zeek_run.compare(root, partial(conversations, **options), exceptions)
    new = _print("Zeek", result.agreement, exceptions)
    print(
        f"rows whose bytes that Zeek skips (IP length 0 or beyond the frame) were added to its side: {result.corrected}"
    )
    for reason, count in result.excluded.most_common():
        print(f"left out {count:4}: {reason}")
    _print_extra(result.unexpected() if extra else [])
    return new


def _print_extra(rows: Iterable[tuple[str, object]]) -> None:
    for trace, measured in rows:
        print(f"only ours: {trace} {measured}")


def _community(root: Path) -> int:
    capture = root / "oracles" / "community-id" / "combined.pcap"
    ours = community.ours(conversations(capture, timeouts={"icmp": 1}))
    known = community.baseline(root)
    equal = sum(ours.get(identifier) == ends for identifier, ends in known.items())
    print(f"\n== Community ID: {equal} of {len(known)} identifiers equal, {len(set(ours) - set(known))} only ours")
    return len(known) - equal


def _records(root: Path) -> int:
    new = 0
    for family, comparisons in FAMILIES.items():
        exceptions = _table(family)
        for comparison in comparisons:
            agreement = comparison.run(root, exceptions)
            strange = unlisted(agreement, exceptions)
            share = f"{100 * agreement.share:.1f} %"
            print(f"{comparison.name}: {agreement.equal:,} of {agreement.total:,} equal ({share})")
            print("".join(f"    {difference.line()}\n" for difference in strange), end="")
            new += len(strange)
        excluded = sum(entry.kind == "excluded" for entry in exceptions.listed)
        print(f"{family}: {excluded} rows cannot be compared ({family}_exceptions.csv)")
    return new


def main() -> int:
    """Print the agreement; return 0, or 1 when a difference is not listed, 3 without captures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="default", help="time-outs for Zeek's part")
    parser.add_argument("--only", default=",".join(PARTS), help=f"comma-separated parts of: {', '.join(PARTS)}")
    parser.add_argument("--extra", action="store_true", help="also list flows that only we have")
    args = parser.parse_args()
    root = truth.find_root()
    if root is None:
        print("no captures: neither $TAISHI_DATA nor ../shared/data holds a MANIFEST.csv", file=sys.stderr)
        return 3
    wanted, new = args.only.split(","), 0
    if "zeek" in wanted:
        new += _zeek(root, PROFILES[args.profile], extra=args.extra)
    if "tshark" in wanted:
        exceptions = _table("tshark")
        agreement, _ = tshark_run.compare(root, conversations, exceptions)
        new += _print("tshark", agreement, exceptions)
        _print_extra(agreement.extra if args.extra else [])
    if "ndpi" in wanted:
        agreement = ndpi_run.compare(root, conversations)
        new += _print("nDPI", agreement, _table("ndpi"))
        _print_extra(agreement.extra if args.extra else [])
    if "community-id" in wanted:
        new += _community(root)
    if "records" in wanted:
        new += _records(root)
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main())
