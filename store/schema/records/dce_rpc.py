"""Remote procedure calls of Windows."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, I64, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "dce_rpc",
    "One row per DCE/RPC request with its answer, over TCP or a named pipe (Zeek dce_rpc.log); and per refused bind.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("pipe", TEXT, "Named pipe, escaped; NULL over TCP.", null=True),
        c(
            "interface",
            NAME,
            "Name of the interface called; NULL: not in our table, or its bind was not seen.",
            null=True,
        ),
        c("interface_uuid", TEXT, "Identifier of the interface called.", null=True, std="C706 14.1"),
        c("opnum", I32, "Number of the operation; NULL: a bind.", null=True),
        c("operation", NAME, "Its name; bind for a refused one; NULL: not in our table.", null=True),
        c("mapped_interface", NAME, "Of an endpoint map: name of the interface asked for.", null=True),
        c("mapped_port", I32, "Of an endpoint map: TCP port answered.", null=True, std="C706 App. L"),
        c("auth_kind", NAME, "Authentication: ntlm, negotiate, kerberos, netlogon, schannel or other.", null=True),
        c(
            "auth_level",
            NAME,
            "connect, call, packet, integrity, privacy or other.",
            null=True,
            std="MS-RPCE 2.2.1.1.8",
        ),
        c("nt_status", I64, "Status of a fault, or reason of a refused bind.", null=True, std="MS-RPCE 2.2.2.6"),
        c("rtt_ns", I64, "Response - query; NULL unless both were seen.", "ns", null=True),
        c("outcome", NAME, "ok, exception (fault, refused bind) or unknown (no answer seen)."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("interface", "operation", "pipe"),
)
