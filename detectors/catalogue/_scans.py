"""From bursts of failed probes to alerts: the frame that the scan detectors fill.

``_probes`` says what a failed attempt is and how attempts form episodes. Here is what every scan alert is made of:
where it comes from, how grave that makes it, which techniques it shows, and how the weaker bursts of a busy source are
told in one alert. What is counted, from which number on, and in which sentence stays in the detector's own file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, span_s, when
from detectors.model import Detector, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

Row = dict[str, Any]
"""One burst of one source: the columns of ``_probes.BURST_SQL``, ``src_ip``, and what the detector counted."""

ICS_PORTS: Final = (102, 502, 2404, 4840, 20000, 44818, 47808)
"""Ports whose sweep is discovery of controllers: S7/MMS, Modbus, IEC-104, OPC UA, DNP3, EtherNet/IP, BACnet (IANA)."""


def bursts(sql: str, tables: Tables, params: Params) -> list[Row]:
    """Return the bursts that a detector's statement finds.

    Args:
        sql: Statement over ``conversation``, ``host_seen`` and, where the detector needs it, ``edge_before``.
        tables: Those, besides others.
        params: Values of the statement's parameters; ``max_alerts`` is none of them.
    """
    inputs = {name: tables[name] for name in ("conversation", "host_seen", "edge_before") if name in tables}
    return rows(sql, inputs, {name: value for name, value in params.items() if name != "max_alerts"})


def limited(
    detector: Detector,
    found: Iterable[Row],
    limit: int,
    order: str,
    *,
    one: Callable[[Row], Finding],
    rest: Callable[[list[Row]], Finding],
) -> pa.Table:
    """Return bursts as alerts, at most ``limit`` for each source and one more for all of its others.

    Args:
        detector: Whose alerts they are.
        found: Bursts of any sources.
        limit: Alerts per source.
        order: Column by which the strongest bursts of a source come first.
        one: Makes the alert of one burst.
        rest: Makes the alert of all the others of a source, strongest first.
    """
    alerts = AlertRows(detector)
    for own in _by_source(found, order).values():
        for row in own[:limit]:
            alerts.add(one(row))
        if len(own) > limit:
            alerts.add(rest(own[limit:]))
    return alerts.table()


def _by_source(found: Iterable[Row], order: str) -> dict[bytes, list[Row]]:
    """Group result rows by ``src_ip``, the strongest (largest ``order``) first, ties by key, so that order is fixed."""
    groups: dict[bytes, list[Row]] = {}
    for row in sorted(found, key=lambda r: (-r[order], r["start_ts"], r.get("dst_ip") or b"", r.get("dst_port") or 0)):
        groups.setdefault(row["src_ip"], []).append(row)
    return dict(sorted(groups.items()))


def finding(
    found: Sequence[Row],
    *,
    key: tuple[str, ...],
    severity: Severity,
    confidence: float,
    title: Text,
    evidence: Text,
    display_filter: str,
    attack: tuple[str, ...],
    target: bytes | None = None,
    target_port: int | None = None,
    target_count: int = 1,
    ip_proto: int | None = None,
) -> Finding:
    """Return the finding on one or several bursts of one source: their time, flows and source are filled in."""
    return Finding(
        key=key,
        ts_start=min(row["start_ts"] for row in found),
        ts_end=max(row["end_ts"] for row in found),
        severity=severity,
        confidence=confidence,
        title=title,
        evidence=evidence,
        flow_uids=[uid for row in found for uid in row["uids"]],
        flow_count=sum(row["flows"] for row in found),
        display_filter=display_filter,
        actor=found[0]["src_ip"],
        target=target,
        target_port=target_port,
        target_count=target_count,
        ip_proto=ip_proto,
        attack=attack,
    )


def is_inbound(row: Row) -> bool:
    """Return whether a burst comes from outside and goes to the site."""
    return bool(not row["src_home"] and row["dst_home"])


def severity(row: Row, *, is_strong: bool) -> Severity:
    """Return how grave a burst is: from outside it is weather, from inside a host to look at; strength adds one."""
    if row["src_home"]:
        return Severity.HIGH if is_strong else Severity.MEDIUM
    return Severity.MEDIUM if is_strong or not row["dst_home"] else Severity.LOW


def techniques(
    row: Row, ports: Iterable[int], *, inbound: tuple[str, ...], otherwise: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the ATT&CK techniques of a burst; looking for controllers (T0846) is added where ports say so."""
    ics = () if set(ICS_PORTS).isdisjoint(ports) else ("T0846",)
    return (inbound if is_inbound(row) else otherwise) + ics


def sentence(text: Text, row: Row, **values: object) -> Text:
    """Return an evidence sentence filled in: actor, origin, seconds and start of the burst, and the given values."""
    origin = origin_text(src_home=row["src_home"], dst_home=row["dst_home"])
    said = {
        "actor": ip_text(row["src_ip"]),
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
        **values,
    }
    return Text(text.en.format(origin=origin.en, **said), text.zh.format(origin=origin.zh, **said))


def service_text(ip_proto: int, port: int) -> str:
    """Return a port as people write it, such as ``445/tcp``."""
    return f"{port}/{'tcp' if ip_proto == 6 else 'udp'}"


def origin_text(*, src_home: bool, dst_home: bool) -> Text:
    """Return where an attempt comes from and goes to, by the site's home networks."""
    if src_home:
        return Text("internal host", "内网主机") if dst_home else Text("internal host, outbound", "内网主机对外")
    return Text("external host", "外部主机") if dst_home else Text("host outside the home networks", "非本单位主机")


def ports_text(ports: Iterable[int], limit: int = 8) -> str:
    """Return the lowest ports as a list, with an ellipsis when there are more than ``limit``."""
    ordered = sorted(set(ports))
    return ", ".join(str(port) for port in ordered[:limit]) + (" …" if len(ordered) > limit else "")


def hosts_text(hosts: Iterable[bytes], limit: int = 4) -> str:
    """Return the lowest addresses as a list, with an ellipsis when there are more than ``limit``."""
    ordered = sorted(set(hosts))
    return ", ".join(ip_text(host) for host in ordered[:limit]) + (" …" if len(ordered) > limit else "")
