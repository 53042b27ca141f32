"""DHCPv4 messages."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import I16, I64, IP, MAC, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "dhcp",
    "One row per DHCPv4 message (Zeek's dhcp.log has one per exchange: group by xid).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c(
            "msg_type",
            I16,
            "DHCP message type (1 DISCOVER … 8 INFORM); NULL for plain BOOTP.",
            null=True,
            std="RFC 2132",
        ),
        c("xid", I64, "Transaction identifier that the client chose.", null=True, std="RFC 2131"),
        c("client_mac", MAC, "Client hardware address."),
        c("client_ip", IP, "ciaddr: address that the client has.", null=True),
        c("assigned_ip", IP, "yiaddr.", null=True),
        c("requested_ip", IP, "Option 50: address that the client asks for.", null=True),
        c("server_ip", IP, "Server identifier option.", null=True),
        c("relay_ip", IP, "giaddr: relay agent.", null=True),
        c("lease_s", I64, "Lease time: option 51; 4294967295 = for ever.", "s", null=True),
        c("subnet_mask", I64, "Option 1 as an unsigned 32-bit number.", null=True),
        c("router_ip", IP, "First router of option 3.", null=True),
        c("dns_servers", pa.list_(TEXT), "Name servers handed out: option 6, at most 32."),
        c("host_name", TEXT, "Option 12, escaped.", null=True),
        c("client_fqdn", TEXT, "Name that the client wants in the DNS, escaped.", null=True, std="RFC 4702"),
        c("domain_name", TEXT, "Domain handed out, escaped.", null=True),
        c("client_id", TEXT, "Option 61: its type and value, hexadecimal.", null=True),
        c("vendor_class", TEXT, "Option 60: what the client is, escaped.", null=True),
        c("param_list", TEXT, "Options that the client asks for, in its order: the fingerprint (55).", null=True),
        c("circuit_id", TEXT, "Port of the relay agent that the client is at, escaped.", null=True, std="RFC 3046"),
        c("remote_id", TEXT, "Client as the relay agent names it, escaped.", null=True, std="RFC 3046"),
        c("message", TEXT, "Text for people: why not, as a rule; escaped.", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("msg_type", "client_mac", "assigned_ip", "host_name"),
)
