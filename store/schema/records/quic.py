"""QUIC connections."""

from __future__ import annotations

from typing import Final

from store.schema._column import FLAG, I32, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "quic",
    "One row per QUIC connection: versions 1 and 2, drafts, mvfst, Google's (Zeek quic.log; EVE quic).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Client address."),
        c("receiver_ip", IP, "Server address."),
        c("receiver_port", I32, "Server port."),
        c(
            "version",
            NAME,
            "Version of the last Initial packet: 1, 2, draft-NN, mvfst-XX, QNNN, TNNN (Google), reserved, other.",
            null=True,
            std="RFC 9000 15",
        ),
        c("dcid", TEXT, "Connection id the client chose for the server, hexadecimal.", null=True, std="RFC 9000 7.2"),
        c("scid", TEXT, "Connection id of the client, hexadecimal; empty when it has none.", null=True),
        c("server_scid", TEXT, "Connection id in the server's first packet, hexadecimal.", null=True),
        c("server_name", TEXT, "Name of the server the client asked for, escaped.", null=True, std="RFC 6066 3"),
        c("alpn_offered", TEXT, "Application protocols offered, escaped, joined by commas.", null=True),
        c("user_agent", TEXT, "Program the client says it is (Google), escaped, at most 256 bytes.", null=True),
        c("cipher", NAME, "Suite the server chose; NULL when not seen or without a name.", null=True, std="IANA"),
        c("cipher_id", I32, "Number of the cipher suite.", null=True),
        c("curve", NAME, "Group of the key exchange; NULL when not seen or without a name.", null=True, std="IANA"),
        c("curve_id", I32, "Number of the group.", null=True),
        c(
            "crypto_class",
            NAME,
            "national (SM suites) or modern; NULL when the server's hello was not seen.",
            null=True,
        ),
        c("is_resumed", FLAG, "An earlier session was taken up; NULL when the server's hello was not seen.", null=True),
        c("is_retry", FLAG, "The server asked for proof of the address first.", std="RFC 9000 8.1.2"),
        c("is_negotiated", FLAG, "The server listed its versions, because it does not speak the client's."),
        c("is_early", FLAG, "The client sent data before the handshake (0-RTT)."),
        c("ja3", TEXT, "JA3 of the client, MD5.", null=True),
        c("ja3s", TEXT, "JA3S of the server, MD5.", null=True),
        c("ja4", TEXT, "JA4 fingerprint of the client.", null=True, std="JA4 (FoxIO, BSD)"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("server_name", "version"),
)
