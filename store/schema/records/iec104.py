"""IEC 60870-5-104 APDUs."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I16, I32, IP, NAME, TIME, UID, Table, c

TABLE: Final = Table(
    "iec104",
    "One row per IEC 60870-5-104 APDU.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("apci_type", NAME, "I, S or U."),
        c("tx_seq", I32, "N(S) of an I frame.", null=True),
        c("rx_seq", I32, "N(R) of an I or S frame.", null=True),
        c("u_func", NAME, "startdt_act, startdt_con, stopdt_act, stopdt_con, testfr_act, testfr_con.", null=True),
        c("type_id", I16, "ASDU type.", null=True),
        c("is_sequence", FLAG, "SQ bit.", null=True),
        c("num_ix", I16, "Number of information objects.", null=True),
        c("cot", I16, "Cause of transmission (IEC-104).", null=True, std="IEC 60870-5-101 7.2.3"),
        c("is_negative", FLAG, "P/N bit.", null=True),
        c("is_test", FLAG, "IEC-104 test bit."),
        c("originator", I16, "Originator address.", null=True),
        c("common_address", I32, "Common address of ASDU.", null=True),
        c("ioa", pa.list_(pa.int32()), "Information object addresses, at most 127."),
        c("apdu_len", I32, "APDU length octet plus 2.", "B"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)
