"""Which product a conversation belongs to: the rules of ``rules/names/anonymisers.csv``, and the shape of Tor."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.model import Tables
from detectors.sql import rows

RULES: Final = "names/anonymisers.csv"

CONVERSATION: Final = (
    *("flow_uids", "ts_start", "ts_end", "src_ip", "dst_ip", "ip_proto", "dst_port", "app_proto", "server_name"),
    *("server_domain", "src_home", "dst_home", "src_zone", "src_pkts", "dst_pkts", "src_bytes_payload"),
    "dst_bytes_payload",
)
"""Columns of ``conversation`` that are read."""

TLS: Final = (
    "flow_uid",
    "ts",
    "sender_ip",
    "receiver_ip",
    "receiver_port",
    "server_name",
    "cert_subject",
    "cert_issuer",
)
"""Columns of ``tls_site`` that are read, besides the home flags."""

HTTP: Final = ("flow_uid", "ts", "sender_ip", "receiver_ip", "receiver_port", "method", "status_code")
"""Columns of ``http_site`` that are read, besides the home flags."""

_SQL: Final = """
WITH c AS (
    SELECT *, flow_uids[1] AS uid FROM conversation
    WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL AND NOT (src_home AND dst_home) AND src_pkts > 0 AND dst_pkts > 0
),
hit AS (
    SELECT c.*, product, class, 3 AS strength FROM c JOIN rule ON "match" = 'service' AND app_proto = "value"
    UNION ALL
    SELECT c.*, product, class, 2 FROM c JOIN rule ON "match" = 'domain' AND server_domain = "value"
    UNION ALL
    SELECT c.*, product, class, 3 FROM c JOIN rule ON "match" = 'protocol' AND ip_proto::VARCHAR = "value"
    UNION ALL
    -- A port says little: only where no other protocol was recognised, and both sides spoke.
    SELECT c.*, product, class, 1 FROM c JOIN rule ON "match" = 'port'
        AND "value" = dst_port::VARCHAR || CASE ip_proto WHEN 6 THEN '/tcp' WHEN 17 THEN '/udp' END
    WHERE (app_proto IS NULL OR app_proto IN ('tls', 'quic', 'dtls'))
        AND src_bytes_payload > 0 AND dst_bytes_payload > 0
    UNION ALL
    -- Tor before 1.3: subject and issuer are invented names www.<8 to 20 of base 32>.net and .com, nothing else.
    SELECT c.*, 'Tor', 'tor', 4 FROM c SEMI JOIN (
        SELECT sender_ip, receiver_ip, receiver_port FROM tls
        WHERE regexp_full_match(cert_subject, 'CN=www\\.[a-z2-7]{8,20}\\.net')
            AND regexp_full_match(cert_issuer, 'CN=www\\.[a-z2-7]{8,20}\\.com')
    ) AS t ON src_ip = t.sender_ip AND dst_ip = t.receiver_ip AND dst_port = t.receiver_port
    UNION ALL
    SELECT c.*, 'HTTP CONNECT', 'proxy', 3 FROM c SEMI JOIN (
        SELECT sender_ip, receiver_ip, receiver_port FROM http
        WHERE method = 'CONNECT' AND status_code BETWEEN 200 AND 299
    ) AS h ON src_ip = h.sender_ip AND dst_ip = h.receiver_ip AND dst_port = h.receiver_port
)
SELECT src_ip, product, class, src_home, min(ts_start) AS start_ts, max(ts_end) AS end_ts,
    max(strength) AS strength, count(DISTINCT uid) AS flows, count(DISTINCT dst_ip) AS targets,
    min(DISTINCT dst_ip, 3) AS examples, min(dst_port) AS port, min(ip_proto) AS ip_proto,
    min(server_name) AS name, min(src_zone) AS zone, min(DISTINCT uid, 200) AS uids,
    sum(src_bytes_payload)::BIGINT AS up, sum(dst_bytes_payload)::BIGINT AS down,
    max(epoch(ts_end) - epoch(ts_start)) AS longest_s
FROM (SELECT DISTINCT ON (uid, product) * FROM hit ORDER BY uid, product, strength DESC, ts_end DESC)
GROUP BY src_ip, product, class, src_home ORDER BY src_ip, product, src_home
"""


def ways(tables: Tables) -> list[dict[str, Any]]:
    """Return one row per client and product: what spoke for it, with whom, how much."""
    rule = tables[f"rules/{RULES}"].select(["match", "value", "product", "class"])
    rule = rule if rule.num_rows else rule.schema.empty_table()
    inputs = {"conversation": tables["conversation"], "tls": tables["tls_site"], "http": tables["http_site"]}
    return rows(_SQL, {**inputs, "rule": rule})


def roles_of(address: bytes, site_role: pa.Table) -> set[str]:
    """Return the roles of an address in the site policy."""
    return {row["role"] for row in site_role.to_pylist() if row["ip_lo"] <= address <= row["ip_hi"]}
