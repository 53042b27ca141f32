"""Industrial message objects."""

from __future__ import annotations

from typing import Final

from store.schema._column import F64, FLAG, I16, I32, I64, IP, MAC, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "ics",
    "One row per industrial message object: who commands whom, function, object, value, cause, outcome.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("ics_proto", NAME, "iec104 or modbus."),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("sender_mac", MAC, "Sender hardware address.", null=True),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("receiver_port", I32, "Receiver port of the message."),
        c("station_ip", IP, "Controlled station by the protocol's own roles."),
        c("from_master", FLAG, "TRUE when the controlling side sent it (protocol roles, not flow direction)."),
        c("unit", I32, "Common address (IEC-104) or unit id (Modbus).", null=True),
        c("func", I32, "Type id (IEC-104) or function code (Modbus, without 0x80)."),
        c("subfunc", I32, "Modbus diagnostics or MEI sub-function; IEC-104 qualifier.", null=True),
        c("func_name", NAME, "Name of the function."),
        c("cot", I16, "Cause of transmission (IEC-104).", null=True, std="IEC 60870-5-101 7.2.3"),
        c("object_address", I64, "Information object address or first register/coil.", null=True),
        c("object_count", I32, "Objects addressed."),
        c("value", F64, "Value written, commanded or reported (first object).", null=True),
        c("value_text", TEXT, "All values of the message as text, at most 256 bytes.", null=True),
        c("is_test", FLAG, "IEC-104 test bit."),
        c("is_command", FLAG, "A command, write, control or configuration in control direction."),
        c("outcome", NAME, "request, ok, negative or exception."),
        c("exception", I16, "Modbus exception code.", null=True),
    ),
    key=("flow_uid", "ts", "func", "object_address"),
    wire=True,
)
