"""What lines of a log gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from store.text import Text

UNUSABLE: Final = Text(
    "without what every line needs (time, connection, addresses)", "缺少每行必需的内容（时间、连接、地址）"
)


@dataclass(frozen=True, slots=True)
class Made:
    """What some lines gave.

    Attributes:
        kind: Kind of the log, or type of the events.
        lines: Lines that could be read.
        tables: Rows by table.
        left_out: Lines without a table here.
    """

    kind: str
    lines: int
    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    left_out: int = 0
