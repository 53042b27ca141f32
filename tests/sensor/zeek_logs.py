"""Zeek logs and EVE events under construction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sensor.intake.bench import Bench
from sensor.intake.foreign import HeldLogs, LogResult, take_in_log
from sensor.intake.recognise import recognise
from store.lake import Lake

CASE = "t"
SENSOR = "zeek"

CONN = (
    *("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration"),
    *("orig_bytes", "resp_bytes", "conn_state", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes"),
    *("resp_pkts", "resp_ip_bytes", "tunnel_parents"),
)

TYPES = {
    **dict.fromkeys(("ts",), "time"),
    **dict.fromkeys(("id.orig_h", "id.resp_h"), "addr"),
    **dict.fromkeys(("id.orig_p", "id.resp_p"), "port"),
    **dict.fromkeys(("orig_bytes", "resp_bytes", "missed_bytes", "orig_pkts", "orig_ip_bytes"), "count"),
    **dict.fromkeys(("resp_pkts", "resp_ip_bytes"), "count"),
    "duration": "interval",
}


def conn(number: int, **fields: object) -> dict[str, Any]:
    """Return the fields of one connection."""
    row = {
        "ts": f"{1_700_000_000 + number}.123456",
        "uid": f"C{number:05}",
        "id.orig_h": "10.0.0.1",
        "id.orig_p": 40_000 + number % 20_000,
        "id.resp_h": "203.0.113.7",
        "id.resp_p": 443,
        "proto": "tcp",
        "service": "ssl",
        "duration": "1.500000",
        "orig_bytes": 500,
        "resp_bytes": 3000,
        "conn_state": "SF",
        "missed_bytes": 0,
        "history": "ShADadFf",
        "orig_pkts": 8,
        "orig_ip_bytes": 900,
        "resp_pkts": 9,
        "resp_ip_bytes": 3400,
    }
    return row | {name.replace("__", "."): value for name, value in fields.items()}


def tsv(path: str, rows: Iterable[dict[str, Any]], fields: Sequence[str] = CONN, *, close: bool = True) -> str:
    """Return a log in Zeek's own format."""
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{path}"]
    head += ["#open\t2023-11-14-22-13-20", "\t".join(["#fields", *fields])]
    head += ["\t".join(["#types", *(TYPES.get(name, "string") for name in fields)])]
    body = ["\t".join(str(row.get(name, "-")) for name in fields) for row in rows]
    return "\n".join([*head, *body, *(["#close\t2023-11-14-23-00-00"] if close else [])]) + "\n"


def jsonl(rows: Iterable[dict[str, Any]]) -> str:
    """Return one JSON object per line."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def take_in(lake: Lake, *paths: Path, sensor: str = SENSOR, case: str = CASE) -> list[LogResult]:
    """Take logs in, one after the other."""
    held = HeldLogs(lake, case)
    results = []
    with Bench(f"x\t{sensor}\t") as bench:
        for path in paths:
            log = recognise(path)
            assert log is not None, path
            results.append(take_in_log(path, log, lake, case, bench, sensor_id=sensor, held=held))
    return results


def rows(lake: Lake, sql: str, case: str = CASE) -> list[dict[str, Any]]:
    """Return the rows of a query over the case."""
    with lake.reader(case) as reader:
        found: list[dict[str, Any]] = reader.arrow(sql).to_pylist()
    return found
