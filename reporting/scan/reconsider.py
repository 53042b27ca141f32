"""Incidents built anew from stored alerts, as suppressions are now: no detector runs and no alert is written."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from reporting.cases.quiet import hidden_alerts
from reporting.scan.case_tables import READER_MEMORY, READER_THREADS
from reporting.scan.knowledge import keep_incidents, without
from reporting.scan.surroundings import surroundings
from store import schema
from store.casebook import Casebook
from store.home import Home
from store.lake import Lake, LakeReader
from store.site import SitePolicy


def reconsider(lake: Lake, case: str, policy: SitePolicy, casebook: Casebook, command: str) -> Mapping[str, int]:
    """Build the incidents of a case anew from its stored alerts; return what suppressions hide, with their numbers.

    This is what makes a suppression hold at once, and lets it be undone.
    """
    with lake.reader(case, policy, memory_limit=READER_MEMORY, threads=READER_THREADS) as reader:
        alerts, assessments = (_held(reader, table) for table in (schema.ALERT, schema.ASSESSMENT))
        hidden = hidden_alerts(reader, alerts, casebook.suppressions(), policy, Home(lake.root.parent).reference)
        shown = without(alerts, hidden)
        around = surroundings(reader, shown, policy)
    keep_incidents(casebook, case, shown, assessments, around, command)
    return hidden


def _held(reader: LakeReader, table: schema.Table) -> pa.Table:
    """Return the current rows of a table of findings as the detectors gave them."""
    names = ", ".join(column.name for column in table.emitted())
    rows = reader.arrow(f"SELECT {names} FROM {table.name}").to_pylist()
    return pa.Table.from_pylist(rows, schema=table.arrow(table.emitted()))
