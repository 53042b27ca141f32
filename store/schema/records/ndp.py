"""Neighbour discovery of IPv6."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I16, I32, I64, IP, MAC, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "ndp",
    "One row per message of IPv6 neighbour discovery: routers, neighbours, redirects.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("sender_mac", MAC, "Sender hardware address.", null=True),
        c("icmp_type", I16, "133 and 134 routers, 135 and 136 neighbours, 137 redirect.", std="RFC 4861 4"),
        c("ndp_name", NAME, "Name of the type."),
        c("target_ip", IP, "Address asked for or announced; redirect: the better first hop.", null=True),
        c("destination_ip", IP, "Redirect: the destination it is about.", null=True),
        c("link_mac", MAC, "Hardware address that the message gives for its sender or target.", null=True),
        c("is_router", FLAG, "Neighbour advertisement: the sender is a router.", null=True),
        c("is_solicited", FLAG, "Neighbour advertisement: it was asked for.", null=True),
        c("is_override", FLAG, "Neighbour advertisement: what was known before shall be forgotten.", null=True),
        c("hop_limit", I16, "Router advertisement: hop limit for hosts to use; 0: none given.", "hop", null=True),
        c("is_managed", FLAG, "Router advertisement: addresses come from DHCPv6.", null=True),
        c("is_other", FLAG, "Router advertisement: other settings come from DHCPv6.", null=True),
        c("preference", NAME, "Router advertisement: low, medium or high.", null=True, std="RFC 4191 2.2"),
        c("router_lifetime_s", I64, "Router advertisement: as default router; 0: is none.", "s", null=True),
        c("mtu", I32, "Largest packet of the link.", "B", null=True),
        c("prefixes", pa.list_(TEXT), "Prefixes announced, at most 32."),
        c("prefix_flags", pa.list_(TEXT), "What they are for: L on the link, A to make addresses of."),
        c("prefix_valid_s", pa.list_(I64), "Their valid lifetimes; 4294967295 = for ever.", "s"),
        c("dns_servers", pa.list_(TEXT), "Name servers handed out, at most 32.", std="RFC 8106 5.1"),
        c("dns_lifetime_s", I64, "Of the name servers; 0: no longer to be used.", "s", null=True),
        c("domain_name", TEXT, "First domain to search, escaped.", null=True, std="RFC 8106 5.2"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("ndp_name", "target_ip", "link_mac", "prefixes"),
)
