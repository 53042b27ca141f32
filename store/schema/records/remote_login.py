"""Logins to databases, caches, proxies and screens."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "remote_login",
    "One row per login at MySQL, PostgreSQL, SQL Server, Redis, VNC or SOCKS (Zeek mysql.log, rfb.log).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("service", NAME, "mysql, postgresql, ms-sql-s, redis, rfb or socks."),
        c("user", TEXT, "User name, escaped; NULL when not shown.", null=True),
        c("login_target", TEXT, "Database asked for, or host:port asked of a proxy, escaped.", null=True),
        c("server_name", TEXT, "Name of the server the client asked for, escaped.", null=True, std="MS-TDS 2.2.6.4"),
        c("client_host", TEXT, "Host the client says it is, escaped.", null=True),
        c("client_app", TEXT, "Program the client says it is, escaped.", null=True),
        c("server_version", TEXT, "Version the server states, escaped.", null=True),
        c(
            "login_method",
            NAME,
            "How the client proved itself: none, password, challenge, kerberos, ntlm, scram-sha-256, MySQL plugin; tls "
            "when the login went on encrypted; NULL when not seen.",
            null=True,
        ),
        c("refusal", TEXT, "Code and words of the server's refusal, escaped.", null=True),
        c("secret_hash", TEXT, "Secret shown: first 16 hex digits of its HMAC-SHA256 under the site's key.", null=True),
        c("outcome", NAME, "Of the login: ok, negative or unknown; request when nobody had to log in."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("service", "user", "login_target", "outcome"),
    logins=Logins("service", reply="refusal"),
)
