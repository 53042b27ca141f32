"""The memory of 13 months: how long adding up takes, and how long ``taishi entity show`` takes to answer.

Usage: ``python -m bench.memory [--edges 5_000_000] [--observables 2_000_000] [--days 395] [--home DIR]``.

The partials are generated (seeded); the state is made and asked by the code of the product. Figures are CPU seconds of
this process and its children, and seconds on the wall.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from store import schema
from store.lake import Lake
from store.memory import Memory
from store.memory._partials import columns_of, plain_schema, writer
from store.segment import SegmentWriter
from store.window import day_text

DAY0: Final = 20_100
"""First day generated: 2025-01-12."""

HOSTS: Final = 5_000
CASE: Final = "site"

_MAPPED: Final = "'00000000000000000000FFFF'"
_EDGES: Final = """
SELECT unhex({mapped} || printf('0A00%04X', h)) AS src_ip, unhex({mapped} || printf('%08X', p)) AS dst_ip,
    6::SMALLINT AS ip_proto, port::INTEGER AS dst_port, to_timestamp({day} * 86400 + (e % 80000)) AS first_ts,
    to_timestamp({day} * 86400 + (e % 80000) + 60) AS last_ts, (1 + e % 9)::BIGINT AS conversations,
    1::BIGINT AS answered, (e % 100000)::BIGINT AS src_bytes, (e % 999983)::BIGINT AS dst_bytes, 3::INTEGER AS hours
FROM (SELECT e, hash(e) % {hosts} AS h, 167772161 + hash(e + 7) % 4000000000 AS p,
    [443, 80, 53, 22, 0][1 + (e % 5)::INTEGER] AS port FROM ({numbers}))
"""
_OBSERVED: Final = """
SELECT 'domain' AS kind, 'name' || e || '.example' AS value, to_timestamp({day} * 86400 + (e % 80000)) AS first_ts,
    to_timestamp({day} * 86400 + (e % 80000) + 60) AS last_ts, (1 + e % 9)::BIGINT AS sightings, 1::INTEGER AS hosts
FROM ({numbers})
"""
_ASSETS: Final = """
SELECT unhex({mapped} || printf('0A00%04X', e)) AS ip, to_timestamp({day} * 86400) AS first_ts,
    to_timestamp({day} * 86400 + 80000) AS last_ts, 50::BIGINT AS conversations FROM ({numbers})
"""


def numbers(day: int, days: int, total: int) -> str:
    """Return SQL of the numbers of the things seen on a day: fresh ones, and a twentieth of the older ones."""
    fresh = total // days
    old = f"SELECT e::BIGINT AS e FROM range({day * fresh}) AS r(e) WHERE hash(e + {day}) % 20 = 0 LIMIT {fresh // 5}"
    return f"({old}) UNION ALL SELECT e::BIGINT FROM range({day * fresh}, {(day + 1) * fresh}) AS r(e)"


def generate(root: Path, edges: int, observables: int, days: int) -> None:
    """Write the partials of a memory."""
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for number in range(days):
            folder = root / CASE / "days" / f"{day_text(DAY0 + number)}.{number:016x}"
            folder.mkdir(parents=True)
            common = {"day": DAY0 + number, "mapped": _MAPPED, "hosts": HOSTS}
            edge = _EDGES.format(**common, numbers=numbers(number, days, edges))
            observed = _OBSERVED.format(**common, numbers=numbers(number, days, observables))
            day = f"to_timestamp({DAY0 + number} * 86400) AS day"
            hosts = f"SELECT range::BIGINT AS e FROM range({HOSTS})"
            made = {
                "edge_day": f"SELECT {day}, * FROM ({edge}) QUALIFY row_number() OVER "
                "(PARTITION BY src_ip, dst_ip, dst_port) = 1 ORDER BY src_ip, dst_ip, dst_port",
                "observable": f"{observed} ORDER BY value",
                "asset_seen": _ASSETS.format(**common, numbers=hosts) + " ORDER BY ip",
            }
            for table, sql in made.items():
                form = plain_schema(columns_of(table))
                rows = connection.sql(sql).to_arrow_table().cast(form)
                with writer(folder / f"{table}.parquet", form) as out:
                    out.write_table(rows)


def measured(step: Callable[[], object]) -> dict[str, float]:
    """Return CPU and wall seconds of a step, children included."""
    before, start = _cpu(), time.perf_counter()
    step()
    return {"cpu_s": round(_cpu() - before, 2), "wall_s": round(time.perf_counter() - start, 2)}


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _case(lake: Lake) -> None:
    """Write one flow, so that the home has a case."""
    table = schema.FLOW
    arrays = []
    for column in table.emitted():
        zero: object = None
        if not column.nullable:
            zero = b"\0" * 16 if pa.types.is_fixed_size_binary(column.type) else 0
            zero = "x" if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type) else zero
            zero = False if pa.types.is_boolean(column.type) else zero
        arrays.append(pa.array([zero], column.type))
    made = SegmentWriter(lake.root, table, CASE, "bench", stamps={"pcap_file_id": 1})
    made.write(pa.RecordBatch.from_arrays(arrays, schema=table.arrow(table.emitted())))
    made.close({})


def main() -> None:
    """Generate, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=5_000_000)
    parser.add_argument("--observables", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=395)
    parser.add_argument("--home", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = given.home or Path(folder)
        (home / "lake").mkdir(parents=True, exist_ok=True)
        lake, memory = Lake(home / "lake"), Memory(home / "memory", CASE)
        if not memory.partials():
            generate(home / "memory", given.edges, given.observables, given.days)
            _case(lake)
        found: dict[str, object] = {"days": given.days}
        found["state"] = measured(lambda: memory.prepare(lake, DAY0 + given.days))
        found["rows"] = dict(memory.status().rows)
        found["bytes"] = memory.status().file_bytes
        for address in ("10.0.0.5", "10.0.7.7"):
            program = [str(Path(sys.executable).with_name("taishi")), "--home", str(home), "entity", "show", address]
            call = [*program, "--case", CASE, "-o", "json"]
            found[f"entity show {address}"] = measured(lambda: subprocess.run(call, check=True, capture_output=True))  # noqa: B023
        print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
