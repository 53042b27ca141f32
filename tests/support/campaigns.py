"""Generated campaigns with seeds: the ordinary traffic of an office over months, and what intruders do inside it.

``benign_office(7, 50, 90) + drip(7, "10.0.1.60", days=60)`` is a site in which one host leaks. Day 0 is ``START``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from campaign_tables import HOUR_US, Campaign, address, conversations, micros_of
from office import DATABASE, FILE_SERVER, benign_office, workstation

__all__ = [
    "DATABASE",
    "FILE_SERVER",
    "Campaign",
    "benign_office",
    "dormant",
    "drip",
    "lateral",
    "staging",
    "upload",
    "workstation",
    "worm",
]

RARE: Final = "185.220.70.7"
"""A destination outside that nobody else in the office uses."""

_CHUNK: Final = 1_000_000_000
"""Payload of one conversation of a large transfer."""


def drip(
    seed: int,
    src: str,
    *,
    dst: str = RARE,
    from_day: float = 20,
    days: int = 60,
    daily: int = 5_000_000,
    pieces: int = 6,
    jitter: float = 0.2,
    name: str | None = None,
    weekends: bool = True,
) -> Campaign:
    """Return a host that pushes a few megabytes out every day, in pieces over the day.

    Args:
        seed: Of the random numbers.
        src: Who leaks.
        dst: Where to.
        from_day: First day.
        days: Number of days.
        daily: Payload bytes a day.
        pieces: Conversations a day.
        jitter: Share by which a piece is larger or smaller, at most.
        name: Name of the server, when one is sent.
        weekends: Also on days 5 and 6 of the week.
    """
    rng = np.random.default_rng([seed, 101])
    day = np.repeat(np.arange(days), pieces)
    if not weekends:
        day = day[(day + int(from_day)) % 7 < 5]
    start = micros_of(from_day) + ((day + rng.random(len(day))) * 24 * HOUR_US).astype(np.int64)
    up = daily / pieces * (1 + jitter * rng.uniform(-1, 1, len(day)))
    table = conversations(
        f"drip{seed}.{src}.{dst}", start, address(src), address(dst), 443, up, 4000, 20.0, app="tls", name=name
    )
    return Campaign(table)


def upload(
    seed: int, src: str, volume: int, *, dst: str = RARE, day: float = 60.1, hours: float = 0.5, pieces: int = 20
) -> Campaign:
    """Return one large push out of the site.

    Args:
        seed: Of the random numbers.
        src: Who leaks.
        volume: Payload bytes in all.
        dst: Where to.
        day: When it begins.
        hours: How long it takes.
        pieces: Conversations it is made of.
    """
    rng = np.random.default_rng([seed, 102])
    start = micros_of(day) + np.sort(rng.random(pieces) * hours * HOUR_US).astype(np.int64)
    share = rng.dirichlet(np.full(pieces, 8.0)) * volume
    return Campaign(
        conversations(f"upload{seed}.{src}.{day}", start, address(src), address(dst), 443, share, 9000, 60.0, app="tls")
    )


def staging(
    seed: int,
    src: str,
    volume: int = 2_000_000_000,
    *,
    servers: Sequence[str] = (FILE_SERVER, DATABASE),
    dst: str = RARE,
    day: float = 60.1,
    delay_h: float = 30.0,
    packed: float = 0.6,
) -> Campaign:
    """Return a host that collects from internal servers and pushes the packed lot out later.

    Args:
        seed: Of the random numbers.
        src: Who collects.
        volume: Payload bytes pulled.
        servers: Where from: the first over SMB, others over PostgreSQL.
        dst: Where to.
        day: When the collecting begins; it takes five hours.
        delay_h: Hours from the beginning of the collecting to the push.
        packed: Size of what is pushed, as a share of what was pulled.
    """
    rng = np.random.default_rng([seed, 103])
    parts = []
    for n, server in enumerate(servers):
        start = micros_of(day) + np.sort(rng.random(12) * 5 * HOUR_US).astype(np.int64)
        down = rng.dirichlet(np.full(12, 8.0)) * volume / len(servers)
        port = 445 if n == 0 else 5432
        parts.append(
            conversations(f"pull{seed}.{src}.{n}", start, address(src), address(server), port, 90_000, down, 200.0)
        )
    push = upload(seed, src, int(volume * packed), dst=dst, day=day + delay_h / 24, hours=3)
    return Campaign(pa.concat_tables(parts)) + push


def lateral(
    seed: int,
    hops: Sequence[str],
    *,
    day: float = 60.4,
    pause_h: float = 2.0,
    ports: Sequence[int] = (3389, 445, 22),
) -> Campaign:
    """Return an intruder who goes from host to host, each session opened from the host of the one before.

    Args:
        seed: Of the random numbers.
        hops: Hosts in order; n + 1 hosts are n hops.
        day: When the first session opens.
        pause_h: Hours between the sessions, more or less.
        ports: Services, taken in turn.
    """
    rng = np.random.default_rng([seed, 104])
    pauses = pause_h * HOUR_US * rng.uniform(0.5, 1.5, len(hops) - 1)
    start = micros_of(day) + (np.cumsum(pauses) - pauses[0]).astype(np.int64)
    ends = [address(host) for host in hops]
    port = [ports[n % len(ports)] for n in range(len(hops) - 1)]
    sizes = rng.integers(40_000, 400_000, (2, len(hops) - 1))
    return Campaign(
        conversations(f"lateral{seed}.{hops[0]}.{day}", start, ends[:-1], ends[1:], port, sizes[0], sizes[1], 900.0)
    )


def dormant(
    seed: int,
    src: str,
    *,
    dst: str = RARE,
    port: int = 443,
    early_days: int = 3,
    silent_days: float = 60,
    from_day: float = 0,
    awake_days: int = 2,
    up: int = 40_000,
) -> Campaign:
    """Return an edge that is active for some days, silent for months, and then active again.

    Args:
        seed: Of the random numbers.
        src: Who.
        dst: With whom.
        port: Service.
        early_days: Days of activity before the silence.
        silent_days: Length of the silence.
        from_day: First day.
        awake_days: Days of activity after it.
        up: Payload bytes sent in each conversation.
    """
    rng = np.random.default_rng([seed, 105])
    days = np.concatenate([np.arange(early_days), early_days + silent_days + np.arange(awake_days)])
    when = np.repeat(days, 5) + rng.uniform(0.35, 0.7, 5 * len(days))
    start = np.array([micros_of(from_day + one) for one in when])
    return Campaign(
        conversations(f"dormant{seed}.{src}.{dst}.{port}", start, address(src), address(dst), port, up, 9000, 3.0)
    )


def worm(
    seed: int,
    first: str,
    *,
    day: float = 60.4,
    generations: int = 4,
    fan_out: int = 2,
    port: int = 445,
    tries: int = 30,
) -> Campaign:
    """Return a worm: each infected host sweeps for a service and infects some of those that answer.

    Args:
        seed: Of the random numbers.
        first: Who brings it in.
        day: When it begins to spread.
        generations: How often it is handed on.
        fan_out: Hosts that each infects.
        port: Service it uses.
        tries: Addresses without a host that each tries beside.
    """
    rng = np.random.default_rng([seed, 106])
    base = address(first) & 0xFFFF_FF00
    free = [base + int(n) for n in rng.permutation(np.arange(2, 250)) if base + n != address(first)]
    parts, infected = [], [(address(first), micros_of(day))]
    for generation in range(generations):
        fresh: list[tuple[int, int]] = []
        for n, (host, since) in enumerate(infected):
            victims, free = free[:fan_out], free[fan_out:]
            tag = f"worm{seed}.{generation}.{n}"
            parts += _infect(rng, tag, host, since, victims, port, tries)
            fresh += [(victim, since + int(rng.uniform(0.2, 1) * HOUR_US)) for victim in victims]
        infected = fresh
    return Campaign(pa.concat_tables(parts))


def _infect(
    rng: np.random.Generator, tag: str, host: int, since: int, victims: list[int], port: int, tries: int
) -> list[pa.Table]:
    def moments(n: int) -> npt.NDArray[np.int64]:
        return since + np.sort(rng.random(n) * 0.1 * HOUR_US).astype(np.int64)

    dead = address("10.0.200.0") + rng.choice(5000, tries, replace=False)
    return [
        conversations(f"{tag}d", moments(tries), host, dead, port, failed=True),
        conversations(f"{tag}v", moments(len(victims)), host, victims, port, 60_000, 9000, 4.0),
    ]
