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
from store.errors import TaishiError
from store.integrity import HashingFile, is_hash
from store.names import checked_name
from store.segment import reveal, said
from store.staging import StagedFile

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
    problem = _misfit(footer, table, pq.read_schema(file))
    if problem:
        raise TaishiError(f"{file}: {problem}; have it delivered by a matching version of taishi", exit_code=1)
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
            f"{file}: the SHA-256 of the bytes is {found}; allowed: the one in the file's name; it was damaged or "
            "changed on its way: have it delivered again"
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
            f"{file}: not a readable Parquet file ({error}); allowed: segments written by taishi; deliver it again"
        ) from error
    prefix = FOOTER.encode()
    return {k.removeprefix(prefix).decode(): v.decode() for k, v in metadata.items() if k.startswith(prefix)}


def _misfit(footer: Mapping[str, str], table: schema.Table, found: pa.Schema) -> str:
    if footer.get("table") != table.name:
        return f"holds table {footer.get('table', 'none of ours')!r}; allowed: {table.name!r}"
    if footer.get("schema_version") != str(schema.SCHEMA_VERSION):
        return f"schema version {footer.get('schema_version')}; allowed: {schema.SCHEMA_VERSION}"
    if not footer.get("rows", "").isdigit():
        return "footer without row count; allowed: a number"
    if not found.equals(table.arrow()):
        return f"columns {said(found)}; allowed: {said(table.arrow())}"
    return ""


def _first_date(file: Path, table: schema.Table) -> str:
    column = time_column(table)
    if column is None:
        return UNDATED
    for batch in pq.ParquetFile(file).iter_batches(1, columns=[column]):
        return next(by_date(batch, column))[0]
    return UNDATED
