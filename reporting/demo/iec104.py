"""IEC 60870-5-104 messages as bytes. Source: IEC 60870-5-104 section 5, IEC 60870-5-101 section 7."""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Final

IEC104_PORT: Final = 2404
STARTDT_ACT: Final = 0x07
STARTDT_CON: Final = 0x0B
TESTFR_ACT: Final = 0x43
TESTFR_CON: Final = 0x83

STATION_TIME: Final = timezone(timedelta(hours=8))
"""Stations keep Beijing time (CP56Time2a carries local time)."""


class TypeId(IntEnum):
    """ASDU types the demo uses (IEC 60870-5-101 7.2.1.1)."""

    M_DP_TB_1 = 31
    M_ME_TF_1 = 36
    M_SP_NA_1 = 1
    M_ME_NC_1 = 13
    C_SC_NA_1 = 45
    M_EI_NA_1 = 70
    C_IC_NA_1 = 100
    C_CS_NA_1 = 103
    C_RP_NA_1 = 105


class Cause(IntEnum):
    """Causes of transmission (IEC 60870-5-101 7.2.3)."""

    SPONTANEOUS = 3
    INITIALISED = 4
    ACTIVATION = 6
    ACTIVATION_CON = 7
    ACTIVATION_TERM = 10
    RETURN_REMOTE = 11
    INTERROGATED = 20


def u_frame(function: int) -> bytes:
    """Return an unnumbered control frame."""
    return bytes((0x68, 4, function, 0, 0, 0))


def s_frame(received: int) -> bytes:
    """Return a supervisory frame that acknowledges up to N(R)."""
    return struct.pack("<BBHH", 0x68, 4, 1, (received & 0x7FFF) << 1)


def i_frame(sent: int, received: int, asdu: bytes) -> bytes:
    """Return an information frame with N(S), N(R)."""
    return struct.pack("<BBHH", 0x68, 4 + len(asdu), (sent & 0x7FFF) << 1, (received & 0x7FFF) << 1) + asdu


def asdu(kind: TypeId, cause: Cause, common_address: int, objects: list[tuple[int, bytes]]) -> bytes:
    """Return an ASDU; ``objects`` are (information object address, element bytes). Originator address 0."""
    head = struct.pack("<BBBBH", kind, len(objects), cause, 0, common_address)
    return head + b"".join(address.to_bytes(3, "little") + element for address, element in objects)


def cp56(ts_ns: int) -> bytes:
    """Return a CP56Time2a of a time in ns since the epoch. Source: IEC 60870-5-4 section 6.8."""
    when = datetime.fromtimestamp(ts_ns / 1e9, STATION_TIME)
    millis = when.second * 1000 + when.microsecond // 1000
    day = when.day | when.isoweekday() << 5
    return struct.pack("<HBBBBB", millis, when.minute, when.hour, day, when.month, when.year - 2000)


def measured(value: float) -> bytes:
    """Return a short float with a good quality descriptor."""
    return struct.pack("<fB", value, 0)
