"""Policy tables that follow from the conversations alone: what was seen when, and who was ever heard.

The caller of the engine derives them over the whole data before it is cut into buckets. Prevalence tables leave out
what a single host did: that keeps them small, and a look-up that finds nothing means one.
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

CENSUS: Final = pa.schema([("home_hosts", pa.int64())])
"""One row: distinct home addresses that sent a packet, the denominator of every prevalence (0 without any)."""

PEER_HOSTS: Final = pa.schema([("dst_ip", IP), ("hosts", pa.int64())])
"""Addresses outside that answered at least two home hosts, and how many; one that is not here has at most one."""

DOMAIN_HOSTS: Final = pa.schema([("domain", pa.string()), ("hosts", pa.int64())])
"""Registered domains that at least two home hosts asked for or named, and how many; others have at most one."""

MEMORY_SPAN: Final = pa.schema([("first_ts", TIME), ("last_ts", TIME)])
"""One row (none without memory): the first and last moment that the memory before this range remembers."""

REF_ASN: Final = pa.schema([("ip_lo", IP), ("ip_hi", IP), ("asn", pa.int64()), ("country", pa.string())])
"""AS number and country of ranges that hold addresses of the case; disjoint, empty without imported data."""

REF_BENIGN: Final = pa.schema(
    [
        *(("kind", pa.string()), ("value", pa.string()), ("ip_lo", IP), ("ip_hi", IP)),
        *(("list", pa.string()), ("class", pa.string())),
    ]
)
"""Entries of lists of the popular and harmless that concern names (suffixes) or addresses of the case; ask by
``detectors.reference.Benign``. ``class``: popular, vendor, site, cdn or cloud."""

REFERENCE_AGE: Final = pa.schema(
    [
        *(("kind", pa.string()), ("source", pa.string()), ("dated", pa.date32()), ("age_days", pa.float64())),
        ("state", pa.string()),
    ]
)
"""One row per kind of reference data: fresh, stale or missing on the last day of the case (never of the wall)."""
SEEN_HOUR: Final = pa.schema([("sensor_id", pa.string()), ("hour", TIME), ("conversations", pa.int64())])
"""Hours in which each tap saw a conversation begin or go on, and how many began; of the history before the range too,
where there is one. What no tap saw is unknown, not zero."""

POLICY: Final = {
    "capture_span": CAPTURE_SPAN,
    "host_seen": HOST_SEEN,
    "site_role": SITE_ROLE,
    "site_master": SITE_MASTER,
    "census": CENSUS,
    "peer_hosts": PEER_HOSTS,
    "domain_hosts": DOMAIN_HOSTS,
    "memory_span": MEMORY_SPAN,
    "ref_asn": REF_ASN,
    "ref_benign": REF_BENIGN,
    "reference_age": REFERENCE_AGE,
    "seen_hour": SEEN_HOUR,
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

SEEN_HOUR_SQL: Final = """
WITH hour AS (
    SELECT coalesce(sensor_id, '-') AS sensor_id, epoch_us(ts_start) // 3600000000 AS hour,
        count(*) AS conversations, max(epoch_us(ts_end)) // 3600000000 AS last_hour
    FROM conversation GROUP BY ALL
),
spread AS (
    SELECT sensor_id, hour, conversations FROM hour
    UNION ALL
    SELECT sensor_id, unnest(range(hour + 1, least(last_hour, hour + 744) + 1)), 0 FROM hour WHERE last_hour > hour
)
SELECT sensor_id, make_timestamptz(hour * 3600000000) AS hour, max(conversations)::BIGINT AS conversations
FROM spread GROUP BY sensor_id, hour ORDER BY sensor_id, hour
"""

CENSUS_SQL: Final = """
SELECT count(DISTINCT ip) AS home_hosts FROM (
    SELECT src_ip AS ip FROM conversation WHERE src_home AND src_pkts > 0
    UNION ALL
    SELECT dst_ip FROM conversation WHERE dst_home AND dst_pkts > 0
)
"""

PEER_HOSTS_SQL: Final = """
SELECT dst_ip, count(DISTINCT src_ip) AS hosts FROM conversation
WHERE src_home AND NOT dst_home AND dst_pkts > 0 GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 2 ORDER BY dst_ip
"""

DOMAIN_HOSTS_SQL: Final = """
SELECT domain, count(DISTINCT ip) AS hosts FROM (
    SELECT server_domain AS domain, src_ip AS ip FROM conversation WHERE src_home AND server_domain IS NOT NULL
    UNION ALL
    SELECT domain, sender_ip FROM dns_site WHERE sender_home AND domain IS NOT NULL AND service = 'dns'
) GROUP BY domain HAVING count(DISTINCT ip) >= 2 ORDER BY domain
"""


REFERENCE_LIMIT: Final = 200_000
"""Addresses and names (10^4 … 10^7) of a case that are looked up in reference data: a spoofed flood has millions, of
which nothing needs to be known; beyond, the first in order are."""

OUTSIDE_SQL: Final = f"""
SELECT DISTINCT ip FROM (
    SELECT dst_ip AS ip FROM conversation WHERE NOT dst_home AND dst_pkts > 0
    UNION ALL
    SELECT src_ip FROM conversation WHERE NOT src_home AND dst_pkts > 0
) WHERE ip IS NOT NULL ORDER BY ip LIMIT {REFERENCE_LIMIT}
"""
"""Addresses outside that exchanged something with the site."""

NAMES_SQL: Final = f"""
SELECT DISTINCT name FROM (
    SELECT server_name AS name FROM conversation WHERE src_home
    UNION ALL
    SELECT domain FROM dns_site WHERE sender_home
) WHERE name IS NOT NULL ORDER BY name LIMIT {REFERENCE_LIMIT}
"""
"""Host names and registered domains that the site's hosts named."""


def census(conversation: pa.Table) -> pa.Table:
    """Return how many home hosts spoke (CENSUS).

    Args:
        conversation: src_ip, dst_ip, src_home, dst_home, src_pkts, dst_pkts.
    """
    return query(CENSUS_SQL, {"conversation": conversation}).cast(CENSUS)


def peer_hosts(conversation: pa.Table) -> pa.Table:
    """Return how many home hosts each address outside answered (PEER_HOSTS); columns as for ``census``."""
    return query(PEER_HOSTS_SQL, {"conversation": conversation}).cast(PEER_HOSTS)


def domain_hosts(conversation: pa.Table, dns_site: pa.Table) -> pa.Table:
    """Return how many home hosts asked for each registered domain (DOMAIN_HOSTS).

    Args:
        conversation: server_domain, src_ip, src_home.
        dns_site: domain, sender_ip, sender_home, service.
    """
    return query(DOMAIN_HOSTS_SQL, {"conversation": conversation, "dns_site": dns_site}).cast(DOMAIN_HOSTS)


def seen_hour(conversation: pa.Table) -> pa.Table:
    """Return the hours that each tap saw (SEEN_HOUR).

    Args:
        conversation: sensor_id, ts_start, ts_end.
    """
    return query(SEEN_HOUR_SQL, {"conversation": conversation}).cast(SEEN_HOUR)


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
