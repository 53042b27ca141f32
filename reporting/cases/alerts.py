"""Alerts of a case as plain rows: flat, with flow uids as text, ready for every output form."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import duckdb

from reporting.arrow_rows import rows_of
from store.errors import Problem, TaishiError
from store.lake import Lake
from store.schema import Severity
from store.text import Text

SEVERITIES: Final = tuple(severity.value for severity in Severity)
"""Most severe first."""

COLUMNS: Final = (
    *("alert_id", "severity", "score", "confidence", "detector", "detector_version", "config_hash"),
    *("ts_start", "ts_end", "actor_ip", "target_ip", "target_port", "target_count", "ip_proto", "attack"),
    *("short_mode", "succeeded", "title_en", "title_zh", "evidence_en", "evidence_zh"),
    *("flow_uids", "flow_count", "display_filter", "indicators", "context", "lost_bytes", "details"),
)
"""Columns of an alert row, in the order of the CSV form."""

_PER_FETCH: Final = 1_000
"""Rows taken from the engine at once: a list of any length streams in some MB."""


def at_least(severity: str | None) -> tuple[str, ...]:
    """Return the severities from the most severe down to ``severity``; all when None."""
    return SEVERITIES if severity is None else SEVERITIES[: SEVERITIES.index(severity) + 1]


def list_alerts(
    lake: Lake,
    case: str,
    *,
    severity: str | None = None,
    detector: str | None = None,
    ids: Sequence[str] | None = None,
    limit: int | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield alerts of a case, highest score first.

    Args:
        lake: Lake of the home.
        case: Case to read.
        severity: This one and those above it.
        detector: Only of this detector.
        ids: Only these alerts.
        limit: At most so many.

    Raises:
        TaishiError: a segment is not readable.
    """
    severities = at_least(severity)
    conditions = [f"severity IN ({', '.join('?' * len(severities))})"]
    values: list[Any] = list(severities)
    if detector is not None:
        conditions.append("detector = ?")
        values.append(detector)
    if ids is not None:
        conditions.append("list_contains(?, alert_id)")
        values.append(list(ids))
    sql = (
        f"SELECT {', '.join(COLUMNS)} FROM alert WHERE {' AND '.join(conditions)} "
        f"ORDER BY score DESC, ts_start, alert_id{'' if limit is None else f' LIMIT {int(limit)}'}"
    )
    connection = lake.connect(case)
    try:
        # Through Arrow: DuckDB's own rows need a time-zone package for every time.
        batches = connection.sql(sql, params=values).to_arrow_reader(_PER_FETCH)
        for stored in rows_of(batches, COLUMNS):
            yield {**stored, "flow_uids": [uid_text(bytes(uid)) for uid in stored["flow_uids"]]}
    except duckdb.Error as error:
        raise TaishiError(
            Problem(
                str(lake.root),
                Text(f"{error}", f"读取失败（{error}）"),
                Text("needed: segments as they were written", "需要：保持写入时原样的分段"),
                Text("'taishi doctor' says what is damaged", "用“taishi doctor”可查出损坏的分段"),
            )
        ) from error
    finally:
        connection.close()


def alert_ids(lake: Lake, case: str) -> list[str]:
    """Return the ids of all alerts of a case, sorted."""
    return _distinct(lake, case, "alert_id")


def detector_ids(lake: Lake, case: str) -> list[str]:
    """Return the ids of the detectors that have alerts in the case, sorted."""
    return _distinct(lake, case, "detector")


def _distinct(lake: Lake, case: str, column: str) -> list[str]:
    with lake.reader(case) as reader:
        found: list[str] = reader.arrow(f"SELECT DISTINCT {column} FROM alert ORDER BY 1")[column].to_pylist()
    return found


def uid_text(uid: bytes) -> str:
    """Return a flow uid in the canonical text form of UUIDs (RFC 9562, section 4)."""
    return str(uuid.UUID(bytes=uid))


def uid_bytes(text: str) -> bytes | None:
    """Return the flow uid that a text names, canonical or as 32 hex digits; None when it is no such text."""
    digits = text.strip().replace("-", "")
    if len(digits) != 32:
        return None
    try:
        return bytes.fromhex(digits)
    except ValueError:
        return None
