"""DHCPv6 messages."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import I16, I32, I64, IP, MAC, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "dhcpv6",
    "One row per DHCPv6 message; of a relayed one what the client or server said, without its wrapping.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("msg_type", I16, "Message type (1 SOLICIT … 13 RELAY-REPLY).", null=True, std="RFC 8415 7.3"),
        c("xid", I64, "Transaction identifier that the client chose.", null=True, std="RFC 8415"),
        c("relays", I16, "Relay agents that passed the message on.", std="RFC 8415 9"),
        c("relay_ip", IP, "Client-side address of the relay agent nearest to the client.", null=True),
        c("peer_ip", IP, "Whom that relay agent heard, as a rule the client.", null=True),
        c("client_duid", TEXT, "Identifier of the client, hexadecimal.", null=True, std="RFC 8415 11"),
        c("client_mac", MAC, "Client hardware address: as its relay saw it, else out of its identifier.", null=True),
        c("server_duid", TEXT, "Identifier of the server, hexadecimal.", null=True, std="RFC 8415 11"),
        c("server_mac", MAC, "Hardware address in the identifier of the server.", null=True),
        c("addresses", pa.list_(TEXT), "Addresses asked for or assigned, at most 32."),
        c("prefixes", pa.list_(TEXT), "Prefixes asked for, delegated or announced, at most 32."),
        c("lease_s", I64, "Valid lifetime of the first of them; 4294967295 = for ever.", "s", null=True),
        c("dns_servers", pa.list_(TEXT), "Name servers handed out, at most 32."),
        c("client_fqdn", TEXT, "Name that the client wants in the DNS, escaped.", null=True, std="RFC 4704"),
        c("domain_name", TEXT, "Domain handed out, escaped.", null=True),
        c("vendor_id", I64, "Enterprise number of the vendor class.", null=True, std="RFC 8415 21.16"),
        c("vendor_class", TEXT, "First vendor class: what the client is, escaped.", null=True),
        c("param_list", TEXT, "Options that the client asks for, in its order: a fingerprint.", null=True),
        c("status_code", I32, "Status: the first that is no success, else 0.", null=True, std="RFC 8415 21.13"),
        c("message", TEXT, "Text for people: why not, as a rule; escaped.", null=True),
        c("circuit_id", TEXT, "Port of the relay agent that the client is at, escaped.", null=True),
        c("remote_id", TEXT, "Client as the relay agent names it, escaped.", null=True, std="RFC 4649"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("msg_type", "client_mac", "addresses", "client_fqdn"),
)
