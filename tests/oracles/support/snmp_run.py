"""Compare SNMP records with the messages that tshark and Suricata see, on the fields both sides have.

A row of ours stands for a request with its repeats and its answer: it is taken apart into the messages it stands for.
Of answers ours have the number of variables, of requests and notifications their names.

Source: Wireshark, epan/dissectors/packet-snmp.c (fields); Suricata, doc/userguide/output/eve (type ``snmp``).
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Agreement, Exceptions, Measured
from tests.oracles.support.record_rows import record_rows
from tests.oracles.support.truth import absent, rows_of

Ours = Mapping[str, Any]

FIELDS: Final = (
    *("ip.src", "ip.dst", "udp.srcport", "udp.dstport", "snmp.version", "snmp.data"),
    *("snmp.request_id", "snmp.error_status", "snmp.error_index", "snmp.name", "snmp.generic_trap", "snmp.msgVersion"),
)
VERSIONS: Final[Mapping[str, str]] = {"0": "1", "1": "2c", "3": "3"}
PDUS: Final = (
    *("get_request", "get_next_request", "response", "set_request", "trap_v1"),
    *("get_bulk_request", "inform_request", "trap_v2", "report"),
)
"""PDUs by the number of their tag."""
ANSWERS: Final = frozenset({"response", "report"})
MOST_NAMES: Final = 32
"""Names that a row of ours keeps."""


def tshark(root: Path, exceptions: Exceptions) -> Agreement:
    """Compare with tshark's reading of every capture in which it saw SNMP, but for what errors of ICMP quote."""
    program = shutil.which("tshark")
    if program is None:
        absent("tshark is not installed; install it (make env says how)")
    agreement = Agreement()
    for row in rows_of(root / "truth" / "tshark-files.csv"):
        if "snmp:" not in row["last_protocol_counts"]:
            continue
        trace = row["file"]
        asked = [
            program,
            "-n",
            "-r",
            str(root / trace),
            "-Y",
            "snmp and not icmp",
            "-T",
            "fields",
            "-E",
            "occurrence=a",
        ]
        asked += [part for field in FIELDS for part in ("-e", field)]
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        truth = [_tshark_message(line.split("\t")) for line in said.splitlines()]
        ours = [message for row in record_rows(root / trace, "snmp") for message in _messages(row)]
        _add(agreement, trace, truth, ours, exceptions)
    return agreement


def _tshark_message(cells: list[str]) -> Measured:
    src, dst, sport, dport, version, data, number, error, index, names, generic, v3 = cells
    kind = PDUS[int(data)] if data else ""
    key = f"{src}:{sport}>{dst}:{dport} {VERSIONS.get(version or v3, version)} {kind} {number}"
    oids = names.split(",") if names else []
    if kind in ANSWERS:
        return Measured(key, (error, index, str(len(oids))))
    return Measured(key, (generic, *oids[:MOST_NAMES]))


def suricata(root: Path, exceptions: Exceptions) -> Agreement:
    """Compare with every event of type ``snmp`` in Suricata's results."""
    agreement = Agreement()
    base = root / "truth" / "suricata-eve"
    for path in sorted(base.rglob("*.eve.jsonl.gz")):
        truth = list(_events(path))
        if truth:
            trace = str(path.relative_to(base)).removesuffix(".eve.jsonl.gz")
            rows = record_rows(root / trace, "snmp")
            ours = [_as_event(message) for row in rows for message in _messages(row)]
            _add(agreement, trace, truth, ours, exceptions)
    return agreement


def _events(path: Path) -> Iterator[Measured]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            event = json.loads(line)
            if event["event_type"] != "snmp":
                continue
            snmp = event["snmp"]
            src, dst = ip_address(event["src_ip"]), ip_address(event["dest_ip"])
            version = {1: "1", 2: "2c", 3: "3"}[snmp["version"]]
            kind = snmp["pdu_type"]
            names = snmp["vars"]
            values = (str(len(names)),) if kind in ANSWERS else tuple(names[:MOST_NAMES])
            yield Measured(f"{src}:{event['src_port']}>{dst}:{event['dest_port']} {version} {kind}", values)


def _as_event(message: Measured) -> Measured:
    """Return a message as Suricata tells it: without number and error."""
    key = message.key.rsplit(" ", 1)[0]
    return Measured(key, message.values[2:] if key.endswith(tuple(ANSWERS)) else message.values[1:])


def _messages(row: Ours) -> Iterator[Measured]:
    """Yield the messages that a row stands for."""
    there = f"{row['sender_ip']}:{row['sender_port']}>{row['receiver_ip']}:{row['receiver_port']}"
    back = f"{row['receiver_ip']}:{row['receiver_port']}>{row['sender_ip']}:{row['sender_port']}"
    number = "" if row["request_id"] is None else row["request_id"]
    is_alone = row["pdu_type"] in ANSWERS
    if not is_alone:
        key = f"{there} {row['snmp_version']} {row['pdu_type']} {number}"
        generic = "" if row["generic_trap"] is None else str(row["generic_trap"])
        for _ in range(row["retransmits"] + 1):
            yield Measured(key, (generic, *row["oids"]))
    if is_alone or row["rtt_ns"] is not None:
        kind = "response" if row["report_name"] is None else "report"
        told = (row["error_status"], row["error_index"], row["answer_count"])
        values = tuple("" if value is None else str(value) for value in told)
        yield Measured(f"{back} {row['snmp_version']} {kind} {number}", values)


def _add(agreement: Agreement, trace: str, truth: list[Measured], ours: list[Measured], exceptions: Exceptions) -> None:
    kept = [message for message in truth if exceptions.find("excluded", trace, message.key) is None]
    agreement.add(trace, kept, ours)
