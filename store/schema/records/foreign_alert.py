"""Alerts and notices of other tools, as they gave them."""

from __future__ import annotations

from typing import Final

from store.schema._column import I16, I32, I64, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "foreign_alert",
    "One row per alert of Suricata or notice of Zeek that was taken in (EVE alert, Zeek notice.log); not made by us.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to.", null=True),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message.", null=True),
        c("sender_port", I32, "Sender port of the message.", null=True),
        c("receiver_ip", IP, "Receiver address of the message.", null=True),
        c("receiver_port", I32, "Receiver port of the message.", null=True),
        c("ip_proto", I16, "IANA protocol number after all extension headers; NULL when not told.", null=True),
        c("engine", NAME, "Who wrote it: zeek or suricata."),
        c("rule_id", TEXT, "Number of the rule (sid), or type of the notice, escaped."),
        c("rule_rev", I64, "Revision of the rule.", null=True),
        c("rule_name", TEXT, "What the rule or notice says, escaped."),
        c("category", TEXT, "Category as given, escaped.", null=True),
        c("severity_given", I32, "Severity as given: of Suricata 1 (most severe) to 255; NULL: none.", null=True),
        c("action", NAME, "What the engine did, as given.", null=True),
        c("message", TEXT, "Text for people: why not, as a rule; escaped.", null=True),
        c("technique", TEXT, "ATT&CK technique that the rule names, as given.", null=True),
    ),
    key=("ts", "rule_id"),
    lead=("rule_name", "category", "severity_given"),
)
