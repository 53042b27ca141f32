"""SNMP requests with their answers, and notifications."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import I16, I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "snmp",
    "One row per SNMP request with its answer, notification, or answer nobody asked for (Zeek snmp.log has sums "
    "of them).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Who asks or notifies."),
        c("receiver_ip", IP, "Who is asked or notified."),
        c("receiver_port", I32, "Its port."),
        c("snmp_version", NAME, "1, 2c or 3.", std="Zeek version"),
        c(
            "pdu_type",
            NAME,
            "get_request, get_next_request, get_bulk_request, set_request, inform_request, trap_v1, trap_v2; response, "
            "report: not asked for; NULL: encrypted.",
            null=True,
            std="RFC 3416 3",
        ),
        c("request_id", I64, "Number that the answer repeats; NULL: encrypted, or a trap of version 1.", null=True),
        c(
            "message_id",
            I32,
            "Version 3: number of the message and its answer.",
            null=True,
            std="RFC 3412 6.2",
        ),
        c("retransmits", I32, "Times the request came again before its answer."),
        c("oids", pa.list_(TEXT), "Variables of the request or notification, dotted, at most 32."),
        c("varbind_count", I32, "How many there are; NULL when the message is cut or encrypted.", null=True),
        c("answer_count", I32, "Variables of the answer; NULL: none seen, cut or encrypted.", null=True),
        c("non_repeaters", I32, "get_bulk_request: variables asked for once.", null=True, std="RFC 3416 4.2.3"),
        c("max_repetitions", I32, "get_bulk_request: how often the others are.", null=True, std="RFC 3416 4.2.3"),
        c("error_status", I32, "Error of the answer, 0: none; NULL: none seen, or encrypted.", null=True),
        c("error_name", NAME, "Its name; NULL for an unknown one.", null=True, std="RFC 3416 3"),
        c("error_index", I32, "Variable at fault, from 1.", null=True),
        c(
            "report_name",
            NAME,
            "Version 3: why the message was not taken.",
            null=True,
            std="RFC 3414 5",
        ),
        c("engine_id", TEXT, "Version 3: engine whose keys count, hex; empty: asked for.", null=True, std="RFC 3411 5"),
        c("context_name", TEXT, "Version 3: context, escaped; NULL: the default one, or encrypted.", null=True),
        c("user", TEXT, "Version 3: user, escaped.", null=True, std="RFC 3414 2.4"),
        c("security_level", NAME, "Version 3: noAuthNoPriv, authNoPriv or authPriv.", null=True, std="RFC 3411 3.4.3"),
        c("msg_flags", I16, "Version 3: bits 1 signed, 2 encrypted, 4 an answer may be sent.", null=True),
        c("enterprise", TEXT, "trap_v1: kind of the object that sends it, dotted.", null=True, std="RFC 1157 4.1.6"),
        c("agent_ip", IP, "trap_v1: address of that object.", null=True),
        c("generic_trap", I32, "trap_v1: 0 cold start … 6 of the enterprise.", null=True),
        c("specific_trap", I64, "trap_v1: number that the enterprise gave it.", null=True),
        c("trap_oid", TEXT, "What is notified, dotted; of trap_v1 as RFC 3584 3.1 translates it.", null=True),
        c(
            "display_string",
            TEXT,
            "sysDescr of the agent, escaped, if told.",
            null=True,
            std="Zeek display_string",
        ),
        c("sys_name", TEXT, "sysName of the agent, escaped, if told.", null=True, std="RFC 3418 2"),
        c(
            "up_since",
            TIME,
            "Start of the agent: time less sysUpTime.",
            "us UTC",
            null=True,
            std="Zeek up_since",
        ),
        c(
            "login_method",
            NAME,
            "community, usm (a user's keys), none (a name alone); NULL: no login.",
            null=True,
        ),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("rtt_ns", I64, "Answer - request; NULL unless both were seen.", "ns", null=True),
        c(
            "outcome",
            NAME,
            "ok: answered; negative: refused; unknown: no answer; request: no login.",
        ),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("snmp_version", "pdu_type", "user", "oids", "error_name"),
    # The community comes with every request; a wrong one is answered with silence (RFC 1157 4.1), which is no refusal.
    logins=Logins("'snmp'", reply="coalesce(report_name, error_name)", once=True),
)
