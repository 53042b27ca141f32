"""The working day: who arrives when, browses, fetches files, prints and administers."""

from __future__ import annotations

from collections import Counter
from typing import Final

from reporting.demo.administration import work_over_ssh
from reporting.demo.files import fetch_files
from reporting.demo.housekeeping import lease, renew, resolve_gateway, router_resolves, synchronise
from reporting.demo.naming import look_up_missing
from reporting.demo.network import (
    ADMIN_PC,
    CLOCK,
    DISPATCH_MASTER,
    DOMAIN,
    FILE_SERVER,
    HMI,
    INTRANET,
    JUMP_HOST,
    OFFICE_PCS,
    PRINTER,
    RESOLVER,
    SERVERS,
    STATION_DEVICES,
    UPSTREAM_CLOCK,
    WEBSITES,
    Host,
)
from reporting.demo.printing import print_document
from reporting.demo.tap import HOUR, MILLISECOND, MINUTE, SECOND, Tap
from reporting.demo.web import browse_intranet, browse_outside

NTP_POLL_S: Final = 1024
"""Poll interval of a settled NTP client, s. Source: RFC 5905 section 7.2 (2^10)."""

OUTSIDE_VISITS: Final = 18
INTRANET_VISITS: Final = 9
WORK_H: Final = (8.25, 17.75)

FILE_USERS: Final = ("chen", "liu", "wang", "zhao")
MISTAKES: Final = {1: 1, 6: 2, 10: 1}
"""Which of the day's FTP sessions begin with how many mistyped passwords."""


def _moments(tap: Tap, day: int, count: int) -> list[int]:
    """Return ``count`` times within working hours, ns, in order."""
    low, high = (int(hour * HOUR) for hour in WORK_H)
    return sorted(day + tap.jitter(low, high) for _ in range(count))


def _desk(tap: Tap, pc: Host, day: int, seen: Counter[str]) -> None:
    """One employee's day at one machine."""
    arrival = day + int(7.9 * HOUR) + tap.jitter(0, 20 * MINUTE)
    ready = lease(tap, pc, RESOLVER, arrival)
    resolve_gateway(tap, pc, ready + 40 * MILLISECOND)
    renew(tap, pc, RESOLVER, arrival + 4 * HOUR)
    seen["dhcp"] += 2
    for at in _moments(tap, day, OUTSIDE_VISITS):
        browse_outside(tap, pc, tap.rng.choice(WEBSITES), at)
        seen["tls"] += 1
    for at in _moments(tap, day, INTRANET_VISITS):
        browse_intranet(tap, pc, at)
        seen["http"] += 1
    for at in _moments(tap, day, 2):
        look_up_missing(tap, pc, tap.rng.choice((f"wpad.{DOMAIN}", f"oaa.{DOMAIN}", "www.example.comm")), at)
    for at in _moments(tap, day, 8):
        resolve_gateway(tap, pc, at)
    _keep_time(tap, pc, arrival + 20 * SECOND, day + int(WORK_H[1] * HOUR), seen)


def _keep_time(tap: Tap, host: Host, start: int, end: int, seen: Counter[str]) -> None:
    at = start
    while at < end:
        server, stratum = (UPSTREAM_CLOCK, 2) if host is CLOCK else (CLOCK, 3)
        synchronise(tap, host, server, at, stratum=stratum)
        seen["ntp"] += 1
        at += NTP_POLL_S * SECOND + tap.jitter(-12 * SECOND, 12 * SECOND)


def _machines(tap: Tap, day: int, seen: Counter[str]) -> None:
    """What servers and devices do the whole day and night."""
    for host in (CLOCK, DISPATCH_MASTER, HMI, INTRANET, FILE_SERVER):
        _keep_time(tap, host, day + tap.jitter(SECOND, 900 * SECOND), day + 24 * HOUR, seen)
    for host in (*SERVERS, *STATION_DEVICES, HMI, PRINTER):
        for hour in range(24):
            router_resolves(tap, host, day + hour * HOUR + tap.jitter(0, HOUR - SECOND))
    for hour in (1, 7, 13, 19):
        browse_outside(tap, FILE_SERVER, WEBSITES[3], day + hour * HOUR + tap.jitter(0, 20 * MINUTE))
        seen["tls"] += 1


def _shared_services(tap: Tap, day: int, seen: Counter[str]) -> list[tuple[str, str, int]]:
    """Files, printing and administration; returns who mistyped a password, where, and how often."""
    mistyped = []
    for number, at in enumerate(_moments(tap, day, 14)):
        pc, wrong = OFFICE_PCS[number % len(OFFICE_PCS)], MISTAKES.get(number, 0)
        fetch_files(tap, pc, FILE_USERS[number % len(FILE_USERS)], at, mistyped=wrong)
        seen["ftp"] += 1
        if wrong:
            mistyped.append((pc.address, "ftp", wrong))
    for at in _moments(tap, day, 12):
        print_document(tap, tap.rng.choice(OFFICE_PCS), at)
        seen["print"] += 1
    for number, at in enumerate(_moments(tap, day, 5)):
        wrong = 1 if number == 2 else 0
        work_over_ssh(tap, ADMIN_PC, (JUMP_HOST, INTRANET, FILE_SERVER)[number % 3], at, mistyped=wrong)
        seen["ssh"] += 1
        if wrong:
            mistyped.append((ADMIN_PC.address, "ssh", wrong))
    return mistyped


def live_through(tap: Tap, day: int, seen: Counter[str]) -> list[tuple[str, str, int]]:
    """Let the office live one day from ``day`` (local midnight, ns); ``seen`` counts conversations by kind.

    Returns:
        (client address, service, wrong passwords) of every employee who mistyped one.
    """
    for pc in (*OFFICE_PCS, ADMIN_PC):
        _desk(tap, pc, day, seen)
    _machines(tap, day, seen)
    return _shared_services(tap, day, seen)
