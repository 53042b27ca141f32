"""Idle time-outs by state (flow-semantics.md 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TCP: Final = 6
UDP: Final = 17
DNS_PORT: Final = 53


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Limits of silence in seconds; the defaults are those of flows.md 12.2."""

    tcp_unanswered: float = 10.0
    tcp_half_open: float = 30.0
    tcp_established: float = 300.0
    tcp_one_fin: float = 60.0
    tcp_closed: float = 5.0
    udp_one_sided: float = 30.0
    udp_answered: float = 60.0
    dns_answered: float = 5.0
    icmp: float = 30.0
    other: float = 60.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides the time-out of a flow after a packet."""

    version: int
    proto: int | None
    ports: tuple[int, int] | None
    heard: tuple[bool, bool]
    any_data: bool
    closed: bool = False
    one_fin: bool = False
    only_syns: bool = False
    """No TCP header without SYN was seen so far."""


def limit_s(standing: Standing, timeouts: Timeouts) -> float:
    """Return the silence after which the flow is over, s."""
    if standing.version == 0:
        return timeouts.other
    if standing.proto == TCP:
        return _tcp(standing, timeouts)
    if standing.proto == UDP:
        if not all(standing.heard):
            return timeouts.udp_one_sided
        dns = standing.ports is not None and DNS_PORT in standing.ports
        return timeouts.dns_answered if dns else timeouts.udp_answered
    return timeouts.icmp if standing.proto in {1, 58} else timeouts.other


def _tcp(standing: Standing, timeouts: Timeouts) -> float:
    if standing.closed:
        return timeouts.tcp_closed
    if standing.one_fin:
        return timeouts.tcp_one_fin
    if not all(standing.heard) and not standing.any_data:
        return timeouts.tcp_unanswered
    return timeouts.tcp_half_open if standing.only_syns else timeouts.tcp_established
