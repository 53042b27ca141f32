"""Logins by prompt over Telnet."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "telnet",
    "One row per login attempt at a Telnet server, as its prompts and what it says next tell.",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c(
            "user",
            TEXT,
            "User typed, or else announced as USER of the environment, escaped.",
            null=True,
            std="RFC 1572",
        ),
        c("login_method", NAME, "How the user proved itself: password; NULL when none was typed.", null=True),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("outcome", NAME, "Of the login: ok, negative or unknown."),
        c("refusal", TEXT, "Words of the server's refusal, escaped.", null=True),
        c("banner", TEXT, "Words the server began with, escaped.", null=True),
        c("prompt", TEXT, "Line with which the server asked, escaped.", null=True),
        c("terminal_type", TEXT, "Terminal the client says it is, escaped.", null=True, std="RFC 1091"),
        c("environ_user", TEXT, "USER of the client's environment, escaped.", null=True, std="RFC 1572, RFC 1408"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("user", "outcome", "refusal", "prompt", "terminal_type"),
    logins=Logins("'telnet'", reply="refusal"),
)
