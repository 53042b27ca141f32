"""Keeping evaluations in the lake: each is numbered, and supersedes what earlier ones found in its range (ADR 0021)."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, Final

import pyarrow as pa

from store import schema
from store.lake import Lake, LakeReader
from store.segment import SegmentWriter, publish
from store.window import Window, moment

_SENSOR: Final = "taishi"
"""Identity under which derived rows are stored."""


def last_revision(reader: LakeReader) -> int:
    """Return the number of the latest evaluation of the case, 0 before the first."""
    number: int = reader.arrow("SELECT coalesce(max(revision), 0) AS n FROM assessment_stored").to_pylist()[0]["n"]
    return number


def is_kept(reader: LakeReader, window: Window, alerts: pa.Table, assessments: pa.Table) -> bool:
    """Tell whether the current evaluations say exactly this of the range, for the detectors that were assessed."""
    names = ", ".join(f"'{name}'" for name in assessments["detector"].to_pylist()) or "''"
    slot = "least(ts_end, range_end - INTERVAL 1 microsecond)"
    within = f"detector IN ({names}) AND {window.condition(slot)}"
    start, end = (("NULL::TIMESTAMPTZ" if b is None else moment(b)) for b in (window.since, window.until))
    exact = f"range_start IS NOT DISTINCT FROM {start} AND range_end IS NOT DISTINCT FROM {end}"
    wanted = (
        (schema.ALERT, alerts, "alert_id", within),
        (schema.ASSESSMENT, assessments, "detector", f"detector IN ({names}) AND {exact}"),
    )
    return all(_same(reader, table, rows, key, where) for table, rows, key, where in wanted)


def _same(reader: LakeReader, table: schema.Table, rows: pa.Table, key: str, where: str) -> bool:
    names = [column.name for column in table.emitted()]
    held = reader.arrow(f"SELECT {', '.join(names)} FROM {table.name} WHERE {where}").to_pylist()
    # Sorted here: Arrow cannot sort tables with dictionary columns.
    return sorted(held, key=itemgetter(key)) == sorted(rows.select(names).to_pylist(), key=itemgetter(key))


def keep(
    lake: Lake,
    case: str,
    revision: int,
    window: Window,
    alerts: pa.Table,
    assessments: pa.Table,
    *,
    inputs: str | None = None,
    is_full: bool = False,
) -> None:
    """Write an evaluation.

    Args:
        lake: Lake of the home.
        case: Case.
        revision: Its number.
        window: Range that was evaluated.
        alerts: ALERT.
        assessments: ASSESSMENT, a row for each detector that ran.
        inputs: Digest of what it rests on.
        is_full: All detectors ran over all of the case.
    """
    stamps: dict[str, Any] = {"revision": revision, "range_start": window.since, "range_end": window.until}
    judged = {**stamps, "inputs": inputs, "is_full": is_full}
    writers = []
    for table, rows, own in ((schema.ALERT, alerts, stamps), (schema.ASSESSMENT, assessments, judged)):
        writer = SegmentWriter(lake.root, table, case, _SENSOR, stamps=own)
        for batch in rows.cast(table.arrow(table.emitted())).to_batches():
            writer.write(batch)
        writers.append(writer)
    try:
        publish(writers, {})
    except BaseException:
        for writer in writers:
            writer.abort()
        raise


def current(reader: LakeReader) -> tuple[pa.Table, pa.Table]:
    """Return the alerts that stand, and of each detector the assessment on most data, sorted as an evaluation does."""
    return (
        _stand(reader, schema.ALERT, "ORDER BY detector, ts_start, alert_id"),
        _stand(
            reader,
            schema.ASSESSMENT,
            "QUALIFY row_number() OVER (PARTITION BY detector ORDER BY seen_s DESC, range_start NULLS FIRST) = 1 "
            "ORDER BY detector",
        ),
    )


def assessed(reader: LakeReader, window: Window, *, by_day: bool) -> list[dict[str, Any]]:
    """Return the assessments that stand of a range judged as one, or of the day slices in it."""
    bounds = (
        ("range_start", "NULL::TIMESTAMPTZ" if window.since is None else moment(window.since)),
        ("range_end", "NULL::TIMESTAMPTZ" if window.until is None else moment(window.until)),
    )
    where = " AND ".join(f"{name} IS NOT DISTINCT FROM {bound}" for name, bound in bounds)
    if by_day:
        where = f"inputs IS NOT NULL AND {window.condition('range_start')}"
    rows: list[dict[str, Any]] = reader.arrow(f"SELECT * FROM assessment WHERE {where}").to_pylist()
    return rows


def _stand(reader: LakeReader, table: schema.Table, order: str) -> pa.Table:
    names = [column.name for column in table.emitted()]
    rows = reader.arrow(f"SELECT {', '.join(names)} FROM {table.name} {order}")
    return pa.Table.from_pylist(rows.to_pylist(), schema=table.arrow(table.emitted()))
