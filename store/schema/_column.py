"""What a table and a column are, and the words to declare them with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import pyarrow as pa


class Origin(StrEnum):
    """Who fills a column."""

    WIRE = "wire"  # the Rust core emits it
    STAMP = "stamp"  # constant of the segment, added by the segment writer
    JOIN = "join"  # not stored: computed by the read view from policy tables


FLAG: Final = pa.bool_()
I8: Final = pa.int8()
I16: Final = pa.int16()
I32: Final = pa.int32()
I64: Final = pa.int64()
F32: Final = pa.float32()
F64: Final = pa.float64()
TEXT: Final = pa.string()
NAME: Final = pa.dictionary(pa.int32(), pa.string())
"""Low-cardinality text: dictionary-encoded in Arrow and Parquet."""
UID: Final = pa.binary(16)
IP: Final = pa.binary(16)
MAC: Final = pa.binary(6)
TIME: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, meaning, unit, nullability, filler and the standard it follows."""

    name: str
    type: pa.DataType
    doc: str
    unit: str = "-"
    nullable: bool = False
    origin: Origin = Origin.WIRE
    standard: str = ""
    ext: bool = False


@dataclass(frozen=True, slots=True)
class Logins:
    """How the rows of a table are logins; who, where, as whom and the outcome are read by the standard column names.

    Attributes:
        service: SQL of the service's name.
        where: SQL that is true for a login attempt.
        method: SQL of how the user proved who they are.
        attempts: SQL of the number of attempts the row stands for.
        reply: SQL of what the server said.
        basis: ``reply`` when the server's words tell the outcome, ``size`` when only the sizes of its messages do.
        once: credentials come with every request: the successes of one user with one secret in one flow are one login.
    """

    service: str
    where: str = "outcome <> 'request'"
    method: str = "NULL"
    attempts: str = "1"
    reply: str = "NULL"
    basis: str = "reply"
    once: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, meaning, columns in order, key, sort order; a narrow screen shows ``lead`` first."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: tuple[str, ...] = ()
    wire: bool = False
    lead: tuple[str, ...] = ()
    logins: Logins | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> tuple[Column, ...]:
        """Return the columns that lie on disk, in order (everything but ``Origin.JOIN``)."""
        return tuple(c for c in self.columns if c.origin is not Origin.JOIN)

    def emitted(self) -> tuple[Column, ...]:
        """Return the columns that the Rust core fills, in order."""
        return tuple(c for c in self.columns if c.origin is Origin.WIRE)

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises:
            KeyError: the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    def has(self, name: str) -> bool:
        """Tell whether there is a column of that name."""
        return any(column.name == name for column in self.columns)

    def arrow(self, columns: Iterable[Column] | None = None) -> pa.Schema:
        """Return the Arrow schema of the stored columns (or of ``columns``), unit and doc as field metadata."""
        return pa.schema([_arrow_field(c) for c in (self.stored() if columns is None else columns)])


def _arrow_field(column: Column) -> pa.Field:
    metadata = {"unit": column.unit, "doc": column.doc}
    return pa.field(column.name, column.type, nullable=column.nullable, metadata=metadata)


def c(
    name: str,
    type_: pa.DataType,
    doc: str,
    unit: str = "-",
    *,
    null: bool = False,
    origin: Origin = Origin.WIRE,
    std: str = "",
) -> Column:
    """Declare one column; ``null`` = may be NULL, ``std`` = the standard's name of it."""
    return Column(name, type_, doc, unit, null, origin, std)


def pair(
    pattern: str,
    type_: pa.DataType,
    doc: str,
    unit: str = "-",
    *,
    null: bool = False,
    origin: Origin = Origin.WIRE,
    std: str = "",
) -> tuple[Column, Column]:
    """Declare the originator and the responder column of one quantity; ``{}`` in ``pattern`` takes src and dst."""
    return (
        c(pattern.format("src"), type_, f"Originator: {doc}", unit, null=null, origin=origin, std=std),
        c(pattern.format("dst"), type_, f"Responder: {doc}", unit, null=null, origin=origin, std=std),
    )


def stats(prefix: str, doc: str, unit: str) -> tuple[Column, ...]:
    """Declare min, mean, sample standard deviation and max of one quantity."""
    said = "NULL without a sample"
    return (
        c(f"{prefix}_min", F32, f"{doc}: minimum; {said}.", unit, null=True),
        c(f"{prefix}_mean", F32, f"{doc}: mean; {said}.", unit, null=True),
        c(f"{prefix}_std", F32, f"{doc}: sample standard deviation (n-1); NULL for n<2.", unit, null=True),
        c(f"{prefix}_max", F32, f"{doc}: maximum; {said}.", unit, null=True),
    )
