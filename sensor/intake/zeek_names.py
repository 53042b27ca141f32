"""Zeek's logs that say who was asked for: dns, http, ssl, quic; and x509, whose certificates ssl.log only points to."""

from __future__ import annotations

from typing import Final

from sensor.intake.recipe import Recipe
from sensor.intake.tls_words import ALERT, CIPHER, CLASS, VERSION

ENDS: Final = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
"""Fields that every record of a connection begins with."""

COMMON: Final = {
    "flow_uid": "flow_uid",
    "ts": "micros(line.ts)",
    "sender_ip": "id_orig_h",
    "receiver_ip": "id_resp_h",
    "receiver_port": "int_of(id_resp_p)",
}

DNS: Final = Recipe(
    "dns",
    (
        *ENDS,
        *("trans_id", "rtt", "query", "qclass", "qtype", "qtype_name", "rcode", "AA", "TC", "RD", "RA", "Z"),
        *("answers", "TTLs", "rejected", "opcode"),
    ),
    {
        **COMMON,
        "service": "CASE int_of(id_resp_p) WHEN 5353 THEN 'mdns' WHEN 5355 THEN 'llmnr' WHEN 137 THEN 'netbios-ns' "
        "ELSE 'dns' END",
        "opcode": "int_of(opcode)",
        "trans_id": "int_of(trans_id)",
        "has_query": "query IS NOT NULL",
        "has_response": "rcode IS NOT NULL OR rtt IS NOT NULL",
        "rtt_ns": "nanos(rtt)",
        "query": "lower(query)",
        "qclass": "int_of(qclass)",
        "qtype": "int_of(qtype)",
        "qtype_name": "CASE WHEN qtype_name = '*' THEN 'ANY' ELSE nullif(qtype_name, '') END",
        "rcode": "int_of(rcode)",
        "is_aa": "flag_of(AA)",
        "is_tc": "flag_of(TC)",
        "is_rd": "flag_of(RD)",
        "is_ra": "flag_of(RA)",
        "z": "int_of(Z)",
        "answers": "list_of(answers)[1:64]",
        "ttls": "list_transform(list_of(TTLs)[1:64], lambda t: coalesce(TRY_CAST(TRY_CAST(t AS DOUBLE) AS BIGINT), 0))",
        "answer_count": "CASE WHEN rcode IS NOT NULL OR rtt IS NOT NULL THEN len(list_of(answers)) END",
        "is_rejected": "flag_of(rejected)",
    },
    names=True,
)

HTTP: Final = Recipe(
    "http",
    (
        *ENDS,
        *("trans_depth", "method", "host", "uri", "referrer", "user_agent", "version", "request_body_len"),
        *("response_body_len", "status_code", "status_msg", "username", "proxied", "orig_mime_types"),
        "resp_mime_types",
    ),
    {
        **COMMON,
        "trans_depth": "int_of(trans_depth)",
        "method": "method",
        "host": r"CASE WHEN contains(host, ':') THEN regexp_replace(host, ':[0-9]+$', '') ELSE host END",
        "uri": "without_password(uri)",
        "referrer": "without_password(left(referrer, 256))",
        "user_agent": "left(user_agent, 256)",
        "http_version": "CASE WHEN version IN ('0.9', '1.0', '1.1') THEN version WHEN version IS NOT NULL THEN 'other' END",
        "status_code": "int_of(status_code)",
        "status_msg": "left(status_msg, 256)",
        "request_body_len": "int_of(request_body_len)",
        "response_body_len": "int_of(response_body_len)",
        "request_type": "list_of(orig_mime_types)[1]",
        "response_type": "list_of(resp_mime_types)[1]",
        "auth_kind": "CASE WHEN username IS NOT NULL THEN 'basic' END",
        "user": "username",
        "proxied": "left(array_to_string(list_of(proxied), ', '), 256)",
        "outcome": "CASE WHEN username IS NULL THEN 'request' WHEN int_of(status_code) IN (401, 407) THEN 'negative' "
        "WHEN int_of(status_code) BETWEEN 200 AND 399 THEN 'ok' ELSE 'unknown' END",
    },
    names=True,
)
SSL: Final = Recipe(
    "tls",
    (
        *ENDS,
        *("version", "cipher", "curve", "server_name", "resumed", "last_alert", "next_protocol", "established"),
        *("cert_chain_fuids", "cert_chain_fps", "subject", "issuer", "ja3", "ja3s", "ja4"),
    ),
    {
        **COMMON,
        "version": "our_version",
        "cipher": "nullif(cipher, '')",
        "curve": "nullif(curve, '')",
        "server_name": "nullif(line.server_name, '')",
        "alpn": "nullif(next_protocol, '')",
        "is_resumed": "CASE WHEN our_version IS NOT NULL THEN flag_of(resumed) END",
        "is_established": "flag_of(established)",
        "last_alert": "alert_number",
        "crypto_class": CLASS,
        "ja3": "nullif(ja3, '')",
        "ja3s": "nullif(ja3s, '')",
        "ja4": "nullif(ja4, '')",
        "cert_count": "nullif(greatest(len(list_of(cert_chain_fuids)), len(list_of(cert_chain_fps))), 0)",
        "cert_subject": "coalesce(certificate.subject, line.subject)",
        "cert_issuer": "coalesce(certificate.issuer, line.issuer)",
        "cert_not_before": "certificate.not_before",
        "cert_not_after": "certificate.not_after",
        "cert_key_alg": "certificate.key_alg",
        "cert_key_bits": "certificate.key_bits",
        "cert_sig_alg": "certificate.sig_alg",
        "is_self_signed": "coalesce(certificate.subject, line.subject) = coalesce(certificate.issuer, line.issuer)",
        "cert_san": "certificate.san",
        "cert_san_count": "certificate.san_count",
        "cert_sha256": "certificate.sha256",
    },
    lookups=(VERSION, CIPHER, ALERT),
    source="line LEFT JOIN certificate ON certificate.key = coalesce(list_of(cert_chain_fps)[1], "
    "list_of(cert_chain_fuids)[1])",
    names=True,
)

QUIC: Final = Recipe(
    "quic",
    (
        *ENDS,
        "version",
        "client_initial_dcid",
        "client_scid",
        "server_scid",
        "server_name",
        "client_protocol",
        "history",
    ),
    {
        **COMMON,
        "version": "nullif(version, '')",
        "dcid": "client_initial_dcid",
        "scid": "client_scid",
        "server_scid": "server_scid",
        "server_name": "nullif(line.server_name, '')",
        "alpn_offered": "client_protocol",
        "is_retry": "contains(coalesce(history, ''), 'r')",
        "is_early": "contains(coalesce(history, ''), 'Z')",
    },
    names=True,
)

X509_FIELDS: Final = (
    *("id", "fingerprint", "certificate.subject", "certificate.issuer", "certificate.not_valid_before"),
    *("certificate.not_valid_after", "certificate.key_alg", "certificate.key_length", "certificate.sig_alg", "san.dns"),
)

X509_INSERT: Final = """INSERT OR IGNORE INTO certificate
    SELECT coalesce(fingerprint, id), certificate_subject, certificate_issuer, micros(certificate_not_valid_before),
    micros(certificate_not_valid_after), certificate_key_alg, TRY_CAST(certificate_key_length AS INTEGER),
    certificate_sig_alg, CASE WHEN san_dns IS NOT NULL THEN left(array_to_string(list_of(san_dns), ','), 256) END,
    CASE WHEN len(fingerprint) = 64 THEN fingerprint END, CASE WHEN san_dns IS NOT NULL THEN len(list_of(san_dns)) END
    FROM raw WHERE coalesce(fingerprint, id) IS NOT NULL"""
"""Keeps certificates under what ssl.log calls them: the id of the file, from Zeek 5 on the fingerprint."""
