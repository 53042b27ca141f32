"""The evening: an unknown machine joins the office network, looks around, guesses a password, opens breakers."""

from __future__ import annotations

from typing import Final

from reporting.demo import frames
from reporting.demo.administration import SSH_PORT, guess_over_ssh
from reporting.demo.conversation import round_trip
from reporting.demo.dispatch import FIRST_BREAKER, FIRST_COMMAND, BreakerEvent, Link, Station
from reporting.demo.files import FTP_PORT, TRIES_PER_CONNECTION, guess_passwords, loot
from reporting.demo.housekeeping import lease, resolve_gateway
from reporting.demo.iec104 import IEC104_PORT, Cause, TypeId, asdu
from reporting.demo.naming import look_up
from reporting.demo.network import (
    DOMAIN,
    FILE_SERVER,
    INTRUDER,
    JUMP_HOST,
    RESOLVER,
    ROUTER_MAC,
    SERVERS,
    STATION_DEVICES,
    Host,
    Segment,
    inside,
    router_ip,
)
from reporting.demo.tap import MILLISECOND, MINUTE, SECOND, Tap
from reporting.demo.truth import Act

SCAN_SYN_OPTIONS: Final = bytes.fromhex("020405b4")
"""A half-open scanner builds its own SYN with the MSS option alone."""

SCAN_WINDOW: Final = 1024
PORTS_TRIED: Final = 220
FTP_FAILURES: Final = 54
SSH_FAILURES: Final = 36
BREAKERS_OPENED: Final = 3
GUESSED_USER: Final = "dispatch"
OPEN_PORTS: Final = {
    RESOLVER.ip: {53, 22},
    FILE_SERVER.ip: {FTP_PORT, SSH_PORT, 445},
    JUMP_HOST.ip: {SSH_PORT},
}


def _probe(tap: Tap, target: bytes, port: int, source_port: int, at: int, victim: Host | None, *, is_open: bool) -> int:
    """Send one half-open probe and what comes of it; return the time of its last packet, ns."""
    seq = tap.rng.getrandbits(32)

    def syn() -> bytes:
        return frames.ipv4(
            INTRUDER.ip,
            target,
            frames.PROTO_TCP,
            frames.tcp(
                INTRUDER.ip,
                target,
                (source_port, port),
                seq=seq,
                ack=0,
                flags=frames.SYN,
                window=SCAN_WINDOW,
                options=SCAN_SYN_OPTIONS,
            ),
            ident=tap.rng.getrandbits(16),
            ttl=tap.rng.randint(38, 59),
        )

    first = syn()
    tap.packet(at, INTRUDER, first)
    if victim is None:
        return _nobody_there(tap, target, first, syn(), at)
    at += round_trip(tap, victim)
    theirs = tap.rng.getrandbits(32) if is_open else 0
    flags = frames.SYN | frames.ACK if is_open else frames.RST | frames.ACK
    options = SCAN_SYN_OPTIONS if is_open else b""
    window = victim.stack.syn_window if is_open else 0
    told = frames.tcp(
        target, INTRUDER.ip, (port, source_port), seq=theirs, ack=seq + 1, flags=flags, window=window, options=options
    )
    tap.packet(at, victim, frames.ipv4(target, INTRUDER.ip, frames.PROTO_TCP, told, ident=0, ttl=victim.stack.ttl))
    if is_open:
        at += round_trip(tap, INTRUDER)
        end = frames.tcp(INTRUDER.ip, target, (source_port, port), seq=seq + 1, ack=0, flags=frames.RST, window=0)
        tap.packet(at, INTRUDER, frames.ipv4(INTRUDER.ip, target, frames.PROTO_TCP, end, ident=0, ttl=64))
    return at


def _nobody_there(tap: Tap, target: bytes, first: bytes, second: bytes, at: int) -> int:
    """The router asks for a host that is not there; the scanner tries once more; now and then ICMP tells it."""
    segment = Segment(target[2])
    tap.router_asks(at + tap.jitter(20_000, 90_000), segment, target)
    again = at + SECOND + tap.jitter(0, 8 * MILLISECOND)
    tap.packet(again, INTRUDER, second)
    tap.router_asks(again + tap.jitter(20_000, 90_000), segment, target)
    if tap.rng.random() >= 0.2:
        return again
    told = again + 2 * SECOND
    icmp = frames.icmp_host_unreachable(first)
    packet = frames.ipv4(
        router_ip(Segment.OFFICE), INTRUDER.ip, frames.PROTO_ICMP, icmp, ident=tap.rng.getrandbits(16), ttl=64
    )
    tap.frame(told, frames.ethernet(INTRUDER.mac, ROUTER_MAC, frames.ETHERTYPE_IPV4, packet))
    return told


def sweep(tap: Tap, segment: Segment, port: int, service: str, at: int, residents: tuple[Host, ...]) -> Act:
    """Probe one port on every address of a segment but the router's, about twenty a second."""
    start, end = at, at
    source_port = tap.rng.randint(35_000, 64_000)
    known = {host.ip: host for host in residents}
    numbers = list(range(2, 255))
    tap.rng.shuffle(numbers)
    for number in numbers:
        target = inside(segment, number)
        listening = OPEN_PORTS.get(target, {IEC104_PORT} if segment is Segment.STATION and number < 20 else set())
        end = max(end, _probe(tap, target, port, source_port, at, known.get(target), is_open=port in listening))
        at += tap.jitter(25 * MILLISECOND, 75 * MILLISECOND)
    victims = tuple(host.address for host in residents)
    found = any(port in OPEN_PORTS.get(host.ip, {IEC104_PORT}) for host in residents)
    return Act("scan_horizontal", INTRUDER.address, victims, service, port, start, end, len(numbers), found)


def enumerate_ports(tap: Tap, victim: Host, at: int) -> Act:
    """Probe many ports of one host, about fifty a second."""
    start, end = at, at
    source_port = tap.rng.randint(35_000, 64_000)
    ports = [
        *sorted(OPEN_PORTS[victim.ip]),
        *tap.rng.sample([p for p in range(1, 10_000) if p not in OPEN_PORTS[victim.ip]], PORTS_TRIED - 3),
    ]
    tap.rng.shuffle(ports)
    for port in ports:
        end = _probe(tap, victim.ip, port, source_port, at, victim, is_open=port in OPEN_PORTS[victim.ip])
        at += tap.jitter(10 * MILLISECOND, 30 * MILLISECOND)
    return Act("scan_vertical", INTRUDER.address, (victim.address,), "tcp", None, start, end, len(ports), True)


def guess_ftp(tap: Tap, at: int) -> Act:
    """Guess the password of one account until it is found, then fetch what the account can read."""
    start = at
    words = [
        f"{tap.rng.choice(('power', 'grid', 'dispatch', 'admin', 'summer'))}{n}"
        for n in range(2024, 2024 + FTP_FAILURES)
    ]
    for n in range(0, len(words), TRIES_PER_CONNECTION):
        at = guess_passwords(tap, INTRUDER, GUESSED_USER, words[n : n + TRIES_PER_CONNECTION], at)
        at += tap.jitter(100 * MILLISECOND, 400 * MILLISECOND)
    end = loot(tap, INTRUDER, GUESSED_USER, "dispatch123", at)
    victim = (FILE_SERVER.address,)
    return Act(
        "password_guessing", INTRUDER.address, victim, "ftp", FTP_PORT, start, end, len(words), True, (GUESSED_USER,)
    )


def guess_ssh(tap: Tap, at: int) -> Act:
    """Guess at the jump host without luck, one password per connection."""
    start, end = at, at
    for _ in range(SSH_FAILURES):
        end = guess_over_ssh(tap, INTRUDER, JUMP_HOST, at)
        at = end + tap.jitter(150 * MILLISECOND, 600 * MILLISECOND)
    return Act(
        "password_guessing", INTRUDER.address, (JUMP_HOST.address,), "ssh", SSH_PORT, start, end, SSH_FAILURES, False
    )


def seize(tap: Tap, station: Station, at: int) -> tuple[Act, list[BreakerEvent], int]:
    """Connect to an outstation, interrogate it, open breakers, and reset it.

    Returns:
        The deed, the breaker events its rightful master will see, and the time of the reset, ns.
    """
    link = Link(tap, INTRUDER, station, at)
    link.start()
    link.talk.wait(2 * SECOND)
    link.interrogate()
    link.talk.wait(tap.jitter(20 * SECOND, 30 * SECOND))
    events = []
    for number in range(BREAKERS_OPENED):
        done = link.command(FIRST_COMMAND + number, on=False)
        events.append(BreakerEvent(done, FIRST_BREAKER + number, closed=False))
        link.talk.wait(tap.jitter(2 * SECOND, 4 * SECOND))
    ca = station.common_address
    link.talk.wait(tap.jitter(6 * SECOND, 9 * SECOND))
    link.master_sends(asdu(TypeId.C_RP_NA_1, Cause.ACTIVATION, ca, [(0, b"\x01")]))
    link.talk.wait(12 * MILLISECOND)
    link.station_sends(asdu(TypeId.C_RP_NA_1, Cause.ACTIVATION_CON, ca, [(0, b"\x01")]))
    link.talk.wait(400 * MILLISECOND)
    link.talk.reset(by_server=True)
    names = ("C_SC_NA_1",) * BREAKERS_OPENED + ("C_RP_NA_1",)
    count = 2 * BREAKERS_OPENED + 1
    deed = Act(
        "ics_command",
        INTRUDER.address,
        (station.host.address,),
        "iec104",
        IEC104_PORT,
        at,
        link.talk.now,
        count,
        True,
        names,
    )
    return deed, events, link.talk.now


def arrive(tap: Tap, at: int) -> None:
    """Let the unknown machine join: lease, gateway, two names looked up."""
    at = lease(tap, INTRUDER, RESOLVER, at)
    resolve_gateway(tap, INTRUDER, at + 30 * MILLISECOND)
    for host in (FILE_SERVER, JUMP_HOST):
        at = look_up(tap, INTRUDER, host, f"{host.name}.{DOMAIN}", at + tap.jitter(8 * SECOND, 20 * SECOND))


def reconnoitre_and_break_in(tap: Tap, at: int) -> list[Act]:
    """Do everything that precedes the command; ``at`` is when the machine arrived. About twenty minutes."""
    acts = [sweep(tap, Segment.SERVERS, FTP_PORT, "ftp", at + 2 * MINUTE, SERVERS)]
    acts.append(sweep(tap, Segment.STATION, IEC104_PORT, "iec104", at + 5 * MINUTE, STATION_DEVICES))
    acts.append(enumerate_ports(tap, FILE_SERVER, at + 9 * MINUTE))
    acts.append(guess_ftp(tap, at + 12 * MINUTE))
    acts.append(guess_ssh(tap, at + 17 * MINUTE))
    return acts
