"""Zeek's ASCII log: a header that says how to read it, tab-separated rows, escaped strings.

Source: Zeek src/logging/writers/ascii/Ascii.cc (header), src/threading/formatters/Ascii.cc (values), and
scripts/base/protocols/conn/main.zeek (fields and types of conn.log).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import IO, Any, Final

from reporting.clean import zeek_cell

TYPES: Final[Mapping[str, str]] = {
    "ts": "time",
    "uid": "string",
    "id.orig_h": "addr",
    "id.orig_p": "port",
    "id.resp_h": "addr",
    "id.resp_p": "port",
    "proto": "enum",
    "service": "string",
    "duration": "interval",
    "orig_bytes": "count",
    "resp_bytes": "count",
    "conn_state": "string",
    "local_orig": "bool",
    "local_resp": "bool",
    "missed_bytes": "count",
    "history": "string",
    "orig_pkts": "count",
    "orig_ip_bytes": "count",
    "resp_pkts": "count",
    "resp_ip_bytes": "count",
    "tunnel_parents": "set[string]",
    "ip_proto": "count",
    "vlan": "int",
    "inner_vlan": "int",
    "orig_l2_addr": "string",
    "resp_l2_addr": "string",
    "community_id": "string",
}
"""Fields of ``v_zeek_conn`` and Zeek's types for them, in order."""

_UNSET: Final = "-"
_EMPTY: Final = "(empty)"


def write_zeek(rows: Iterable[Mapping[str, Any]], out: IO[str]) -> int:
    """Write rows of ``v_zeek_conn`` as a conn.log and return how many there were.

    The times of opening and closing the log are left out: the same case gives the same bytes.
    """
    out.write("#separator \\x09\n")
    header = (("set_separator", ","), ("empty_field", _EMPTY), ("unset_field", _UNSET), ("path", "conn"))
    for name, value in header:
        out.write(f"#{name}\t{value}\n")
    out.write("#fields\t" + "\t".join(TYPES) + "\n")
    out.write("#types\t" + "\t".join(TYPES.values()) + "\n")
    count = 0
    for count, row in enumerate(rows, start=1):  # noqa: B007 - the last number is the count
        out.write("\t".join(cell(row[name], kind) for name, kind in TYPES.items()) + "\n")
    return count


def cell(value: object, kind: str) -> str:
    """Return a value as Zeek prints it.

    Args:
        value: as the view gives it; None is unset.
        kind: Zeek's type.
    """
    if value is None:
        return _UNSET
    if isinstance(value, Collection) and kind.startswith("set["):
        return ",".join(zeek_cell(str(item)) for item in value) if value else _EMPTY
    if kind in {"time", "interval", "double"}:
        return f"{value:.6f}"
    if kind == "bool":
        return "T" if value else "F"
    if kind in {"string", "enum"}:
        return zeek_cell(str(value))
    return str(value)
