"""DHCP records against Zeek's dhcp.log, which has one row per exchange, and Suricata's dhcp events.

Source: Zeek, scripts/base/protocols/dhcp/main.zeek (what belongs to one row); Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.comparison import Comparison, Row, Truth, cell
from tests.oracles.support.tool_logs import Event, eve_events, mapped, zeek_logs

TYPES: Final = ("-", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM")
CLIENT: Final = frozenset({1, 3, 4, 7, 8})
"""Types that a client sends (RFC 2131 3)."""
QUIET_S: Final = 5
"""Silence after which Zeek takes the same number for another exchange, s."""
WATCHED_S: Final = 30
"""Longest exchange, s."""
ZEEK: Final[Mapping[str, str]] = {
    name: name
    for name in (
        *("client_addr", "server_addr", "mac", "host_name", "client_fqdn", "domain", "requested_addr"),
        *("assigned_addr", "lease_time", "client_message", "server_message", "msg_types"),
    )
}
EVE: Final[Mapping[str, str]] = {
    "client_mac": "client_mac",
    "assigned_ip": "assigned_ip",
    "client_ip": "client_ip",
    "relay_ip": "relay_ip",
    "dhcp_type": "msg_type",
    "requested_ip": "requested_ip",
    "hostname": "host_name",
    "vendor_class_identifier": "vendor_class",
    "lease_time": "lease_s",
    "subnet_mask": "subnet_mask",
    "routers": "router_ip",
    "dns_servers": "dns_servers",
}
NO_ADDRESS: Final = "0.0.0.0"


def _zeek(root: Path) -> Truth:
    for trace, rows in zeek_logs(root, "dhcp"):
        yield trace, [(row["mac"], mapped(row, ZEEK)) for row in rows]


def folded(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return one row per exchange, as Zeek makes them of messages."""
    done: list[dict[str, Any]] = []
    exchanges: dict[int, dict[str, Any]] = {}
    for row in rows:
        whole = exchanges.get(row["xid"])
        if whole is None or _is_over(whole, row):
            whole = {name: None for name in ZEEK} | {"ts": row["ts"], "msg_types": [], "own_mac": None}
            exchanges[row["xid"]] = whole
            done.append(whole)
        whole["last"] = row["ts"]
        whole["msg_types"].append(_type_name(row))
        (_client if row["msg_type"] in CLIENT else _server)(whole, row)
    for whole in done:
        whole["mac"] = whole["mac"] or whole["own_mac"]
    return sorted(done, key=lambda whole: whole["ts"])


def _type_name(row: Row) -> str:
    number = row["msg_type"] or 0
    return TYPES[number] if number < len(TYPES) else "UNKNOWN"


def _is_over(whole: Row, row: Row) -> bool:
    silent, lasted = (row["ts"] - whole["last"]).total_seconds(), (row["ts"] - whole["ts"]).total_seconds()
    return silent > 2 * QUIET_S or lasted > WATCHED_S


def _client(whole: dict[str, Any], row: Row) -> None:
    if row["sender_ip"] != NO_ADDRESS:
        whole["client_addr"] = row["sender_ip"]
    told = {"host_name": row["host_name"], "client_fqdn": row["client_fqdn"], "requested_addr": row["requested_ip"]}
    told |= {"client_message": row["message"]}
    whole.update({name: value for name, value in told.items() if value is not None})
    own = row["client_id"]
    if own is not None and own.startswith("01") and len(own) == 14:
        whole["mac"] = bytes.fromhex(own[2:])
    else:
        whole["own_mac"] = row["client_mac"]


def _server(whole: dict[str, Any], row: Row) -> None:
    whole["mac"] = whole["mac"] or row["client_mac"]
    told = {"domain": row["domain_name"], "server_message": row["message"]}
    told |= {"lease_time": None if row["lease_s"] is None else f"{row['lease_s']}.000000"}
    if row["assigned_ip"] is not None:
        told |= {"assigned_addr": row["assigned_ip"], "server_addr": row["sender_ip"]}
    whole.update({name: value for name, value in told.items() if value is not None})
    whole["client_addr"] = whole["client_addr"] or whole["assigned_addr"]


def _eve(root: Path) -> Truth:
    for trace, events in eve_events(root, "dhcp"):
        yield trace, [(_event_key(event["dhcp"]), _values(event["dhcp"])) for event in events]


def _event_key(said: Event) -> str:
    # Not in order of time: Suricata may write an answer before its question.
    return f"{said['id']} {said['dhcp_type'].upper()}"


def _values(said: Event) -> dict[str, str]:
    values = {}
    for theirs, ours in EVE.items():
        value = said.get(theirs, "-")
        if theirs == "subnet_mask" and value != "-":
            value = str(int(IPv4Address(value)))
        elif theirs == "routers" and value != "-":
            value = value[0]
        elif theirs == "dns_servers":
            value = "-" if value == "-" else ",".join(value)
        elif theirs == "dhcp_type":
            value = value.upper()
        values[ours] = str(value)
    return values


def _eve_cell(row: Row, name: str, said: str) -> str:
    if name == "msg_type":
        return _type_name(row)
    value = cell(row, name, said)
    return NO_ADDRESS if said == NO_ADDRESS and value == "-" else value


def _mac_keys(row: Row) -> Iterator[str]:
    yield row["mac"].hex(":")


def _id_keys(row: Row) -> Iterator[str]:
    yield f"{row['xid']} {_type_name(row)}"


COMPARISONS: Final = (
    Comparison("zeek dhcp", 53, "dhcp", _zeek, _mac_keys, prepared=folded),
    Comparison("suricata dhcp", 152, "dhcp", _eve, _id_keys, _eve_cell),
)
