"""``taishi entity show``: what is remembered of one address, MAC or name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current

if TYPE_CHECKING:
    from reporting.cases.case import Case
    from reporting.words import Words

_PROTOCOLS: Final = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 47: "gre", 50: "esp", 58: "icmp6", 132: "sctp"}
"""Names of IANA protocol numbers that a person knows; the others are shown as numbers."""

_LISTS: Final = ("identity", "peers_largest", "peers_rarest", "services_used", "services_offered")
_NAMES: Final = ("names_asked", "names_served")


@command("show")
@click.argument("entity")
@case_option
def show(entity: str, case: str | None) -> None:
    """Show what is remembered of an address."""
    from reporting.cases.entity import entity as gather
    from reporting.cases.entity import find
    from reporting.tables import Column, emit, emit_object

    settings = current()
    opened = chosen(settings, case)
    addresses = find(opened, entity)
    if not addresses:
        raise _unknown(settings, opened, entity)
    found = gather(opened, addresses)
    if settings.output is Output.TABLE:
        _show(found, settings.words, settings.program())
    elif settings.output is Output.CSV:
        emit([found], [Column(name, name) for name in found], "csv")
    else:
        emit_object(found, settings.output.value)


def _unknown(settings: Settings, case: Case, wanted: str) -> Exception:
    from reporting.cases.case import NOT_FOUND
    from reporting.cases.entity import known_names
    from reporting.cases.lookup import nearest
    from reporting.clean import clean
    from store.errors import TaishiError

    near = ", ".join(nearest(wanted, known_names(case))) or settings.words("error.no_ids")
    told = settings.words(
        "error.no_entity", found=clean(wanted), case=case.name, nearest=near, program=settings.program()
    )
    return TaishiError(told, NOT_FOUND)


def _show(found: Mapping[str, Any], words: Words, program: str) -> None:
    from reporting.figures import count_text
    from reporting.tables import plain

    row = plain(found)
    click.echo(words("entity.head", address=row["address"], case=row["case"]))
    facts = {
        "zone": row["zone"] or "-",
        "roles": ", ".join(row["roles"]) or "-",
        "seen": words("entity.span", first=_time(row["first_seen"]), last=_time(row["last_seen"]), days=row["days"]),
        "others": ", ".join(row["other_addresses"]) or "-",
        "conversations": count_text(row["conversations"]),
    }
    from reporting.width import pad

    width = max(_cells(words(f"entity.{name}")) for name in facts)
    for name, text in facts.items():
        click.echo(f"  {pad(words(f'entity.{name}'), width)}  {text}")
    for name in (*_LISTS, *_NAMES):
        _section(name, row, words)
    _timeline(row, words, program)


def _cells(text: str) -> int:
    from reporting.width import cells

    return cells(text)


def _section(name: str, row: Mapping[str, Any], words: Words) -> None:
    if row[name]:
        total = {"peers_largest": "peers_count", "names_asked": "names_asked_count"}.get(name)
        title = words(f"entity.{name}")
        if total is not None and row[total] > len(row[name]):
            title = words("entity.of", title=title, n=row[total])
        _list(title, [_cells_of(one) for one in row[name]], words)


def _cells_of(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of any of the lists as the screen shows it."""
    from reporting.figures import bytes_text

    made: dict[str, Any] = {}
    if "kind" in one:
        made["kind"] = one["kind"]
    if "value" in one:
        made["value"] = one["value"]
    if "peer_ip" in one:
        made["peer"] = one["peer_ip"]
    if "ip_proto" in one:
        made["service"] = _service(one["ip_proto"], one["dst_port"])
    if "peers" in one:
        made["peers"] = one["peers"]
    made["count"] = one.get("conversations", one.get("sightings"))
    if "total_bytes" in one:
        made["bytes"] = bytes_text(one["total_bytes"])
    made["days"] = one["days"]
    return {**made, "first": _time(one["first_ts"]), "last": _time(one["last_ts"])}


def _service(proto: int | None, port: int | None) -> str:
    name = "-" if proto is None else _PROTOCOLS.get(proto, str(proto))
    return name if port is None else f"{name}/{port or '32768+'}"


def _list(title: str, rows: Iterable[Mapping[str, Any]], words: Words) -> None:
    from reporting.tables import Column, emit

    held = list(rows)
    click.echo(f"\n{title}")
    right = {"count", "bytes", "days", "peers"}
    whole = {"first", "last", "peer"}
    columns = [Column(n, words(f"entity.c_{n}"), right=n in right, whole=n in whole | right) for n in held[0]]
    emit(held, columns, "table")


def _timeline(row: Mapping[str, Any], words: Words, program: str) -> None:
    alerts = [
        {
            "first": _time(one["ts_start"]),
            "last": _time(one["ts_end"]),
            "severity": words(f"severity.{one['severity']}"),
            "title": words.pick(one["title_en"], one["title_zh"]),
        }
        for one in row["alerts"]
    ]
    if not alerts:
        click.echo("\n" + words("entity.no_alerts"))
        return
    _list(words("entity.alerts"), alerts, words)
    from reporting.width import MAX_COLUMNS, wrap

    for one in row["incidents"]:
        told = words.pick(one["title_en"], one["title_zh"])
        text = words("entity.incident", id=one["incident_id"], title=told, program=program)
        click.echo("\n".join(wrap(text, MAX_COLUMNS)))


def _time(text: str | None) -> str:
    from reporting.figures import time_text

    return time_text(text)
