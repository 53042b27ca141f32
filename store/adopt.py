"""Taking delivered segment files into the lake, and reading what their footers say."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from store import ledger, schema
from store._dates import UNDATED, by_date, time_column
from store._open_segment import FOOTER, Sealed
from store.errors import Problem, TaishiError
from store.names import checked_name
from store.segment import reveal, said
from store.staging import StagedFile
from store.text import Text

_DELIVER: Final = Text("have it delivered by a matching version of taishi", "请用版本一致的 taishi 重新交付")


def adopt(lake_root: Path, case: str, table: schema.Table, file: Path) -> Path:
    """Take a delivered segment file into ``case``: the file is moved to its place, or removed when known already.

    Returns:
        The place of the segment in the lake.

    Raises:
        TaishiError: the file is no segment of ``table`` and this schema version.
    """
    footer = read_footer(file)
    misfit = _misfit(footer, table, pq.read_schema(file))
    if misfit is not None:
        raise TaishiError(Problem(str(file), misfit[0], misfit[1], _DELIVER))
    sensor = checked_name("sensor", footer["sensor_id"])
    case_folder = Path(lake_root) / table.name / f"case={checked_name('case', case)}"
    date = (
        file.parent.parent.name if file.parent.parent.name.startswith("date=") else f"date={_first_date(file, table)}"
    )
    staged = StagedFile(case_folder / date / f"sensor={sensor}")
    shutil.copyfile(file, staged.path)
    staged.sync()
    sealed = Sealed(staged, case_folder / date / f"sensor={sensor}", footer["content_hash"], int(footer["rows"]))
    with ledger.opened(case_folder) as known:
        target = reveal(sealed, known)
    if file.resolve() != target.resolve():
        file.unlink()
    return target


def read_footer(file: Path) -> dict[str, str]:
    """Return our footer keys of a segment (without their prefix); empty when the file has none.

    Raises:
        TaishiError: not a Parquet file, or cut off.
    """
    try:
        metadata = pq.read_metadata(file).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise TaishiError(
            Problem(
                str(file),
                Text(f"not a readable Parquet file ({error})", f"不是可读的 Parquet 文件（{error}）"),
                Text("allowed: segments written by taishi", "可用：taishi 写出的分段"),
                Text("deliver it again", "请重新交付"),
            )
        ) from error
    prefix = FOOTER.encode()
    return {k.removeprefix(prefix).decode(): v.decode() for k, v in metadata.items() if k.startswith(prefix)}


def _misfit(footer: Mapping[str, str], table: schema.Table, found: pa.Schema) -> tuple[Text, Text] | None:
    """Return what a delivered segment is and what is allowed, or None when it fits."""
    held, version = footer.get("table", "-"), footer.get("schema_version", "-")
    if held != table.name:
        return (
            Text(f"holds table {held!r}", f"内容是表 {held!r}"),
            Text(f"allowed: {table.name!r}", f"可用：{table.name!r}"),
        )
    if version != str(schema.SCHEMA_VERSION):
        return (
            Text(f"schema version {version}", f"表结构版本 {version}"),
            Text(f"allowed: {schema.SCHEMA_VERSION}", f"可用：{schema.SCHEMA_VERSION}"),
        )
    if not re.fullmatch(r"[0-9a-f]{64}", footer.get("content_hash", "")) or not footer.get("rows", "").isdigit():
        return (
            Text("footer without content hash or row count", "文件尾没有内容哈希或行数"),
            Text("allowed: 64 hex digits and a number", "可用：64 位十六进制数和一个数字"),
        )
    if not found.equals(table.arrow()):
        own, wanted = said(found), said(table.arrow())
        return (Text(f"columns {own}", f"列为 {own}"), Text(f"allowed: {wanted}", f"可用：{wanted}"))
    return None


def _first_date(file: Path, table: schema.Table) -> str:
    column = time_column(table)
    if column is None:
        return UNDATED
    for batch in pq.ParquetFile(file).iter_batches(1, columns=[column]):
        return next(by_date(batch, column))[0]
    return UNDATED
