"""Weeks of office traffic for the tests of the volume detectors: seeded, one row per host and hour."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from tests.detectors.conftest import T0, Traffic

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
"""First midnight of the weeks (a Monday), 8 h before the builder's T0."""

START_S = (MONDAY - T0).total_seconds()

Level = Callable[[str, int], float]
"""Factor on the usual volume of a host in an hour (counted from MONDAY); 0 leaves the row out, negative: not seen."""


def usual(host: str, hour: int) -> float:
    """Return a factor that changes nothing."""
    return 1.0


def office_bytes(hour: int, noise: random.Random) -> int:
    """Return the bytes of an office host in an hour: day and night, weekends at a tenth, log-normal noise."""
    day, clock = hour // 24 % 7, hour % 24
    shape = 0.15 + math.exp(-(((clock - 13) / 4) ** 2))
    return int(20e6 * shape * (0.1 if day >= 5 else 1.0) * noise.lognormvariate(0, 0.3))


def office(
    traffic: Traffic,
    weeks: int,
    level: Level = usual,
    *,
    hosts: Iterable[str] = ("10.0.0.1", "10.0.0.2"),
    seed: int = 7,
) -> Traffic:
    """Add weeks of hosts that load from a server each hour; every host sends a twentieth of what it receives."""
    for host in hosts:
        noise = random.Random(f"{seed}{host}")
        for hour in range(weeks * 168):
            size = office_bytes(hour, noise)
            factor = level(host, hour)
            if factor > 0:
                row = {"src_bytes_payload": int(size * factor) // 20, "dst_bytes_payload": int(size * factor)}
                second = START_S + hour * 3600 + noise.uniform(0, 3000)
                traffic.add(second, host, "198.51.100.7", 443, app_proto="tls", **row)
    return traffic
