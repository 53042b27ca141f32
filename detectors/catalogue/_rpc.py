"""Remote procedure calls of Windows that intruders live on: who called what on whom, in episodes.

Shared by the detectors of remote execution. Which operation is good for what is data (``rules/rpc_operations.csv``).
A pair that administered before (two weeks in the memory) is told at low: it is the administrator's daily work, or an
intruder who has become one, which is another detector's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, capped, display_filter, when
from detectors.model import Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

Row = dict[str, Any]
"""One call: flow_uid, ts, sender_ip, receiver_ip, receiver_port, interface, operation, kind, pipe, outcome."""

COLUMNS: Final = (
    *("flow_uid", "ts", "sender_ip", "receiver_ip", "receiver_port", "interface", "operation", "pipe", "outcome"),
)
"""Columns of ``dce_rpc`` that the detectors read."""

EDGE_COLUMNS: Final = ("src_ip", "dst_ip", "ip_proto", "dst_port", "first_ts", "last_ts", "days", "answered")
"""Columns of ``edge_before`` that say who administered whom before."""

NEEDS: Final = {"dce_rpc": COLUMNS, "edge_before": EDGE_COLUMNS}
PARTITION: Final = {"dce_rpc": "sender_ip", "edge_before": "src_ip"}
RULES: Final = ("rpc_operations.csv",)

ADMIN_ROLES: Final = ("scanner", "monitor", "update_server")
"""Roles that run programs on other machines, or look into them, by design."""

GAP: Final = Param(
    600, "s", 10, 86400, "calls of one tool on one host follow each other within minutes", "mitre-attack/bzar: 10 min"
)
KNOWN_DAYS: Final = Param(
    14, "d", 1, 365, "a pair that did this for two weeks is administration", "detectors.md D23: learning >= 14 d"
)
MAX_ALERTS: Final = Param(10, "alerts", 1, 1000, "more targets of one source are told in one alert", "own: one screen")

_CALLS_SQL: Final = """
SELECT DISTINCT flow_uid, ts, sender_ip, receiver_ip, receiver_port, d.interface::VARCHAR AS interface,
    d.operation::VARCHAR AS operation, r.kind, pipe, outcome::VARCHAR AS outcome
FROM dce_rpc AS d JOIN rules AS r ON d.interface = r.interface AND d.operation = r.operation
WHERE list_contains($kinds, r.kind) AND sender_ip IS NOT NULL AND receiver_ip IS NOT NULL AND sender_ip <> receiver_ip
    AND outcome IS DISTINCT FROM 'exception'
ORDER BY sender_ip, receiver_ip, ts, flow_uid, interface, operation, pipe, outcome
"""

_KNOWN_SQL: Final = """
SELECT src_ip, dst_ip, max(date_diff('hour', first_ts, last_ts)) / 24.0 AS known_days FROM edge_before
SEMI JOIN pairs USING (src_ip, dst_ip)
WHERE ip_proto = 6 AND dst_port IN (135, 139, 445) AND answered > 0 AND days >= 3 GROUP BY ALL
"""
"""On three days or more: an intruder's first visit, remembered over a pause, is no habit."""

_KNOWN: Final = Text(" They have worked together like this for {days} days.", "两者如此往来已有 {days} 天。")
_MANY: Final = Text("{hosts} more hosts", "另外 {hosts} 台主机")


@dataclass(frozen=True, slots=True)
class Episode:
    """Calls of one source to one target that follow each other, and how long the pair has been known."""

    calls: tuple[Row, ...]
    known_days: float | None

    @property
    def sender(self) -> bytes:
        """Who called."""
        return bytes(self.calls[0]["sender_ip"])

    @property
    def receiver(self) -> bytes:
        """Who was called."""
        return bytes(self.calls[0]["receiver_ip"])

    @property
    def start(self) -> datetime:
        """Time of the first call."""
        first: datetime = self.calls[0]["ts"]
        return first

    @property
    def end(self) -> datetime:
        """Time of the last call."""
        last: datetime = max(call["ts"] for call in self.calls)
        return last

    def of(self, kind: str) -> list[Row]:
        """Return the calls of one kind."""
        return [call for call in self.calls if call["kind"] == kind]

    def operations(self) -> str:
        """Return the names of what was called, in the order of first use, the first four."""
        names = list(dict.fromkeys(f"{call['interface']} {call['operation']}" for call in self.calls))
        return ", ".join(names[:4]) + (" …" if len(names) > 4 else "")


def calls(tables: Tables, *kinds: str) -> list[Row]:
    """Return the calls of some kinds, by source, target and time, each once; faults are none."""
    inputs = {"dce_rpc": tables["dce_rpc"], "rules": tables["rules/rpc_operations.csv"]}
    return rows(_CALLS_SQL, inputs, {"kinds": list(kinds)})


def episodes(tables: Tables, found: Sequence[Row], gap_s: float) -> Iterator[Episode]:
    """Yield the episodes of calls as ``calls`` orders them: a longer pause than ``gap_s`` begins another."""
    known = known_pairs(tables, [(call["sender_ip"], call["receiver_ip"]) for call in found])
    for pair, own in groupby(found, key=lambda call: (call["sender_ip"], call["receiver_ip"])):
        held: list[Row] = []
        for call in own:
            if held and (call["ts"] - held[-1]["ts"]).total_seconds() > gap_s:
                yield Episode(tuple(held), known.get(pair))
                held = []
            held.append(call)
        yield Episode(tuple(held), known.get(pair))


def known_pairs(tables: Tables, pairs: Iterable[tuple[bytes, bytes]]) -> dict[tuple[bytes, bytes], float]:
    """Return for how many days the memory knows some pairs to use Windows' services, those it knows."""
    asked = [{"src_ip": src, "dst_ip": dst} for src, dst in sorted(set(pairs))]
    if not asked or not tables["edge_before"].num_rows:
        return {}
    form = pa.schema([tables["edge_before"].schema.field(name) for name in ("src_ip", "dst_ip")])
    inputs = {"edge_before": tables["edge_before"], "pairs": pa.Table.from_pylist(asked, schema=form)}
    return {(row["src_ip"], row["dst_ip"]): row["known_days"] for row in rows(_KNOWN_SQL, inputs)}


def alerts(
    detector: Detector,
    found: Iterable[Episode],
    limit: int,
    one: Callable[[Episode], Finding],
    rest: Callable[[list[Episode], Text], Finding],
) -> pa.Table:
    """Return episodes as alerts, at most ``limit`` for each source and one more for all of its others.

    Args:
        detector: Whose alerts they are.
        found: Episodes, those of a source in the order of their targets.
        limit: Alerts per source.
        one: Makes the alert of an episode.
        rest: Makes the alert of the others of a source; the text says how many targets there are.
    """
    table = AlertRows(detector)
    for _, group in groupby(found, key=lambda episode: episode.sender):
        own = sorted(group, key=lambda episode: (episode.start, episode.receiver))
        for episode in own[:limit]:
            table.add(one(episode))
        if others := own[limit:]:
            hosts = len({episode.receiver for episode in others})
            table.add(rest(others, _MANY.fill(hosts=hosts)))
    return table.table()


def severity(found: Iterable[Episode], usual: Severity, known_days: float) -> Severity:
    """Return how grave episodes are: where all pairs are of long standing, low at most."""
    is_known = all(one.known_days is not None and one.known_days >= known_days for one in found)
    return capped(usual, Severity.LOW) if is_known else usual


def told(
    detector: Detector, tables: Tables, params: Params, kind: str, *, usual: Severity, title: Text, evidence: Text
) -> pa.Table:
    """Return the alerts of a detector to which every episode with one kind of call is a finding.

    Args:
        detector: Whose alerts they are; its parameters are ``gap``, ``known_days`` and ``max_alerts``.
        tables: ``dce_rpc``, ``edge_before`` and the rules.
        params: Values of the parameters.
        kind: Of ``rules/rpc_operations.csv``.
        usual: Severity for a pair that did not administer before.
        title: As for ``finding``.
        evidence: As for ``finding``.
    """

    def made(found: list[Episode], where: Text | None) -> Finding:
        return finding(
            found,
            severity=severity(found, usual, params["known_days"]),
            confidence=detector.confidence.of(sum(len(one.calls) for one in found), 1),
            title=title,
            evidence=evidence,
            attack=detector.attack,
            where=where,
        )

    own = episodes(tables, calls(tables, kind), params["gap"])
    return alerts(detector, own, int(params["max_alerts"]), one=lambda one: made([one], None), rest=made)


def _said(found: Sequence[Episode]) -> dict[str, object]:
    start, end = min(episode.start for episode in found), max(episode.end for episode in found)
    return {
        "actor": ip_text(found[0].sender),
        "start": when(start),
        "seconds": f"{(end - start).total_seconds():.3g}",
        "operations": found[0].operations(),
        "calls": sum(len(episode.calls) for episode in found),
    }


def finding(
    found: Sequence[Episode],
    *,
    severity: Severity,
    confidence: float,
    title: Text,
    evidence: Text,
    attack: tuple[str, ...],
    where: Text | None = None,
    succeeded: bool = False,
    **said: object,
) -> Finding:
    """Return the finding on one episode, or on several of one source: time, flows, filter and texts are filled in.

    The texts may name ``actor``, ``target``, ``start``, ``seconds``, ``operations``, ``calls`` and what is in ``said``.
    """
    first, uids = found[0], [call["flow_uid"] for episode in found for call in episode.calls]
    start, end = min(episode.start for episode in found), max(episode.end for episode in found)
    is_one, target = where is None, ip_text(first.receiver)
    place, receiver = where or Text(target, target), first.receiver if is_one else None
    text = _said(found) | said
    known = _KNOWN.fill(days=f"{first.known_days:.0f}") if is_one and first.known_days is not None else Text("", "")
    return Finding(
        key=(ip_text(first.sender), target if is_one else "further hosts"),
        ts_start=start,
        ts_end=end,
        severity=severity,
        confidence=confidence,
        title=Text(title.en.format(target=place.en, **text), title.zh.format(target=place.zh, **text)),
        evidence=Text(
            evidence.en.format(target=place.en, **text) + known.en,
            evidence.zh.format(target=place.zh, **text) + known.zh,
        ),
        flow_uids=uids,
        flow_count=len(set(uids)),
        display_filter=display_filter(actor=first.sender, target=receiver, extra="(dcerpc || smb || smb2)"),
        actor=first.sender,
        target=receiver,
        target_port=first.calls[0]["receiver_port"] if is_one else None,
        target_count=len({episode.receiver for episode in found}),
        ip_proto=6,
        attack=attack,
        succeeded=succeeded,
        details={"known_days": first.known_days, "operations": first.operations()},
    )
