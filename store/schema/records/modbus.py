"""Modbus/TCP exchanges."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I16, I32, IP, TIME, UID, Table, c

TABLE: Final = Table(
    "modbus",
    "One row per Modbus/TCP request matched with its response (ICSNPP modbus_detailed).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("tid", I32, "Transaction identifier."),
        c("unit", I32, "Common address (IEC-104) or unit id (Modbus).", null=True),
        c("func", I32, "Type id (IEC-104) or function code (Modbus, without 0x80)."),
        c("address", I32, "First address of the request.", null=True),
        c("quantity", I32, "Quantity of the request.", null=True),
        c("request_values", pa.list_(pa.int32()), "Values written, at most 125."),
        c("response_values", pa.list_(pa.int32()), "Values read, at most 125."),
        c("is_matched", FLAG, "TRUE when request and response were both seen."),
        c("exception", I16, "Modbus exception code.", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)
