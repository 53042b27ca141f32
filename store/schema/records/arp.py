"""ARP packets."""

from __future__ import annotations

from typing import Final

from store.schema._column import I16, IP, MAC, TIME, UID, Table, c

TABLE: Final = Table(
    "arp",
    "One row per ARP packet (Ethernet/IPv4).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("arp_op", I16, "1 request, 2 reply.", std="RFC 826"),
        c("sender_mac", MAC, "Sender hardware address."),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("target_mac", MAC, "Target hardware address."),
        c("target_ip", IP, "Target protocol address."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)
