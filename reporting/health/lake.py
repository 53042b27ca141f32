"""Is every segment readable and what its name says, and do the captures of the cases still lie where they were read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from reporting.clean import clean
from reporting.figures import bytes_text, count_text
from reporting.health.check import Check, Status, fine
from reporting.result import Text
from store import ledger, schema
from store.integrity import file_hash, is_hash
from store.lake import Lake

SHOWN: Final = 3
"""Broken files named (1 … 20); all are counted."""

HASHES_SHOWN: Final = 20
"""Damaged files named by ``--deep`` (1 … 100): who asks for every byte wants to know which."""

_ADVICE: Final = Text(
    "put these files back from a copy ('sha256sum FILE' must print its name), or scan their captures again into "
    "another case: taishi scan FILE --into NAME",
    "请用备份恢复这些文件（sha256sum 的结果须等于文件名），"
    "或把其抓包重新扫描到另一个案例：taishi scan FILE --into NAME",
)
"""What to do about damaged segments; their case knows the captures and would not read them again."""

_FOOTER: Final = "taishi."
"""Prefix of our keys in a segment's footer (store/segment.py)."""


def check_segments(lake: Lake) -> Check:
    """Return whether every segment has a readable footer that agrees with its rows and columns, and the name it got.

    Footers and names only: a lake of any size takes about 1 ms per segment. Rows are not read; see ``check_hashes``.
    """
    rows = files = 0
    broken: list[tuple[Path, Text]] = []
    taken_in = cache(ledger.listed)
    for table in schema.TABLES:
        for path in lake.segments(table):
            files += 1
            held, problem = _segment(path, table, taken_in(path.parents[2]))
            rows += held
            if problem:
                broken.append((path.relative_to(lake.root), problem))
    if broken:
        return _damage("lake.segments", broken, files, SHOWN)
    cases = len(lake.cases())
    return fine(
        "lake.segments",
        f"{count_text(files)} segments, {count_text(rows)} rows, {cases} case(s)",
        f"{count_text(files)} 个分段，{count_text(rows)} 行，{cases} 个案例",
    )


def check_hashes(lake: Lake) -> Check:
    """Return whether the bytes of every segment have the SHA-256 that is the file's name; reads the whole lake."""
    broken: list[tuple[Path, Text]] = []
    files = size = 0
    for table in schema.TABLES:
        for path in lake.segments(table):
            files += 1
            size += max(_size(path), 0)
            problem = _hash_problem(path)
            if problem:
                broken.append((path.relative_to(lake.root), problem))
    if broken:
        return _damage("lake.hashes", broken, files, HASHES_SHOWN)
    return fine(
        "lake.hashes",
        f"{count_text(files)} segments, {bytes_text(size)}: every file has the SHA-256 that its name says",
        f"{count_text(files)} 个分段，{bytes_text(size)}：每个文件的 SHA-256 均与文件名相符",
    )


def _hash_problem(path: Path) -> Text | None:
    try:
        found = file_hash(path)
    except OSError as error:
        return _unreadable(str(error.strerror))
    return None if found == path.stem else Text(f"its bytes have the SHA-256 {found}", f"其字节的 SHA-256 为 {found}")


def _unreadable(why: str) -> Text:
    return Text(f"not readable ({why})", f"无法读取（{why}）")


def _damage(name: str, broken: Sequence[tuple[Path, Text]], files: int, shown: int) -> Check:
    """Return the failed check that names the first ``shown`` of the broken files."""
    more = len(broken) - shown
    en = "\n".join(clean(f"{path}: {problem.en}") for path, problem in broken[:shown])
    zh = "\n".join(clean(f"{path}：{problem.zh}") for path, problem in broken[:shown])
    found = Text(
        f"{len(broken)} of {files} segments: {en}" + (f"\n… {more} more" if more > 0 else ""),
        f"{files} 个分段中有 {len(broken)} 个：{zh}" + (f"\n…… 另有 {more} 个" if more > 0 else ""),
    )
    return Check(name, Status.FAIL, found, _ADVICE, verifies=True)


def _segment(path: Path, table: schema.Table, taken_in: frozenset[str] | None) -> tuple[int, Text | None]:
    """Return the rows of a segment and what is wrong with it, or nothing.

    ``taken_in`` are the names the case has given; None when that list is not there.
    """
    try:
        footer = pq.read_metadata(path)
        names = footer.schema.to_arrow_schema().names
    except (OSError, pa.ArrowException) as error:
        return 0, _unreadable(str(error).splitlines()[0])
    told = {key.decode(): value.decode(errors="replace") for key, value in (footer.metadata or {}).items()}
    is_named = is_hash(path.stem) and (taken_in is None or path.stem in taken_in)
    return footer.num_rows, _contradiction(told, footer.num_rows, names, table, is_named=is_named)


def _contradiction(
    told: Mapping[str, str], rows: int, names: Sequence[str], table: schema.Table, *, is_named: bool
) -> Text | None:
    """Return what a footer says otherwise than the file, its place or this version."""

    def said(key: str) -> str | None:
        return told.get(f"{_FOOTER}{key}")

    if said("table") != table.name:
        return Text(
            f"says it is table {said('table')}, lies under {table.name}", f"自称表 {said('table')}，却位于 {table.name}"
        )
    if not is_named:
        return Text("under another name than it was written with", "文件名与写入时不同")
    if said("content_hash") is not None:
        return Text(
            "named by the rule before ADR 0015, not by the SHA-256 of the file",
            "按 ADR 0015 之前的规则命名，文件名不是文件的 SHA-256",
        )
    if said("rows") != str(rows):
        return Text(f"{rows} rows, {said('rows')} when written", f"{rows} 行，写入时为 {said('rows')} 行")
    version = said("schema_version")
    if version != str(schema.SCHEMA_VERSION):
        return Text(
            f"schema version {version}, now {schema.SCHEMA_VERSION}",
            f"表结构版本 {version}，现为 {schema.SCHEMA_VERSION}",
        )
    missing = ", ".join(column.name for column in table.stored() if column.name not in names)
    return Text(f"lacks the columns {missing}", f"缺少列 {missing}") if missing else None


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
