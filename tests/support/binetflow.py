"""Argus binetflow files as conversations, for evaluation: what Argus tells, in the columns that detectors read."""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from store import schema
from store._views import CONVERSATION_COLUMNS

_PROTO: Final = {"tcp": 6, "udp": 17, "icmp": 1, "igmp": 2, "ipv6-icmp": 58, "gre": 47, "esp": 50, "sctp": 132}
_FLAGS: Final = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}

_KINDS: Final = {
    **{name: schema.FLOW.column(name).type for name in CONVERSATION_COLUMNS if schema.FLOW.has(name)},
    **{f"{side}_{name}": pa.int64() for side in ("src", "dst") for name in ("syn", "retx_pkts", "gap_bytes")},
    "root_uid": schema.UID,
    "flow_uids": pa.list_(schema.UID),
    "duration_s": pa.float64(),
    **dict.fromkeys(("src_home", "dst_home", "is_closed"), pa.bool_()),
    **dict.fromkeys(("direction", "server_domain", "src_zone", "dst_zone"), pa.string()),
}

SCHEMA: Final = pa.schema([(name, _KINDS[name]) for name in CONVERSATION_COLUMNS])
"""Columns of ``conversation``."""


def binetflow_conversations(path: Path) -> pa.Table:
    """Return the flows of a binetflow file in the columns of ``conversation``; lines without IP ends are left out."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for line, text in enumerate(csv.DictReader(file)) if (row := _row(text, line)) is not None]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _row(text: dict[str, str], line: int) -> dict[str, Any] | None:
    try:
        src, dst = ip_address(text["SrcAddr"]), ip_address(text["DstAddr"])
        start = datetime.strptime(text["StartTime"], "%Y/%m/%d %H:%M:%S.%f").replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return None
    duration = float(text["Dur"] or 0)
    proto = _PROTO.get(text["Proto"].lower())
    packets, size, sent = (int(text[name] or 0) for name in ("TotPkts", "TotBytes", "SrcBytes"))
    # Older files do not split packets: by bytes then.
    forth = int(text["SrcPkts"]) if text.get("SrcPkts") else round(packets * sent / size) if size else packets
    if sent and not forth:
        forth = 1
    back = packets - forth
    uid = hashlib.sha256(f"{line}|{text}".encode()).digest()[:16]
    state, flags = _state(text["State"], proto, back)
    home = (src.is_private, dst.is_private)
    headers = {6: 54, 17: 42, 1: 42}.get(proto or 0, 34)
    icmp = proto in {1, 58}
    return dict.fromkeys(CONVERSATION_COLUMNS) | {
        "root_uid": uid,
        "flow_uids": [uid],
        "ts_start": start,
        "ts_end": start + timedelta(seconds=duration),
        "duration_s": duration,
        "src_ip": _bytes(src),
        "dst_ip": _bytes(dst),
        "src_port": None if icmp else _port(text["Sport"]),
        "dst_port": None if icmp else _port(text["Dport"]),
        "ip_proto": proto,
        "ip_version": src.version,
        "icmp_type": _port(text["Sport"]) if icmp else None,
        "conn_state": state,
        "dir_basis": "first_packet",
        "end_reason": "idle",
        "src_pkts": forth,
        "dst_pkts": back,
        "src_bytes_ip": max(sent - 14 * forth, 0),
        "dst_bytes_ip": max(size - sent - 14 * back, 0),
        "src_bytes_payload": max(sent - headers * forth, 0) if state not in {"S0", "REJ"} or proto != 6 else 0,
        "dst_bytes_payload": max(size - sent - headers * back, 0) if state not in {"S0", "REJ"} or proto != 6 else 0,
        "src_data_pkts": forth if sent > headers * forth else 0,
        "dst_data_pkts": back if size - sent > headers * back else 0,
        "src_syn": int(bool(flags[0] & 2)),
        "dst_syn": int(bool(flags[1] & 2)),
        "src_tcp_flags": flags[0] if proto == 6 else None,
        "dst_tcp_flags": flags[1] if proto == 6 and back else None,
        "src_flags_first": 2 if proto == 6 and flags[0] & 2 else None,
        "src_home": home[0],
        "dst_home": home[1],
        "direction": {(1, 1): "internal", (1, 0): "outbound", (0, 1): "inbound", (0, 0): "external"}[home],
        "quality_flags": 0,
        "is_closed": True,
        "sensor_id": "argus",
        **{f"{side}_{name}": 0 for side in ("src", "dst") for name in ("gap_bytes", "retx_pkts")},
    }


def _state(text: str, proto: int | None, back: int) -> tuple[str, tuple[int, int]]:
    """Return Zeek's word for Argus's state (of TCP: flags of both sides as letters), and the flags."""
    if proto != 6:
        return ("SF" if back else "S0"), (0, 0)
    forth, _, answer = text.partition("_")
    flags = tuple(sum(_FLAGS.get(letter, 0) for letter in set(side)) for side in (forth, answer))
    src, dst = flags[0], flags[1]
    if text in {"CON", "FIN", "EST", "CLO"}:
        return "SF", (0x1B, 0x1B)
    if text in {"REQ", "INT"} or (not back and src & 2):
        return "S0", (2, 0)
    if text == "RST" or (src & 2 and dst & 4 and not dst & 2):
        return "REJ", (2, 0x14)
    if src & 2 and dst & 2:
        return ("RSTO" if src & 4 else "RSTR" if dst & 4 else "SF" if src & dst & 1 else "S1"), (src, dst)
    return "OTH", (src, dst)


def _bytes(address: IPv4Address | IPv6Address) -> bytes:
    packed = address.packed
    return packed if len(packed) == 16 else bytes(10) + b"\xff\xff" + packed


def _port(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return int(text, 16) if text.lower().startswith("0x") else int(text)
    except ValueError:
        return None
