"""What FoxIO's tools, nDPI, Suricata and Zeek say of TLS handshakes over TCP.

Source: files described in the README of the captures. QUIC and DTLS values are left out: the table holds TLS over TCP.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Measured
from tests.oracles.support.tls_rows import connection, masked, name_parts
from tests.oracles.support.truth import rows_of

Truth = Iterator[tuple[str, list[Measured]]]
"""Captures (path below the data folder) with what is said of them."""

ALERTS: Final[Mapping[str, int]] = {
    "close_notify": 0,
    "unexpected_message": 10,
    "bad_record_mac": 20,
    "decryption_failed": 21,
    "record_overflow": 22,
    "handshake_failure": 40,
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
    "user_canceled": 90,
    "no_renegotiation": 100,
    "unrecognized_name": 112,
}
"""Numbers of alerts (RFC 8446 6)."""
VERSIONS: Final[Mapping[str, str]] = {
    "SSLv3": "SSL 3.0",
    "SSLv2": "SSL 2.0",
    "TLSv10": "TLS 1.0",
    "TLSv1": "TLS 1.0",
    "TLSv11": "TLS 1.1",
    "TLSv13-draft23": "TLS 1.3 draft",
    "unknown-32257": "TLS 1.3 draft",
    "TLSv12": "TLS 1.2",
    "TLSv13": "TLS 1.3",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}
"""Spellings of versions; unknown ones stay as they are."""
FLAGS: Final[Mapping[str, str]] = {"T": "True", "F": "False", "True": "True", "False": "False"}
SHA256_DIGITS: Final = 64
EMPTY: Final = frozenset({"", "-", "(empty)", "UNDETERMINED"})


def _values(key: str, fields: Mapping[str, Any]) -> list[Measured]:
    return [Measured(f"{key} {name}", (str(value),)) for name, value in fields.items() if value not in (None, *EMPTY)]


def foxio(root: Path) -> Truth:
    """Yield JA4 of TCP clients from FoxIO's Python (JSON) and Rust (snapshot) tools."""
    folder = root / "oracles" / "ja4"
    for capture in sorted((folder / "pcap").iterdir()):
        found: set[tuple[str, str]] = set()
        listed = folder / "expected" / f"{capture.name}.json"
        for row in json.loads(listed.read_text()) if listed.is_file() else ():
            key = connection((row["src"], int(row["srcport"])), (row["dst"], int(row["dstport"])))
            found |= {(key, row[name]) for name in ("JA4", "JA4.1") if row.get(name, "").startswith("t")}
        snapshot = folder / "expected" / f"ja4__insta@{capture.name}.snap"
        found |= set(_snapshot(snapshot.read_text())) if snapshot.is_file() else set()
        yield str(capture.relative_to(root)), [Measured(f"{key} ja4", (value,)) for key, value in sorted(found)]


def _snapshot(text: str) -> Iterator[tuple[str, str]]:
    for stream in text.split("\n- stream:")[1:]:
        named = dict(re.findall(r"^  (\w+): (.+)$", stream, re.MULTILINE))
        if named.get("transport") == "tcp" and "ja4" in named:
            ends = [(named[end].strip("'\""), int(named[f"{end}_port"])) for end in ("src", "dst")]
            yield connection(ends[0], ends[1]), named["ja4"]


_NDPI_FLOW: Final = re.compile(r"^\t\d+\tTCP \[?([^\]\s]+?)\]?:(\d+) (?:<->|->) \[?([^\]\s]+?)\]?:(\d+) ")
# JA4 in nDPI has `d` unless the name is an address, the first two letters of the protocol, not first and last, and
# the hash of nothing instead of zeros; FoxIO's own values and Suricata's follow the specification there.
_NDPI_FIELDS: Final[Mapping[str, str]] = {"ja4": "JA4", "ja3": "JA3C", "ja3s": "JA3S", "cipher": "Cipher"}


def ndpi(root: Path) -> Truth:
    """Yield fingerprints and suites of nDPI's results."""
    folder = root / "oracles" / "ndpi"
    for result in sorted((folder / "result").glob("*.out")):
        capture = folder / "pcap" / result.name.removesuffix(".out")
        if not capture.is_file():
            continue
        truth: list[Measured] = []
        for line in result.read_text(errors="replace").splitlines():
            flow = _NDPI_FLOW.match(line)
            if flow is None or "[JA4: t" not in line:
                continue
            key = connection((flow[1], int(flow[2])), (flow[3], int(flow[4])))
            named = {ours: re.search(rf"\[{theirs}: ([^\]]+)\]", line) for ours, theirs in _NDPI_FIELDS.items()}
            fields = {ours: found[1].split(" (")[0] for ours, found in named.items() if found}
            fields["ja4-masked"] = masked(fields.pop("ja4"))
            truth += _values(key, fields)
        yield str(capture.relative_to(root)), truth


def suricata(root: Path) -> Truth:
    """Yield what Suricata's tls events say."""
    folder = root / "truth" / "suricata-eve"
    for listed in sorted(folder.rglob("*.eve.jsonl.gz")):
        trace = str(listed.relative_to(folder)).removesuffix(".eve.jsonl.gz")
        truth: list[Measured] = []
        with gzip.open(listed, "rt", encoding="utf-8") as lines:
            for line in lines:
                if '"event_type":"tls"' in line.replace(" ", ""):
                    truth += _eve(json.loads(line))
        if (root / trace).is_file():
            yield trace, truth


def _eve(event: Mapping[str, Any]) -> list[Measured]:
    if event["proto"] != "TCP":
        return []
    tls = event["tls"]
    key = connection((event["src_ip"], event["src_port"]), (event["dest_ip"], event["dest_port"]))
    fields = {
        "ja3": tls.get("ja3", {}).get("hash"),
        "ja3s": tls.get("ja3s", {}).get("hash"),
        "ja4": tls.get("ja4"),
        "sni": tls.get("sni"),
        "version": VERSIONS.get(tls.get("version", ""), tls.get("version")),
        "subject": name_parts(tls["subject"], ", ") if "subject" in tls else None,
        "issuer": name_parts(tls["issuerdn"], ", ") if "issuerdn" in tls else None,
        "not_before": tls.get("notbefore"),
        "not_after": tls.get("notafter"),
    }
    return _values(key, fields)


def zeek(root: Path) -> Truth:
    """Yield what ssl.log says: the complete logs, then Zeek's own baselines."""
    for log in sorted((root / "oracles" / "zeek-full").glob("*/zeek/ssl.log")):
        captures = [path for path in log.parent.parent.iterdir() if path.suffix in (".cap", ".pcap", ".pcapng")]
        rows = [json.loads(line) for line in log.read_text().splitlines()]
        named = [{name.replace("id_", "id.", 1): value for name, value in row.items()} for row in rows]
        yield str(captures[0].relative_to(root)), [value for row in named for value in _ssl(row)]
    for row in rows_of(root / "oracles" / "zeek" / "index.csv"):
        log = root / "oracles" / "zeek" / "baseline" / row["test"] / "ssl.log"
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        names = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), None)
        if names is None or not (root / row["trace"]).is_file():
            continue
        body = [line.split("\t") for line in lines if line and not line.startswith("#")]
        named = [dict(zip(names, line, strict=False)) for line in body]
        quic = log.with_name("quic.log")
        over_quic = quic.read_text(errors="replace") if quic.is_file() else ""
        yield row["trace"], [value for entry in named if entry["uid"] not in over_quic for value in _ssl(entry)]


def _ssl(row: Mapping[str, Any]) -> list[Measured]:
    key = connection((row["id.orig_h"], int(row["id.orig_p"])), (row["id.resp_h"], int(row["id.resp_p"])))
    said = {name: str(value) for name, value in row.items() if str(value) not in EMPTY}
    alert, version = said.get("last_alert", ""), said.get("version", "")
    chain = said.get("cert_chain_fps", "").split(",")[0]
    fields = {
        "alert": ALERTS.get(alert, alert),
        "alpn": said.get("next_protocol"),
        "cipher": said.get("cipher"),
        "curve": said.get("curve"),
        "established": FLAGS.get(said.get("established", "")),
        "issuer": name_parts(said["issuer"], ",") if "issuer" in said else None,
        "ja3": said.get("ja3"),
        "ja3s": said.get("ja3s"),
        "resumed": FLAGS.get(said.get("resumed", "")) if version else None,
        "sha256": chain if len(chain) == SHA256_DIGITS else None,
        "sni": said.get("server_name"),
        "subject": name_parts(said["subject"], ",") if "subject" in said else None,
        "version": VERSIONS.get(version, version),
    }
    return _values(key, fields)
