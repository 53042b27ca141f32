"""What detectors ask of reference data: AS and country of an address, what is well known, and how sure that is.

The tables hold only what the case's own addresses and names need; empty ones mean that nothing is known.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection
from typing import Final

import pyarrow as pa

STALE: Final = "stale_reference"
"""Context (``scoring.WEIGHTS``) of an alert that rests on reference data which is old or missing."""

SOLE: Final = ("popular", "vendor", "site")
"""Classes of names and ranges that only their owner uses; behind ``cdn`` and ``cloud`` anybody may be."""


class Networks:
    """AS numbers and countries by address.

    Args:
        ref_asn: policy table REF_ASN.
    """

    def __init__(self, ref_asn: pa.Table) -> None:
        rows = sorted(ref_asn.to_pylist(), key=lambda row: (row["ip_lo"], row["ip_hi"]))
        self._lows = [row["ip_lo"] for row in rows]
        self._rows = rows

    def of(self, address: bytes | None) -> tuple[int | None, str | None]:
        """Return AS number and country of an address, None for what is not known."""
        at = -1 if address is None else bisect.bisect_right(self._lows, address) - 1
        if at < 0 or address is None or address > self._rows[at]["ip_hi"]:
            return None, None
        return self._rows[at]["asn"], self._rows[at]["country"]


class Benign:
    """Names and addresses on lists of the popular and harmless.

    Args:
        ref_benign: policy table REF_BENIGN.
        classes: which classes count.
    """

    def __init__(self, ref_benign: pa.Table, classes: Collection[str] = SOLE) -> None:
        rows = [row for row in ref_benign.to_pylist() if row["class"] in classes]
        self._names = {row["value"]: row["list"] for row in reversed(rows) if row["kind"] == "name"}
        self._ranges = [(row["ip_lo"], row["ip_hi"], row["list"]) for row in rows if row["kind"] == "range"]

    def name(self, name: str | None) -> str | None:
        """Return the list on which a host name, or a parent of it, stands; None when there is none."""
        labels = [] if name is None else name.rstrip(".").lower().split(".")
        tails = (".".join(labels[at:]) for at in range(len(labels)))
        return next((self._names[tail] for tail in tails if tail in self._names), None)

    def address(self, address: bytes | None) -> str | None:
        """Return the list on which an address stands, None when there is none."""
        if address is None:
            return None
        return next((held for low, high, held in self._ranges if low <= address <= high), None)


def caution(reference_age: pa.Table, *kinds: str) -> tuple[str, ...]:
    """Return the context for an alert that rests on these kinds of reference data: less sure when stale or missing.

    Args:
        reference_age: policy table REFERENCE_AGE; without a row for a kind, nothing is known of it.
        kinds: ``mac``, ``suffix``, ``asn``, ``country``, ``warning``.
    """
    states = {row["kind"]: row["state"] for row in reference_age.to_pylist()}
    return (STALE,) if any(states.get(kind, "missing") != "fresh" for kind in kinds) else ()
