"""FTP commands with their replies."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "ftp",
    "One row per FTP command with its reply (Zeek ftp.log).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("receiver_port", I32, "Receiver port of the message."),
        c("user", TEXT, "User name of the last USER, escaped.", null=True),
        c("login_method", NAME, "Of a login: password (PASS).", null=True),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("command", NAME, "Command verb, upper case, escaped."),
        c("arg", TEXT, "Argument, escaped; never a password (PASS, ACCT: NULL).", null=True),
        c("reply_code", I32, "Three-digit reply; NULL when none was seen.", null=True, std="RFC 959"),
        c("reply_msg", TEXT, "First reply line, escaped, at most 256 bytes.", null=True),
        c("outcome", NAME, "Of a login (PASS): ok, negative or unknown; else request."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    logins=Logins("'ftp'", "command = 'PASS'", "'password'", reply="concat_ws(' ', reply_code, reply_msg)"),
)
