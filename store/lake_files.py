"""The files of the lake: which segments there are, small tables straight from them, and what killed processes left.

Metering needs no more than this; queries are ``store.lake``, which brings a database engine along.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from store import schema
from store._open_segment import FOOTER
from store.errors import Problem, TaishiError
from store.names import checked_name
from store.staging import sweep
from store.text import Text

SPILL: Final = ".spill"
"""Folder of the lake that queries spill into, one folder per connection, named after the process."""


class LakeFiles:
    """The segments under one folder.

    Args:
        root: Folder of the lake; need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()

    def segments(self, table: str | schema.Table, case: str | None = None) -> list[Path]:
        """Return the segments of a table (of one case, or of all), sorted by path."""
        name = table if isinstance(table, str) else table.name
        folder = "case=*" if case is None else f"case={checked_name('case', case)}"
        return sorted((self.root / name).glob(f"{folder}/date=*/sensor=*/*.parquet"))

    def dates(self, case: str, tables: Iterable[schema.Table]) -> dict[str, list[Path]]:
        """Return the segments of some tables of a case by their date folder (``YYYY-MM-DD``, ``mixed``), sorted."""
        found: dict[str, list[Path]] = {}
        for table in tables:
            for path in self.segments(table, case):
                found.setdefault(path.parent.parent.name.removeprefix("date="), []).append(path)
        return dict(sorted(found.items()))

    def cases(self) -> list[str]:
        """Return the names of the cases that hold at least one segment, sorted."""
        found = {
            path.name.removeprefix("case=")
            for path in self.root.glob("*/case=*")
            if next(path.glob("date=*/sensor=*/*.parquet"), None) is not None
        }
        return sorted(found)

    def sweep(self) -> int:
        """Remove what killed processes left (staged segments, spilled memory); return how many files and folders."""
        if not self.root.is_dir():
            return 0
        dead = [p for p in self.root.glob(f"{SPILL}/*") if not _is_alive(p.name)]
        for left in dead:
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        return sweep(self.root) + len(dead)


def other_version(path: Path, footer: Mapping[bytes, bytes] | None) -> TaishiError | None:
    """Return the error for a segment whose footer names another schema version than ours, None when it is ours."""
    told = (footer or {}).get(f"{FOOTER}schema_version".encode(), b"none").decode(errors="replace")
    if told == str(schema.SCHEMA_VERSION):
        return None
    return TaishiError(
        Problem(
            str(path),
            Text(f"schema version {told}", f"表结构版本 {told}"),
            Text(f"allowed: {schema.SCHEMA_VERSION}", f"可用：{schema.SCHEMA_VERSION}"),
            Text(
                "scan the captures again into a new lake (--home or --out)",
                "请把抓包重新扫描到新的数据湖（--home 或 --out）",
            ),
        )
    )


def damaged(path: Path, what: object) -> TaishiError:
    """Return the error for segments that are not as they were written."""
    return TaishiError(
        Problem(
            str(path),
            Text(f"{what}", f"读取失败（{what}）"),
            Text("needed: segments as they were written", "需要：保持写入时原样的分段"),
            Text("'taishi doctor' names the damaged ones", "用“taishi doctor”可查出损坏的分段"),
        )
    )


def rows_of(path: Path, table: schema.Table) -> list[dict[str, Any]]:
    """Return all rows of a segment of a small table, one dictionary each; times are integers (us UTC).

    For tables with a few rows per capture. Everything else is read through ``store.lake``.

    Raises:
        TaishiError: the segment is not readable, or is of a version of the table with other columns.
    """
    wanted = [column.name for column in table.stored()]
    try:
        file = pq.ParquetFile(path)
        missing = set(wanted).difference(file.schema_arrow.names)
        if missing:
            raise other_version(path, file.metadata.metadata) or damaged(path, f"no columns {sorted(missing)}")
        held = file.read(wanted)
    except (OSError, pa.ArrowException) as error:
        raise damaged(path, error) from error
    columns = {
        name: [value for chunk in column.chunks for value in _values(chunk)]
        for name, column in zip(held.column_names, held.columns, strict=True)
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(chunk: pa.Array) -> list[Any]:
    """Return Python values; times as they are stored, without a detour over calendars and zones."""
    values: list[Any] = (chunk.view(pa.int64()) if pa.types.is_timestamp(chunk.type) else chunk).to_pylist()
    return values


def _is_alive(folder: str) -> bool:
    """Tell whether the process that a spill folder is named after still runs."""
    pid = folder.partition("-")[0]
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
