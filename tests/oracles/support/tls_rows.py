"""Our TLS rows in the form in which they can be compared: one value per connection and field."""

from __future__ import annotations

import importlib
import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Measured
from tests.oracles.support.meter import address_text
from tests.oracles.support.truth import absent

FIELDS: Final[Mapping[str, str]] = {
    "alpn": "alpn",
    "cert_not_after": "not_after",
    "cert_not_before": "not_before",
    "cert_sha256": "sha256",
    "cert_subject": "subject",
    "cert_issuer": "issuer",
    "cipher": "cipher",
    "curve": "curve",
    "is_established": "established",
    "is_resumed": "resumed",
    "ja3": "ja3",
    "ja3s": "ja3s",
    "ja4": "ja4",
    "last_alert": "alert",
    "server_name": "sni",
    "version": "version",
}
"""Columns of the table that other tools have too, by the name of the field in a comparison."""
LONG: Final = 200
"""Characters of a distinguished name that is no longer compared: ours are cut at 256 bytes with escapes."""
SPELLINGS: Final[Mapping[str, str]] = {
    "\\,": ",",
    "\\x2c": ",",
    "\\+": "+",
    "\\x2b": "+",
    "'": "\\x27",
    '\\"': "\\x22",
    '"': "\\x22",
    "msJurisdictionCountry": "jurisdictionC",
    "msJurisdictionStateOrProvince": "jurisdictionST",
    "msJurisdictionLocality": "jurisdictionL",
    "Email=": "emailAddress=",
    "streetAddress=": "street=",
}
"""Other tools' spellings inside of distinguished names, and ours."""


def connection(one: tuple[str, int], other: tuple[str, int]) -> str:
    """Return the printable identity of a connection, whoever its client is."""
    low, high = sorted(f"{ipaddress.ip_address(address)}:{port}" for address, port in (one, other))
    return f"tcp {low}|{high}"


def name_parts(text: str, separator: str) -> str:
    """Return a distinguished name as its parts in alphabetical order.

    Tools differ in order, in separators, in how they escape commas inside of a part (Suricata does not), in the names
    of some attributes, and in how much they keep: names of more than :data:`LONG` characters are told by their length.
    """
    for theirs, ours in SPELLINGS.items():
        text = text.replace(theirs, ours)
    parts = [part.strip() for part in text.split(separator.strip()) if part.strip()]
    return f"longer than {LONG}" if len(text) > LONG else ";".join(sorted(parts))


def masked(ja4: str) -> str:
    """Return a JA4 without the letter for the server's name and the two for the protocol: nDPI differs there."""
    return f"{ja4[:3]}?{ja4[4:8]}??{ja4[10:]}".replace("e3b0c44298fc", "000000000000")


def values(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield field and value of everything a row of ours says."""
    for column, field in FIELDS.items():
        value = row[column]
        if value is None:
            continue
        if field in ("subject", "issuer"):
            value = name_parts(value, ",")
        elif field in ("not_before", "not_after"):
            value = value.strftime("%Y-%m-%dT%H:%M:%S")
        elif field == "ja4":
            yield "ja4-masked", masked(value)
        yield field, str(value)


def measured(path: Path) -> list[Measured]:
    """Return all values of the TLS rows of a capture; equal ones as often as there are rows."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    try:
        wire = importlib.import_module("sensor._wire")
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    meter = wire.Meter(str(path), source_id=bytes(32), options_json=json.dumps({"active_s": 0}))
    flows: dict[bytes, str] = {}
    rows: list[dict[str, Any]] = []
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name == "tls":
                rows += pa.record_batch(batch).to_pylist()
            elif name == "flow":
                columns = ["flow_uid", "src_ip", "src_port", "dst_ip", "dst_port"]
                flows |= dict(_identities(pa.record_batch(batch).select(columns).to_pylist()))
    return [Measured(f"{flows[row['flow_uid']]} {field}", (value,)) for row in rows for field, value in values(row)]


def _identities(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[bytes, str]]:
    for row in rows:
        src, dst = address_text(row["src_ip"]), address_text(row["dst_ip"])
        if src and dst:
            yield row["flow_uid"], connection((src, row["src_port"] or 0), (dst, row["dst_port"] or 0))
