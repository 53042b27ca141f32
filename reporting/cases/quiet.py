"""Which alerts of a case people asked not to see; what suppressions need to know of them is gathered here."""

from __future__ import annotations

import hashlib
import ipaddress
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from detectors.suppression import Names, Rule, Surroundings, hidden
from reporting.cases.book import casebook_of
from reporting.cases.case import Case
from reporting.cases.marks import Marks
from reporting.cases.policy import policy_of
from reporting.tables import iso
from store.lake import LakeReader, add_table
from store.quiet import Suppression
from store.reference.networks import asn_by_address
from store.site import SitePolicy, bounds

ALERT_COLUMNS: Final = (
    *("alert_id", "detector", "severity", "score", "ts_start", "ts_end", "actor_ip", "target_ip", "target_port"),
    *("indicators", "flow_uids", "title_en", "title_zh"),
)
"""Columns of an alert that the question needs, and those that tell a person which alert it is."""

SEVERITIES_TOLD: Final = ("critical", "high", "medium", "low", "info")
"""Order of severities in a preview."""

EXAMPLES: Final = 5
"""Alerts a preview names (1 … 50): enough to see what sort they are on one screen."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What one suppression would hide in one or several cases: counts by detector and severity, and examples."""

    alerts: int = 0
    by: Mapping[tuple[str, str], int] = field(default_factory=dict)
    examples: tuple[Mapping[str, Any], ...] = ()


def rule_of(wish: Suppression) -> Rule:
    """Return a suppression as the alerts see it."""
    network = None if wish.address is None else bounds(ipaddress.ip_network(wish.address))
    return Rule(wish.number, wish.expires, network, wish.side.value, wish.name, wish.asn, wish.detector, wish.role)


def hidden_alerts(
    reader: LakeReader, alerts: pa.Table, wishes: Sequence[Suppression], policy: SitePolicy, reference: Path
) -> dict[str, int]:
    """Return which of the alerts the suppressions hide: alert id to the number of the first one that does.

    Args:
        reader: Reader of the case, for the names that the alerts' flows sent or asked for.
        alerts: ALERT.
        wishes: Suppressions in force.
        policy: Gives the roles.
        reference: Folder of reference data, for AS numbers.
    """
    if not wishes or not alerts.num_rows:
        return {}
    rows = alerts.select(list(ALERT_COLUMNS)).to_pylist()
    ends = {bytes(row[c]) for row in rows for c in ("actor_ip", "target_ip") if row[c] is not None}
    roles: dict[str, list[tuple[bytes, bytes]]] = {}
    for row in policy.roles_table().to_pylist():
        roles.setdefault(row["role"], []).append((row["ip_lo"], row["ip_hi"]))
    around = Surroundings(
        names=_names(reader, alerts) if any(wish.name is not None for wish in wishes) else {},
        asn=asn_by_address(reference, ends) if any(wish.asn is not None for wish in wishes) else {},
        roles=roles,
    )
    return hidden(rows, [rule_of(wish) for wish in wishes], around)


_NAMES_SQL: Final = """
WITH part AS (SELECT alert_id, unnest(flow_uids) AS uid FROM alerts_asked),
flows AS (SELECT coalesce(flow_root_uid, flow_uid) AS root, flow_uid, lower(server_name) AS name FROM flow_stored),
said AS (
    SELECT part.alert_id, part.uid, flows.name FROM part JOIN flows ON flows.root = part.uid
    UNION
    SELECT part.alert_id, part.uid, lower(dns."query") FROM part JOIN flows ON flows.root = part.uid
    JOIN dns ON dns.flow_uid = flows.flow_uid
    UNION
    SELECT part.alert_id, part.uid, lower(http.host) FROM part JOIN flows ON flows.root = part.uid
    JOIN http ON http.flow_uid = flows.flow_uid
)
SELECT alert_id, list(DISTINCT name) FILTER (name IS NOT NULL AND name <> '') AS names,
    count(DISTINCT uid) FILTER (name IS NOT NULL AND name <> '') AS named, count(DISTINCT uid) AS flows
FROM said GROUP BY alert_id
"""


def _names(reader: LakeReader, alerts: pa.Table) -> dict[str, Names]:
    asked = alerts.select(["alert_id", "flow_uids"])
    add_table(reader.connection, "alerts_asked", asked)
    try:
        rows = reader.arrow(_NAMES_SQL).to_pylist()
    finally:
        reader.connection.execute("DROP TABLE alerts_asked")
    return {row["alert_id"]: Names(frozenset(row["names"] or ()), row["named"], row["flows"]) for row in rows}


def current_alerts(reader: LakeReader) -> pa.Table:
    """Return the current alerts of a case, with ``ALERT_COLUMNS``."""
    return reader.arrow(f"SELECT {', '.join(ALERT_COLUMNS)} FROM alert ORDER BY score DESC, ts_start, alert_id")


def gathered_marks(case: Case) -> Marks:
    """Return what the suppressions in force hide in a case, and the last verdict on each alert."""
    with casebook_of(case.home) as casebook:
        wishes = casebook.suppressions() if casebook is not None else []
        said = casebook.feedback(case.name) if casebook is not None else []
    last = {one.subject: one for one in said}
    if not wishes:
        return Marks(said=last)
    policy = policy_of(case)
    with case.lake.reader(case.name, policy) as reader:
        alerts = current_alerts(reader)
        by = hidden_alerts(reader, alerts, wishes, policy, case.home.reference)
    rows = alerts.select(["alert_id", "severity", "detector"]).to_pylist()
    return Marks(by, {r["alert_id"]: (r["severity"], r["detector"]) for r in rows if r["alert_id"] in by}, last)


def preview(cases: Iterable[Case], wish: Suppression) -> Preview:
    """Return what a suppression would hide of what is stored, alerts that others hide already included."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: list[Mapping[str, Any]] = []
    for case in cases:
        policy = policy_of(case)
        with case.lake.reader(case.name, policy) as reader:
            alerts = current_alerts(reader)
            by = hidden_alerts(reader, alerts, [wish], policy, case.home.reference)
        found = [{**row, "case": case.name} for row in alerts.to_pylist() if row["alert_id"] in by]
        counts.update((str(row["detector"]), str(row["severity"])) for row in found)
        examples += found[:EXAMPLES]
    examples.sort(key=lambda row: (-row["score"], row["ts_start"], row["alert_id"]))
    ordered = sorted(counts.items(), key=lambda item: (SEVERITIES_TOLD.index(item[0][1]), item[0][0]))
    return Preview(sum(counts.values()), dict(ordered), tuple(examples[:EXAMPLES]))


def subject_of(row: Mapping[str, Any]) -> str:
    """Return 32 hex digits of what an alert is about: they stay when its id changes with the configuration."""
    ends = (bytes(row[c]).hex() if row[c] is not None else "" for c in ("actor_ip", "target_ip"))
    parts = (str(row["detector"]), iso(row["ts_start"]), *ends, str(row["target_port"]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
