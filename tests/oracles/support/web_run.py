"""Compare HTTP and SSH records with Zeek's logs and Suricata's events, on the fields both sides have.

Source: Zeek, scripts/base/protocols/http/main.zeek and ssh/main.zeek (fields); Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Agreement, Exceptions, Measured
from tests.oracles.support.record_rows import log_rows, plain, record_rows
from tests.oracles.support.truth import rows_of

Ours = Mapping[str, Any]
Truth = tuple[str, Mapping[str, str]]
"""Key of a row (endpoints and ordinal) and its values by our column names; a column it lacks is not compared."""

HTTP_ZEEK: Final[Mapping[str, str]] = {
    "method": "method",
    "host": "host",
    "uri": "uri",
    "referrer": "referrer",
    "version": "reply_version",
    "user_agent": "user_agent",
    "request_body_len": "request_body_len",
    "response_body_len": "response_body_len",
    "status_code": "status_code",
    "status_msg": "status_msg",
    "username": "user",
}
HTTP_EVE: Final[Mapping[str, str]] = {
    "http_method": "method",
    "hostname": "host",
    "url": "uri",
    "http_refer": "referrer",
    "protocol": "http_version",
    "http_user_agent": "user_agent",
    "status": "status_code",
    "http_content_type": "response_type",
    "length": "response_body_len",
}
SSH_ZEEK: Final[Mapping[str, str]] = {
    "version": "ssh_version",
    "auth_success": "outcome",
    "auth_attempts": "auth_attempts",
    "client": "client_banner",
    "server": "server_banner",
    "cipher_alg": "cipher_alg",
    "mac_alg": "mac_alg",
    "compression_alg": "compression_alg",
    "kex_alg": "kex_alg",
    "host_key_alg": "host_key_alg",
}
ANY_ENDS: Final = "*"
"""Endpoints of a log that lacks them: comparable where it is of one connection."""
UNSEEN: Final = "/libhtp::request_uri_not_seen"
"""Target that Suricata gives to a response without a request."""
OUTCOMES: Final[Mapping[str, str]] = {"T": "ok", "F": "negative", "-": "unknown", "": "unknown"}


def zeek(root: Path, table: str, exceptions: Exceptions) -> Agreement:
    """Compare ``http`` or ``ssh`` with every log of that name that Zeek's baselines and the full logs have."""
    columns = HTTP_ZEEK if table == "http" else SSH_ZEEK
    agreement = Agreement()
    for trace, log in _zeek_logs(root, table):
        rows = log_rows(log)
        # JSON lines leave out what is not set, cut logs what the test does not want.
        is_json = any("@stream" in row for row in rows)
        truth = []
        for row in rows:
            have = {theirs: ours for theirs, ours in columns.items() if is_json or theirs in row}
            values = {ours: row.get(theirs, "-") for theirs, ours in have.items()}
            if table == "ssh":
                values["outcome"] = OUTCOMES[row.get("auth_success", "-")]
                values = {name: value for name, value in values.items() if (name, value) != ("ssh_version", "-")}
            truth.append((f"{_zeek_ends(row)} {row.get('trans_depth', 1)}", values))
        if len({row.get("uid") for row in rows}) == 1 or not any(key.startswith(ANY_ENDS) for key, _ in truth):
            _add(agreement, root, trace, table, truth, exceptions)
    return agreement


def _zeek_ends(row: Mapping[str, str]) -> str:
    if "id.orig_h" not in row:
        return ANY_ENDS
    return f"{row['id.orig_h']}:{row['id.orig_p']}>{row['id.resp_h']}:{row['id.resp_p']}"


def _zeek_logs(root: Path, table: str) -> Iterator[tuple[str, Path]]:
    traces: set[str] = set()  # two tests of one capture say the same
    for row in sorted(rows_of(root / "oracles" / "zeek" / "index.csv"), key=lambda row: int(row["script_lines"])):
        log = root / "oracles" / "zeek" / "baseline" / row["test"] / f"{table}.log"
        if log.is_file() and row["trace"] not in traces:
            traces.add(row["trace"])
            yield row["trace"], log
    for log in sorted((root / "oracles" / "zeek-full").glob(f"*/zeek/{table}.log")):
        capture = next(path for path in log.parent.parent.iterdir() if path.suffix in (".cap", ".pcap", ".pcapng"))
        yield str(capture.relative_to(root)), log


def suricata(root: Path, table: str, exceptions: Exceptions) -> Agreement:
    """Compare ``http`` or ``ssh`` with every event of that type in Suricata's results."""
    agreement = Agreement()
    base = root / "truth" / "suricata-eve"
    for path in sorted(base.rglob("*.eve.jsonl.gz")):
        truth = list(_events(path, table))
        if truth:
            trace = str(path.relative_to(base)).removesuffix(".eve.jsonl.gz")
            _add(agreement, root, trace, table, truth, exceptions)
    return agreement


def _events(path: Path, table: str) -> Iterator[Truth]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        for line in file:
            event = json.loads(line)
            if event["event_type"] != table:
                continue
            src, dst = ip_address(event["src_ip"]), ip_address(event["dest_ip"])
            values = _eve_http(event["http"]) if table == "http" else _eve_ssh(event["ssh"])
            if values:
                yield f"{src}:{event['src_port']}>{dst}:{event['dest_port']} {event['tx_id'] + 1}", values


def _eve_http(http: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of an event; none when it is of another protocol (RTSP is read by the same parser)."""
    values = {ours: str(http[theirs]) for theirs, ours in HTTP_EVE.items() if theirs in http}
    protocol = values.pop("http_version", "")
    if values["uri"] == UNSEEN:
        del values["uri"]
    elif not protocol.startswith("HTTP/"):
        return {}
    else:
        values["http_version"] = protocol.removeprefix("HTTP/")
    return values


def _eve_ssh(ssh: Mapping[str, Any]) -> dict[str, str]:
    values: dict[str, str] = {}
    for side, column in (("client", "hassh"), ("server", "hassh_server")):
        end = ssh.get(side, {})
        if "proto_version" in end:
            values[f"{side}_banner"] = f"SSH-{end['proto_version']}-{end['software_version']}"
        if "hassh" in end:
            values[column] = end["hassh"]["hash"]
    return values


def _add(
    agreement: Agreement, root: Path, trace: str, table: str, truth: Iterable[Truth], exceptions: Exceptions
) -> None:
    """Compare the rows of one capture, paired by endpoints and ordinal, in order of time."""
    truth = list(truth)
    known = not any(key.startswith(ANY_ENDS) for key, _ in truth)
    ours: dict[str, list[Ours]] = defaultdict(list)
    for row in record_rows(root / trace, table):
        ours[f"{_ends(row) if known else ANY_ENDS} {row.get('trans_depth', 1)}"].append(row)
    wanted: list[Measured] = []
    had: list[Measured] = []
    for key, values in truth:
        if exceptions.find("excluded", trace, key) is not None:
            continue
        found = ours[key].pop(0) if ours[key] else None
        form = _comparable(values, found)
        wanted.append(Measured(key, _line(values, form)))
        if found is not None:
            had.append(Measured(key, _line({name: _cell(found, name, values) for name in values}, form)))
    agreement.add(trace, wanted, had)


def _ends(row: Ours) -> str:
    return f"{row['sender_ip']}:{row['sender_port']}>{row['receiver_ip']}:{row['receiver_port']}"


def _cell(row: Ours, name: str, theirs: Mapping[str, str]) -> str:
    """Return our value in the words of the other side."""
    value = "-" if row[name] is None else str(row[name])
    if name == "auth_attempts" and value == "-":
        return "0"  # Zeek counts from 0 whether it could tell anything or not
    if name.endswith("_banner") and " " not in theirs[name]:
        return value.split(" ")[0]  # Suricata leaves the comment out
    if name == "uri" and "%" not in theirs[name]:
        return re.sub(r"%([0-9A-Fa-f]{2})", r"\\x\1", value)  # Zeek logs the target decoded
    if name == "response_body_len" and _is_framing(int(theirs[name]) - int(value), int(value)):
        return theirs[name]
    return value


def _is_framing(difference: int, body: int) -> bool:
    """Tell whether a difference is the framing of chunks, which Suricata counts as body: sizes, line ends, last chunk.

    A chunk line and the line end after the data are 5 to 10 bytes; servers send no chunks below 512 bytes but the last.
    """
    chunks = body // 512 + 1
    return 3 <= difference <= 3 + 10 * chunks


def _comparable(values: Mapping[str, str], row: Ours | None) -> Callable[[str], bool]:
    """Return which columns both sides state: sizes of coded content are those of other bytes on the other side."""
    coded = row is not None and row.get("response_coding") is not None
    return lambda name: name in values and not (coded and name == "response_body_len")


def _line(values: Mapping[str, str], form: Callable[[str], bool]) -> tuple[str, ...]:
    return tuple(f"{name}={_shown(name, values[name])}" for name in sorted(values) if form(name))


def _shown(name: str, value: str) -> str:
    text = plain(value)
    if name == "response_type":
        return text.split(";")[0].strip().lower()  # Suricata leaves the parameters out
    if name == "host":
        return re.sub(r":\d+$", "", text).lower()  # we keep no port, Suricata lowers the case
    return text
