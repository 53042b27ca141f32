"""Compare Kerberos, LDAP and RDP records with Zeek's logs and Suricata's events, on the fields both sides have.

Source: Zeek, scripts/base/protocols/{krb,ldap,rdp}/main.zeek (fields); Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Agreement, Exceptions, Measured
from tests.oracles.support.record_rows import log_rows, plain, record_rows
from tests.oracles.support.truth import rows_of

Values = dict[str, str]
Truth = tuple[str, Values]
"""Key of a row and its values by the names of :func:`_ours`."""

LOGS: Final[Mapping[str, str]] = {"kerberos": "kerberos", "ldap": "ldap", "ldap_search": "ldap", "rdp": "rdp"}
"""Zeek's logs and our tables."""
SCOPES: Final[Mapping[str, str]] = {"tree": "sub", "single": "one", "base": "base"}
KDC_PORT: Final = 88


def zeek(root: Path, log: str, exceptions: Exceptions) -> Agreement:
    """Compare with every Zeek log of that name in the baselines and the full logs."""
    agreement = Agreement()
    for trace, path in _zeek_logs(root, log):
        truth = [found for row in log_rows(path) if (found := _zeek_row(log, row)) is not None]
        _add(agreement, root / trace, (trace, LOGS[log]), truth, exceptions)
    return agreement


def _zeek_logs(root: Path, log: str) -> Iterator[tuple[str, Path]]:
    seen: set[tuple[str, str]] = set()
    for row in rows_of(root / "oracles" / "zeek" / "index.csv"):
        path = root / "oracles" / "zeek" / "baseline" / row["test"] / f"{log}.log"
        # Two tests of one capture may log different columns.
        if path.is_file() and (row["trace"], path.read_text(encoding="utf-8")) not in seen:
            seen.add((row["trace"], path.read_text(encoding="utf-8")))
            yield row["trace"], path
    for path in sorted((root / "oracles" / "zeek-full").glob(f"*/zeek/{log}.log")):
        capture = next(file for file in path.parent.parent.iterdir() if file.suffix in (".cap", ".pcap", ".pcapng"))
        yield str(capture.relative_to(root)), path


def _zeek_row(log: str, row: Mapping[str, str]) -> Truth | None:
    if log == "kerberos":
        return _zeek_kerberos(row)
    if log == "rdp":
        name, protocol = row["cookie"].replace("(empty)", "-"), row["security_protocol"].lower()
        return _zeek_ends(row), {"user": name, "security_protocol": protocol}
    if log == "ldap":
        return _zeek_ldap(row)
    values = {"filter": row["filter"], "object": row["base_object"]}
    if "scope" in row:
        values |= {
            "scope": SCOPES[row["scope"]],
            "result_count": row["result_count"],
            "deref_aliases": row["deref_aliases"],
        }
        values |= {"result": row["result"].replace(" ", ""), "diagnostic": row["diagnostic_message"]}
    if row.get("attributes", "-") != "-":
        values["attributes"] = row["attributes"]
    number = row.get("message_id", "")
    return (f"{_zeek_ends(row)} {number}" if number else "* search"), values


def _zeek_kerberos(row: Mapping[str, str]) -> Truth | None:
    if row.get("request_type", "-") == "-":
        return None  # tickets used inside of SMB
    said = {name: value for name, value in row.items() if value not in ("-", "")}
    names = {"service": "service", "success": "success", "error_msg": "error", "cipher": "reply_cipher"}
    names |= {"client": "client", "forwardable": "forwardable", "renewable": "renewable"}
    values = {ours: said[theirs] for theirs, ours in names.items() if theirs in said}
    if "till" in said:
        values["till"] = str(int(float(said["till"])))
    return f"{_zeek_ends(row)} {row['request_type']}", values


def _zeek_ldap(row: Mapping[str, str]) -> Truth:
    operation, _, kind = row["opcode"].partition(" ")
    values = {"operation": operation, "result": row["result"].replace(" ", "")}
    values |= {"diagnostic": row["diagnostic_message"]}
    if operation == "bind":
        values |= {"kind": kind.lower(), "version": row["version"], "user": row["object"]}
        if kind == "SASL":
            values["mechanism"] = row["argument"]
    elif operation in ("modify", "extended"):
        values["object"] = row["object"].split(" (")[0]
    return f"{_zeek_ends(row)} {row['message_id']}", values


def _zeek_ends(row: Mapping[str, str]) -> str:
    return f"{row['id.orig_h']}:{row['id.orig_p']}>{row['id.resp_h']}:{row['id.resp_p']}"


def suricata(root: Path, table: str, exceptions: Exceptions) -> Agreement:
    """Compare ``kerberos`` or ``rdp`` with every event of it in Suricata's results."""
    agreement = Agreement()
    base = root / "truth" / "suricata-eve"
    for path in sorted(base.rglob("*.eve.jsonl.gz")):
        truth = list(_events(path, table))
        if truth:
            trace = str(path.relative_to(base)).removesuffix(".eve.jsonl.gz")
            _add(agreement, root / trace, (trace, table), truth, exceptions)
    return agreement


def _events(path: Path, table: str) -> Iterator[Truth]:
    kind = "krb5" if table == "kerberos" else table
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            if f'"event_type":"{kind}"' not in line:
                continue
            event = json.loads(line)
            values = _eve_kerberos(event["krb5"]) if table == "kerberos" else _eve_rdp(event["rdp"])
            if values is not None:
                yield f"{_eve_ends(event)} {values[0]}".strip(), values[1]


def _eve_ends(event: Mapping[str, Any]) -> str:
    """Return client and server, whichever of them Suricata calls the source."""
    ends = [f"{event['src_ip']}:{event['src_port']}", f"{event['dest_ip']}:{event['dest_port']}"]
    if event["src_port"] in (KDC_PORT, 3389):
        ends.reverse()
    return ">".join(ends)


def _eve_kerberos(said: Mapping[str, Any]) -> Truth:
    def known(names: Mapping[str, str]) -> Values:
        return {ours: said[theirs] for theirs, ours in names.items() if said.get(theirs, "<none>")[0] != "<"}

    kind = said["msg_type"]
    if kind == "KRB_ERROR":
        return "error", known({"error_code": "error", "sname": "service"})
    if kind.endswith("REP"):
        names = {
            "cname": "user",
            "sname": "service",
            "encryption": "reply_cipher",
            "ticket_encryption": "ticket_cipher",
        }
        return f"{kind[4:7].strip('_')} reply", known(names)
    return f"{kind[4:7].strip('_')} request", known({"cname": "user"})


def _eve_rdp(said: Mapping[str, Any]) -> Truth | None:
    if said["event_type"] == "initial_request":
        return "", {"user": said.get("cookie", "-")}
    return ("", {"security_protocol": said["protocol"]}) if said["event_type"] == "initial_response" else None


def _add(
    agreement: Agreement, capture: Path, which: tuple[str, str], truth: Iterable[Truth], exceptions: Exceptions
) -> None:
    """Compare the rows of one capture, paired by key in order of time."""
    trace, table = which
    ours: dict[str, list[Values]] = defaultdict(list)
    for row in record_rows(capture, table):
        for key in _keys(table, row):
            ours[key].append(_ours(table, row))
    wanted: list[Measured] = []
    had: list[Measured] = []
    for key, values in truth:
        if exceptions.find("excluded", trace, key) is not None:
            continue
        # One row of RDP has what two events say.
        near = ours[key]
        found = (near[0] if table == "rdp" else near.pop(0)) if near else None
        wanted.append(Measured(key, _line(values, values)))
        if found is not None:
            had.append(Measured(key, _line(found, values)))
    agreement.add(trace, wanted, had)


def _keys(table: str, row: Mapping[str, Any]) -> Iterator[str]:
    ends = f"{row['sender_ip']}:{row['sender_port']}>{row['receiver_ip']}:{row['receiver_port']}"
    if table == "rdp":
        yield ends
    elif table == "ldap":
        yield f"{ends} {row['message_id']}"
        yield f"* {row['operation']}"
    else:
        yield f"{ends} {row['exchange']}"
        if row["kdc_options"] is not None:
            yield f"{ends} {row['exchange']} request"
        if row["is_success"] is not None:
            yield f"{ends} {row['exchange']} reply" if row["is_success"] else f"{ends} error"


def _ours(table: str, row: Mapping[str, Any]) -> Values:
    """Return a row of ours in the words of the others."""
    values = {name: "-" if value is None else str(value) for name, value in row.items()}
    if table == "kerberos":
        till = row["valid_till"]
        values |= {"client": f"{row['user']}/{row['domain']}", "service": values["service_name"]}
        values |= {"error": values["error_name"], "success": "T" if row["is_success"] else "F"}
        values |= {name: "T" if row[f"is_{name}"] else "F" for name in ("forwardable", "renewable")}
        values["till"] = "-" if till is None else str(int((till - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()))
    elif table == "ldap":
        values |= {"kind": values["bind_kind"], "version": values["ldap_version"]}
        values |= {"mechanism": values["sasl_mechanism"], "result": values["result_name"].lower()}
        values["attributes"] = ",".join(row["attributes"])
        # Zeek writes control characters of diagnostics as question marks.
        values["diagnostic"] = re.sub(r"\\x[01][0-9a-f]", "?", values["diagnostic"])
    return values


def _line(values: Mapping[str, str], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}={plain(values[name])}" for name in sorted(names))
