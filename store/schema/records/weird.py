"""Oddities and parse errors."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, I64, NAME, TIME, UID, Table, c

TABLE: Final = Table(
    "weird",
    "One row per oddity or parse error of a flow (bounded: first of a code per flow).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to.", null=True),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("code", NAME, "Name of the oddity, snake_case."),
        c("frame_no", I64, "Ordinal of the frame in its capture, from 0."),
        c("byte_off", I32, "Offset inside the frame's payload where parsing failed.", "B", null=True),
    ),
    key=("ts", "code"),
    wire=True,
)
