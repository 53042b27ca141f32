"""DHCPv4 messages."""

from __future__ import annotations

from typing import Final

from store.schema._column import I16, I64, IP, MAC, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "dhcp",
    "One row per DHCPv4 message (fields of Zeek's dhcp.log that home networks need).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c(
            "msg_type",
            I16,
            "DHCP message type (1 DISCOVER … 8 INFORM); NULL for plain BOOTP.",
            null=True,
            std="RFC 2132",
        ),
        c("client_mac", MAC, "Client hardware address."),
        c("assigned_ip", IP, "yiaddr.", null=True),
        c("server_ip", IP, "Server identifier option.", null=True),
        c("subnet_mask", I64, "Option 1 as an unsigned 32-bit number.", null=True),
        c("router_ip", IP, "First router of option 3.", null=True),
        c("host_name", TEXT, "Option 12, escaped.", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)
