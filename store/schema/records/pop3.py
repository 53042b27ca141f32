"""Logins and sessions of POP3."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "pop3",
    "One row per login (PASS, APOP, AUTH), per CAPA and STLS, and one for the end of the session with what was "
    "fetched.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c(
            "command",
            NAME,
            "What the row is about: PASS (with its USER), APOP, AUTH, USER (when no PASS followed), CAPA, STLS, QUIT; "
            "END when a session ended without QUIT and something was fetched or deleted, or nothing else was said.",
        ),
        c("user", TEXT, "User that logs in, or did so before, escaped.", null=True),
        c(
            "login_method",
            NAME,
            "Of a login: password (USER, PASS), apop, or the SASL mechanism, lower case; other: none of those known.",
            null=True,
        ),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c(
            "reply_status",
            NAME,
            "Status of the reply: OK or ERR; NULL when none was seen.",
            null=True,
            std="RFC 1939 3",
        ),
        c(
            "response_code",
            TEXT,
            "Code in brackets before the words of the reply, upper case, escaped.",
            null=True,
            std="RFC 2449 8",
        ),
        c("reply_msg", TEXT, "Words of the reply, escaped, at most 256 bytes.", null=True),
        c("outcome", NAME, "Of a login: ok, negative or unknown; else request."),
        c("banner", TEXT, "Words the server began with, escaped.", null=True),
        c("server_version", TEXT, "Version the server states, escaped.", null=True, std="RFC 2449 6.9"),
        c("capabilities", pa.list_(TEXT), "Of CAPA: what the server can do, escaped, at most 32.", std="RFC 2449 5"),
        c("is_tls", FLAG, "TLS was agreed on: the rest of the connection is encrypted."),
        c("msgs_retrieved", I32, "Of the last row: messages that RETR sent.", null=True),
        c("msgs_deleted", I32, "Of the last row: messages that DELE marked.", null=True),
        c("bytes_retrieved", I64, "Of the last row: octets of those messages as sent.", "B", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("command", "user", "login_method", "outcome", "reply_msg"),
    logins=Logins("'pop3'", reply="concat_ws(' ', reply_status, reply_msg)"),
)
