"""First payload bytes of flows: kept only when they are asked for."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import I8, TIME, UID, Table, c

TABLE: Final = Table(
    "payload_head",
    "One row per direction with payload: its first bytes as captured. Empty unless asked for (--payload-head).",
    (
        c("flow_uid", UID, "Segment 0 of the flow."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("dir", I8, "+1 originator, -1 responder."),
        c("bytes", pa.binary(), "First payload bytes in order of arrival, at most 512.", "B"),
    ),
    key=("flow_uid", "dir"),
    wire=True,
)
