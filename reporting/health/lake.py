"""Is every segment readable and what its name says, and do the captures of the cases still lie where they were read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from reporting.clean import clean
from reporting.figures import count_text
from reporting.health.check import Check, Status, fine
from reporting.result import Text
from store import schema
from store.lake import Lake

SHOWN: Final = 3
"""Broken files named (1 … 20); all are counted."""

_FOOTER: Final = "taishi."
"""Prefix of our keys in a segment's footer (store/segment.py)."""


def check_segments(lake: Lake) -> Check:
    """Return whether every segment has a readable footer that agrees with its rows, columns and file name.

    Footers only: a lake of any size takes about 1 ms per segment. Rows are not decoded.
    """
    rows = files = 0
    broken: list[str] = []
    for table in schema.TABLES:
        for path in lake.segments(table):
            files += 1
            held, problem = _segment(path, table)
            rows += held
            if problem:
                broken.append(f"{path.relative_to(lake.root)}: {problem}")
    if broken:
        more = len(broken) - SHOWN
        named = "\n".join(clean(text) for text in broken[:SHOWN])
        found = Text(
            f"{len(broken)} of {files} segments: {named}" + (f"\n… {more} more" if more > 0 else ""),
            f"{files} 个分段中有 {len(broken)} 个：{named}" + (f"\n…… 另有 {more} 个" if more > 0 else ""),
        )
        advice = Text("remove these files and scan their captures again", "请删除这些文件并重新扫描其抓包")
        return Check("lake.segments", Status.FAIL, found, advice, verifies=True)
    cases = len(lake.cases())
    return fine(
        "lake.segments",
        f"{count_text(files)} segments, {count_text(rows)} rows, {cases} case(s)",
        f"{count_text(files)} 个分段，{count_text(rows)} 行，{cases} 个案例",
    )


def _segment(path: Path, table: schema.Table) -> tuple[int, str]:
    """Return the rows of a segment and what is wrong with it, or nothing."""
    try:
        footer = pq.read_metadata(path)
        names = footer.schema.to_arrow_schema().names
    except (OSError, pa.ArrowException) as error:
        return 0, f"not readable ({str(error).splitlines()[0]})"
    told = {key.decode(): value.decode(errors="replace") for key, value in (footer.metadata or {}).items()}
    if told.get(f"{_FOOTER}table") != table.name:
        return footer.num_rows, f"says it is table {told.get(f'{_FOOTER}table')}, lies under {table.name}"
    if told.get(f"{_FOOTER}content_hash") != path.stem:
        return footer.num_rows, f"content {str(told.get(f'{_FOOTER}content_hash'))[:12]}… under another name"
    if told.get(f"{_FOOTER}rows") != str(footer.num_rows):
        return footer.num_rows, f"{footer.num_rows} rows, {told.get(f'{_FOOTER}rows')} when written"
    if told.get(f"{_FOOTER}schema_version") != str(schema.SCHEMA_VERSION):
        return footer.num_rows, f"schema version {told.get(f'{_FOOTER}schema_version')}, now {schema.SCHEMA_VERSION}"
    missing = [column.name for column in table.stored() if column.name not in names]
    return footer.num_rows, f"lacks the columns {', '.join(missing)}" if missing else ""


def check_captures(lake: Lake) -> Iterator[Check]:
    """Yield whether captures can still be read again, and what the meter lost or could not read of them."""
    with lake.reader() as reader:
        captures = reader.arrow(
            "SELECT DISTINCT ON (source_id, sha256, xxh3_128) path, file_bytes, is_complete, problem "
            "FROM packet_store ORDER BY source_id"
        ).to_pylist()
        sums = reader.arrow(_COUNTERS_SQL).to_pylist()
    yield _places(captures)
    yield _losses({row["counter"]: row["n"] for row in sums}, captures)


_COUNTERS_SQL: Final = """
SELECT counter, CAST(sum(count) AS BIGINT) AS n FROM
(SELECT DISTINCT pcap_file_id, counter, count FROM sensor_counter) GROUP BY counter ORDER BY counter
"""
"""A capture that two cases hold counts once."""


def _places(captures: list[dict[str, object]]) -> Check:
    gone = [str(row["path"]) for row in captures if _size(Path(str(row["path"]))) != row["file_bytes"]]
    if not gone:
        return fine(
            "captures",
            f"{len(captures)} capture(s), all where they were read",
            f"{len(captures)} 个抓包，均在原处",
        )
    named = ", ".join(clean(path) for path in gone[:SHOWN]) + (" …" if len(gone) > SHOWN else "")
    found = Text(
        f"{len(gone)} of {len(captures)} captures moved or changed: {named}",
        f"{len(captures)} 个抓包中有 {len(gone)} 个已移动或改变：{named}",
    )
    advice = Text("put them back to get packets out of them", "需要取报文时请放回原处")
    return Check("captures", Status.WARN, found, advice)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _losses(counters: dict[str, int], captures: list[dict[str, object]]) -> Check:
    """Return whether the meter's books balance, and what it had to leave out."""
    unbalanced = _imbalance(counters)
    if unbalanced:
        advice = Text("report this as a bug, with the capture if possible", "请作为缺陷报告，尽可能附上抓包")
        return Check("capture.losses", Status.FAIL, Text(unbalanced, unbalanced), advice)
    errors = sum(count for name, count in counters.items() if name.startswith("decode_error."))
    cut = sum(1 for row in captures if not row["is_complete"])
    lost = [
        (cut, "captures read only in part", "个抓包只读了一部分"),
        (errors, "frames not decoded", "帧无法解码"),
        (counters.get("flow.evicted", 0), "flows evicted from a full table", "条流因流表已满而提前写出"),
        (counters.get("frag.cache_evicted", 0), "fragments forgotten", "个分片被遗忘"),
        (counters.get("record.dropped", 0), "protocol records dropped", "条协议记录被丢弃"),
    ]
    told = [entry for entry in lost if entry[0]]
    frames = counters.get("frames.delivered", 0)
    if not told:
        return fine("capture.losses", f"none in {count_text(frames)} frames", f"{count_text(frames)} 帧中无丢失")
    found = Text(
        f"of {count_text(frames)} frames: " + ", ".join(f"{count_text(n)} {en}" for n, en, _ in told),
        f"共 {count_text(frames)} 帧：" + "，".join(f"{count_text(n)} {zh}" for n, _, zh in told),
    )
    advice = Text(
        "'taishi sql' on sensor_counter and packet_store says where",
        "用 taishi sql 查 sensor_counter 和 packet_store 可知何处",
    )
    return Check("capture.losses", Status.WARN, found, advice)


def _imbalance(counters: dict[str, int]) -> str:
    """Return which term of the conservation law does not balance, or nothing (docs/architecture.md, Counters)."""

    def total(prefix: str) -> int:
        return sum(count for name, count in counters.items() if name.startswith(prefix))

    delivered, decoded = counters.get("frames.delivered", 0), counters.get("frames.decoded", 0)
    out = decoded + counters.get("frames.filtered", 0) + total("decode_error.")
    if delivered != out:
        return f"frames.delivered {delivered} != decoded + filtered + decode errors {out}"
    placed = counters.get("flow.packets", 0) + counters.get("flow.dup_suppressed", 0) + total("non_flow.")
    return f"frames.decoded {decoded} != packets + duplicates + non-flow {placed}" if decoded != placed else ""
