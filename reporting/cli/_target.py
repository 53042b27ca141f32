"""What a command over packets is about: an alert, an incident or a flow, and the flows behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reporting.cli._pick import unknown
from reporting.cli._settings import Settings

if TYPE_CHECKING:
    from reporting.cases.case import Case


@dataclass(frozen=True, slots=True)
class Target:
    """Which flows, under what name, and how many the evidence rests on in all."""

    name: str
    kind: str
    uids: tuple[bytes, ...]
    flow_count: int
    display_filter: str


def target_of(settings: Settings, case: Case, target: str) -> Target:
    """Return what ``target`` names: an alert, an incident, or else a flow.

    Raises:
        TaishiError: nothing of that name (exit code 3).
    """
    from reporting.cases import incidents
    from reporting.cases.alerts import alert_ids, list_alerts, uid_bytes, uid_text
    from reporting.cases.book import casebook_of
    from reporting.cases.lookup import resolve

    with casebook_of(case.home) as casebook:
        numbers = incidents.names(casebook, case.name) if casebook is not None else {}
        number = resolve(target, numbers)
        own = casebook.incident(number)["alert_ids"] if casebook is not None and number is not None else None
    ids = alert_ids(case.lake, case.name)
    alert = resolve(target, {name: name for name in ids}) if own is None else None
    if own is not None or alert is not None:
        rows = list(list_alerts(case.lake, case.name, ids=own if own is not None else [str(alert)]))
        kind = "incident" if own is not None else "alert"
        return _of_alerts(str(number or alert), kind, rows)
    uid = uid_bytes(target)
    if uid is not None and has_flow(case, uid):
        return Target(uid_text(uid), "flow", (uid,), 1, _flow_filter(case, uid))
    raise unknown(settings, "target", target, case, [*numbers.values(), *ids])


def _of_alerts(name: str, kind: str, rows: list[dict[str, Any]]) -> Target:
    from reporting.cases.alerts import uid_bytes
    from reporting.cases.incidents import flow_count, joined_filter

    kept = dict.fromkeys(uid_bytes(text) for row in rows for text in row["flow_uids"])
    uids = tuple(uid for uid in kept if uid is not None)
    return Target(name, kind, uids, flow_count(rows), joined_filter(rows))


def has_flow(case: Case, uid: bytes) -> bool:
    """Return whether the case holds a flow segment of that uid."""
    with case.lake.reader(case.name) as reader:
        return bool(reader.arrow("SELECT 1 FROM flow_stored WHERE flow_uid = ? LIMIT 1", [uid]).num_rows)


_PORTS = {6: "tcp", 17: "udp", 132: "sctp", 33: "dccp"}
"""Wireshark's names of the protocols with ports, by IANA number."""


def _flow_filter(case: Case, uid: bytes) -> str:
    """Return the Wireshark display filter for the packets of one flow."""
    from reporting.tables import address_text

    columns = "src_ip, dst_ip, src_port, dst_port, ip_proto, src_mac, dst_mac"
    with case.lake.reader(case.name) as reader:
        (row,) = reader.arrow(f"SELECT {columns} FROM flow_stored WHERE flow_uid = ? LIMIT 1", [uid]).to_pylist()
    if row["src_ip"] is None:
        macs = [row[name].hex(":") for name in ("src_mac", "dst_mac") if row[name] is not None]
        return " && ".join(f"eth.addr == {mac}" for mac in macs)
    parts = []
    for name in ("src_ip", "dst_ip"):
        ip = address_text(row[name])
        parts.append(f"{'ipv6' if ':' in ip else 'ip'}.addr == {ip}")
    proto = _PORTS.get(row["ip_proto"])
    if proto is not None:
        parts += [f"{proto}.port == {row[name]}" for name in ("src_port", "dst_port") if row[name] is not None]
    return " && ".join(parts)
