"""Puts the day together: office, dispatch, intrusion; writes the capture and declares the truth."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Final

from reporting.demo.dispatch import BreakerEvent, Station, connect, poll_pumps, serve
from reporting.demo.intrusion import arrive, reconnoitre_and_break_in, seize
from reporting.demo.network import (
    DISPATCH_MASTER,
    HMI,
    HOME_NETWORK,
    INTRUDER,
    OUTSTATION_NORTH,
    OUTSTATION_SOUTH,
    PLC,
    Host,
)
from reporting.demo.office import live_through
from reporting.demo.tap import HOUR, MINUTE, SECOND, Tap
from reporting.demo.truth import Act, DemoTruth, KnownMaster

DEFAULT_SEED: Final = 20260312
DAY_START_S: Final = 1_773_244_800
"""Thursday 2026-03-12 00:00:00 in UTC+8, as seconds since the epoch."""

NORTH: Final = Station(OUTSTATION_NORTH, 101, 20.0)
SOUTH: Final = Station(OUTSTATION_SOUTH, 102, 50.0)
ARRIVAL: Final = 21 * HOUR + 34 * MINUTE
SEIZURE: Final = 22 * HOUR + 5 * MINUTE


def write_demo(path: Path | str, *, seed: int = DEFAULT_SEED) -> DemoTruth:
    """Write the capture of the demo day and return what was planted in it; same seed, same bytes.

    Args:
        path: The pcap file to write; its folder must exist, an existing file is replaced.
        seed: Seed of every random choice.

    Returns:
        The declared truth: actors, victims, times (ns since the epoch) and counts.

    Raises:
        OSError: the file cannot be written.
    """
    target = Path(path)
    tap = Tap(random.Random(seed))  # noqa: S311  (made-up traffic, not a secret: it must be repeatable)
    day = DAY_START_S * SECOND
    seen: Counter[str] = Counter()
    mistyped = live_through(tap, day, seen)
    arrive(tap, day + ARRIVAL)
    acts = reconnoitre_and_break_in(tap, day + ARRIVAL)
    command, events, reset_at = seize(tap, NORTH, day + SEIZURE)
    _dispatch(tap, day, events, reset_at)
    seen["modbus_requests"] = poll_pumps(
        tap,
        day + 5 * SECOND,
        day + 24 * HOUR,
        period_s=30,
        setpoints=[day + 9 * HOUR + 5 * MINUTE, day + 14 * HOUR + 30 * MINUTE],
    )
    tap.write(target)
    return _declare(target, seed, tap, [*acts, command], mistyped, seen, day)


def _dispatch(tap: Tap, day: int, events: list[BreakerEvent], reset_at: int) -> None:
    """Both outstations' day; the northern one loses its connection when it is reset and comes back."""
    end = day + 24 * HOUR
    south = connect(tap, SOUTH, day + 2 * SECOND)
    serve(tap, south, end, [], [])
    south.talk.close()
    north = connect(tap, NORTH, day + 3 * SECOND)
    serve(tap, north, reset_at, [day + 10 * HOUR + 15 * MINUTE], events)
    north.talk.now = max(north.talk.now, reset_at + tap.jitter(2_000_000, 9_000_000))
    north.talk.reset(by_server=True)
    back = connect(tap, NORTH, north.talk.now + 38 * SECOND, after_reset=True)
    serve(tap, back, end, [], [])
    back.talk.close()


def _master(protocol: str, master: Host, station: Host) -> KnownMaster:
    return KnownMaster(protocol, master.address, station.address)


def _declare(
    path: Path, seed: int, tap: Tap, acts: list[Act], mistyped: list[tuple[str, str, int]], seen: Counter[str], day: int
) -> DemoTruth:
    times = [ts for ts, _ in tap.frames_seen]
    return DemoTruth(
        path=path,
        seed=seed,
        frames=len(times),
        first_ns=times[0],
        last_ns=times[-1],
        home_network=HOME_NETWORK,
        intruder=INTRUDER.address,
        intruder_mac=INTRUDER.mac.hex(":"),
        intruder_since_ns=day + ARRIVAL,
        acts=tuple(sorted(acts, key=lambda act: act.start_ns)),
        masters=(
            _master("iec104", DISPATCH_MASTER, OUTSTATION_NORTH),
            _master("iec104", DISPATCH_MASTER, OUTSTATION_SOUTH),
            _master("modbus", HMI, PLC),
        ),
        mistyped_logins=tuple(mistyped),
        conversations=dict(seen),
    )
