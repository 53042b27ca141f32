"""Logs of one JSON object per line: the wanted members of each as columns of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from sensor.intake.refusals import Refusals
from store.text import Text

_BROKEN: Final = Text("not a JSON object", "不是 JSON 对象")


def lines_of(data: bytes) -> pa.Table:
    """Return the lines that are not blank with their ordinals (``line``, ``place``), in order."""
    try:
        data.decode()
    except UnicodeDecodeError:
        data = data.decode("utf-8", "replace").encode()
    if not data.endswith(b"\n"):
        data += b"\n"
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10) + 1
    offsets = np.concatenate(([0], ends)).astype(np.int32)
    texts = pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets.tobytes()), pa.py_buffer(data))
    return pa.table({"line": texts, "place": pa.array(np.arange(len(ends)))})


def parsed(
    database: duckdb.DuckDBPyConnection, data: bytes, first_line: int, refusals: Refusals, kind: str = "''"
) -> int:
    """Make the table ``json_line(line, place, kind)`` of the lines that are JSON objects; return how many there are.

    Args:
        database: Private database; an earlier ``json_line`` is replaced.
        data: Lines.
        first_line: Number of the first one.
        refusals: Takes the lines that are none.
        kind: SQL of the kind of a line.
    """
    database.register("arriving", lines_of(data))
    database.execute(
        "CREATE OR REPLACE TEMP TABLE every_line AS SELECT line, place, json_valid(line) AND json_type(CASE WHEN "
        "json_valid(line) THEN line END) = 'OBJECT' AS is_good FROM arriving WHERE trim(line, E' \\t\\r\\n\\f\\v') <> ''"
    )
    database.unregister("arriving")
    database.execute(
        f"CREATE OR REPLACE TEMP TABLE json_line AS SELECT line, place, {kind} AS kind FROM every_line WHERE is_good"
    )
    # Fetched to the end: DuckDB takes no other query before.
    ((count, place, line),) = database.execute(
        "SELECT count(*), min(place), arg_min(line, place) FROM every_line WHERE NOT coalesce(is_good, false)"
    ).fetchall()
    if count:
        refusals.add(_BROKEN, first_line + place, line.strip(), count)
    ((good,),) = database.execute("SELECT count(*) FROM json_line").fetchall()
    return int(good)


def columns(database: duckdb.DuckDBPyConnection, paths: Mapping[str, Sequence[str]], where: str = "true") -> pa.Table:
    """Return members of the lines in ``json_line`` as columns of text, with the ordinal ``place``.

    Args:
        database: Where ``parsed`` put them.
        paths: Per column the JSON paths of the member, of which the first that is there counts.
        where: SQL condition over ``line``.
    """
    every = [path for several in paths.values() for path in several]
    shown, position = [], 1
    for name, several in paths.items():
        found = [f"v[{position + n}]" for n in range(len(several))]
        position += len(several)
        shown.append(f'coalesce({", ".join(found)}) AS "{name}"' if len(found) > 1 else f'{found[0]} AS "{name}"')
    wanted = ", ".join("'" + path.replace("'", "''") + "'" for path in every)
    return database.sql(
        f"SELECT place, {', '.join(shown)} FROM (SELECT place, json_extract_string(line, [{wanted}]) AS v "
        f"FROM json_line WHERE {where} ORDER BY place)"
    ).to_arrow_table()
