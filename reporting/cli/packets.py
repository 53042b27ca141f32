"""``taishi packets``: the frames behind an alert, an incident or a flow, out of the captures that were scanned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen, unknown
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which flows, under what name, and how many the evidence rests on in all."""

    name: str
    kind: str
    uids: tuple[bytes, ...]
    flow_count: int
    display_filter: str


@command("packets")
@click.argument("target")
@click.option("-w", "--write", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="OUT.pcap")
@case_option
def packets(target: str, write: Path, case: str | None) -> None:
    """Write the packets behind an alert, incident or flow."""
    from sensor.packets import select_packets

    settings = current()
    opened = chosen(settings, case)
    wanted = _wanted(settings, opened, target)
    _refuse_existing(settings, write)
    selections = select_packets(opened.lake, opened.name, wanted.uids, write)
    result = {
        "target": wanted.name,
        "kind": wanted.kind,
        "case": opened.name,
        "flows_kept": len(wanted.uids),
        "flow_count": wanted.flow_count,
        "display_filter": wanted.display_filter,
        "files": [
            {
                "path": str(one.out),
                "capture": str(one.capture),
                "frames": one.counts.get("written", 0),
                "flows": one.flows,
            }
            for one in selections
        ],
    }
    _tell(result, settings)


def _refuse_existing(settings: Settings, out: Path) -> None:
    """Refuse to write over what is there, also under the names that several captures would get.

    Raises:
        TaishiError: a file of that name exists.
    """
    from reporting.clean import clean
    from store.errors import TaishiError

    for path in (out, out.with_stem(f"{out.stem}-1")):
        if path.exists():
            raise TaishiError(settings.words("error.out_exists", path=clean(str(path))))


def _wanted(settings: Settings, case: Case, target: str) -> _Wanted:
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
    if uid is not None and _has_flow(case, uid):
        return _Wanted(uid_text(uid), "flow", (uid,), 1, _flow_filter(case, uid))
    raise unknown(settings, "target", target, case, [*numbers.values(), *ids])


def _of_alerts(name: str, kind: str, rows: list[dict[str, Any]]) -> _Wanted:
    from reporting.cases.alerts import uid_bytes
    from reporting.cases.incidents import flow_count, joined_filter

    kept = dict.fromkeys(uid_bytes(text) for row in rows for text in row["flow_uids"])
    uids = tuple(uid for uid in kept if uid is not None)
    return _Wanted(name, kind, uids, flow_count(rows), joined_filter(rows))


def _has_flow(case: Case, uid: bytes) -> bool:
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


def _tell(result: dict[str, Any], settings: Settings) -> None:
    from reporting.clean import clean
    from reporting.tables import Column, emit, emit_object

    if settings.output is Output.CSV:
        emit(result["files"], [Column(name, name) for name in ("path", "capture", "frames", "flows")], "csv")
        return
    if settings.output is not Output.TABLE:
        emit_object(result, settings.output.value)
        return
    words = settings.words
    for one in result["files"]:
        shown = {"path": clean(one["path"]), "source": clean(one["capture"])}
        click.echo(words("packets.wrote", frames=one["frames"], flows=one["flows"], **shown))
    if len(result["files"]) > 1:
        click.echo(words("packets.several", n=len(result["files"])))
    if result["flow_count"] > result["flows_kept"]:
        told = {"id": result["target"], "count": result["flow_count"], "kept": result["flows_kept"]}
        click.echo(words("packets.limited", **told))
    if result["display_filter"]:
        click.echo(words("packets.filter", filter=clean(result["display_filter"])))
