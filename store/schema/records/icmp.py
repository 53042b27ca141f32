"""ICMP and ICMPv6 messages."""

from __future__ import annotations

from typing import Final

from store.schema._column import FLAG, I16, I32, I64, IP, NAME, TIME, UID, Table, c

TABLE: Final = Table(
    "icmp",
    "One row per ICMP report (unreachable, redirect …), at most 4096 of a flow; requests and their replies, "
    "and what is neither, are one row per flow segment.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("icmp_type", I16, "Type; of a pair that of the request.", std="RFC 792, RFC 4443"),
        c("icmp_code", I16, "Code."),
        c("icmp_name", NAME, "Name of the type: echo, unreachable, time-exceeded, redirect, …."),
        c("requests", I64, "Requests, or messages that are neither; NULL for reports.", "pkt", null=True),
        c("replies", I64, "Replies; NULL where there can be none.", "pkt", null=True),
        c("echo_id", I32, "Identifier of the pair.", null=True),
        c("payload_len", I32, "Largest payload of the requests.", "B", null=True),
        c("reply_len", I32, "Largest payload of the replies.", "B", null=True),
        c("payload_differs", FLAG, "A reply gave back other data than its request had; NULL: not told.", null=True),
        c("rtt_ns", I64, "Response - query; NULL unless both were seen.", "ns", null=True),
        c("quoted_proto", I16, "IP protocol of the packet reported on.", null=True, std="IANA"),
        c("quoted_src_ip", IP, "Who sent the packet reported on.", null=True),
        c("quoted_dst_ip", IP, "To whom.", null=True),
        c("quoted_src_port", I32, "Its source port.", null=True),
        c("quoted_dst_port", I32, "Its destination port.", null=True),
        c("gateway_ip", IP, "Redirect: the better gateway, as its sender says.", null=True),
        c("mtu", I32, "Largest packet that would have passed; 0: an old router does not say.", "B", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("icmp_name", "quoted_dst_ip", "quoted_dst_port", "requests", "payload_len"),
)
