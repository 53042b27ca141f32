"""How much a host pushes out to whom: shared by the detectors of exfiltration.

Payload of the home side only: what a scanner or a broken peer makes of headers does not count. Volumes are skewed over
ten orders of magnitude, so that everything is compared as log1p, with median and MAD (detectors.md 1.8).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final

from detectors.model import Param, Tables
from detectors.sql import rows

Row = dict[str, Any]

CONVERSATION: Final = (
    *("root_uid", "ts_start", "duration_s", "src_ip", "dst_ip", "dst_port", "ip_proto", "src_home", "dst_home"),
    *("src_bytes_payload", "dst_bytes_payload", "server_name"),
)
DAYS: Final = ("day", "src_ip", "dst_ip", "ip_proto", "dst_port", "src_bytes", "dst_bytes", "answered")
"""Columns of ``conversation`` and ``edge_day_before``; all of one source belong together."""

MIN_HOSTS: Final = Param(
    20,
    "hosts",
    2,
    10000,
    "with fewer hosts, that few use a destination says nothing",
    "own: 2 % needs more than a handful",
)
MAX_SHARE: Final = Param(
    0.02,
    "ratio",
    0.0,
    1.0,
    "a destination of at most this share of the hosts, or of two, is rare",
    "RITA prevalence 2 %",
)
PCR: Final = Param(
    0.4,
    "ratio",
    -1.0,
    1.0,
    "(up - down) / (up + down): a push; downloads lie near -1, calls near 0",
    "Bullard & Gerth, FloCon 2014 (producer-consumer ratio); detectors.md D21",
)

SIGMA_FLOOR: Final = 0.5
"""Least spread of log1p(bytes): volumes that differ by less than a factor of 1.6 are the same (own)."""

MAD_SIGMA: Final = 1.4826
"""MAD to standard deviation of a normal distribution."""

PRIVATE_SQL: Final = r"""(
    dst_ip BETWEEN '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x0A\x00\x00\x00'::BLOB
        AND '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x0A\xFF\xFF\xFF'::BLOB
    OR dst_ip BETWEEN '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xAC\x10\x00\x00'::BLOB
        AND '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xAC\x1F\xFF\xFF'::BLOB
    OR dst_ip BETWEEN '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xC0\xA8\x00\x00'::BLOB
        AND '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xC0\xA8\xFF\xFF'::BLOB
    OR dst_ip BETWEEN '\xFC'::BLOB AND '\xFE'::BLOB)"""
"""RFC 1918 and RFC 4193: what the memory, which knows no home networks, takes for inside."""


def pair_day_sql(keep: str) -> str:
    """Return CTEs: ``each`` (conversations out of the site) and ``pair_day`` (a pair's payload by day).

    Args:
        keep: Join that leaves the pairs or sources of interest, such as ``SEMI JOIN large USING (src_ip, dst_ip)``:
            telling repeated rows apart costs too much for all of them.
    """
    return f"""
each AS (
    SELECT DISTINCT root_uid, ts_start, duration_s, src_ip, dst_ip, src_bytes_payload AS up, dst_bytes_payload AS down
    FROM conversation {keep} WHERE src_home AND NOT dst_home AND src_bytes_payload > 0
),
pair_day AS (
    SELECT src_ip, dst_ip, date_trunc('day', ts_start) AS day, sum(up)::DOUBLE AS up, sum(down)::DOUBLE AS down,
        TRUE AS is_now FROM each GROUP BY ALL
    UNION ALL
    SELECT src_ip, dst_ip, day, sum(src_bytes)::DOUBLE, sum(dst_bytes)::DOUBLE, FALSE FROM edge_day_before {keep}
    WHERE src_bytes > 0 AND NOT {PRIVATE_SQL} GROUP BY ALL
)"""


def robust_z(value: float, sample: Sequence[float]) -> float:
    """Return how many robust standard deviations a value lies above the median of a sample (0 without one)."""
    if not sample:
        return 0.0
    middle = median(sample)
    spread = MAD_SIGMA * median(abs(one - middle) for one in sample)
    return (value - middle) / max(spread, SIGMA_FLOOR)


def site_level(tables: Tables) -> list[float]:
    """Return log1p of what pairs of the whole site push out, one number per pair, to the nearest power of two.

    At most 2000 numbers: larger sites are thinned evenly, which moves no quantile.
    """
    counts = sorted((row["log2_up"], row["pairs"]) for row in tables["upload_pairs"].to_pylist())
    total = sum(pairs for _, pairs in counts)
    scale = max(1.0, total / 2000)
    return [(power + 0.5) * math.log(2) for power, pairs in counts for _ in range(max(1, round(pairs / scale)))]


def home_hosts(tables: Tables) -> int:
    """Return how many home hosts spoke."""
    census = tables["census"].to_pylist()
    return int(census[0]["home_hosts"]) if census else 0


def users_of(tables: Tables, destinations: Iterable[bytes]) -> dict[bytes, int]:
    """Return how many home hosts an outside address answered, now or before; 1 for those that the table leaves out."""
    asked = set(destinations)
    if not asked:
        return {}
    held = rows("SELECT dst_ip, hosts FROM peer_hosts_ever", {"peer_hosts_ever": tables["peer_hosts_ever"]})
    return dict.fromkeys(asked, 1) | {row["dst_ip"]: row["hosts"] for row in held if row["dst_ip"] in asked}


def is_rare(users: int, hosts: int, max_share: float) -> bool:
    """Tell whether so few of the hosts use a destination that it is nobody's usual one."""
    return users <= max(2, max_share * hosts)


def pcr(up: float, down: float) -> float:
    """Return the producer-consumer ratio: 1 pushes only, -1 pulls only."""
    return (up - down) / max(up + down, 1.0)


def bytes_text(number: float) -> str:
    """Return bytes as people say them: 1.25 GB, 20 MB, 512 B."""
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f} B"


def series(points: Iterable[tuple[datetime, float]]) -> list[list[float | str]]:
    """Return a series for a plot: time as text, bytes."""
    return [[f"{when:%Y-%m-%dT%H:%MZ}", round(value)] for when, value in points]
