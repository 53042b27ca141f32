"""Reference data for a case's detectors: only what its own addresses and names need, so that memory stays small."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa

from detectors.derive import NAMES_SQL, OUTSIDE_SQL, REF_ASN, REF_BENIGN, REFERENCE_AGE
from detectors.rulefiles import load_rules
from store.lake import LakeReader
from store.reference.ages import Age, age_table, ages
from store.reference.benign import benign_of
from store.reference.networks import networks_of


def wanted_lists() -> list[dict[str, str]]:
    """Return which warning-lists are used and how (``rules/benign_lists.csv``)."""
    rows: list[dict[str, str]] = load_rules("benign_lists.csv").to_pylist()
    return rows


def ages_on(folder: Path, day: date, *, deep: bool = False) -> tuple[Age, ...]:
    """Return the age of every kind of reference data on a day; ``deep`` compares hashes of imported files."""
    return ages(folder, day, [row["list"] for row in wanted_lists()], deep=deep)


def reference_tables(reader: LakeReader, span: pa.Table, folder: Path) -> dict[str, pa.Table]:
    """Return the policy tables ``ref_asn``, ``ref_benign`` and ``reference_age`` of a case.

    Args:
        reader: Reader of the case, with its policy joined.
        span: CAPTURE_SPAN: ages are told on the last day of the data, so that evaluating it later gives the same.
        folder: ``reference/`` of the home.
    """
    if not span.num_rows:
        return {}
    addresses = [bytes(one) for one in reader.arrow(OUTSIDE_SQL)["ip"].to_pylist()]
    names = [str(one) for one in reader.arrow(NAMES_SQL)["name"].to_pylist()]
    found = ages_on(folder, span["ts_end"][0].as_py().date())
    return {
        "ref_asn": networks_of(folder, addresses).cast(REF_ASN),
        "ref_benign": benign_of(folder, wanted_lists(), addresses, names).cast(REF_BENIGN),
        "reference_age": age_table(found).cast(REFERENCE_AGE),
    }
