"""NTP messages."""

from __future__ import annotations

from typing import Final

from store.schema._column import FLAG, I16, I32, I64, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "ntp",
    "One row per NTP message that says something new: the first of each side, changes, control and private messages; "
    "at most 64 of a flow.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("ntp_version", I16, "Version, 1 to 4.", std="RFC 5905 7.3"),
        c("ntp_mode", I16, "1, 2 peers, 3 client, 4 server, 5 broadcast, 6 control, 7 own.", std="RFC 5905 7.3"),
        c("mode_name", NAME, "Name of the mode."),
        c("payload_len", I32, "Length of the message.", "B", null=True),
        c("leap", I16, "Leap second to come; 3: not synchronised.", null=True),
        c("stratum", I16, "Distance from a reference clock; 0: not synchronised, or a refusal.", null=True),
        c("ref_id", TEXT, "Reference clock, reason of a refusal, or address of the server above, escaped.", null=True),
        c("poll", I16, "Logarithm to base 2 of the interval between messages, in seconds.", null=True),
        c("precision", I16, "Logarithm to base 2 of the precision, in seconds.", null=True),
        c("root_delay_ns", I64, "Round trip to the reference clock.", "ns", null=True),
        c("root_dispersion_ns", I64, "Dispersion to the reference clock.", "ns", null=True),
        c("xmit_time", TIME, "When the message left, by the clock of its sender.", "us UTC", null=True),
        c("offset_ns", I64, "Clock of the answering side less that of the capture.", "ns", null=True),
        c("request_code", I16, "Operation of a control, request of a private message.", null=True, std="RFC 9327"),
        c("request_name", NAME, "Its name; monlist: who talked to the server.", null=True),
        c("is_response", FLAG, "The control or private message answers.", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("mode_name", "stratum", "ref_id", "request_name"),
)
