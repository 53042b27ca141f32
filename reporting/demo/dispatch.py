"""Power dispatch: a master polling its outstations over IEC-104, an operator panel polling pumps over Modbus."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from reporting.demo import iec104
from reporting.demo.conversation import Conversation
from reporting.demo.iec104 import Cause, TypeId
from reporting.demo.network import DISPATCH_MASTER, HMI, PLC, Host
from reporting.demo.tap import HOUR, MILLISECOND, SECOND, Tap

MODBUS_PORT: Final = 502
FIRST_MEASUREMENT: Final = 16385
FIRST_BREAKER: Final = 1
FIRST_COMMAND: Final = 24577
MEASUREMENTS: Final = 12
BREAKERS: Final = 6

T2_S: Final = 10
"""Longest wait before a lone I frame is acknowledged by an S frame, s. Source: IEC 60870-5-104 section 9.6 (t2)."""

T3_S: Final = 20
"""Idle time before a test frame, s. Source: IEC 60870-5-104 section 9.6 (t3)."""


@dataclass(frozen=True, slots=True)
class Station:
    """An outstation as its master knows it; ``interval_s`` is the mean time between its spontaneous reports."""

    host: Host
    common_address: int
    interval_s: float


@dataclass(frozen=True, slots=True)
class BreakerEvent:
    """A breaker that changed: when, which object, and whether it is now on."""

    at_ns: int
    address: int
    closed: bool


class Link:
    """One IEC-104 connection: the TCP conversation and the sequence numbers of both ends."""

    def __init__(self, tap: Tap, master: Host, station: Station, at: int) -> None:
        self.tap = tap
        self.station = station
        self.talk = Conversation(tap, master, station.host, iec104.IEC104_PORT, at).open()
        self._from_master = 0
        self._from_station = 0

    def start(self) -> None:
        """Start the data transfer."""
        self.talk.request(iec104.u_frame(iec104.STARTDT_ACT))
        self.talk.reply(iec104.u_frame(iec104.STARTDT_CON))
        self.talk.acknowledge()

    def master_sends(self, asdu: bytes) -> None:
        """Send an ASDU in control direction."""
        self.talk.request(iec104.i_frame(self._from_master, self._from_station, asdu))
        self._from_master += 1

    def station_sends(self, *asdus: bytes) -> None:
        """Send ASDUs in monitor direction, in one TCP segment where they fit."""
        data = b""
        for asdu in asdus:
            data += iec104.i_frame(self._from_station, self._from_master, asdu)
            self._from_station += 1
        self.talk.reply(data)
        self.talk.acknowledge()

    def master_confirms(self) -> None:
        """Acknowledge what was received with an S frame."""
        self.talk.request(iec104.s_frame(self._from_station))
        self.talk.acknowledge()

    def test(self) -> None:
        """Exchange a test frame, begun by the master."""
        self.talk.request(iec104.u_frame(iec104.TESTFR_ACT))
        self.talk.reply(iec104.u_frame(iec104.TESTFR_CON))
        self.talk.acknowledge()

    def interrogate(self) -> None:
        """Do a general interrogation: activation, all values, termination."""
        ca, rng = self.station.common_address, self.tap.rng
        self.master_sends(iec104.asdu(TypeId.C_IC_NA_1, Cause.ACTIVATION, ca, [(0, b"\x14")]))
        values = [(FIRST_MEASUREMENT + n, iec104.measured(100 + 20 * rng.random())) for n in range(MEASUREMENTS)]
        points = [(FIRST_BREAKER + n, b"\x01") for n in range(BREAKERS)]
        self.station_sends(
            iec104.asdu(TypeId.C_IC_NA_1, Cause.ACTIVATION_CON, ca, [(0, b"\x14")]),
            iec104.asdu(TypeId.M_SP_NA_1, Cause.INTERROGATED, ca, points),
            iec104.asdu(TypeId.M_ME_NC_1, Cause.INTERROGATED, ca, values),
            iec104.asdu(TypeId.C_IC_NA_1, Cause.ACTIVATION_TERM, ca, [(0, b"\x14")]),
        )
        self.master_confirms()

    def command(self, address: int, *, on: bool) -> int:
        """Select and execute a single command; return the time of execution, ns."""
        ca = self.station.common_address
        for select in (0x80, 0):
            qualifier = bytes((select | on,))
            self.master_sends(iec104.asdu(TypeId.C_SC_NA_1, Cause.ACTIVATION, ca, [(address, qualifier)]))
            self.talk.wait(self.tap.jitter(15 * MILLISECOND, 50 * MILLISECOND))
            self.station_sends(iec104.asdu(TypeId.C_SC_NA_1, Cause.ACTIVATION_CON, ca, [(address, qualifier)]))
            self.talk.wait(self.tap.jitter(SECOND, 3 * SECOND))
        done = self.talk.now
        self.station_sends(iec104.asdu(TypeId.C_SC_NA_1, Cause.ACTIVATION_TERM, ca, [(address, bytes((on,)))]))
        self.master_confirms()
        return done

    def reports(self, asdu: bytes) -> None:
        """Send one spontaneous ASDU and let the master confirm it after t2 at most."""
        self.station_sends(asdu)
        self.talk.wait(self.tap.jitter(8 * SECOND, T2_S * SECOND))
        self.master_confirms()


def serve(tap: Tap, link: Link, until: int, planned: list[int], events: list[BreakerEvent]) -> None:
    """Let a started link live until ``until``: reports, tests, hourly interrogations, planned commands and events.

    ``planned`` are times (ns) of commands of the dispatcher, each switching a capacitor bank on; all times of both
    lists must lie before ``until``.
    """
    ca, talk = link.station.common_address, link.talk
    waiting = sorted(events, key=lambda event: event.at_ns)
    orders = sorted(planned)
    next_hour = (talk.now // HOUR + 1) * HOUR
    while talk.now < until:
        due = talk.now + int(tap.rng.expovariate(1 / link.station.interval_s) * SECOND) + SECOND
        while due - talk.now > T3_S * SECOND and talk.now + T3_S * SECOND < until:
            talk.wait(T3_S * SECOND)
            link.test()
        if due + (T2_S + 1) * SECOND >= until:
            break
        talk.now = max(due, talk.now)
        if orders and talk.now >= orders[0]:
            orders.pop(0)
            link.command(FIRST_COMMAND + 15, on=True)
        if talk.now >= next_hour:
            link.interrogate()
            next_hour += HOUR
        elif waiting and talk.now >= waiting[0].at_ns - SECOND:
            _report_breakers(link, waiting)
        else:
            ioa = FIRST_MEASUREMENT + tap.rng.randrange(MEASUREMENTS)
            value = iec104.measured(100 + 20 * tap.rng.random()) + iec104.cp56(talk.now)
            link.reports(iec104.asdu(TypeId.M_ME_TF_1, Cause.SPONTANEOUS, ca, [(ioa, value)]))
    if waiting:
        _report_breakers(link, waiting)


def _report_breakers(link: Link, waiting: list[BreakerEvent]) -> None:
    """Report every breaker that has changed by now, and stay with the matter until the list is empty."""
    while waiting:
        event = waiting.pop(0)
        link.talk.now = max(link.talk.now, event.at_ns)
        state = bytes((2 if event.closed else 1,)) + iec104.cp56(event.at_ns)
        asdu = iec104.asdu(TypeId.M_DP_TB_1, Cause.RETURN_REMOTE, link.station.common_address, [(event.address, state)])
        link.station_sends(asdu)
    link.master_confirms()


def connect(tap: Tap, station: Station, at: int, *, after_reset: bool = False) -> Link:
    """Let the dispatch master connect: start, end of initialisation after a reset, interrogation, clock."""
    link = Link(tap, DISPATCH_MASTER, station, at)
    link.start()
    if after_reset:
        cause = iec104.asdu(TypeId.M_EI_NA_1, Cause.INITIALISED, station.common_address, [(0, b"\x02")])
        link.station_sends(cause)
    link.interrogate()
    clock = [(0, iec104.cp56(link.talk.now))]
    link.master_sends(iec104.asdu(TypeId.C_CS_NA_1, Cause.ACTIVATION, station.common_address, clock))
    link.station_sends(iec104.asdu(TypeId.C_CS_NA_1, Cause.ACTIVATION_CON, station.common_address, clock))
    link.master_confirms()
    return link


def _modbus(transaction: int, body: bytes) -> bytes:
    """Return a Modbus/TCP frame for unit 1. Source: MODBUS Messaging on TCP/IP 1.0b section 3.1.3."""
    return struct.pack("!HHHB", transaction & 0xFFFF, 0, 1 + len(body), 1) + body


def poll_pumps(tap: Tap, start: int, end: int, *, period_s: int, setpoints: list[int]) -> int:
    """Let the operator panel read the pump controller every ``period_s`` and write setpoints at the given times.

    Returns:
        How many requests were sent.
    """
    talk = Conversation(tap, HMI, PLC, MODBUS_PORT, start).open()
    waiting, transaction, level = sorted(setpoints), 0, 4200
    while talk.now < end:
        level += tap.rng.randint(-15, 15)
        registers = struct.pack("!10H", level, *(tap.rng.randint(900, 1100) for _ in range(9)))
        talk.request(_modbus(transaction, struct.pack("!BHH", 3, 0, 10)))
        talk.wait(tap.jitter(2 * MILLISECOND, 8 * MILLISECOND))
        talk.reply(_modbus(transaction, struct.pack("!BB", 3, len(registers)) + registers))
        transaction += 1
        if waiting and talk.now >= waiting[0]:
            waiting.pop(0)
            write = struct.pack("!BHH", 6, 40, 4200 + tap.rng.randint(-5, 5) * 10)
            talk.request(_modbus(transaction, write))
            talk.wait(tap.jitter(4 * MILLISECOND, 9 * MILLISECOND))
            talk.reply(_modbus(transaction, write))
            transaction += 1
        talk.acknowledge()
        talk.wait(period_s * SECOND + tap.jitter(-40 * MILLISECOND, 40 * MILLISECOND))
    talk.close()
    return transaction
