"""Logins and sessions of IMAP."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "imap",
    "One row per login (LOGIN, AUTHENTICATE), per CAPABILITY, ID, STARTTLS and mailbox opened, and one for the end of "
    "the session with what was fetched.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c(
            "command",
            NAME,
            "What the row is about: LOGIN, AUTHENTICATE, CAPABILITY, ID, STARTTLS, SELECT, EXAMINE, LOGOUT; PREAUTH "
            "when the server let everybody in; END when a session ended without LOGOUT and something was fetched or "
            "removed, or nothing else was said.",
        ),
        c("user", TEXT, "User that logs in, or did so before, escaped.", null=True),
        c(
            "login_method",
            NAME,
            "Of a login: password (LOGIN), or the SASL mechanism, lower case; other: none of those known.",
            null=True,
        ),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c(
            "reply_status",
            NAME,
            "Status of the reply: OK, NO or BAD; NULL when none was seen.",
            null=True,
            std="RFC 9051 7.1",
        ),
        c(
            "response_code",
            TEXT,
            "Code in brackets before the words of the reply, upper case, escaped.",
            null=True,
            std="RFC 5530",
        ),
        c("reply_msg", TEXT, "Words of the reply, escaped, at most 256 bytes.", null=True),
        c("outcome", NAME, "Of a login: ok, negative or unknown; else request."),
        c("banner", TEXT, "Words the server began with, escaped.", null=True),
        c("server_version", TEXT, "Version the server states, escaped.", null=True, std="RFC 2971"),
        c("client_app", TEXT, "Program the client says it is, escaped.", null=True, std="RFC 2971"),
        c(
            "capabilities",
            pa.list_(TEXT),
            "Of CAPABILITY: what the server can do, escaped, at most 32.",
            std="RFC 9051 7.2.2",
        ),
        c("mailbox", TEXT, "Of SELECT and EXAMINE: the mailbox as sent, escaped.", null=True, std="RFC 9051 5.1"),
        c("is_tls", FLAG, "TLS was agreed on: the rest of the connection is encrypted."),
        c("msgs_retrieved", I32, "Of the last row: messages of which a header or text was sent.", null=True),
        c("msgs_deleted", I32, "Of the last row: messages removed (EXPUNGE).", null=True),
        c("bytes_retrieved", I64, "Of the last row: octets of those messages as sent.", "B", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("command", "user", "login_method", "outcome", "mailbox", "reply_msg"),
    logins=Logins("'imap'", reply="concat_ws(' ', reply_status, reply_msg)"),
)
