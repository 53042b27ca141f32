"""What words of TLS mean, as the core has them (wire/src/proto/tls/names.rs)."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from sensor.intake.recipe import Lookup

_VERSIONS: Final = {
    "TLSv13": "TLS 1.3",
    "TLSv12": "TLS 1.2",
    "TLSv11": "TLS 1.1",
    "TLSv10": "TLS 1.0",
    "TLSv1": "TLS 1.0",
    "SSLv3": "SSL 3.0",
    "SSLv2": "SSL 2.0",
}
_OLD: Final = frozenset({"TLS 1.1", "TLS 1.0", "SSL 3.0", "SSL 2.0", "DTLSv10"})
_BROKEN: Final = frozenset({"RC4", "RC2", "DES", "DES40", "3DES", "EXPORT", "EXPORT1024", "IDEA", "MD5", "anon"})

_ALERTS: Final = {
    "close_notify": 0,
    "unexpected_message": 10,
    "bad_record_mac": 20,
    "decryption_failed": 21,
    "record_overflow": 22,
    "decompression_failure": 30,
    "handshake_failure": 40,
    "no_certificate": 41,
    "bad_certificate": 42,
    "unsupported_certificate": 43,
    "certificate_revoked": 44,
    "certificate_expired": 45,
    "certificate_unknown": 46,
    "illegal_parameter": 47,
    "unknown_ca": 48,
    "access_denied": 49,
    "decode_error": 50,
    "decrypt_error": 51,
    "protocol_version": 70,
    "insufficient_security": 71,
    "internal_error": 80,
    "inappropriate_fallback": 86,
    "user_canceled": 90,
    "no_renegotiation": 100,
    "missing_extension": 109,
    "unsupported_extension": 110,
    "unrecognized_name": 112,
    "bad_certificate_status_response": 113,
    "unknown_psk_identity": 115,
    "certificate_required": 116,
    "no_application_protocol": 120,
}
"""Source: RFC 8446 section 6; names as Zeek writes them."""


def version(value: str | None) -> tuple[str | None]:
    """Return our name of a version of Zeek's ("TLSv12") or Suricata's ("TLS 1.2")."""
    if not value or value in {"UNDETERMINED", "unknown-0"}:
        return (None,)
    word = value.removesuffix("-draft")
    return (_VERSIONS.get(word.replace(" ", "v").replace(".", "") if word.startswith("TLS ") else word, word),)


def is_broken(value: str | None) -> tuple[str | None]:
    """Return what a cipher suite alone says of its class: none, national, obsolete; NULL: nothing."""
    words = set((value or "").split("_"))
    if "NULL" in words:
        return ("none",)
    if words & {"SM4", "SM1"}:
        return ("national",)
    return ("obsolete" if words & _BROKEN else None,)


def alert(value: str | None) -> tuple[int | None]:
    """Return the number of an alert's name."""
    return (_ALERTS.get(value or ""),)


VERSION: Final = Lookup("version", {"our_version": pa.string()}, version)
CIPHER: Final = Lookup("cipher", {"cipher_class": pa.string()}, is_broken)
ALERT: Final = Lookup("last_alert", {"alert_number": pa.int32()}, alert)

CLASS: Final = (
    "CASE WHEN our_version IS NULL THEN NULL WHEN cipher_class IN ('none', 'national') THEN cipher_class WHEN "
    f"our_version IN ({', '.join(repr(word) for word in sorted(_OLD))}) OR cipher_class = 'obsolete' THEN 'obsolete' "
    "ELSE 'modern' END"
)
"""SQL of ``crypto_class``, with the lookups of version and cipher."""
