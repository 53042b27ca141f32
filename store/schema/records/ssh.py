"""SSH connections."""

from __future__ import annotations

from typing import Final

from store.schema._column import I32, IP, NAME, TEXT, TIME, UID, Logins, Table, c

TABLE: Final = Table(
    "ssh",
    "One row per SSH connection (Zeek ssh.log).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c("ssh_version", I32, "Protocol version both can speak: 1 or 2.", null=True, std="RFC 4253 5.1"),
        c("client_banner", TEXT, "Identification line of the client, escaped.", null=True, std="RFC 4253 4.2"),
        c("server_banner", TEXT, "Identification line of the server, escaped.", null=True, std="RFC 4253 4.2"),
        c("kex_alg", TEXT, "Key exchange agreed on, escaped.", null=True, std="RFC 4253 7.1"),
        c("host_key_alg", TEXT, "Host key algorithm agreed on, escaped.", null=True, std="RFC 4253 7.1"),
        c("cipher_alg", TEXT, "Cipher agreed on, escaped; to server/to client when they differ.", null=True),
        c("mac_alg", TEXT, "MAC agreed on, unused by AEAD ciphers; to server/to client when they differ.", null=True),
        c("compression_alg", TEXT, "Compression agreed on; to server/to client when they differ.", null=True),
        c("hassh", TEXT, "Fingerprint of the client's algorithms: MD5 of kex;cipher;mac;compression.", null=True),
        c("hassh_server", TEXT, "Fingerprint of the server's algorithms.", null=True),
        c("auth_attempts", I32, "Login attempts told by the sizes of the server's answers; NULL: not told.", null=True),
        c("outcome", NAME, "Of the login, told by sizes: ok, negative or unknown."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("client_banner", "outcome"),
    logins=Logins(
        "'ssh'",
        "outcome <> 'unknown' OR auth_attempts > 0",
        attempts="greatest(coalesce(auth_attempts, 1), 1)",
        basis="size",
    ),
)
