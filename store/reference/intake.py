"""Taking a file of reference data into the home: read, checked, copied, indexed; nothing is kept of a bad one."""

from __future__ import annotations

from pathlib import Path

from store.reference import benign, networks, suffixes, vendors
from store.reference.files import Imported, Kind, keep


def take_in(folder: Path, kind: Kind, path: Path) -> Imported:
    """Import a file and return the record of it.

    Args:
        folder: ``reference/`` of the home.
        kind: What it is.
        path: The file; it stays where it is.

    Raises:
        TaishiError: it is not what its kind needs.
        OSError: it cannot be copied.
    """
    if kind in {Kind.ASN, Kind.COUNTRY}:
        table, day = networks.read(path)
        column = table["asn" if kind is Kind.ASN else "country"]
        if column.null_count == table.num_rows:
            raise networks.lacks(path, kind)
        one = keep(folder, kind, path, table.num_rows, day)
        networks.index(folder, one, table)
        return one
    if kind is Kind.MAC:
        makers, day = vendors.read(path)
        return keep(folder, kind, path, len(makers), day)
    if kind is Kind.SUFFIX:
        count, day = suffixes.read(path)
        one = keep(folder, kind, path, count, day)
        suffixes.choose(folder)
        return one
    lists, day = benign.read(path)
    return keep(folder, kind, path, sum(len(held["list"]) for held in lists.values()), day)
