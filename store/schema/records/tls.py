"""TLS and TLCP handshakes."""

from __future__ import annotations

from typing import Final

from store.schema._column import FLAG, I32, IP, NAME, TEXT, TIME, UID, Table, c

TABLE: Final = Table(
    "tls",
    "One row per handshake of SSL 3.0, TLS 1.0 to 1.3 or TLCP (Zeek ssl.log, x509.log; EVE tls).",
    (
        c("flow_uid", UID, "Flow segment the packet belongs to."),
        c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        c("sender_ip", IP, "Sender address; for records: who sent the message."),
        c("receiver_ip", IP, "Receiver address of the message."),
        c("receiver_port", I32, "Receiver port of the message."),
        c("version", NAME, "Version agreed on; NULL when the server did not answer.", null=True, std="Zeek version"),
        c("client_version", NAME, "Highest version the client offered; NULL when its hello was not seen.", null=True),
        c("cipher", NAME, "Cipher suite agreed on; NULL when it has no registered name.", null=True, std="IANA"),
        c("cipher_id", I32, "Number of the cipher suite.", null=True),
        c("curve", NAME, "Group of the key exchange; NULL when not seen or without a name.", null=True, std="IANA"),
        c("curve_id", I32, "Number of the group.", null=True),
        c("server_name", TEXT, "Name of the server the client asked for, escaped.", null=True, std="RFC 6066 3"),
        c("alpn_offered", TEXT, "Application protocols offered, escaped, joined by commas.", null=True),
        c("alpn", TEXT, "Application protocol chosen, where visible (up to TLS 1.2), escaped.", null=True),
        c("is_resumed", FLAG, "An earlier session was taken up; NULL when the server did not answer.", null=True),
        c("is_established", FLAG, "Both sides went over to protected records."),
        c("last_alert", I32, "Description of the last alert in the clear.", null=True, std="RFC 8446 6"),
        c("is_tlcp", FLAG, "The national transport GB/T 38636 (version 0x0101)."),
        c(
            "crypto_class",
            NAME,
            "national (SM suites, TLCP), modern, obsolete (broken suite, or below TLS 1.2) or none (NULL cipher); "
            "NULL when the server did not answer.",
            null=True,
        ),
        c("ja3", TEXT, "JA3 of the client, MD5.", null=True),
        c("ja3s", TEXT, "JA3S of the server, MD5.", null=True),
        c("ja4", TEXT, "JA4 fingerprint of the client.", null=True, std="JA4 (FoxIO, BSD)"),
        c("cert_count", I32, "Certificates the server sent; NULL when none was visible (TLS 1.3, resumed).", null=True),
        c("cert_subject", TEXT, "Subject of the server's certificate, last part first, escaped.", null=True),
        c("cert_issuer", TEXT, "Issuer of the server's certificate, last part first, escaped.", null=True),
        c("cert_not_before", TIME, "The certificate is valid from then on.", "us UTC", null=True),
        c("cert_not_after", TIME, "The certificate is valid until then; at most 2262-04-11.", "us UTC", null=True),
        c("cert_key_alg", NAME, "Algorithm of the certificate's key; other when without a name here.", null=True),
        c("cert_key_bits", I32, "Size of the certificate's key; NULL when unknown.", "bits", null=True),
        c("cert_sig_alg", NAME, "Algorithm the certificate is signed with; other when without a name.", null=True),
        c("is_self_signed", FLAG, "Subject and issuer of the certificate are the same bytes.", null=True),
        c("cert_san", TEXT, "DNS names of the certificate, escaped, joined by commas, at most 256 bytes.", null=True),
        c("cert_san_count", I32, "DNS names of the certificate, those left out of cert_san too.", null=True),
        c("cert_sha256", TEXT, "SHA-256 of the certificate as sent (DER).", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
    lead=("server_name", "version"),
)
