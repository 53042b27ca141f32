"""New administrative connections inside the site, and how rare each is: shared by the detectors of moving sideways.

Rarity in bits is -log2 P(service | source) - log2 P(source | target), both by Laplace's rule over the home hosts, from
what was known when the edge first appeared. A source knows a service by the hosts that use it, or by its own habit of
using it on other targets a day ago and earlier, whichever is likelier: an administrator's next desktop is no surprise,
a clerk's first is.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from detectors.model import Param, Params, Tables
from detectors.sql import rows

Row = dict[str, Any]
"""An edge: src_ip, dst_ip, dst_port, first_ts, moments, sessions, uid, rarity, clients, users, hosts, is_new."""

OWNER: Final = ("src_ip",)
"""Column of ``conversation`` that tells whose edges are judged in a bucket; the edges come whole, in ``admin_edge``."""

LEARN: Final = Param(
    14, "d", 1, 365, "two working weeks show who administers whom", "detectors.md D23: learning >= 14 d"
)
MIN_BITS: Final = Param(
    8, "bits", 1, 60, "a one in 250 event; a site's own 99.9 % quantile takes over once it knows 1000 edges", "own; D23"
)
QUANTILE_FROM: Final = 1000
"""New edges from which their 99.9 % quantile means something."""

EXEMPT: Final = ("scanner", "monitor", "backup", "domain_controller", "update_server")
"""Roles that connect to everything by design."""

_SQL: Final = """
WITH edge AS (
    SELECT *, min(first_ts) OVER (PARTITION BY src_ip, dst_port) AS user_ts FROM admin_edge WHERE first_ts IS NOT NULL
),
counted AS (
    SELECT *,
        rank() OVER (PARTITION BY dst_ip, dst_port ORDER BY first_ts) - 1 AS clients,
        count(*) OVER (PARTITION BY src_ip, dst_port ORDER BY first_ts
            RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 1 DAY PRECEDING) AS own_port
    FROM edge
),
port_user AS (
    SELECT dst_port, user_ts, row_number() OVER (PARTITION BY dst_port ORDER BY user_ts) AS users FROM (
        SELECT DISTINCT dst_port, src_ip, user_ts FROM edge)
),
joined AS (
    SELECT counted.*, coalesce(port_user.users, 0) AS users FROM counted
    ASOF LEFT JOIN port_user ON counted.dst_port = port_user.dst_port AND counted.first_ts > port_user.user_ts
)
SELECT src_ip, dst_ip, dst_port, first_ts, known_days, last_known_ts, moments, sessions, uid, clients, users,
    -log2(greatest((users + 1) / ($hosts + 2), own_port / (own_port + 2.0))) - log2((clients + 1) / ($hosts + 2))
        AS rarity,
    known_ts IS NULL AS is_new
FROM joined WHERE first_ts >= $learned ORDER BY first_ts, src_ip, dst_ip, dst_port
"""


def history(tables: Tables) -> tuple[datetime, datetime] | None:
    """Return the first and last moment that is known, by the memory or the range; None without data."""
    span, memory = tables["capture_span"].to_pylist(), tables["memory_span"].to_pylist()
    if not span or span[0]["ts_start"] is None:
        return None
    first = memory[0]["first_ts"] if memory and memory[0]["first_ts"] is not None else span[0]["ts_start"]
    return min(first, span[0]["ts_start"]), span[0]["ts_end"]


def is_learned(tables: Tables, params: Params) -> bool:
    """Tell whether the site is known for long enough to call an edge new."""
    known = history(tables)
    return known is not None and (known[1] - known[0]).total_seconds() >= params["learn"] * 86400


def late_edges(tables: Tables, params: Params) -> list[Row]:
    """Return the edges that appeared after the learning time, by time, with their rarity.

    When less than the learning time is known, the first half of what is counts as learned; the caller then says no more
    than "undecided". Edges of the memory are among them (``is_new`` is false).
    """
    known = history(tables)
    if known is None or not tables["admin_edge"].num_rows:
        return []
    learn = min(timedelta(days=params["learn"]), (known[1] - known[0]) / 2)
    inputs = {"admin_edge": tables["admin_edge"]}
    found = rows(_SQL, inputs, {"learned": known[0] + learn, "hosts": float(max(home_hosts(tables), 1))})
    return [row | {"hosts": home_hosts(tables)} for row in found]


def home_hosts(tables: Tables) -> int:
    """Return how many home hosts spoke."""
    census = tables["census"].to_pylist()
    return int(census[0]["home_hosts"]) if census else 0


def threshold(edges: list[Row], min_bits: float) -> float:
    """Return the rarity from which an edge is told: the 99.9 % quantile of those before, never below ``min_bits``."""
    before = sorted(row["rarity"] for row in edges if not row["is_new"])
    if len(before) < QUANTILE_FROM:
        return min_bits
    return max(min_bits, float(before[int(0.999 * (len(before) - 1))]))


def owned(tables: Tables) -> set[bytes]:
    """Return the sources whose edges are judged in this bucket."""
    return {row["src_ip"] for row in rows("SELECT DISTINCT src_ip FROM c", {"c": tables["conversation"]})}


def services(tables: Tables) -> dict[int, dict[str, str]]:
    """Return the administrative services by port (``rules/admin_services.csv``)."""
    return {int(row["port"]): row for row in tables["rules/admin_services.csv"].to_pylist()}
