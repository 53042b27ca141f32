"""The policy tables that follow from the data, in one list: for evaluations over the lake and for tests alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from detectors import derive
from detectors.model import Tables
from detectors.prevalence import PEER_HOSTS_EVER_SQL
from detectors.routers import ROUTER_MAC_SQL
from detectors.rulefiles import admin_ports

SOURCES: Final = ("conversation", "arp", "dns_site", "edge_before")
"""Tables and views that the statements read."""

_SQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "capture_span": derive.SPAN_SQL,
        "census": derive.CENSUS_SQL,
        "peer_hosts": derive.PEER_HOSTS_SQL,
        "peer_hosts_ever": PEER_HOSTS_EVER_SQL,
        "domain_hosts": derive.DOMAIN_HOSTS_SQL,
        "seen_hour": derive.SEEN_HOUR_SQL,
        "router_mac": ROUTER_MAC_SQL,
        "upload_pairs": derive.UPLOAD_PAIRS_SQL,
    }
)


def derived(run: Callable[[str], pa.Table]) -> Tables:
    """Return the policy tables that follow from the data, by name, in the forms of ``derive.POLICY``.

    Args:
        run: Answers one statement over ``SOURCES``.
    """
    statements = {**_SQL, "admin_edge": derive.admin_edge_sql(admin_ports())}
    return {name: run(sql).cast(derive.POLICY[name]) for name, sql in statements.items()}
