"""Policy tables that follow from the conversations alone: what was seen when, and who was ever heard.

The caller of the engine derives them over the whole data before it is cut into buckets.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.sql import query
from store.schema import IP, MAC, TIME

CAPTURE_SPAN: Final = pa.schema([("ts_start", TIME), ("ts_end", TIME), ("span_s", pa.float64())])
"""One row (none without data): the first and last moment of the data and the seconds between."""

HOST_SEEN: Final = pa.schema(
    [("ip", IP), ("mac", MAC), ("first_ts", TIME), ("last_ts", TIME), ("conversations", pa.int64())]
)
"""One row per address and link address that *sent* at least one packet; an address only sent to has no row."""

SITE_ROLE: Final = pa.schema([("ip_lo", IP), ("ip_hi", IP), ("role", pa.string())])
"""Closed address ranges with a role of ``rules/roles.csv``."""

SITE_MASTER: Final = pa.schema([("station_lo", IP), ("station_hi", IP), ("master_lo", IP), ("master_hi", IP)])
"""Closed ranges: these masters may command these stations."""

POLICY: Final = {
    "capture_span": CAPTURE_SPAN,
    "host_seen": HOST_SEEN,
    "site_role": SITE_ROLE,
    "site_master": SITE_MASTER,
}
"""Schemas of the tables that every detector is given, whole, beside its own."""

HOST_SEEN_SQL: Final = """
SELECT ip, mac, min(first_ts) AS first_ts, max(last_ts) AS last_ts, count(*) AS conversations FROM (
    SELECT src_ip AS ip, src_mac AS mac, ts_start AS first_ts, ts_end AS last_ts FROM conversation WHERE src_pkts > 0
    UNION ALL
    SELECT dst_ip, dst_mac, ts_start, ts_end FROM conversation WHERE dst_pkts > 0
) WHERE ip IS NOT NULL GROUP BY ip, mac ORDER BY ip, mac
"""

SPAN_SQL: Final = """
SELECT min(ts_start) AS ts_start, max(ts_end) AS ts_end, (epoch_us(max(ts_end)) - epoch_us(min(ts_start))) / 1e6
AS span_s FROM conversation HAVING count(*) > 0
"""


def host_seen(conversation: pa.Table) -> pa.Table:
    """Return who was heard and when.

    Args:
        conversation: src_ip, dst_ip, src_mac, dst_mac, src_pkts, dst_pkts, ts_start, ts_end.

    Returns:
        HOST_SEEN, one row per (ip, mac) that sent a packet.
    """
    return query(HOST_SEEN_SQL, {"conversation": conversation}).cast(HOST_SEEN)


def capture_span(conversation: pa.Table) -> pa.Table:
    """Return the span of the data.

    Args:
        conversation: ts_start, ts_end.

    Returns:
        CAPTURE_SPAN, one row, none when there are no conversations.
    """
    return query(SPAN_SQL, {"conversation": conversation}).cast(CAPTURE_SPAN)
