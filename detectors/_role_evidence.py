"""Evidence for roles: SQL that finds addresses which play one, and the thresholds it uses, each with its reason.

Every query gives ``address``, ``since``, ``strength`` (what confidence grows with) and the numbers of the sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectors.addresses import unicast_sql

NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "conversation": (
        *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "ip_proto", "icmp_type", "app_proto"),
        *("src_pkts", "dst_pkts", "src_bytes_payload", "dst_bytes_payload", "src_home", "dst_home", "src_ttl_max"),
    ),
    "ntp_site": ("ts", "sender_ip", "receiver_ip", "ntp_mode", "stratum", "sender_home", "receiver_home"),
    "dns_site": (
        *("ts", "sender_ip", "receiver_ip", "service", "has_query", "has_response", "is_ra", "is_rejected"),
        *("sender_home", "receiver_home"),
    ),
    "http_site": (
        *("ts", "sender_ip", "receiver_ip", "method", "uri", "host", "user_agent", "status_code"),
        *("sender_home", "receiver_home"),
    ),
}
"""Tables and columns that the questions read."""

MIN_CLIENTS: Final = 2
"""Distinct hosts (2 … 50) that must have used a service before its role is proposed: one client may be a test (own)."""

MIN_POLLED: Final = 5
"""Distinct hosts (3 … 100) that a monitor polls; fewer are anybody's ping (own)."""

MIN_POLLS: Final = 3
"""Requests per polled host (2 … 100): what is asked three times is asked regularly (own)."""

MIN_POLL_SPAN_S: Final = 600.0
"""Seconds between first and last poll (60 … 86400): two rounds of the usual interval of 300 s (Nagios, Zabbix: 60 to
300 s)."""

MIN_ANSWERED: Final = 0.8
"""Share (0.5 … 1) of polled hosts that answer: a monitor knows whom it asks, a scan does not (own)."""

MIN_PROBED: Final = 20
"""Distinct hosts (10 … 1000) probed in vain on one day: below D01's 25 per 5 minutes, as a scanner may be slow."""

MIN_DAYS: Final = 2
"""Distinct days (2 … 30) on which a scanner or a backup must have been seen: what is by design comes again (own)."""

MIN_NAT_CONVERSATIONS: Final = 10
"""TCP conversations (5 … 1000) of each of two families of systems behind one address (own)."""

MIN_BACKUP_BYTES: Final = 10_000_000
"""Payload (B, 10^6 … 10^10) of a conversation that counts as a backup job (own; below it, mail and file saves)."""

BACKUP_RATIO: Final = 20.0
"""How many times more goes to a backup server than comes back (5 … 1000; own)."""

MAX_BACKUP_HOURS: Final = 6
"""Distinct hours of the day (1 … 12) in which backups run: fixed hours by design (detectors.md D21)."""

UPDATE_AGENTS: Final = ("Windows-Update-Agent", "Debian APT-HTTP", "libdnf", "urlgrabber", "ZYpp")
"""How clients of update services begin their User-Agent (WSUS protocol MS-WUSP 3.1; apt, dnf, yum, zypper sources)."""

_TALKS: Final = f"""WITH talks AS (
    SELECT DISTINCT {", ".join(NEEDS["conversation"])} FROM conversation
    WHERE {unicast_sql("src_ip")} AND {unicast_sql("dst_ip")}
)"""
"""Conversations between hosts, each once however often its row is there."""

NTP: Final = f"""
SELECT sender_ip AS address, min(ts) AS since, count(DISTINCT receiver_ip) AS hosts, hosts AS strength,
    min(stratum) AS stratum
FROM ntp_site WHERE ntp_mode = 4 AND stratum BETWEEN 1 AND 15 AND sender_home AND receiver_home
GROUP BY sender_ip HAVING count(DISTINCT receiver_ip) >= {MIN_CLIENTS}
"""

RESOLVER: Final = f"""
WITH served AS (
    SELECT receiver_ip AS address, min(ts) AS since, count(DISTINCT sender_ip) AS hosts,
        coalesce(bool_or(is_ra), false) AS offers
    FROM dns_site WHERE service = 'dns' AND has_response AND NOT coalesce(is_rejected, false)
        AND receiver_home AND sender_home AND {unicast_sql("receiver_ip")} GROUP BY receiver_ip
), asked AS (
    SELECT sender_ip AS address, count(DISTINCT receiver_ip) AS servers FROM dns_site
    WHERE service = 'dns' AND has_query GROUP BY sender_ip
)
SELECT address, since, hosts, hosts AS strength, coalesce(servers, 0) AS servers FROM served LEFT JOIN asked
USING (address) WHERE hosts >= {MIN_CLIENTS} AND (offers OR coalesce(servers, 0) > 0)
"""

CONTROLLER: Final = f"""{_TALKS}, served AS (
    SELECT dst_ip AS address, min(ts_start) AS since,
        count(DISTINCT src_ip) FILTER (dst_port = 88 OR app_proto = 'kerberos') AS hosts,
        count(DISTINCT src_ip) FILTER (dst_port IN (389, 636, 3268, 3269) OR app_proto = 'ldap') AS readers
    FROM talks WHERE dst_home AND src_home AND dst_bytes_payload > 0 AND src_bytes_payload > 0 GROUP BY dst_ip
)
SELECT address, since, hosts, hosts AS strength, readers FROM served WHERE hosts >= {MIN_CLIENTS} AND readers > 0
"""

MONITOR: Final = f"""{_TALKS}, polled AS (
    SELECT src_ip, dst_ip, min(ts_start) AS since, sum(src_pkts) AS polls, sum(dst_pkts) > 0 AS answered,
        epoch_us(max(ts_end)) - epoch_us(min(ts_start)) AS span
    FROM talks WHERE src_home AND dst_home AND (icmp_type IN (8, 128) OR (ip_proto = 17 AND dst_port = 161))
    GROUP BY src_ip, dst_ip
)
SELECT src_ip AS address, min(since) AS since, count(*) AS hosts, hosts AS strength, sum(polls)::BIGINT AS polls,
    avg(answered::INT) AS share, round(max(span) / 3.6e9, 1) AS hours
FROM polled WHERE polls >= {MIN_POLLS} AND span >= {MIN_POLL_SPAN_S} * 1e6
GROUP BY src_ip HAVING count(*) >= {MIN_POLLED} AND avg(answered::INT) >= {MIN_ANSWERED}
"""

SCANNER: Final = f"""{_TALKS}, daily AS (
    SELECT src_ip, date_trunc('day', ts_start) AS day, min(ts_start) AS since, count(DISTINCT dst_ip) AS probed
    FROM talks WHERE src_home AND dst_home AND dst_bytes_payload = 0 AND ip_proto IN (6, 17)
    GROUP BY src_ip, date_trunc('day', ts_start) HAVING count(DISTINCT dst_ip) >= {MIN_PROBED}
)
SELECT src_ip AS address, min(since) AS since, max(probed) AS hosts, count(*) AS days, days AS strength
FROM daily GROUP BY src_ip HAVING count(*) >= {MIN_DAYS}
"""

PROXY: Final = f"""
SELECT receiver_ip AS address, min(ts) AS since, count(DISTINCT sender_ip) AS hosts, hosts AS strength,
    count(DISTINCT coalesce(host, uri)) AS names
FROM http_site WHERE (method = 'CONNECT' OR uri LIKE 'http://%' OR uri LIKE 'https://%')
    AND status_code BETWEEN 200 AND 399 AND sender_home AND receiver_home
GROUP BY receiver_ip HAVING count(DISTINCT sender_ip) >= {MIN_CLIENTS}
"""

NAT: Final = f"""{_TALKS}, kinds AS (
    SELECT src_ip, CASE WHEN src_ttl_max <= 64 THEN 64 WHEN src_ttl_max <= 128 THEN 128 ELSE 255 END AS start,
        start - src_ttl_max AS hops, ts_start
    FROM talks WHERE src_home AND ip_proto = 6 AND dst_pkts > 0 AND src_pkts >= 3 AND src_ttl_max > 32
), families AS (
    SELECT src_ip, start, min(hops) AS hops, count(*) AS n, min(ts_start) AS since, max(ts_start) AS until
    FROM kinds GROUP BY src_ip, start HAVING count(*) >= {MIN_NAT_CONVERSATIONS}
)
SELECT src_ip AS address, min(since) AS since, sum(n)::BIGINT AS conversations, count(*) AS families,
    min(n) AS strength, min(hops) AS hops
FROM families GROUP BY src_ip HAVING count(*) >= 2 AND min(hops) >= 1 AND max(since) <= min(until)
"""

BACKUP: Final = f"""{_TALKS}, jobs AS (
    SELECT dst_ip AS address, src_ip AS client, ts_start, src_bytes_payload AS sent, dst_bytes_payload AS back
    FROM talks WHERE src_home AND dst_home
    UNION ALL
    SELECT src_ip, dst_ip, ts_start, dst_bytes_payload, src_bytes_payload FROM talks WHERE src_home AND dst_home
)
SELECT address, min(ts_start) AS since, count(DISTINCT client) AS hosts, sum(sent)::BIGINT AS bytes,
    count(DISTINCT date_trunc('day', ts_start)) AS days, days AS strength, count(DISTINCT hour(ts_start)) AS hours
FROM jobs WHERE sent >= {MIN_BACKUP_BYTES} AND back * {BACKUP_RATIO} <= sent
GROUP BY address HAVING count(DISTINCT client) >= {MIN_CLIENTS}
    AND count(DISTINCT date_trunc('day', ts_start)) >= {MIN_DAYS}
    AND count(DISTINCT hour(ts_start)) <= {MAX_BACKUP_HOURS}
"""

_AGENTS: Final = " OR ".join(f"starts_with(user_agent, '{agent}')" for agent in UPDATE_AGENTS)

UPDATES: Final = f"""
SELECT receiver_ip AS address, min(ts) AS since, count(DISTINCT sender_ip) AS hosts, hosts AS strength
FROM http_site WHERE ({_AGENTS}) AND status_code BETWEEN 200 AND 399 AND sender_home AND receiver_home
GROUP BY receiver_ip HAVING count(DISTINCT sender_ip) >= {MIN_CLIENTS}
"""
