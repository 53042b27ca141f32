"""Mail transactions and logins of SMTP."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, I32, I64, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "smtp",
    "One row per mail (Zeek smtp.log), per AUTH and per STARTTLS; a connection with none of them is one row.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("command", NAME, "What the row is about: MAIL, AUTH, STARTTLS, or the hello (EHLO, HELO, LHLO) alone."),
        c("trans_depth", I32, "Ordinal of the mail in its connection, from 1.", null=True),
        c("helo", TEXT, "Name the client gave itself, escaped.", null=True, std="RFC 5321 4.1.1.1"),
        c("mail_from", TEXT, "Sender of the envelope, escaped; empty: a bounce.", null=True, std="RFC 5321 4.1.1.2"),
        c("rcpt_to", pa.list_(TEXT), "Recipients of the envelope, escaped, at most 100.", std="RFC 5321 4.1.1.3"),
        c("rcpt_count", I32, "Recipients of the envelope."),
        c("from_field", TEXT, "Field From, unfolded, escaped, at most 256 bytes.", null=True, std="RFC 5322 3.6.2"),
        c("to_field", TEXT, "Field To, unfolded, escaped, at most 256 bytes.", null=True, std="RFC 5322 3.6.3"),
        c("date_field", TEXT, "Field Date, escaped.", null=True, std="RFC 5322 3.6.1"),
        c("msg_id", TEXT, "Field Message-ID, escaped.", null=True, std="RFC 5322 3.6.4"),
        c("subject", TEXT, "Field Subject as sent, unfolded, escaped, at most 256 bytes.", null=True),
        c("mail_len", I64, "Bytes of header and body as sent.", "B", null=True),
        c("reply_code", I32, "Three-digit reply; NULL when none was seen.", null=True, std="RFC 5321 4.2"),
        c("reply_msg", TEXT, "Last reply line, escaped, at most 256 bytes.", null=True),
        c("is_tls", FLAG, "STARTTLS was agreed on: the rest of the connection is encrypted."),
        c("user", TEXT, "User that logs in, or did so before, escaped.", null=True),
        c("login_method", NAME, "Of a login: its mechanism, lower case; other: none of those known.", null=True),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("outcome", NAME, "Of a login (AUTH): ok, negative or unknown; else request."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("command", "mail_from", "subject", "user", "outcome"),
    logins=Logins("'smtp'", reply="concat_ws(' ', reply_code, reply_msg)"),
)
