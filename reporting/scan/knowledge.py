"""From tables to knowledge: run the detectors over a case, keep their alerts, bring the incidents into the casebook."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa

from detectors import registry
from detectors.correlate import incidents
from detectors.derive import (
    ADMIN_EDGE,
    CAPTURE_SPAN,
    CENSUS,
    CENSUS_SQL,
    DOMAIN_HOSTS,
    DOMAIN_HOSTS_SQL,
    PEER_HOSTS,
    PEER_HOSTS_EVER,
    PEER_HOSTS_EVER_SQL,
    PEER_HOSTS_SQL,
    SPAN_SQL,
    UPLOAD_PAIRS,
    UPLOAD_PAIRS_SQL,
    admin_edge_sql,
)
from detectors.engine import run_all
from detectors.incident import Incident
from detectors.model import Text
from detectors.rulefiles import admin_ports
from reporting.scan.case_tables import READER_MEMORY, READER_THREADS, CaseTables
from store import schema
from store.casebook import Casebook
from store.casebook import IncidentRecord as Record
from store.lake import Lake, LakeReader
from store.segment import SegmentWriter, publish
from store.site import SitePolicy

_SENSOR: Final = "taishi"
"""Identity under which derived rows are stored."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the detectors say of a case.

    Attributes:
        alerts: ALERT, current evaluation.
        assessments: ASSESSMENT, current evaluation.
        incidents: With the numbers the casebook gave them.
        config_hash: Of the detectors' parameters and the policy, over all detectors.
    """

    alerts: pa.Table
    assessments: pa.Table
    incidents: tuple[tuple[str, Incident], ...]
    config_hash: str


def judge(lake: Lake, case: str, policy: SitePolicy, casebook: Casebook, command: str) -> Knowledge:
    """Evaluate a case and keep the result; evaluating the same data again changes nothing."""
    with lake.reader(case, policy, memory_limit=READER_MEMORY, threads=READER_THREADS) as reader:
        alerts, assessments = _evaluate(reader, policy)
        current = reader.arrow("SELECT coalesce(max(revision), 0) AS n FROM assessment_stored").to_pylist()[0]["n"]
        is_same = _same(reader, alerts, assessments)
    if not is_same:
        _store(lake, case, current + 1, alerts, assessments)
    found = incidents(alerts, assessments)
    casebook.upsert_incidents(case, [_record(one) for one in found], command)
    numbers = {row["key"]: str(row["number"]) for row in casebook.incidents(case, current_only=True)}
    return Knowledge(alerts, assessments, tuple((numbers[one.key], one) for one in found), _config(alerts, policy))


def _evaluate(reader: LakeReader, policy: SitePolicy) -> tuple[pa.Table, pa.Table]:
    for view in ("dns_site", "edge_before"):
        reader.has(view)
    shared = {
        "capture_span": reader.arrow(SPAN_SQL).cast(CAPTURE_SPAN),
        "census": reader.arrow(CENSUS_SQL).cast(CENSUS),
        "peer_hosts": reader.arrow(PEER_HOSTS_SQL).cast(PEER_HOSTS),
        "domain_hosts": reader.arrow(DOMAIN_HOSTS_SQL).cast(DOMAIN_HOSTS),
        "peer_hosts_ever": reader.arrow(PEER_HOSTS_EVER_SQL).cast(PEER_HOSTS_EVER),
        "upload_pairs": reader.arrow(UPLOAD_PAIRS_SQL).cast(UPLOAD_PAIRS),
        "admin_edge": reader.arrow(admin_edge_sql(admin_ports())).cast(ADMIN_EDGE),
        "site_role": policy.roles_table(),
        "site_master": policy.masters_table(),
    }
    with contextlib.closing(CaseTables(reader, registry().values())) as tables:
        return run_all(tables.table, shared, buckets=tables.buckets, hosts_for=tables.hosts)


def _same(reader: LakeReader, alerts: pa.Table, assessments: pa.Table) -> bool:
    """Tell whether the current evaluation holds exactly these rows."""
    for table, rows, order in ((schema.ALERT, alerts, "alert_id"), (schema.ASSESSMENT, assessments, "detector")):
        names = [column.name for column in table.emitted()]
        held = reader.arrow(f"SELECT {', '.join(names)} FROM {table.name}").to_pylist()
        # Sorted here: Arrow cannot sort tables with dictionary columns.
        key = itemgetter(order)
        if sorted(held, key=key) != sorted(rows.select(names).to_pylist(), key=key):
            return False
    return True


def _store(lake: Lake, case: str, revision: int, alerts: pa.Table, assessments: pa.Table) -> None:
    writers = []
    for table, rows in ((schema.ALERT, alerts), (schema.ASSESSMENT, assessments)):
        writer = SegmentWriter(lake.root, table, case, _SENSOR, stamps={"revision": revision})
        for batch in rows.to_batches():
            writer.write(batch)
        writers.append(writer)
    try:
        publish(writers, {})
    except BaseException:
        for writer in writers:
            writer.abort()
        raise


def _record(one: Incident) -> Record:
    return Record(
        id=one.key,
        severity=one.severity.value,
        score=one.score,
        title_zh=one.title.zh,
        title_en=one.title.en,
        first_ts_us=_micros(one.since),
        last_ts_us=_micros(one.until),
        actor=", ".join(address_text(address) for address in one.actors[:3]),
        alert_ids=one.alert_ids,
        machine=_machine(one),
    )


def _machine(one: Incident) -> dict[str, Any]:
    def both(texts: Sequence[Text]) -> list[dict[str, str]]:
        return [{"en": text.en, "zh": text.zh} for text in texts]

    return {
        "who": {"en": one.who.en, "zh": one.who.zh},
        "what": {"en": one.what.en, "zh": one.what.zh},
        "evidence": both(one.evidence),
        "innocent": both(one.innocent),
        "next_steps": both(one.next_steps),
        "coverage": both(one.coverage),
        "attack": [technique.id for technique in one.attack],
        "actors": [address_text(address) for address in one.actors],
        "targets": [address_text(address) for address in one.targets],
        "succeeded": one.succeeded,
        "direct": one.direct,
        "progress": one.progress,
    }


def address_text(address: bytes) -> str:
    """Return the text of an address as stored: RFC 5952, IPv4 for mapped ones."""
    parsed = IPv6Address(address)
    return str(parsed.ipv4_mapped or parsed)


def _micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _config(alerts: pa.Table, policy: SitePolicy) -> str:
    parts = sorted({str(row) for row in alerts["config_hash"].to_pylist()})
    parts += [repr(policy.networks_table().to_pylist()), repr(policy.roles_table().to_pylist())]
    parts += [repr(policy.masters_table().to_pylist()), repr(policy.zones_table().to_pylist())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
