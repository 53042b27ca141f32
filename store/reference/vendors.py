"""Makers of network cards by MAC address: the registry inside netaddr, or an imported one of the IEEE.

The IEEE assigns prefixes of 24, 28 and 36 bits; the longest that is known wins. Addresses that a machine gave itself
(locally administered) have no maker.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from store.reference.files import Kind, imported, refused
from store.schema import IP
from store.text import Text

if TYPE_CHECKING:
    from store.lake import LakeReader

_LENGTHS: Final = (9, 7, 6)
"""Hex digits of an assignment, longest first: MA-S, MA-M, MA-L."""

_LINE: Final = re.compile(r"^([0-9A-F]{6})\s+\(base 16\)\s+(.+)$")
_ALLOWED: Final = Text(
    "allowed: oui.csv, mam.csv or oui36.csv of the IEEE (columns Assignment, Organization Name), or its oui.txt",
    "可用：IEEE 的 oui.csv、mam.csv 或 oui36.csv（含 Assignment、Organization Name 两列），或其 oui.txt",
)

ROUTED: Final = 3
"""Addresses (2 … 10) behind one MAC from which it is a router's and says nothing of them: v4, v6 and link-local of one
host make two or three."""


def read(path: Path) -> tuple[dict[str, str], date | None]:
    """Return makers by prefix in hex digits, and no date: the files of the IEEE state none.

    Raises:
        TaishiError: not one of the files of the IEEE.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        found = dict(_csv(text) if text.startswith("Registry,") else _txt(text))
    except (OSError, UnicodeDecodeError, csv.Error, KeyError) as error:
        raise refused(path, Text(f"not readable ({error})", f"无法读取（{error}）"), _ALLOWED) from error
    if not found:
        raise refused(path, Text("no assignment in it", "其中没有任何分配记录"), _ALLOWED)
    return found, None


def _csv(text: str) -> Iterator[tuple[str, str]]:
    for row in csv.DictReader(text.splitlines()):
        prefix, name = row["Assignment"].strip().upper(), row["Organization Name"].strip()
        if name and re.fullmatch(r"[0-9A-F]{6,9}", prefix):
            yield prefix, name


def _txt(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if found := _LINE.match(line):
            yield found[1], found[2].strip()


def vendor_of(mac: bytes | None, folder: Path | None = None) -> str | None:
    """Return the maker of the card with this MAC address, or None when nobody knows.

    Args:
        mac: 6 bytes.
        folder: ``reference/`` of the home; an import there stands before the package.
    """
    if mac is None or len(mac) != 6 or mac[0] & 0b11:
        return None  # group and locally administered addresses (IEEE 802c)
    one = None if folder is None else imported(folder, Kind.MAC)
    if folder is not None and one is not None:
        held = _held(folder / one.file, one.sha256)
        found = next((held[mac.hex().upper()[:n]] for n in _LENGTHS if mac.hex().upper()[:n] in held), None)
        if found is not None:
            return found
    return _packaged(mac[:5])


@lru_cache(maxsize=4)
def _held(path: Path, sha256: str) -> Mapping[str, str]:
    del sha256  # another content is another entry of the cache
    try:
        return read(path)[0]
    except Exception:
        return {}


@lru_cache(maxsize=1 << 14)
def _packaged(start: bytes) -> str | None:
    # Imported here: 0.3 s that most commands must not pay. The package brings no types.
    from netaddr import EUI, NotRegisteredError  # type: ignore[import-untyped] # noqa: PLC0415

    try:
        eui = EUI(start.hex() + "00")
        return str(eui.iab.registration().org if eui.is_iab() else eui.oui.registration().org)
    except (NotRegisteredError, IndexError, AttributeError):
        return None


_MACS_SQL: Final = """
WITH ends AS (
    SELECT src_ip AS ip, src_mac AS mac FROM flow_stored WHERE src_pkts > 0
    UNION ALL
    SELECT dst_ip, dst_mac FROM flow_stored WHERE dst_pkts > 0
), counted AS (SELECT mac, count(DISTINCT ip) AS addresses FROM ends WHERE mac IS NOT NULL GROUP BY mac)
SELECT wanted.ip, min(mac) AS mac FROM wanted JOIN ends USING (ip) JOIN counted USING (mac)
WHERE addresses <= $1 GROUP BY wanted.ip
"""


def vendors_by_address(reader: LakeReader, folder: Path, addresses: Collection[bytes]) -> dict[bytes, str]:
    """Return the makers of the cards that addresses of a case send from, where a router does not hide them."""
    from store.lake import add_table  # noqa: PLC0415 - look-ups without a lake need no database

    if not addresses:
        return {}
    add_table(reader.connection, "wanted", pa.table({"ip": pa.array(sorted(set(addresses)), IP)}))
    try:
        rows = reader.arrow(_MACS_SQL, [ROUTED]).to_pylist()
    finally:
        reader.connection.execute("DROP TABLE wanted")
    named = {bytes(row["ip"]): vendor_of(bytes(row["mac"]), folder) for row in rows}
    return {address: name for address, name in named.items() if name is not None}
