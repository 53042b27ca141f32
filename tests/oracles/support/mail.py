"""SMTP and FTP records against Zeek's logs and Suricata's events.

Source: Zeek, scripts/base/protocols/{smtp,ftp}/main.zeek (fields); Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth, cell, ends
from tests.oracles.support.tool_logs import Event, LogRow, eve_ends, eve_events, mapped, zeek_ends, zeek_logs

SMTP_ZEEK: Final[Mapping[str, str]] = {
    "trans_depth": "trans_depth",
    "helo": "helo",
    "mailfrom": "mail_from",
    "rcptto": "rcpt_to",
    "date": "date_field",
    "from": "from_field",
    "to": "to_field",
    "msg_id": "msg_id",
    "subject": "subject",
    "last_reply": "reply",
    "tls": "is_tls",
}
FTP_ZEEK: Final[Mapping[str, str]] = {
    "user": "user",
    "arg": "arg",
    "reply_code": "reply_code",
    "reply_msg": "reply_msg",
}
GREETING: Final = "<init>"
"""What Zeek calls the greeting, of which we make no row."""
HIDDEN: Final = "<hidden>"


def _smtp_zeek(root: Path) -> Truth:
    for trace, rows in zeek_logs(root, "smtp"):
        yield trace, [(f"{zeek_ends(row)} {row['trans_depth']}", mapped(row, SMTP_ZEEK)) for row in rows]


def _smtp_eve(root: Path) -> Truth:
    for trace, events in eve_events(root, "smtp"):
        yield trace, [(f"{eve_ends(event)} {event['tx_id'] + 1}", _smtp(event)) for event in events]


def _smtp(event: Event) -> dict[str, str]:
    said = event["smtp"]
    values = {"helo": said.get("helo", "-"), "mail_from": said.get("mail_from", "-").strip("<>")}
    values["rcpt_to"] = ",".join(address.strip("<>") for address in said.get("rcpt_to", []))
    email = event.get("email", {})
    values |= {"from_field": email["from"]} if "from" in email else {}
    values |= {"to_field": ", ".join(email["to"])} if "to" in email else {}
    return values


def _smtp_keys(row: Row) -> Iterator[str]:
    if row["command"] == "MAIL":
        yield f"{ends(row)} {row['trans_depth']}"


def _smtp_cell(row: Row, name: str, said: str) -> str:
    if name == "reply":
        return "-" if row["reply_code"] is None else f"{row['reply_code']} {row['reply_msg'] or ''}"
    return cell(row, name, said)


def _ftp_zeek(root: Path) -> Truth:
    for trace, rows in zeek_logs(root, "ftp"):
        yield trace, [_ftp(row) for row in rows if row["command"] != GREETING]


def _ftp(row: LogRow) -> Said:
    values = mapped(row, FTP_ZEEK)
    if row["command"] in ("PASS", "ACCT"):
        del values["arg"]  # never kept
    if values["user"] == "<unknown>":
        values["user"] = "-"
    return f"{zeek_ends(row)} {row['command']}", values


def _ftp_eve(root: Path) -> Truth:
    for trace, events in eve_events(root, "ftp"):
        told = [(event, event["ftp"]) for event in events if "command" in event["ftp"]]
        yield trace, [(f"{eve_ends(event)} {said['command']}", _ftp_event(said)) for event, said in told]


def _ftp_event(said: Event) -> dict[str, str]:
    values = {"reply_code": said.get("completion_code", ["-"])[-1], "reply_msg": said.get("reply", ["-"])[0]}
    if said["command"] not in ("PASS", "ACCT"):
        values["arg"] = said.get("command_data", "-")
    return values


def _ftp_keys(row: Row) -> Iterator[str]:
    yield f"{ends(row)} {row['command']}"


def _ftp_cell(row: Row, name: str, said: str) -> str:
    value = cell(row, name, said)
    if name == "arg" and said.startswith("ftp://") and said.endswith("/" + value.lstrip("/")):
        return said  # Zeek makes an address of the name
    return value


COMPARISONS: Final = (
    Comparison("zeek smtp", 10, "smtp", _smtp_zeek, _smtp_keys, _smtp_cell),
    Comparison("suricata smtp", 4, "smtp", _smtp_eve, _smtp_keys, _smtp_cell),
    Comparison("zeek ftp", 50, "ftp", _ftp_zeek, _ftp_keys, _ftp_cell),
    Comparison("suricata ftp", 90, "ftp", _ftp_eve, _ftp_keys, _ftp_cell),
)
