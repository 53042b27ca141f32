"""HTTP and SSH records against Zeek's logs and Suricata's events.

Source: Zeek, scripts/base/protocols/http/main.zeek and ssh/main.zeek (fields); Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.comparison import Comparison, Row, Truth, cell, ends
from tests.oracles.support.record_rows import plain
from tests.oracles.support.tool_logs import (
    ANY_ENDS,
    Event,
    LogRow,
    eve_ends,
    eve_events,
    mapped,
    picked,
    zeek_ends,
    zeek_logs,
)

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
UNSEEN: Final = "/libhtp::request_uri_not_seen"
"""Target that Suricata gives to a response without a request."""
OUTCOMES: Final[Mapping[str, str]] = {"T": "ok", "F": "negative", "-": "unknown", "": "unknown"}


def _zeek(log: str, values: Callable[[LogRow], dict[str, str]], root: Path) -> Truth:
    for trace, rows in zeek_logs(root, log):
        truth = [(f"{zeek_ends(row)} {row.get('trans_depth', 1)}", values(row)) for row in rows]
        # Rows without endpoints can be told apart where they are of one connection.
        if len({row.get("uid") for row in rows}) == 1 or not any(key.startswith(ANY_ENDS) for key, _ in truth):
            yield trace, truth


def _http(row: LogRow) -> dict[str, str]:
    return mapped(row, HTTP_ZEEK)


def _ssh(row: LogRow) -> dict[str, str]:
    values = mapped(row, SSH_ZEEK) | {"outcome": OUTCOMES[row.get("auth_success", "-")]}
    return {name: value for name, value in values.items() if (name, value) != ("ssh_version", "-")}


def _eve(kind: str, values: Callable[[Event], dict[str, str]], root: Path) -> Truth:
    for trace, events in eve_events(root, kind):
        told = [(f"{eve_ends(event)} {event['tx_id'] + 1}", values(event[kind])) for event in events]
        yield trace, [(key, said) for key, said in told if said]


def _eve_http(http: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of an event; none when it is of another protocol (RTSP is read by the same parser)."""
    values = picked(http, HTTP_EVE)
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


def _keys(row: Row) -> Iterator[str]:
    yield f"{ends(row)} {row.get('trans_depth', 1)}"
    yield f"{ANY_ENDS} {row.get('trans_depth', 1)}"


def _cell(row: Row, name: str, said: str) -> str:
    """Return our value in the words of the other side."""
    value = cell(row, name, said)
    if name == "auth_attempts" and value == "-":
        return "0"  # Zeek counts from 0 whether it could tell anything or not
    if name.endswith("_banner") and " " not in said:
        return value.split(" ")[0]  # Suricata leaves the comment out
    if name == "uri" and "%" not in said:
        return re.sub(r"%([0-9A-Fa-f]{2})", r"\\x\1", value)  # Zeek logs the target decoded
    if name == "response_body_len":
        # Sizes of coded content are those of other bytes on the other side.
        coded = row["response_coding"] is not None
        return said if coded or _is_framing(int(said) - int(value), int(value)) else value
    return value


def _is_framing(difference: int, body: int) -> bool:
    """Tell whether a difference is the framing of chunks, which Suricata counts as body: sizes, line ends, last chunk.

    A chunk line and the line end after the data are 5 to 10 bytes; servers send no chunks below 512 bytes but the last.
    """
    chunks = body // 512 + 1
    return 3 <= difference <= 3 + 10 * chunks


def _shown(name: str, value: str) -> str:
    text = plain(value)
    if name == "response_type":
        return text.split(";")[0].strip().lower()  # Suricata leaves the parameters out
    if name == "host":
        return re.sub(r":\d+$", "", text).lower()  # we keep no port, Suricata lowers the case
    return text


def _of(tool: str, table: str, least: int, truth: Callable[[Path], Truth]) -> Comparison:
    return Comparison(f"{tool} {table}", least, table, truth, _keys, _cell, _shown)


COMPARISONS: Final = (
    _of("zeek", "http", 83, partial(_zeek, "http", _http)),
    _of("zeek", "ssh", 42, partial(_zeek, "ssh", _ssh)),
    _of("suricata", "http", 681, partial(_eve, "http", _eve_http)),
    _of("suricata", "ssh", 110, partial(_eve, "ssh", _eve_ssh)),
)
