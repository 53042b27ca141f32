"""What a client asked below a domain: distinct names with their information, for the detector of tunnels.

Left out, because they are no data: reversed addresses (PTR, block-lists), labels of service discovery and mail keys
that are no longer than such labels are, and zones whose names machines make.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from detectors.catalogue._names import zones
from detectors.model import Params, Tables
from detectors.sql import rows

COLUMNS: Final = (
    *("flow_uid", "ts", "sender_ip", "receiver_ip", "service", "opcode", "has_query", "query", "qtype_name", "rcode"),
    *("answers", "sender_home", "domain", "sub"),
)
"""Columns of ``dns_site`` that are read."""

CARRIERS: Final = ("TXT", "NULL", "CNAME", "MX", "SRV", "KEY", "PRIVATE")
"""Question types that clients of tunnels prefer, because their answers carry most (iodine and dnscat2 manuals)."""

EXOTIC: Final = ("NULL", "KEY", "PRIVATE")
"""Question types without ordinary use (RFC 1035 calls NULL experimental); ``PRIVATE`` stands for unassigned numbers."""

_SQL: Final = r"""
WITH asked AS (
    SELECT sender_ip, receiver_ip, sender_home, flow_uid, ts, query, rcode, answers,
        coalesce(qtype_name, 'PRIVATE') AS qtype,
        -- Clients without a zone of their own put the data into the last labels: dnscat.<hexadecimal>.
        CASE WHEN sub = '' AND length(domain) > 40 THEN split_part(domain, '.', 1) || '.*' ELSE domain END AS zone,
        CASE WHEN sub = '' AND length(domain) > 40 THEN substr(domain, length(split_part(domain, '.', 1)) + 2)
            ELSE sub END AS sub
    FROM dns WHERE service = 'dns' AND coalesce(opcode, 0) = 0 AND has_query AND domain IS NOT NULL
        AND NOT ends_with(domain, '.arpa')
),
-- Whichever copy of a record comes first, the numbers are the same.
named AS (
    SELECT sender_ip, zone, sub, min(ts) AS ts, count(DISTINCT ts) AS times, max(length(query)) AS query_len,
        max(list_sum(list_transform(coalesce(answers, []), lambda a: length(a)))) AS answer_len,
        min(qtype) AS qtype, min(flow_uid) AS uid, min(receiver_ip) AS receiver_ip, bool_or(sender_home) AS home,
        bool_or(rcode = 3) AS nx, max(ts) AS last_ts,
        bool_or(len(list_filter(coalesce(answers, []), lambda a: starts_with(a, '127.'))) > 0) AS is_lookup
    FROM asked
    WHERE sub <> '' AND zone NOT IN (SELECT zone FROM zones)
        AND regexp_extract(zone, '[^.]+\.[^.]+$') NOT IN (SELECT zone FROM zones)
        AND NOT regexp_matches(sub, '(^|\.)(\d{1,3}\.){3}\d{1,3}$')
        AND NOT regexp_matches(sub, '(^|\.)([0-9a-f]\.){15,}[0-9a-f]$')
        AND NOT (
            regexp_matches(sub, '(^|\.)_(tcp|udp|sites|msdcs|domainkey|dmarc|acme-challenge|tls)(\.|$)')
            AND NOT regexp_matches(sub, '[^.]{41}')
        )
    GROUP BY sender_ip, zone, sub
),
large AS (
    SELECT sender_ip, zone FROM named GROUP BY ALL
    HAVING (count(*) > $min_shaped AND avg(length(sub)) > $min_sub_len)
        -- No name carries more than 0.75 bytes of information in a character (64 different characters).
        OR 0.75 * sum(length(sub)) >= least($min_rate * 3600, $min_information * 1000, $slow_information * 1000)
        OR count(*) FILTER (qtype IN ('NULL', 'KEY', 'PRIVATE')) > $min_shaped
        OR count(*) FILTER (query_len > $max_query OR answer_len > $max_answer) >= $min_large
),
contacted AS (
    SELECT sender_ip, server_name FROM tls WHERE server_name IS NOT NULL
    UNION SELECT sender_ip, server_name FROM quic WHERE server_name IS NOT NULL
    UNION SELECT sender_ip, host FROM http WHERE host IS NOT NULL
)
SELECT named.*, length(sub) AS size, contacted.server_name IS NOT NULL AS contacted,
    length(sub) * list_aggregate(str_split(sub, ''), 'entropy') / 8 AS information,
    list_aggregate(str_split(sub, ''), 'entropy') AS entropy
FROM named SEMI JOIN large USING (sender_ip, zone)
LEFT JOIN contacted ON contacted.sender_ip = named.sender_ip
    AND contacted.server_name = named.sub || '.' || named.zone
ORDER BY named.sender_ip, zone, named.ts, sub
"""


@dataclass(frozen=True, slots=True)
class Channel:
    """One client's names below one zone, first asked first; arrays of the same length, one entry per name."""

    client: bytes
    zone: str
    home: bool
    names: tuple[dict[str, Any], ...]
    seconds: np.ndarray
    information: np.ndarray

    def share(self, key: str) -> float:
        """Return the share of the names for which a flag holds."""
        return sum(bool(row[key]) for row in self.names) / len(self.names)

    def mean(self, key: str) -> float:
        """Return the mean of a number over the names."""
        return float(sum(row[key] for row in self.names)) / len(self.names)

    def most(self, width_s: float) -> tuple[int, float, int]:
        """Return the most names and the most information that any window of this width holds, and where it ends."""
        start = np.searchsorted(self.seconds, self.seconds - width_s, side="right")
        sums = np.concatenate([[0.0], np.cumsum(self.information)])
        inside = sums[1:] - sums[start]
        counts = np.arange(1, len(self.seconds) + 1) - start
        return int(counts.max()), float(inside.max()), int(inside.argmax())


def channels(tables: Tables, params: Params) -> Iterator[Channel]:
    """Yield the pairs of client and zone whose names are many, long or large enough to be looked at."""
    inputs = {name: tables[f"{name}_site"] for name in ("dns", "tls", "quic", "http")} | {"zones": zones(tables)}
    names: tuple[str, ...] = ("min_shaped", "min_sub_len", "min_rate", "min_information", "slow_information")
    names += ("max_query", "max_answer", "min_large")
    held: dict[tuple[bytes, str], list[dict[str, Any]]] = {}
    for row in rows(_SQL, inputs, {name: params[name] for name in names}):
        held.setdefault((row["sender_ip"], row["zone"]), []).append(row)
    for (client, zone), own in held.items():
        seconds = np.array([row["ts"].timestamp() for row in own])
        information = np.array([row["information"] for row in own])
        yield Channel(client, zone, any(row["home"] for row in own), tuple(own), seconds, information)
