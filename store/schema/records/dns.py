"""DNS queries with their responses; multicast DNS, LLMNR and the NetBIOS name service have the same format."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I16, I32, I64, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "dns",
    "One row per DNS question with its response (Zeek dns.log); also of mDNS, LLMNR and the NetBIOS name service.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("receiver_port", I32, "Receiver port of the message."),
        c("service", NAME, "dns, mdns, llmnr or netbios-ns."),
        c("opcode", I16, "Kind of query: 0 query, 4 notify, 5 update (NetBIOS: registration).", std="RFC 1035"),
        c("trans_id", I32, "Transaction identifier.", std="RFC 1035"),
        c("has_query", FLAG, "FALSE: a response whose query was not seen."),
        c("has_response", FLAG, "FALSE: nobody answered while the flow lived."),
        c("rtt_ns", I64, "Response - query; NULL unless both were seen.", "ns", null=True),
        c("query", TEXT, "Name asked for, lower case, escaped; NetBIOS names decoded; empty: the root.", null=True),
        c("name_suffix", I16, "16th octet of a NetBIOS name: what has it.", null=True, std="RFC 1001"),
        c("qclass", I32, "Class of the question; 1 = Internet, the top bit is mDNS's.", null=True),
        c("qtype", I32, "Type of the question.", null=True, std="IANA DNS RR TYPE"),
        c("qtype_name", NAME, "Its name; NULL for one out of use.", null=True),
        c("rcode", I16, "Response code, with the bits of EDNS; NULL without a response.", null=True, std="RFC 6895"),
        c("is_aa", FLAG, "Response: authoritative answer."),
        c("is_tc", FLAG, "Truncated: of the response, or of the query without one."),
        c("is_rd", FLAG, "Recursion desired: of the query, or of the response without one."),
        c("is_ra", FLAG, "Response: recursion available."),
        c("z", I16, "Reserved bits (0, AD, CD) of the query, or of the response without one."),
        c("answers", pa.list_(TEXT), "Answer records as Zeek writes them, escaped, at most 64 of 256 bytes."),
        c("ttls", pa.list_(I64), "Their times to live.", "s"),
        c("answer_count", I32, "Answer records that the response announces; NULL without one.", null=True),
        c("is_rejected", FLAG, "The response has the question and no record at all."),
        c("edns_version", I16, "EDNS version of the query, else of the response.", null=True, std="RFC 6891"),
        c("edns_payload", I32, "UDP payload size that goes with it.", "B", null=True, std="RFC 6891"),
        c("edns_do", FLAG, "DNSSEC OK bit that goes with it.", null=True, std="RFC 3225"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("query", "qtype_name"),
)
