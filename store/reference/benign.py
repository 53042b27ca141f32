"""Lists of what is popular or harmless: those of the package pymispwarninglists, or newer ones imported.

A list says that something is well known, not that it is innocent: attackers rent in clouds and hide behind big names.
So each list has a class, names that anybody can register below are left out, and detectors choose what they accept.
"""

from __future__ import annotations

import ipaddress
import json
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from store._policy import bounds
from store.domains import registered_domain
from store.reference.files import Imported, Kind, imported, refused
from store.schema import IP
from store.text import Text

REF_BENIGN: Final = pa.schema(
    [
        *(("kind", pa.string()), ("value", pa.string()), ("ip_lo", IP), ("ip_hi", IP)),
        *(("list", pa.string()), ("class", pa.string())),
    ]
)
"""``kind`` name: ``value`` is a suffix of host names; ``kind`` range: ``ip_lo`` to ``ip_hi``, ``value`` as CIDR."""

OWN_CLASS: Final = "site"
"""Class of a single list that the site imported."""

MAX_LIST_BYTES: Final = 64_000_000
"""Bytes of one list (10^6 … 10^9): the largest of the project has 25 MB."""

_PACKAGE: Final = "pymispwarninglists"
_PATH: Final = "data/misp-warninglists/lists"
_ALLOWED: Final = Text(
    "allowed: a MISP warning-list (JSON with name, type and list), or the project's repository as .zip",
    "可用：MISP 告警清单（含 name、type、list 的 JSON），或该项目仓库的 .zip",
)

Lists = Mapping[str, Mapping[str, Any]]
"""List files by the name of their folder."""


def read(path: Path) -> tuple[dict[str, Mapping[str, Any]], date | None]:
    """Return the lists of a file and the newest day they state.

    Raises:
        TaishiError: no list in it that can be read.
    """
    try:
        found = dict(_zipped(path) if zipfile.is_zipfile(path) else _single(path))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise refused(path, Text(f"not readable ({error})", f"无法读取（{error}）"), _ALLOWED) from error
    if not found:
        raise refused(path, Text("no list in it", "其中没有清单"), _ALLOWED)
    return found, newest(found)


def _zipped(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            place = re.search(r"(?:^|/)lists/([\w.-]+)/list\.json$", info.filename)
            if place and info.file_size <= MAX_LIST_BYTES:
                held = json.loads(archive.read(info))
                if _is_list(held):
                    yield place[1], held


def _single(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if path.stat().st_size > MAX_LIST_BYTES:
        raise ValueError(f"{path.stat().st_size} bytes")
    held = json.loads(path.read_text(encoding="utf-8"))
    if _is_list(held):
        yield re.sub(r"[^\w]+", "-", str(held["name"]).lower()).strip("-"), {**held, "class": OWN_CLASS}


def _is_list(held: object) -> bool:
    return (
        isinstance(held, dict)
        and isinstance(held.get("list"), list)
        and isinstance(held.get("name"), str)
        and held.get("type") in {"string", "hostname", "cidr"}
    )


def newest(lists: Lists) -> date | None:
    """Return the newest day that lists state as their version (YYYYMMDD); counters such as 7 are none."""
    days = []
    for held in lists.values():
        try:
            days.append(date.fromisoformat(str(held.get("version", ""))))
        except ValueError:
            continue
    return max(days, default=None)


def packaged(name: str) -> Mapping[str, Any] | None:
    """Return a list of the installed package, or None."""
    try:
        return json.loads((files(_PACKAGE) / _PATH / name / "list.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return] # JSON
    except (OSError, ValueError, ModuleNotFoundError):
        return None


@lru_cache(maxsize=2)
def lists_in_use(folder: Path, one: Imported | None, names: tuple[str, ...]) -> Lists:
    """Return the wanted lists: imported ones before those of the package, and the site's own list besides."""
    held: dict[str, Mapping[str, Any]] = {}
    if one is not None:
        try:
            held = read(folder / one.file)[0]
        except Exception:
            held = {}  # a damaged copy is missing data, not a failed run
    found = {name: held.get(name) or packaged(name) for name in names}
    own = {name: one for name, one in held.items() if one.get("class") == OWN_CLASS}
    return {name: one for name, one in found.items() if one is not None} | own


def benign_of(
    folder: Path, wanted: Sequence[Mapping[str, str]], addresses: Collection[bytes], names: Collection[str]
) -> pa.Table:
    """Return the entries that concern these addresses and names (REF_BENIGN, sorted), nothing else.

    Args:
        folder: ``reference/`` of the home.
        wanted: rows with ``list``, ``class`` and ``use``: ``accept``, or ``refuse`` for names that are never benign.
        addresses: 16 bytes each.
        names: Host names or registered domains.
    """
    if not addresses and not names:
        return REF_BENIGN.empty_table()
    held = lists_in_use(folder, imported(folder, Kind.WARNING), tuple(row["list"] for row in wanted))
    classes = {row["list"]: row["class"] for row in wanted if row["use"] == "accept"}
    classes |= {name: OWN_CLASS for name, one in held.items() if one.get("class") == OWN_CLASS}
    parents = {tail for name in names for tail in _tails(name.lower().rstrip("."))}
    refusing = [held[row["list"]] for row in wanted if row["use"] == "refuse" and row["list"] in held]
    parents -= {entry for one in refusing for entry in _entries(one, parents)}
    accepted = {name: one for name, one in held.items() if name in classes}
    rows = [*_names(accepted, classes, parents), *_ranges(accepted, classes, addresses)]
    return pa.Table.from_pylist(sorted(rows, key=lambda r: (r["kind"], r["value"], r["list"])), schema=REF_BENIGN)


def _names(held: Lists, classes: Mapping[str, str], parents: Collection[str]) -> Iterator[dict[str, Any]]:
    for name, one in held.items():
        for entry in _entries(one, parents) if one["type"] != "cidr" else ():
            if registered_domain(entry) is not None:  # below a public suffix anybody may register
                yield {"kind": "name", "value": entry, "list": name, "class": classes[name]}


def _entries(one: Mapping[str, Any], parents: Collection[str]) -> set[str]:
    """Return which of the names a list has; some lists write a dot before a suffix."""
    entries = set(one["list"])
    return {name for name in parents if name in entries or f".{name}" in entries}


def _tails(name: str) -> Iterator[str]:
    labels = name.split(".")
    yield from (".".join(labels[at:]) for at in range(len(labels)))


def _ranges(held: Lists, classes: Mapping[str, str], addresses: Collection[bytes]) -> Iterator[dict[str, Any]]:
    ranges = [(name, *row) for name, one in held.items() if one["type"] == "cidr" for row in _networks(one["list"])]
    if not ranges or not addresses:
        return
    columns = dict(zip(("list", "value", "ip_lo", "ip_hi"), zip(*ranges, strict=True), strict=True))
    kinds = {"list": pa.string(), "value": pa.string(), "ip_lo": IP, "ip_hi": IP}
    with duckdb.connect(":memory:", config={"threads": "1"}) as connection:
        connection.register("ranges", pa.table({name: pa.array(list(v), kinds[name]) for name, v in columns.items()}))
        connection.register("wanted", pa.table({"ip": pa.array(sorted(set(addresses)), IP)}))
        sql = "SELECT DISTINCT ranges.* FROM ranges JOIN wanted ON ip >= ip_lo AND ip <= ip_hi"
        for row in connection.sql(sql).to_arrow_table().to_pylist():
            yield {**row, "kind": "range", "class": classes[row["list"]]}


def _networks(entries: Collection[object]) -> Iterator[tuple[str, bytes, bytes]]:
    for entry in entries:
        text = str(entry)
        try:
            low, high = _ends(text)
        except ValueError:
            continue
        yield (text, low, high)


_V4: Final = bytes(10) + b"\xff\xff"


def _ends(text: str) -> tuple[bytes, bytes]:
    """Return the ends of a network; IPv4 by hand, thousands of ``ip_network`` would cost a scan a quarter second."""
    if ":" in text:
        return bounds(ipaddress.ip_network(text, strict=False))
    host, _, length = text.partition("/")
    free = 32 - int(length or 32)
    octets = bytes(int(part) for part in host.split("."))
    if len(octets) != 4 or not 0 <= free <= 32:
        raise ValueError(text)
    low = int.from_bytes(octets) >> free << free
    return _V4 + low.to_bytes(4), _V4 + (low | (1 << free) - 1).to_bytes(4)
