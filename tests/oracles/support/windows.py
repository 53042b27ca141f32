"""SMB, NTLM and DCE/RPC records against Zeek's logs and Suricata's events.

Source: Zeek, scripts/base/protocols/{smb,ntlm,dce-rpc}/main.zeek (fields);
Suricata, doc/userguide/output/eve (type ``smb``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.comparison import Comparison, Row, Truth, cell, ends
from tests.oracles.support.record_rows import plain
from tests.oracles.support.tool_logs import LogRow, eve_ends, eve_events, mapped, zeek_ends, zeek_logs

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
TOLD_BY: Final[Mapping[str, str]] = {"dce_rpc": "operation", "smb_files": "name"}
"""Per Zeek log: the field that tells apart the rows of one conversation, which need not be in the same order."""
SYNONYMS: Final[Mapping[str, str]] = {"IOXIDResolver": "IObjectExporter", "ISystemActivator": "IRemoteSCMActivator"}
"""Interfaces that Zeek names otherwise than the specification."""


def _zeek(log: str, root: Path) -> Truth:
    told = TOLD_BY.get(log, "")
    for trace, rows in zeek_logs(root, log):
        kept = [row for row in rows if _is_compared(log, row)]
        yield trace, [(f"{zeek_ends(row)} {_kind(row.get(told, ''))}", _zeek_values(log, row)) for row in kept]


def _is_compared(log: str, row: LogRow) -> bool:
    """Tell whether a row has one of ours to it: reads and writes are counted in the row of the open file."""
    return log != "smb_files" or row["action"] == "SMB::FILE_OPEN"


def _kind(text: str | None) -> str:
    return "" if text is None else _shown("file_name", text)


def _zeek_values(log: str, row: LogRow) -> dict[str, str]:
    values = mapped(row, ZEEK[log], unset=False)
    if "share_type" in values:
        values["share_type"] = SHARE_TYPES.get(values["share_type"], values["share_type"])
    return {
        name: value
        for name, value in values.items()
        if name not in ("interface", "operation") or not value.startswith("unknown")
    }


def _zeek_keys(log: str, row: Row) -> Iterator[str]:
    column = ZEEK[log].get(TOLD_BY.get(log, ""), "")
    if _answers(log, row):
        yield f"{ends(row)} {_kind(row.get(column))}"


def _answers(log: str, row: Row) -> bool:
    if log == "smb_mapping":
        return bool(row["command"] == "tree_connect" and row["nt_status"] == 0)
    if log == "smb_files":
        return bool(row["command"] == "create" and row["nt_status"] == 0 and row["share_type"] != "pipe")
    return log != "dce_rpc" or row["opnum"] is not None


def _eve_smb(root: Path) -> Truth:
    for trace, events in _by_conversation(root):
        kept = [event for event in events if event["smb"].get("command") in COMMANDS]
        yield trace, [(f"{eve_ends(event)} {COMMANDS[event['smb']['command']]}", _smb(event["smb"])) for event in kept]


def _eve_calls(root: Path) -> Truth:
    for trace, events in _by_conversation(root):
        calls = [(event, event["smb"]["dcerpc"]) for event in events if "opnum" in event["smb"].get("dcerpc", {})]
        yield trace, [(f"{eve_ends(event)} {call['opnum']}", _call(call)) for event, call in calls]


def _by_conversation(root: Path) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    for trace, events in eve_events(root, "smb"):
        yield trace, sorted(events, key=lambda event: (eve_ends(event), event["smb"]["id"]))


def _smb(smb: Mapping[str, Any]) -> dict[str, str]:
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


def _call(call: Mapping[str, Any]) -> dict[str, str]:
    outcomes = {"RESPONSE": "ok", "FAULT": "exception", "UNREPLIED": "unknown"}
    return {"opnum": str(call["opnum"]), "outcome": outcomes.get(call["response"], call["response"])}


def _cell(row: Row, name: str, said: str) -> str:
    if name == "rtt_ns":
        near = row[name] is not None and abs(row[name] / 1e9 - float(said)) <= RTT_GRAIN
        return said if near else str(row[name])
    if name == "interface" and SYNONYMS.get(said) == row[name]:
        return said
    return cell(row, name, said)


def _shown(name: str, value: str) -> str:
    text = plain(value).replace("\\\\", "\\").replace("\\", "/")
    return text.replace(NO_NAME, "").strip("/") if name in ("share", "file_name") else text


def _column_keys(column: str, row: Row) -> Iterator[str]:
    yield f"{ends(row)} {row[column]}"


def _of(tool: str, log: str, least: int, table: str, truth: Callable[[Path], Truth]) -> Comparison:
    column = "command" if log == "smb" else "opnum"
    keys = partial(_zeek_keys, log) if tool == "zeek" else partial(_column_keys, column)
    return Comparison(f"{tool} {log}", least, table, truth, keys, _cell, _shown)


COMPARISONS: Final = (
    _of("zeek", "dce_rpc", 95, "dce_rpc", partial(_zeek, "dce_rpc")),
    _of("zeek", "ntlm", 1, "ntlm", partial(_zeek, "ntlm")),
    _of("zeek", "smb_files", 11, "smb", partial(_zeek, "smb_files")),
    _of("zeek", "smb_mapping", 8, "smb", partial(_zeek, "smb_mapping")),
    _of("suricata", "dce_rpc", 113, "dce_rpc", _eve_calls),
    _of("suricata", "smb", 333, "smb", _eve_smb),
)
