"""Load Zeek's connection logs and bring both sides to the form in which they can be compared.

Source: Zeek, scripts/base/protocols/conn/main.zeek (fields of conn.log), src/packet_analysis/protocol/icmp/ICMP.cc
(type and counterpart type in place of ports).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Measured
from tests.oracles.support.truth import rows_of
from tests.oracles.support.uncounted import Sender

MAX_SCRIPT_LINES: Final = 3
"""Tests with longer scripts may change what is logged (README of the captures)."""
NEEDED: Final = (
    *("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "conn_state"),
    *("orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"),
)
TUNNELS: Final = frozenset({"ayiya", "teredo", "gtpv1", "vxlan", "geneve", "gre", "ip"})
"""Services that Zeek gives to the outer connection of a tunnel."""
PROTO_NUMBERS: Final = {"tcp": 6, "udp": 17}
ICMP, ICMPV6 = 1, 58
_COUNTERPART: Final[Mapping[tuple[int, int], int]] = {
    **{(ICMP, a): b for a, b in ((8, 0), (13, 14), (15, 16), (17, 18), (10, 9))},
    **{(ICMP, b): a for a, b in ((8, 0), (13, 14), (15, 16), (17, 18), (10, 9))},
    **{(ICMPV6, a): b for a, b in ((128, 129), (133, 134), (135, 136), (131, 130), (139, 140), (144, 145))},
    **{(ICMPV6, b): a for a, b in ((128, 129), (133, 134), (135, 136), (131, 130), (139, 140), (144, 145))},
}
"""(protocol, ICMP type) to the type that Zeek writes as the responder's port."""
ICMP_GAP_US: Final = 60_000_000
"""Zeek's ICMP inactivity time-out, us: echo identifiers closer together than this share one of its connections."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """One connection log: its capture (path below the data folder), the test, its rows, and what forbids comparing."""

    trace: str
    test: str
    rows: tuple[Mapping[str, str], ...]
    forbidden: str = ""


def read_log(path: Path) -> tuple[list[dict[str, str]], str]:
    """Return the rows of a conn.log, TSV or JSON lines, and why it cannot be compared (empty when it can)."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    body = [line for line in lines if line and not line.startswith("#")]
    if body and body[0].startswith("{"):
        return [_dotted(json.loads(line)) for line in body], ""
    names = next((line.split("\t")[1:] for line in lines if line.startswith("#fields")), None)
    if names is None:
        return [{} for _ in body[1:]], "cut columns: the baseline keeps only some columns"
    names = [
        {"id_orig_h": "id.orig_h", "id_orig_p": "id.orig_p"}.get(n, n).replace("id_resp_", "id.resp_") for n in names
    ]
    lacking = [name for name in NEEDED if name not in names]
    rows = [dict(zip(names, line.split("\t"), strict=False)) for line in body]
    return rows, f"cut columns: without {', '.join(lacking)}" if lacking else ""


def _dotted(record: Mapping[str, Any]) -> dict[str, str]:
    return {k.replace("id_orig_", "id.orig_").replace("id_resp_", "id.resp_"): str(v) for k, v in record.items()}


def baselines(root: Path) -> Iterator[Baseline]:
    """Yield Zeek's own baselines whose script changes nothing, then the complete logs."""
    for row in rows_of(root / "oracles" / "zeek" / "index.csv"):
        if row["has_conn_log"] != "1" or int(row["script_lines"]) > MAX_SCRIPT_LINES:
            continue
        log = root / "oracles" / "zeek" / "baseline" / row["test"] / "conn.log"
        rows, forbidden = read_log(log)
        yield Baseline(row["trace"], row["test"], tuple(rows), forbidden or changed_by_command(row["command"]))
    for folder in sorted((root / "oracles" / "zeek-full").iterdir()):
        captures = [path for path in folder.iterdir() if path.suffix in (".cap", ".pcap", ".pcapng")]
        rows, forbidden = read_log(folder / "zeek" / "conn.log")
        yield Baseline(str(captures[0].relative_to(root)), folder.name, tuple(rows), forbidden)


def changed_by_command(command: str) -> str:
    """Return what on Zeek's command line changes the connections (empty: nothing): a packet filter, a set option."""
    words = command.split()
    if "-f" in words:
        return f"packet filter on the command line: {command[command.index('-f') :]}"
    setting = next((word for word in words if "=" in word), "")
    return f"option changed on the command line: {setting}" if setting else ""


def row_key(row: Mapping[str, str]) -> str:
    """Return the printable identity of a Zeek row: ``proto originator:port>responder:port``."""
    proto = row["proto"] if row["proto"] != "unknown_transport" else f"ip{row.get('ip_proto', '?')}"
    return f"{proto} {row['id.orig_h']}:{row['id.orig_p']}>{row['id.resp_h']}:{row['id.resp_p']}"


def measured(row: Mapping[str, str], missing: Mapping[Sender, tuple[int, int]] | None = None) -> Measured:
    """Return a Zeek row in comparable form: state, packets and IP bytes of both sides under an unordered identity.

    Args:
        row: a row of conn.log.
        missing: packets and bytes that Zeek leaves out of the connection (see ``uncounted``); they are added.
    """
    ends = ((row["id.orig_h"], int(row["id.orig_p"])), (row["id.resp_h"], int(row["id.resp_p"])))
    counts = [int(row[name]) for name in NEEDED[-4:]]
    for at, (one, other) in ((0, ends), (2, ends[::-1])):
        packets, octets = (missing or {}).get((*one, *other), (0, 0))
        counts[at] += packets
        counts[at + 1] += octets
    return oriented(row_key(row).split(" ")[0], ends, (row["conn_state"], *counts))


def oriented(proto: str, ends: Sequence[tuple[str, int]], values: Sequence[int | str]) -> Measured:
    """Return the comparable form; the direction is a value, so that a flipped row differs but is still recognised."""
    (a, a_port), (b, b_port) = ends
    low, high = sorted([f"{a}:{a_port}", f"{b}:{b_port}"])
    return Measured(f"{proto} {low}|{high}", (f"{a}:{a_port}>", *values))


def excluded_by_rule(rows: Sequence[Mapping[str, str]]) -> dict[int, str]:
    """Return {index: reason} of rows that mean something else in Zeek than in a meter of innermost headers."""
    parents = {uid for row in rows for uid in row.get("tunnel_parents", "-").split(",")}
    reasons: dict[int, str] = {}
    for index, row in enumerate(rows):
        if row.get("uid") in parents or TUNNELS & set(row.get("service", "-").split(",")):
            reasons[index] = "outer connection of a tunnel: Zeek logs it too, we count only the innermost header"
    for index, row in enumerate(rows):
        parts = [i for i, other in enumerate(rows) if row_key(other) == row_key(row)]
        if len(parts) > 1 and _cut_by_attempt_timer([rows[i] for i in parts]):
            reasons[index] = "Zeek's attempt timer cut a one-sided connection although its originator kept sending"
    return reasons


def _cut_by_attempt_timer(rows: Sequence[Mapping[str, str]]) -> bool:
    """Tell whether one tuple was cut 5 s after an unanswered SYN, with the originator's data going on in a new row."""
    if any(row["proto"] != "tcp" or row["resp_pkts"] != "0" for row in rows):
        return False
    head = any(row["history"].startswith("S") and "D" in row["history"] and row["conn_state"] == "S0" for row in rows)
    tail = any("S" not in row["history"] and "D" in row["history"] + "D" * ("A" in row["history"]) for row in rows)
    return head and tail


def ours_measured(conversations: Iterable[Mapping[str, Any]]) -> list[Measured]:
    """Return our conversations in comparable form; ICMP identifiers that Zeek does not tell apart are merged."""
    done: list[Measured] = []
    icmp: dict[tuple[int, str, str, int, int], list[Mapping[str, Any]]] = {}
    for row in conversations:
        proto = row["ip_proto"]
        if proto is None:
            continue
        if proto in (ICMP, ICMPV6) and row["icmp_type"] is not None:
            key = (proto, row["src_ip"], row["dst_ip"], row["icmp_type"], row["icmp_code"])
            icmp.setdefault(key, []).append(row)
            continue
        name = {number: text for text, number in PROTO_NUMBERS.items()}.get(proto, f"ip{proto}")
        known = proto in PROTO_NUMBERS.values()  # Zeek has no ports for any other transport, SCTP included
        ports = (row["src_port"] or 0, row["dst_port"] or 0) if known else (0, 0)
        ends = ((row["src_ip"], ports[0]), (row["dst_ip"], ports[1]))
        done.append(oriented(name, ends, _values(row)))
    for (proto, src, dst, kind, code), rows in icmp.items():
        ends = ((src, kind), (dst, _COUNTERPART.get((proto, kind), code)))
        done += [oriented("icmp", ends, _values(row)) for row in _merged(rows)]
    return done


def _values(row: Mapping[str, Any]) -> tuple[int | str, ...]:
    counts = (row["src_pkts"], row["src_bytes_ip"], row["dst_pkts"], row["dst_bytes_ip"])
    return (row["conn_state"], *counts)


def _merged(rows: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the sums of ICMP rows of one identity that overlap or follow within Zeek's time-out."""
    rows.sort(key=lambda row: row["ts_start"])
    current: dict[str, Any] | None = None
    for row in rows:
        if current is not None and (row["ts_start"] - current["ts_end"]).total_seconds() * 1e6 <= ICMP_GAP_US:
            for name in ("src_pkts", "dst_pkts", "src_bytes_ip", "dst_bytes_ip"):
                current[name] += row[name]
            current["ts_end"] = max(current["ts_end"], row["ts_end"])
            continue
        if current is not None:
            yield current
        current = dict(row)
    if current is not None:
        yield current
