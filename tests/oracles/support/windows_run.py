"""Compare SMB, NTLM and DCE/RPC records with Zeek's logs and Suricata's events, on the fields both sides have.

Source: Zeek, scripts/base/protocols/{smb,ntlm,dce-rpc}/main.zeek (fields);
Suricata, doc/userguide/output/eve (type ``smb``).
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Agreement, Exceptions, Measured
from tests.oracles.support.record_rows import log_rows, plain, record_rows
from tests.oracles.support.truth import rows_of

Values = Mapping[str, str]
Truth = tuple[str, Values]
"""Key of a row (endpoints and kind) and its values by our column names; a column it lacks is not compared."""
Ours = Mapping[str, Any]

COMMANDS: Final[Mapping[str, str]] = {
    "SMB1_COMMAND_NEGOTIATE_PROTOCOL": "negotiate",
    "SMB1_COMMAND_SESSION_SETUP_ANDX": "session_setup",
    "SMB1_COMMAND_TREE_CONNECT_ANDX": "tree_connect",
    "SMB2_COMMAND_NEGOTIATE_PROTOCOL": "negotiate",
    "SMB2_COMMAND_SESSION_SETUP": "session_setup",
    "SMB2_COMMAND_TREE_CONNECT": "tree_connect",
    "SMB2_COMMAND_CREATE": "create",
}
"""Commands of which both sides make a row each."""
SHARE_TYPES: Final[Mapping[str, str]] = {"PIPE": "pipe", "FILE": "disk", "DISK": "disk", "PRINT": "print"}
NO_NAME: Final = "<share_root>"
"""What both tools call the root of a share."""
RTT_GRAIN: Final = 1e-6
"""Zeek's times are doubles: a round trip agrees to a microsecond, s."""
ZEEK: Final[Mapping[str, Mapping[str, str]]] = {
    "dce_rpc": {"endpoint": "interface", "operation": "operation", "rtt": "rtt_ns"},
    "ntlm": {
        "username": "user",
        "hostname": "workstation",
        "domainname": "domain",
        "server_nb_computer_name": "server_nb_name",
        "server_dns_computer_name": "server_dns_name",
        "server_tree_name": "server_dns_forest",
    },
    "smb_mapping": {"path": "share", "share_type": "share_type"},
    "smb_files": {"path": "share", "name": "file_name", "size": "file_size"},
}
"""Per Zeek log: its field to our column."""
TABLES: Final[Mapping[str, str]] = {"dce_rpc": "dce_rpc", "ntlm": "ntlm", "smb_mapping": "smb", "smb_files": "smb"}
TOLD_BY: Final[Mapping[str, str]] = {"dce_rpc": "operation", "smb_files": "name"}
"""Per Zeek log: the field that tells apart the rows of one conversation, which need not be in the same order."""
SYNONYMS: Final[Mapping[str, str]] = {"IOXIDResolver": "IObjectExporter", "ISystemActivator": "IRemoteSCMActivator"}
"""Interfaces that Zeek names otherwise than the specification."""


def zeek(root: Path, log: str, exceptions: Exceptions) -> Agreement:
    """Compare with every log of that name that Zeek's baselines and the full logs have."""
    agreement = Agreement()
    told = TOLD_BY.get(log, "")
    for trace, path in _zeek_logs(root, log):
        truth = [
            (f"{_zeek_ends(row)} {_kind(row.get(told, ''))}", _zeek_values(log, row))
            for row in log_rows(path)
            if _is_compared(log, row)
        ]
        ours = [row for row in record_rows(root / trace, TABLES[log]) if _answers(log, row)]
        column = ZEEK[log].get(told, "")
        keyed = ((f"{_ends(row)} {_kind(row.get(column))}", row) for row in ours)
        _add(agreement, trace, truth, keyed, exceptions)
    return agreement


def _is_compared(log: str, row: Mapping[str, str]) -> bool:
    """Tell whether a row has one of ours to it: reads and writes are counted in the row of the open file."""
    return log != "smb_files" or row["action"] == "SMB::FILE_OPEN"


def _kind(text: str | None) -> str:
    return "" if text is None else _shown("file_name", text)


def _answers(log: str, row: Ours) -> bool:
    if log == "smb_mapping":
        return bool(row["command"] == "tree_connect" and row["nt_status"] == 0)
    if log == "smb_files":
        return bool(row["command"] == "create" and row["nt_status"] == 0 and row["share_type"] != "pipe")
    return log != "dce_rpc" or row["opnum"] is not None


def _zeek_values(log: str, row: Mapping[str, str]) -> dict[str, str]:
    values = {ours: row[theirs] for theirs, ours in ZEEK[log].items() if row.get(theirs, "-") != "-"}
    if "share_type" in values:
        values["share_type"] = SHARE_TYPES.get(values["share_type"], values["share_type"])
    if values.get("interface", "unknown").startswith("unknown"):
        values.pop("interface", None)
    if values.get("operation", "unknown").startswith("unknown"):
        values.pop("operation", None)
    return values


def _zeek_ends(row: Mapping[str, str]) -> str:
    return f"{row['id.orig_h']}:{row['id.orig_p']}>{row['id.resp_h']}:{row['id.resp_p']}"


def _zeek_logs(root: Path, log: str) -> Iterator[tuple[str, Path]]:
    traces: set[str] = set()  # two tests of one capture say the same
    for row in sorted(rows_of(root / "oracles" / "zeek" / "index.csv"), key=lambda row: int(row["script_lines"])):
        path = root / "oracles" / "zeek" / "baseline" / row["test"] / f"{log}.log"
        if path.is_file() and row["trace"] not in traces:
            traces.add(row["trace"])
            yield row["trace"], path
    for path in sorted((root / "oracles" / "zeek-full").glob(f"*/zeek/{log}.log")):
        capture = next(path for path in path.parent.parent.iterdir() if path.suffix in (".cap", ".pcap", ".pcapng"))
        yield str(capture.relative_to(root)), path


def suricata(root: Path, table: str, exceptions: Exceptions) -> Agreement:
    """Compare ``smb`` or ``dce_rpc`` with every event of that kind in Suricata's results."""
    agreement = Agreement()
    base = root / "truth" / "suricata-eve"
    for path in sorted(base.rglob("*.eve.jsonl.gz")):
        truth = list(_events(path, table))
        if truth:
            trace = str(path.relative_to(base)).removesuffix(".eve.jsonl.gz")
            rows = record_rows(root / trace, table)
            ours = ((f"{_ends(row)} {row['command'] if table == 'smb' else row['opnum']}", row) for row in rows)
            _add(agreement, trace, truth, ours, exceptions)
    return agreement


def _events(path: Path, table: str) -> Iterator[Truth]:
    found: list[tuple[str, int, str, dict[str, str]]] = []
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            event = json.loads(line)
            if event["event_type"] != "smb":
                continue
            src, dst = ip_address(event["src_ip"]), ip_address(event["dest_ip"])
            ends = f"{src}:{event['src_port']}>{dst}:{event['dest_port']}"
            smb = event["smb"]
            if table == "smb" and smb.get("command") in COMMANDS:
                found.append((ends, smb["id"], COMMANDS[smb["command"]], _eve_smb(smb)))
            elif table == "dce_rpc" and "opnum" in smb.get("dcerpc", {}):
                found.append((ends, smb["id"], str(smb["dcerpc"]["opnum"]), _eve_call(smb["dcerpc"])))
    for ends, _, kind, values in sorted(found, key=lambda item: item[:2]):
        yield f"{ends} {kind}", values


def _eve_smb(smb: Mapping[str, Any]) -> dict[str, str]:
    values = {"dialect": smb["dialect"], "nt_status_name": smb.get("status", "-")}
    if smb["dialect"] in ("unknown", ""):
        del values["dialect"]
    share = smb.get("share", smb.get("named_pipe"))
    if share is not None and smb["command"].endswith(("TREE_CONNECT", "TREE_CONNECT_ANDX")):
        values["share"] = share
    if "share_type" in smb:
        values["share_type"] = SHARE_TYPES.get(smb["share_type"], smb["share_type"])
    if "filename" in smb:
        values["file_name"] = smb["filename"]
    if smb.get("disposition", "").startswith("FILE_"):
        values["disposition"] = smb["disposition"].removeprefix("FILE_").lower()
    if smb.get("status") == "STATUS_SUCCESS" and "size" in smb:
        values["file_size"] = str(smb["size"])
    if "ntlmssp" in smb:
        values["user"] = smb["ntlmssp"]["user"]
    return values


def _eve_call(call: Mapping[str, Any]) -> dict[str, str]:
    outcomes = {"RESPONSE": "ok", "FAULT": "exception", "UNREPLIED": "unknown"}
    return {"opnum": str(call["opnum"]), "outcome": outcomes.get(call["response"], call["response"])}


def _add(
    agreement: Agreement, trace: str, truth: Iterable[Truth], rows: Iterable[tuple[str, Ours]], exceptions: Exceptions
) -> None:
    """Compare the rows of one capture, paired by endpoints and kind in the order of time."""
    ours: dict[str, list[Ours]] = defaultdict(list)
    for key, row in rows:
        ours[key].append(row)
    wanted: list[Measured] = []
    had: list[Measured] = []
    counts: dict[str, int] = defaultdict(int)
    for key, values in truth:
        counts[key] += 1
        name = f"{key} {counts[key]}"
        found = ours[key].pop(0) if ours[key] else None
        if exceptions.find("excluded", trace, name) is not None:
            continue
        wanted.append(Measured(name, _line(values, values.__getitem__)))
        if found is not None:
            had.append(Measured(name, _line(values, partial(_cell, found, values))))
    agreement.add(trace, wanted, had)


def _ends(row: Ours) -> str:
    return f"{row['sender_ip']}:{row['sender_port']}>{row['receiver_ip']}:{row['receiver_port']}"


def _cell(row: Ours, theirs: Values, name: str) -> str:
    """Return our value in the words of the other side."""
    if name == "rtt_ns":
        near = row[name] is not None and abs(row[name] / 1e9 - float(theirs[name])) <= RTT_GRAIN
        return theirs[name] if near else str(row[name])
    if name == "interface" and SYNONYMS.get(theirs[name]) == row[name]:
        return theirs[name]
    return "-" if row[name] is None else str(row[name])


def _line(values: Values, value: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(f"{name}={_shown(name, value(name))}" for name in sorted(values))


def _shown(name: str, value: str) -> str:
    text = plain(value).replace("\\\\", "\\").replace("\\", "/")
    if name in ("share", "file_name"):
        return text.replace(NO_NAME, "").strip("/")
    return text
