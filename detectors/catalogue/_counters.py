"""What the meter's own counters say of its sight: frames that could not be read, state that had to be given up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from detectors.alerts import Finding
from detectors.model import Params, Text
from detectors.sql import rows
from store.schema import Severity

_SQL: Final = """
WITH once AS (SELECT sensor_id, pcap_file_id, counter, max(count) AS count FROM t GROUP BY ALL)
SELECT sensor_id,
    sum(count) FILTER (counter = 'frames.delivered')::BIGINT AS frames,
    coalesce(sum(count) FILTER (counter LIKE 'decode_error.%'), 0)::BIGINT AS errors,
    coalesce(sum(count) FILTER (counter IN ('flow.evicted', 'frag.cache_evicted', 'flow.table_full')), 0)::BIGINT
        AS given_up,
    coalesce(string_agg(DISTINCT substr(counter, 14), ', ' ORDER BY substr(counter, 14))
        FILTER (counter LIKE 'decode_error.%' AND count > 0), '') AS reasons
FROM once GROUP BY sensor_id ORDER BY sensor_id
"""
_ERRORS: Final = Text(
    "tap {tap}: {errors} of {frames} frames ({share} %) could not be decoded ({reasons}):"
    " what they carried was not seen.",
    "探针 {tap}：{frames} 帧中有 {errors} 帧（{share}%）无法解码（{reasons}）：其内容未观测到。",
)
_GIVEN_UP: Final = Text(
    "tap {tap}: its state was full {count} times ({share} % of {frames} frames):"
    " flows were cut short or fragments lost.",
    "探针 {tap}：状态表满 {count} 次（占 {frames} 帧的 {share}%）：部分流被提前截断或分片丢失。",
)
_TITLE_ERRORS: Final = Text("Unreadable frames: tap {tap}", "无法解码的帧：探针 {tap}")
_TITLE_GIVEN_UP: Final = Text("State of the sensor is full: tap {tap}", "探针状态表已满：{tap}")


def counter_findings(counters: pa.Table, span: pa.Table, params: Params) -> Iterator[Finding]:
    """Yield what the counters of each sensor say.

    Args:
        counters: ``sensor_counter``: sensor_id, pcap_file_id, counter, count.
        span: CAPTURE_SPAN of the data: counters have no time of their own.
        params: of sensor_blind_spot.
    """
    if not span.num_rows:
        return
    whole = span.to_pylist()[0]
    for row in rows(_SQL, {"t": counters}):
        frames = row["frames"] or 0
        if frames < params["min_frames"]:
            continue
        said = {"tap": row["sensor_id"], "frames": frames}
        share = row["errors"] / frames
        if share >= params["errors_warn"]:
            told = {**said, "errors": row["errors"], "share": f"{100 * share:.3g}", "reasons": row["reasons"]}
            is_grave = share >= params["errors_bad"] and whole["span_s"] >= 86400
            yield _finding("errors", whole, _TITLE_ERRORS.fill(**said), _ERRORS.fill(**told), said, is_low=is_grave)
        if row["given_up"]:
            told = {**said, "count": row["given_up"], "share": f"{100 * row['given_up'] / frames:.3g}"}
            yield _finding("full", whole, _TITLE_GIVEN_UP.fill(**said), _GIVEN_UP.fill(**told), said, is_low=False)


def _finding(
    kind: str, span: Mapping[str, Any], title: Text, evidence: Text, said: Mapping[str, Any], *, is_low: bool
) -> Finding:
    return Finding(
        key=(kind, said["tap"]),
        ts_start=span["ts_start"],
        ts_end=span["ts_end"],
        severity=Severity.LOW if is_low else Severity.INFO,
        confidence=0.9,
        title=title,
        evidence=evidence,
        flow_uids=(),
        flow_count=0,
        display_filter="",
        attack=(),
        details={"kind": kind, "sensor": said["tap"]},
    )
