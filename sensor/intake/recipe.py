"""What makes rows of our tables of the lines of a foreign log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Lookup:
    """Columns worked out once per distinct value of a field, in Python, where SQL per row would be dear.

    Attributes:
        field: Column of the log.
        columns: Names and types of what is worked out.
        work_out: Values of those columns for one value of the field, None included.
    """

    field: str
    columns: Mapping[str, pa.DataType]
    work_out: Callable[[str | None], tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the lines of one kind become rows of one table.

    Fields have the names of the log with underscores for dots; all of them are text (or NULL), except ``addresses``.

    Attributes:
        table: Name of the table.
        fields: Fields that are read, with the dots of the log; absent ones are NULL.
        columns: SQL of each column that the log tells; the others get NULL, 0, FALSE or an empty list.
        addresses: Fields that hold an address: 16 bytes, NULL when they hold none.
        uid: SQL of the connection's identifier.
        good: SQL that is true for a line that makes a row; the others are refused.
        where: SQL that is true for a line that is meant to make one; the others are passed over silently.
        lookups: Columns worked out per distinct value.
        source: SQL of the rows; ``line`` is one row per line.
        ends: Of flows: SQL of src, dst, src_port, dst_port, proto, one_way, which the community id is made of.
        names: Rows name their flow: its server and the fingerprint of its client.
    """

    table: str
    fields: tuple[str, ...]
    columns: Mapping[str, str]
    addresses: tuple[str, ...] = ("id_orig_h", "id_resp_h")
    uid: str = "uid"
    good: str = "ts IS NOT NULL AND uid IS NOT NULL AND id_orig_h IS NOT NULL AND id_resp_h IS NOT NULL"
    where: str = "true"
    lookups: tuple[Lookup, ...] = field(default=())
    source: str = "line"
    ends: Mapping[str, str] = field(default_factory=dict)
    names: bool = False

    def known(self) -> dict[str, str]:
        """Return the fields by their column names."""
        return {name.replace(".", "_"): name for name in self.fields}
