"""Policy tables that follow from the conversations alone: what was seen when, and who was ever heard.

The caller of the engine derives them over the whole data before it is cut into buckets. Prevalence tables leave out
what a single host did: that keeps them small, and a look-up that finds nothing means one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pyarrow as pa

from detectors.routers import ROUTER_MAC
from store.schema import IP, MAC, TIME, UID

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
UPLOAD_PAIRS: Final = pa.schema([("log2_up", pa.int32()), ("pairs", pa.int64())])
"""Pairs (home host, address outside) by floor(log2(payload sent)), those that sent any: what is much here."""

ADMIN_EDGE: Final = pa.schema(
    [
        *(("src_ip", IP), ("dst_ip", IP), ("dst_port", pa.int32())),
        *(("first_ts", TIME), ("known_ts", TIME), ("last_known_ts", TIME), ("known_days", pa.int32())),
        *(("moments", pa.list_(TIME)), ("sessions", pa.int64()), ("uid", UID)),
    ]
)
"""Who administers whom inside the site, over the services of ``rules/admin_services.csv``, in the range or remembered.

``first_ts``: first session of all; ``known_ts`` to ``last_known_ts`` and ``known_days``: in the memory, NULL when not
there; ``moments``: first session of each hour of the range, the first ``MAX_MOMENTS``; ``uid``: its first flow.
"""

MAX_MOMENTS: Final = 1000
"""Hours of the range that an edge names; a session in each of six weeks' hours is no surprise."""

POLICY: Final = {
    "capture_span": CAPTURE_SPAN,
    "host_seen": HOST_SEEN,
    "site_role": SITE_ROLE,
    "site_master": SITE_MASTER,
    "census": CENSUS,
    "peer_hosts": PEER_HOSTS,
    "domain_hosts": DOMAIN_HOSTS,
    "memory_span": MEMORY_SPAN,
    "router_mac": ROUTER_MAC,
    "peer_hosts_ever": PEER_HOSTS,
    "ref_asn": REF_ASN,
    "ref_benign": REF_BENIGN,
    "reference_age": REFERENCE_AGE,
    "seen_hour": SEEN_HOUR,
    "upload_pairs": UPLOAD_PAIRS,
    "admin_edge": ADMIN_EDGE,
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

UPLOAD_PAIRS_SQL: Final = """
SELECT floor(log2(up))::INTEGER AS log2_up, count(*) AS pairs FROM (
    SELECT sum(src_bytes_payload) AS up FROM (
        SELECT DISTINCT root_uid, src_ip, dst_ip, src_bytes_payload FROM conversation
        WHERE src_home AND NOT dst_home AND src_bytes_payload > 0
    ) GROUP BY src_ip, dst_ip
) GROUP BY log2_up ORDER BY log2_up
"""

MIN_SESSION: Final = 1000
"""Payload bytes of both sides from which a conversation is a session: greetings of SSH, SMB and RDP stay below."""


def admin_edge_sql(ports: Iterable[int]) -> str:
    """Return the statement of ADMIN_EDGE over ``conversation`` and ``edge_before``.

    Args:
        ports: Of ``rules/admin_services.csv``.
    """
    listed = ", ".join(str(port) for port in sorted(ports))
    return f"""
WITH hourly AS (
    SELECT src_ip, dst_ip, dst_port, date_trunc('hour', ts_start) AS hour, min(ts_start) AS ts, count(*) AS sessions,
        arg_min(root_uid, (ts_start, root_uid)) AS uid
    FROM (SELECT DISTINCT root_uid, src_ip, dst_ip, dst_port, ts_start FROM conversation
        WHERE src_home AND dst_home AND ip_proto = 6 AND dst_port IN ({listed}) AND src_ip <> dst_ip
            AND src_bytes_payload > 0 AND dst_bytes_payload > 0
            AND src_bytes_payload + dst_bytes_payload >= {MIN_SESSION})
    GROUP BY ALL
),
ranged AS (
    SELECT src_ip, dst_ip, dst_port, min(ts) AS range_ts, list(ts ORDER BY ts)[:{MAX_MOMENTS}] AS moments,
        sum(sessions)::BIGINT AS sessions, arg_min(uid, ts) AS uid FROM hourly GROUP BY ALL
),
home AS (SELECT src_ip AS ip FROM conversation WHERE src_home UNION SELECT dst_ip FROM conversation WHERE dst_home),
remembered AS (
    SELECT src_ip, dst_ip, dst_port, first_ts, last_ts, days FROM edge_before
    SEMI JOIN home AS client ON client.ip = src_ip SEMI JOIN home AS server ON server.ip = dst_ip
    WHERE ip_proto = 6 AND dst_port IN ({listed}) AND answered > 0 AND src_bytes + dst_bytes >= {MIN_SESSION}
)
SELECT src_ip, dst_ip, dst_port, least(range_ts, first_ts) AS first_ts, first_ts AS known_ts, last_ts AS last_known_ts,
    days AS known_days, coalesce(moments, []) AS moments, coalesce(sessions, 0) AS sessions, uid
FROM ranged FULL JOIN remembered USING (src_ip, dst_ip, dst_port) ORDER BY src_ip, dst_ip, dst_port
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
