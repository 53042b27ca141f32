"""How many home hosts use an address outside, the memory included: a day's range alone makes everything look rare."""

from __future__ import annotations

from typing import Final

PEER_HOSTS_EVER_SQL: Final = """
WITH met AS (
    SELECT DISTINCT dst_ip, src_ip FROM conversation WHERE src_home AND NOT dst_home AND dst_pkts > 0
)
SELECT dst_ip, count(DISTINCT src_ip) AS hosts FROM (
    FROM met UNION ALL SELECT dst_ip, src_ip FROM edge_before SEMI JOIN met USING (dst_ip) WHERE answered > 0
) GROUP BY dst_ip HAVING count(DISTINCT src_ip) >= 2 ORDER BY dst_ip
"""
"""PEER_HOSTS over ``conversation`` and ``edge_before``, for the addresses that were met in the range."""
