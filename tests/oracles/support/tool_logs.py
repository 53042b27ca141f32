"""Read the record logs of other tools: Zeek's logs and Suricata's EVE, capture by capture."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.truth import rows_of

LogRow = Mapping[str, str]
Event = Mapping[str, Any]
ANY_ENDS: Final = "*"
"""Endpoints of a log that lacks them: comparable where it is of one connection."""
ALTERED: Final = frozenset(
    {
        "language.init-in-anon-function",
        "scripts.base.protocols.dhcp.dhcp-prevent-large-msgtypes",
        "scripts.base.protocols.dhcp.dhcp-prevent-large-uids",
        "scripts.base.protocols.ftp.ftp-max-arg-length",
        "scripts.base.protocols.ftp.ftp-max-command-length",
        "scripts.base.protocols.ftp.ftp-max-pending-commands",
        "scripts.base.protocols.ftp.ftp-max-user-length",
    }
)
"""Tests that are there to change what is logged: addresses, texts or exchanges are cut."""
_CAPTURES: Final = (".cap", ".pcap", ".pcapng")


def zeek_logs(root: Path, log: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield (capture below the data folder, rows) of every log of that name: Zeek's own baselines, then the full logs.

    Tests of one capture that log the same are one; those with other columns count on their own.
    """
    seen: set[tuple[str, str]] = set()
    for row in sorted(rows_of(root / "oracles" / "zeek" / "index.csv"), key=lambda row: int(row["script_lines"])):
        path = root / "oracles" / "zeek" / "baseline" / row["test"] / f"{log}.log"
        if row["test"] in ALTERED or not path.is_file():
            continue
        said = (row["trace"], path.read_text(encoding="utf-8", errors="replace"))
        if said not in seen:
            seen.add(said)
            yield row["trace"], log_rows(path)
    for path in sorted((root / "oracles" / "zeek-full").glob(f"*/zeek/{log}.log")):
        capture = next(file for file in path.parent.parent.iterdir() if file.suffix in _CAPTURES)
        yield str(capture.relative_to(root)), log_rows(path)


def log_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a Zeek log: TSV, TSV cut to columns that its first line names, or JSON lines."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    body = [line for line in lines if line and not line.startswith("#")]
    if body and body[0].startswith("{"):
        return [_flat(json.loads(line)) for line in body]
    names = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), None)
    if names is None:
        names, body = (body[0].split("\t"), body[1:]) if body else ([], [])
    return [dict(zip((_dotted(name) for name in names), line.split("\t"), strict=False)) for line in body]


def _dotted(name: str) -> str:
    return name.replace("id_orig_", "id.orig_").replace("id_resp_", "id.resp_")


def _flat(record: Mapping[str, Any]) -> dict[str, str]:
    return {_dotted(name): _text(value) for name, value in record.items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value)


def zeek_ends(row: LogRow) -> str:
    """Return client and server of a Zeek row, or :data:`ANY_ENDS` when the log was cut to other columns."""
    if "id.orig_h" not in row:
        return ANY_ENDS
    return f"{row['id.orig_h']}:{row['id.orig_p']}>{row['id.resp_h']}:{row['id.resp_p']}"


def eve_events(root: Path, kind: str) -> Iterator[tuple[str, list[Event]]]:
    """Yield (capture below the data folder, events) of every capture with events of that type in Suricata's results."""
    folder = root / "truth" / "suricata-eve"
    for path in sorted(folder.rglob("*.eve.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
            told = [json.loads(line) for line in lines if f'"event_type":"{kind}"' in line]
        events = [event for event in told if event["event_type"] == kind]
        if events:
            yield str(path.relative_to(folder)).removesuffix(".eve.jsonl.gz"), events


def eve_ends(event: Event, *, server_ports: Sequence[int] = ()) -> str:
    """Return the ends of an event; one of ``server_ports`` as its source says that the server comes first there."""
    ends = [
        f"{ip_address(event[f'{end}_ip'])}:{event[f'{port}_port']}" for end, port in (("src", "src"), ("dest", "dest"))
    ]
    if event["src_port"] in server_ports:
        ends.reverse()
    return ">".join(ends)


def mapped(row: LogRow, columns: Mapping[str, str], *, unset: bool = True) -> dict[str, str]:
    """Return the fields of a Zeek row by our column names.

    Args:
        row: a row of the log.
        columns: Zeek's field to our column.
        unset: also those that Zeek did not set (``-``; in JSON lines a field that is absent).
    """
    is_json = "@stream" in row
    have = {ours: row.get(theirs, "-") for theirs, ours in columns.items() if is_json or theirs in row}
    return {name: value for name, value in have.items() if unset or value not in ("-", "")}


def picked(said: Event, columns: Mapping[str, str], text: Callable[[Any], str] = str) -> dict[str, str]:
    """Return the fields that an event has, by our column names."""
    return {ours: text(said[theirs]) for theirs, ours in columns.items() if theirs in said}
