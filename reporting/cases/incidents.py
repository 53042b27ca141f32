"""Incidents of a case as plain objects: what the machine says, what people decided, and the alerts they rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from reporting.cases.alerts import at_least
from reporting.tables import address_text, iso
from store.casebook import Casebook

MAX_FILTERS: Final = 8
"""Conditions of alerts in one display filter (1 … 50); beyond, Wireshark's field is unreadable and the actors stand
for them."""

COLUMNS: Final = (
    *("incident_id", "severity", "score", "title_en", "title_zh", "actor", "first", "last"),
    *("state", "verdict", "owner", "alerts", "is_current", "key", "case"),
)
"""Columns of the CSV form of a list."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_END_OF_TIME: Final = "9999-12-31T23:59:59.999999Z"


def list_incidents(casebook: Casebook, case: str, *, severity: str | None = None) -> list[dict[str, Any]]:
    """Return the incidents of a case that its last scan still finds, most severe first.

    Args:
        casebook: Casebook of the home.
        case: Case to read.
        severity: This one and those above it.
    """
    wanted = at_least(severity)
    found = [row for row in casebook.incidents(case, current_only=True) if row["severity"] in wanted]
    found.sort(key=lambda row: (wanted.index(row["severity"]), -row["score"], row["number"]))
    counts = Counter(casebook.snapshots()["incident_alert"]["incident_id"].to_pylist())
    return [_line(row, counts[row["id"]]) for row in found]


def numbers_with(casebook: Casebook, case: str, alert_ids: Iterable[str]) -> set[str]:
    """Return the numbers of the incidents of a case that rest on at least one of these alerts."""
    wanted = set(alert_ids)
    numbers = {row["id"]: str(row["number"]) for row in casebook.incidents(case)}
    links = casebook.snapshots()["incident_alert"].to_pylist()
    return {
        numbers[link["incident_id"]] for link in links if link["alert_id"] in wanted and link["incident_id"] in numbers
    }


def names(casebook: Casebook, case: str) -> dict[str, str]:
    """Return every name an incident of the case can be called by (number, key, row id) -> its number."""
    rows = casebook.incidents(case)
    return {str(row[column]): str(row["number"]) for column in ("key", "id", "number") for row in rows}


def detail(casebook: Casebook, number: str, alerts: Iterable[Mapping[str, Any]], program: str) -> dict[str, Any]:
    """Return one incident in full.

    Args:
        casebook: Casebook of the home.
        number: Its number.
        alerts: Its alerts, as ``list_alerts`` yields them.
        program: How a next command starts.
    """
    row = casebook.incident(number)
    machine = row["machine"]
    ordered = sorted(alerts, key=lambda alert: (alert["ts_start"], alert["alert_id"]))
    return {
        **_line(row, len(row["alert_ids"])),
        **{name: machine.get(name) for name in ("who", "what", "succeeded", "direct", "progress", "story")},
        **{name: machine.get(name, []) for name in ("actors", "targets", "attack")},
        **{name: machine.get(name, []) for name in ("evidence", "innocent", "coverage")},
        "alert_ids": [alert["alert_id"] for alert in ordered] or row["alert_ids"],
        "flow_uids": list(dict.fromkeys(uid for alert in ordered for uid in alert["flow_uids"])),
        "flow_count": flow_count(ordered),
        "display_filter": joined_filter(ordered),
        "next": commands(_steps(machine, number, ordered), program),
        "history": [_history(entry) for entry in row["history"]],
    }


def _steps(machine: Mapping[str, Any], number: str, alerts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what to type next: all packets in one file, the strongest alert, then what the detectors suggest.

    Each detector suggests to show the incident and to write its packets; both are said once.
    """
    steps = [f"taishi packets {number} -w {number}.pcap"]
    if alerts:
        strongest = max(alerts, key=lambda alert: (alert["score"], alert["alert_id"]))
        steps.append(f"taishi alert show {strongest['alert_id']}")
    suggested = [step["en"].replace("{incident}", number) for step in machine.get("next_steps", [])]
    said = (f"taishi incident show {number}", f"taishi packets {number} ")
    return steps + [step for step in suggested if not step.startswith(said)]


def commands(steps: Iterable[str], program: str) -> list[str]:
    """Return commands that start with ``program`` instead of ``taishi``, each once."""
    return list(dict.fromkeys(f"{program}{step[6:]}" if step.startswith("taishi ") else step for step in steps))


def flow_count(alerts: Iterable[Mapping[str, Any]]) -> int:
    """Return on how many flows alerts rest: those named, each once, and those that are only counted."""
    named: set[str] = set()
    unnamed = 0
    for alert in alerts:
        named.update(alert["flow_uids"])
        unnamed += alert["flow_count"] - len(alert["flow_uids"])
    return len(named) + unnamed


def joined_filter(alerts: Sequence[Mapping[str, Any]]) -> str:
    """Return one Wireshark display filter for the packets of several alerts."""
    filters = list(dict.fromkeys(alert["display_filter"] for alert in alerts if alert["display_filter"]))
    if len(filters) == 1:
        return str(filters[0])
    if len(filters) <= MAX_FILTERS:
        return " || ".join(f"({text})" for text in filters)
    actors = dict.fromkeys(address_text(alert["actor_ip"]) for alert in alerts if alert["actor_ip"] is not None)
    return " || ".join(f"{'ipv6' if ':' in ip else 'ip'}.addr == {ip}" for ip in list(actors)[:MAX_FILTERS])


def moment(micros: int) -> str:
    """Return microseconds since the epoch as ISO 8601 UTC; damaged captures hold times past the year 9999: its end."""
    try:
        return iso(_EPOCH + timedelta(microseconds=micros))
    except OverflowError:
        return _END_OF_TIME


def _line(row: Mapping[str, Any], alerts: int) -> dict[str, Any]:
    return {
        "incident_id": row["number"],
        "key": row["key"],
        "case": row["case_name"],
        **{name: row[name] for name in ("severity", "score", "title_en", "title_zh", "actor")},
        "first": moment(row["first_ts_us"]),
        "last": moment(row["last_ts_us"]),
        **{name: row[name] for name in ("state", "verdict", "owner", "is_current")},
        "alerts": alerts,
    }


def _history(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("at", "by", "field", "from_value", "to_value", "reason")}
