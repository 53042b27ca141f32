"""AS numbers and countries of addresses, from imported files; nothing is known without one.

Read: MaxMind DB files (``.mmdb``, of MaxMind, IPinfo, DB-IP) and tables of ranges (CSV or TSV, also ``.gz``): first and
last address, then an AS number and/or a country in the order of iptoasn.com (``ip2asn``: start, end, AS, country, name;
``ip2country``: start, end, country). An import is turned into one sorted Parquet file that is searched on the disk.
"""

from __future__ import annotations

import bisect
import csv
import gzip
import ipaddress
import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from store._macros import literal
from store._policy import Network, bounds, mapped
from store.errors import TaishiError
from store.reference.files import Imported, Kind, imported, refused
from store.schema import IP
from store.text import Text

REF_ASN: Final = pa.schema([("ip_lo", IP), ("ip_hi", IP), ("asn", pa.int64()), ("country", pa.string())])
"""Closed ranges with AS number and country; either may be NULL."""

MEMORY: Final = "256MB"
"""Memory of a look-up (text DuckDB reads; 64 MB … 2 GB): it merges two sorted lists."""

_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
_ASN: Final = re.compile(r"(?:AS)?(\d{1,10})", re.IGNORECASE)
_ALLOWED: Final = Text(
    "allowed: a MaxMind DB (.mmdb), or CSV/TSV (.gz) with first and last address, AS number and/or country",
    "可用：MaxMind DB（.mmdb），或含起止地址、AS 号和（或）国家的 CSV/TSV（.gz）",
)

Row = tuple[bytes, bytes, int | None, str | None]
"""One range: first and last address, AS number, country."""


def read(path: Path) -> tuple[pa.Table, date | None]:
    """Return the ranges of a file (REF_ASN, sorted) and the day it states.

    Raises:
        TaishiError: not one of the forms that can be read, or without a single range.
    """
    try:
        rows, day = _mmdb(path) if path.suffix.lower() == ".mmdb" else (list(_ranges(path)), None)
    except (OSError, ValueError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise refused(path, Text(f"not readable ({error})", f"无法读取（{error}）"), _ALLOWED) from error
    if not rows:
        raise refused(path, Text("no range with an AS number or country", "没有带 AS 号或国家的地址段"), _ALLOWED)
    rows.sort(key=lambda row: (row[0], row[1]))
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(list(c), f.type) for c, f in zip(columns, REF_ASN, strict=True)], schema=REF_ASN), day


def lacks(path: Path, kind: Kind) -> TaishiError:
    """Return the error for a file with ranges that say nothing of the kind wanted."""
    found = (
        Text("no AS number in it", "其中没有 AS 号") if kind is Kind.ASN else Text("no country in it", "其中没有国家")
    )
    return refused(path, found, _ALLOWED)


def index(folder: Path, one: Imported, table: pa.Table) -> None:
    """Write the ranges of an import as the sorted Parquet file that look-ups search."""
    place = _index_of(folder, one)
    beside = place.with_name(f".tmp-{place.name}")
    pq.write_table(table, beside)
    beside.chmod(0o600)
    beside.replace(place)
    for old in folder.glob(f"{one.kind}-*.ranges"):
        if old != place:
            old.unlink(missing_ok=True)


def _index_of(folder: Path, one: Imported) -> Path:
    return folder / f"{one.kind}-{one.sha256[:12]}.ranges"


def networks_of(folder: Path, addresses: Collection[bytes]) -> pa.Table:
    """Return the ranges that hold at least one of the addresses (REF_ASN, sorted); empty without an import."""
    files = {}
    for kind in (Kind.ASN, Kind.COUNTRY):
        one = imported(folder, kind)
        if one is not None and _index_of(folder, one).is_file():
            files[kind] = _index_of(folder, one)
    if not files or not addresses:
        return REF_ASN.empty_table()
    wanted = pa.table({"ip": pa.array(sorted(set(addresses)), IP)})
    with duckdb.connect(":memory:", config={"memory_limit": MEMORY, "threads": "1"}) as connection:
        connection.register("wanted", wanted)
        try:
            for kind in (Kind.ASN, Kind.COUNTRY):
                connection.execute(f"CREATE TEMP VIEW held_{kind.value} AS {_held(files.get(kind))}")
            return connection.sql(_BOTH).to_arrow_table().cast(REF_ASN)
        except (duckdb.Error, pa.ArrowException):  # a damaged index is missing data, not a failed run
            return REF_ASN.empty_table()


def asn_by_address(folder: Path, addresses: Collection[bytes]) -> dict[bytes, int]:
    """Return the AS number of each address that has one."""
    rows = networks_of(folder, addresses).to_pylist()
    lows = [row["ip_lo"] for row in rows]
    found = {}
    for address in addresses:
        at = bisect.bisect_right(lows, address) - 1
        if at >= 0 and address <= rows[at]["ip_hi"] and rows[at]["asn"] is not None:
            found[address] = int(rows[at]["asn"])
    return found


def _held(path: Path | None) -> str:
    if path is None:
        return "SELECT NULL::BLOB AS ip, NULL::BLOB AS lo, NULL::BLOB AS hi, NULL::BIGINT AS asn, NULL AS country"
    return (
        "SELECT wanted.ip, held.ip_lo AS lo, held.ip_hi AS hi, held.asn, held.country FROM wanted "
        f"ASOF JOIN read_parquet({literal(str(path))}) AS held ON wanted.ip >= held.ip_lo WHERE wanted.ip <= held.ip_hi"
    )


_BOTH: Final = """
SELECT DISTINCT greatest(coalesce(a.lo, c.lo), coalesce(c.lo, a.lo)) AS ip_lo,
    least(coalesce(a.hi, c.hi), coalesce(c.hi, a.hi)) AS ip_hi, a.asn,
    coalesce(c.country, a.country)::VARCHAR AS country
FROM wanted LEFT JOIN held_asn AS a USING (ip) LEFT JOIN held_country AS c USING (ip)
WHERE a.lo IS NOT NULL OR c.lo IS NOT NULL ORDER BY ip_lo, ip_hi
"""


def _ranges(path: Path) -> Iterator[Row]:
    """Yield the ranges of a CSV or TSV file; lines without an AS number or country say nothing and are left out."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        first = file.readline()
        file.seek(0)
        for number, cells in enumerate(csv.reader(file, delimiter="\t" if "\t" in first else ","), 1):
            row = _row(cells)
            if row is None and number > 1 and any(cells):  # the first line may be a heading
                raise ValueError(f"line {number}: {cells[:3]}")
            if row is not None and (row[2] is not None or row[3] is not None):
                yield row


def _row(cells: list[str]) -> Row | None:
    try:
        low, high = (mapped(ipaddress.ip_address(cell.strip())) for cell in cells[:2])
    except ValueError:
        return None
    if low > high:
        return None
    asn, country = None, None
    for cell in (cell.strip() for cell in cells[2:4]):
        if asn is None and (found := _ASN.fullmatch(cell)):
            asn = int(found[1]) or None  # 0: not routed
        elif country is None and _COUNTRY.fullmatch(cell):
            country = cell.upper()
    return low, high, asn, country


def _mmdb(path: Path) -> tuple[list[Row], date]:
    import maxminddb  # noqa: PLC0415 - only an import of such a file needs it

    try:
        with maxminddb.open_database(str(path)) as database:
            rows = [row for network, record in database if (row := _of_record(network, record)) is not None]
            return rows, datetime.fromtimestamp(database.metadata().build_epoch, UTC).date()
    except maxminddb.InvalidDatabaseError as error:
        raise ValueError(str(error)) from error


def _of_record(network: Network, record: object) -> Row | None:
    if not isinstance(record, dict):
        return None
    asn = _number(record.get("autonomous_system_number", record.get("asn")))
    country = record.get("country", record.get("country_code"))
    if isinstance(country, dict):
        country = country.get("iso_code")
    known = country.upper() if isinstance(country, str) and _COUNTRY.fullmatch(country) else None
    return None if asn is None and known is None else (*_bounds(network), asn, known)


def _bounds(network: Network) -> tuple[bytes, bytes]:
    """Return the ends of a network; databases of both families hold IPv4 below ::/96."""
    low, high = bounds(network)
    if network.version == 6 and network.prefixlen >= 96 and low[:12] == bytes(12):
        return bytes(10) + b"\xff\xff" + low[12:], bytes(10) + b"\xff\xff" + high[12:]
    return low, high


def _number(value: object) -> int | None:
    if isinstance(value, int):
        return value or None
    found = _ASN.fullmatch(value) if isinstance(value, str) else None
    return int(found[1]) or None if found else None
