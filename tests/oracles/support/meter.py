"""Run a meter over a capture and return conversations: one mapping per root flow, summed over its segments."""

from __future__ import annotations

import importlib
import ipaddress
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.truth import absent

Row = dict[str, Any]

SUMMED: Final = (
    *("src_pkts", "dst_pkts", "src_bytes_l2", "dst_bytes_l2", "src_bytes_ip", "dst_bytes_ip"),
    *("src_bytes_payload", "dst_bytes_payload", "frag_pkts", "dup_pkts"),
)
"""Counters of a segment: they add up."""
LAST: Final = ("conn_state", "history", "end_reason", "ts_end")
"""State at the end: the last segment says it."""
FIRST: Final = (
    *("flow_uid", "ts_start", "ip_version", "src_ip", "dst_ip", "src_port", "dst_port", "ip_proto", "ethertype"),
    *("icmp_type", "icmp_code", "community_id", "tunnel_type", "tunnel_id", "dir_basis"),
)
"""Identity: segment 0 says it."""
COLUMNS: Final = (*FIRST, *LAST, *SUMMED, "flow_root_uid", "segment_seq", "quality_flags")

ZEEK_PROFILE: Final[Mapping[str, Any]] = {
    "active_s": 0,
    "timeouts": {
        "syn": 5,
        "half_open": 300,
        "established": 300,
        "fin": 300,
        "closed": 5,
        "udp_one": 60,
        "udp_both": 60,
        "dns": 60,
        "icmp": 60,
        "other": 60,
        "ics": 300,
    },
}
"""Time-outs that come nearest to Zeek's: ``report --profile zeek`` shows that they make no difference.

Source: Zeek, scripts/base/init-bare.zeek: tcp_attempt_delay 5 s, tcp_close_delay 5 s, tcp_inactivity_timeout 5 min,
udp_inactivity_timeout 1 min, icmp_inactivity_timeout 1 min, unknown_ip_inactivity_timeout 1 min.
"""


def address_text(raw: bytes | None) -> str | None:
    """Return the usual text of a 16-byte address (IPv4 mapped as in the flow table)."""
    if raw is None:
        return None
    address = ipaddress.IPv6Address(raw)
    return str(address.ipv4_mapped or address)


def conversations_of(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Group flow rows by root flow: counters summed, identity of the first segment, state of the last."""
    grouped: dict[bytes, list[Mapping[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(row["flow_root_uid"] or row["flow_uid"], []).append(row)
    done = []
    for segments in grouped.values():
        segments.sort(key=lambda row: int(row["segment_seq"]))
        whole: Row = {name: segments[0][name] for name in FIRST}
        whole |= {name: segments[-1][name] for name in LAST}
        whole |= {name: sum(segment[name] for segment in segments) for name in SUMMED}
        whole["quality_flags"] = 0
        for segment in segments:
            whole["quality_flags"] |= segment["quality_flags"]
        whole["src_ip"], whole["dst_ip"] = address_text(whole["src_ip"]), address_text(whole["dst_ip"])
        done.append(whole)
    return done


def flow_rows(path: Path, options: Mapping[str, Any]) -> list[Row]:
    """Return all flow rows (segments) of a capture from the compiled meter, as mappings of :data:`COLUMNS`."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    try:
        wire = importlib.import_module("sensor._wire")
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    meter = wire.Meter(str(path), source_id=bytes(32), options_json=json.dumps(dict(options)))
    rows: list[Row] = []
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name == "flow":
                rows += pa.record_batch(batch).select(list(COLUMNS)).to_pylist()
    return rows


def conversations(path: Path, **options: Any) -> list[Row]:  # noqa: ANN401 - the meter's options are open JSON
    """Return one mapping per root flow of a capture; ``options`` are those of the meter."""
    return conversations_of(flow_rows(path, options))
