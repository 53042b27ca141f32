"""Kerberos, LDAP and RDP records against Zeek's logs and Suricata's events.

Source: Zeek, scripts/base/protocols/{krb,ldap,rdp}/main.zeek (fields); Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth, cell, ends
from tests.oracles.support.tool_logs import Event, LogRow, eve_ends, eve_events, mapped, picked, zeek_ends, zeek_logs

SCOPES: Final[Mapping[str, str]] = {"tree": "sub", "single": "one", "base": "base"}
SERVER_PORTS: Final = (88, 3389)
KERBEROS_ZEEK: Final[Mapping[str, str]] = {
    "service": "service_name",
    "success": "is_success",
    "error_msg": "error_name",
    "cipher": "reply_cipher",
    "client": "user",
    "forwardable": "is_forwardable",
    "renewable": "is_renewable",
    "till": "valid_till",
}
KERBEROS_REPLY: Final[Mapping[str, str]] = {
    "cname": "user_name",
    "sname": "service_name",
    "encryption": "reply_cipher",
    "ticket_encryption": "ticket_cipher",
}


def _zeek(log: str, values: Callable[[LogRow], Said | None], root: Path) -> Truth:
    for trace, rows in zeek_logs(root, log):
        yield trace, [said for row in rows if (said := values(row)) is not None]


def _kerberos(row: LogRow) -> Said | None:
    if row.get("request_type", "-") == "-":
        return None  # tickets used inside of SMB
    values = mapped(row, KERBEROS_ZEEK, unset=False)
    if "valid_till" in values:
        values["valid_till"] = str(int(float(values["valid_till"])))
    return f"{zeek_ends(row)} {row['request_type']}", values


def _rdp(row: LogRow) -> Said:
    name, protocol = row["cookie"].replace("(empty)", "-"), row["security_protocol"].lower()
    return zeek_ends(row), {"user": name, "security_protocol": protocol}


def _search(row: LogRow) -> Said:
    values = {"filter": row["filter"], "object": row["base_object"]}
    if "scope" in row:
        values |= {"scope": SCOPES[row["scope"]], "result_name": row["result"].replace(" ", "")}
        values |= mapped(row, {name: name for name in ("result_count", "deref_aliases")})
        values["diagnostic"] = row["diagnostic_message"]
    values |= mapped(row, {"attributes": "attributes"}, unset=False)
    number = row.get("message_id", "")
    return (f"{zeek_ends(row)} {number}" if number else "* search"), values


def _ldap(row: LogRow) -> Said:
    operation, _, kind = row["opcode"].partition(" ")
    values = {"operation": operation, "result_name": row["result"].replace(" ", "")}
    values |= {"diagnostic": row["diagnostic_message"]}
    if operation == "bind":
        values |= {"bind_kind": kind.lower(), "ldap_version": row["version"], "user": row["object"]}
        if kind == "SASL":
            values["sasl_mechanism"] = row["argument"]
    elif operation in ("modify", "extended"):
        values["object"] = row["object"].split(" (")[0]
    return f"{zeek_ends(row)} {row['message_id']}", values


def _eve(kind: str, values: Callable[[Event], Said | None], root: Path) -> Truth:
    for trace, events in eve_events(root, kind):
        told = [(event, said) for event in events if (said := values(event[kind])) is not None]
        yield (
            trace,
            [(f"{eve_ends(event, server_ports=SERVER_PORTS)} {said[0]}".strip(), said[1]) for event, said in told],
        )


def _eve_kerberos(said: Event) -> Said:
    known = {name: value for name, value in said.items() if isinstance(value, str) and not value.startswith("<")}
    kind = said["msg_type"]
    if kind == "KRB_ERROR":
        return "error", picked(known, {"error_code": "error_name", "sname": "service_name"})
    if kind.endswith("REP"):
        return f"{kind[4:7].strip('_')} reply", picked(known, KERBEROS_REPLY)
    return f"{kind[4:7].strip('_')} request", picked(known, {"cname": "user_name"})


def _eve_rdp(said: Event) -> Said | None:
    if said["event_type"] == "initial_request":
        return "", {"user": said.get("cookie", "-")}
    return ("", {"security_protocol": said["protocol"]}) if said["event_type"] == "initial_response" else None


def _kerberos_keys(row: Row) -> Iterator[str]:
    yield f"{ends(row)} {row['exchange']}"
    if row["kdc_options"] is not None:
        yield f"{ends(row)} {row['exchange']} request"
    if row["is_success"] is not None:
        yield f"{ends(row)} {row['exchange']} reply" if row["is_success"] else f"{ends(row)} error"


def _kerberos_cell(row: Row, name: str, said: str) -> str:
    if name == "user_name":  # Suricata's, without the realm
        return cell(row, "user", said)
    if name == "user":
        return f"{row['user']}/{row['domain']}"
    if name.startswith("is_"):
        return "T" if row[name] else "F"
    if name == "valid_till" and row[name] is not None:
        return str(int((row[name] - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))
    return cell(row, name, said)


def _ldap_keys(row: Row) -> Iterator[str]:
    yield f"{ends(row)} {row['message_id']}"
    yield f"* {row['operation']}"


def _ldap_cell(row: Row, name: str, said: str) -> str:
    if name == "result_name":
        return cell(row, name, said).lower()
    # Zeek writes control characters of diagnostics as question marks.
    return re.sub(r"\\x[01][0-9a-f]", "?", cell(row, name, said)) if name == "diagnostic" else cell(row, name, said)


def _rdp_keys(row: Row) -> Iterator[str]:
    yield ends(row)


def _kerberos_of(tool: str, least: int, truth: Callable[[Path], Truth]) -> Comparison:
    return Comparison(f"{tool} kerberos", least, "kerberos", truth, _kerberos_keys, _kerberos_cell)


COMPARISONS: Final = (
    _kerberos_of("zeek", 16, partial(_zeek, "kerberos", _kerberos)),
    Comparison("zeek ldap", 28, "ldap", partial(_zeek, "ldap", _ldap), _ldap_keys, _ldap_cell),
    Comparison("zeek ldap_search", 20, "ldap", partial(_zeek, "ldap_search", _search), _ldap_keys, _ldap_cell),
    Comparison("zeek rdp", 3, "rdp", partial(_zeek, "rdp", _rdp), _rdp_keys, reuses=True),
    _kerberos_of("suricata", 94, partial(_eve, "krb5", _eve_kerberos)),
    # One row of ours has what two events say.
    Comparison("suricata rdp", 184, "rdp", partial(_eve, "rdp", _eve_rdp), _rdp_keys, reuses=True),
)
