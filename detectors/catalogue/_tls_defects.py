"""What can be wrong with a TLS server: handshakes by server, port, certificate and day, and their defects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from detectors.model import Params, Text
from detectors.sql import rows
from store.schema import Severity

COLUMNS: Final = (
    *("flow_uid", "ts", "sender_ip", "receiver_ip", "receiver_port", "version", "cipher", "server_name", "is_tlcp"),
    *("cert_subject", "cert_issuer", "cert_not_before", "cert_not_after", "cert_key_alg", "cert_key_bits"),
    *("is_self_signed", "cert_san", "cert_san_count", "cert_sha256", "sender_home", "receiver_home"),
)
"""Columns of ``tls_site`` that are read."""

_SQL: Final = """
SELECT receiver_ip AS server, receiver_port AS port, cert_sha256 AS cert, strftime(ts, '%Y-%m-%d') AS day,
    min(ts) AS start_ts, max(ts) AS end_ts, count(DISTINCT flow_uid) AS handshakes,
    count(DISTINCT sender_ip) AS client_count,
    min(DISTINCT sender_ip, 3) AS clients, min(DISTINCT server_name, 3) AS names,
    list(DISTINCT version ORDER BY version) AS versions, list(DISTINCT cipher ORDER BY cipher) AS ciphers,
    bool_or(coalesce(is_tlcp, FALSE)) AS is_tlcp,
    min(cert_subject) AS subject, min(cert_issuer) AS issuer, min(cert_not_before) AS not_before,
    min(cert_not_after) AS not_after, min(cert_key_alg) AS key_alg, min(cert_key_bits) AS key_bits,
    bool_or(is_self_signed) AS is_self_signed, min(cert_san) AS san, min(cert_san_count) AS san_count,
    bool_or(sender_home) AS client_home, bool_or(receiver_home) AS server_home, min(DISTINCT flow_uid, 200) AS uids
FROM tls WHERE version IS NOT NULL AND receiver_ip IS NOT NULL GROUP BY ALL ORDER BY server, port, cert, day
"""

OLD: Final = ("SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLSv09", "DTLSv10")
"""Versions below TLS 1.2 (RFC 8996), as the records name them."""

_WEAK_CIPHER: Final = ("EXPORT", "_NULL_", "RC4", "_3DES_", "_DES_", "_DES40_", "_anon_", "RC2")


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that can be wrong, in words, and how much it weighs in the order of the list."""

    said: Text
    weight: Severity


DEFECTS: Final[Mapping[str, Defect]] = {
    "self_signed": Defect(Text("signed by itself", "自签名"), Severity.MEDIUM),
    "expired": Defect(Text("certificate had expired", "证书已过期"), Severity.MEDIUM),
    "not_yet_valid": Defect(Text("certificate not yet valid", "证书尚未生效"), Severity.MEDIUM),
    "long_validity": Defect(Text("valid for longer than any authority signs", "有效期超出公认上限"), Severity.LOW),
    "short_validity": Defect(Text("valid for less than two days", "有效期不足两天"), Severity.MEDIUM),
    "weak_key": Defect(Text("key too short", "密钥过短"), Severity.MEDIUM),
    "old_version": Defect(Text("version below TLS 1.2", "版本低于 TLS 1.2"), Severity.LOW),
    "weak_cipher": Defect(Text("broken cipher suite", "加密套件已被破解"), Severity.HIGH),
    "name_differs": Defect(Text("certificate does not hold the name asked for", "证书不含所请求的名称"), Severity.LOW),
    "no_name": Defect(Text("no name was asked for", "未请求任何名称"), Severity.INFO),
}
"""Defects by name."""


def servers(tls: pa.Table) -> list[dict[str, Any]]:
    """Return one row per server, port, certificate and UTC day."""
    return rows(_SQL, {"tls": tls})


def defects(row: dict[str, Any], params: Params) -> tuple[str, ...]:
    """Return the names of what is wrong with a row of ``servers``; times are those of the handshakes."""
    if row["is_tlcp"]:
        return ()
    before, after = row["not_before"], row["not_after"]
    days = (after - before) / timedelta(days=1) if before and after else None
    wrong = {
        "self_signed": bool(row["is_self_signed"]),
        "expired": after is not None and after < row["start_ts"],
        "not_yet_valid": before is not None and before > row["end_ts"] + timedelta(days=1),
        "long_validity": days is not None and days > params["max_validity"],
        "short_validity": days is not None and 0 <= days < params["min_validity"],
        "weak_key": _has_weak_key(row, params),
        "old_version": any(version in OLD for version in row["versions"]),
        "weak_cipher": any(mark in f"{cipher}_" for cipher in row["ciphers"] or () if cipher for mark in _WEAK_CIPHER),
        "name_differs": _name_differs(row),
    }
    found = tuple(name for name, is_wrong in wrong.items() if is_wrong)
    # Many honest clients of servers inside speak without a name; it only adds to what is odd already.
    return (*found, "no_name") if found and not row["names"] and not row["server_home"] else found


def _has_weak_key(row: dict[str, Any], params: Params) -> bool:
    kind, bits = (row["key_alg"] or "").lower(), row["key_bits"]
    if bits is None:
        return False
    return bool(
        (kind.startswith(("rsa", "dsa")) and bits < params["min_rsa"])
        or (kind.startswith("ec") and bits < params["min_ec"])
    )


def _name_differs(row: dict[str, Any]) -> bool:
    """Tell whether the certificate names others than the one that was asked for; unknown counts as no."""
    held = [name.strip().lower() for name in (row["san"] or "").split(",") if name.strip()]
    if not row["names"] or (row["san_count"] or 0) > len(held):
        return False
    if not held:
        parts = (part.strip() for part in (row["subject"] or "").split(","))
        held = [part[3:].lower() for part in parts if part.startswith("CN=")]
    return bool(held) and not any(_fits(name.lower().rstrip("."), one) for name in row["names"] for one in held)


def _fits(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.partition(".")[2] == pattern[2:]
    return name == pattern
