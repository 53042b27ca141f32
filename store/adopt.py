"""Taking delivered segment files into the lake, and reading what their footers say."""

from __future__ import annotations

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
from store.integrity import HashingFile, is_hash
from store.names import checked_name
from store.segment import reveal, said
from store.staging import StagedFile
from store.text import Text

_DELIVER: Final = Text("have it delivered by a matching version of taishi", "请用版本一致的 taishi 重新交付")

_COPY_BYTES: Final = 1 << 20
"""Bytes copied at once (2^16 … 2^24): as much as the writer of segments hashes at once."""


def adopt(lake_root: Path, case: str, table: schema.Table, file: Path) -> Path:
    """Take a delivered segment file into ``case``: the file is moved to its place, or removed when known already.

    Returns:
        The place of the segment in the lake.

    Raises:
        TaishiError: the file is no segment of ``table`` and this schema version, or its bytes are not those that its
            name promises.
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
    sealed = _copied(file, case_folder / date / f"sensor={sensor}", int(footer["rows"]))
    with ledger.opened(case_folder) as known:
        target = reveal(sealed, known)
    if file.resolve() != target.resolve():
        file.unlink()
    return target


def _copied(file: Path, folder: Path, rows: int) -> Sealed:
    """Return a hidden copy of ``file`` in ``folder``, hashed on the way.

    Raises:
        TaishiError: the file is named by a hash, and its bytes have another.
    """
    staged = StagedFile(folder)
    with file.open("rb") as source, HashingFile(staged.path) as copy:
        shutil.copyfileobj(source, copy, _COPY_BYTES)
        found = copy.hexdigest()
    if is_hash(file.stem) and found != file.stem:
        staged.discard()
        raise TaishiError(
            Problem(
                str(file),
                Text(f"the SHA-256 of its bytes is {found}", f"字节的 SHA-256 为 {found}"),
                Text("allowed: the one in the file's name", "可用：文件名中的值"),
                Text("it was changed on its way: have it delivered again", "文件在途中被改动：请重新交付"),
            )
        )
    staged.sync()
    return Sealed(staged, folder, found, rows)


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
    if not footer.get("rows", "").isdigit():
        return (Text("footer without row count", "文件尾没有行数"), Text("allowed: a number", "可用：一个数字"))
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
