"""NTP records against the fields of tshark and Zeek's ntp.log: messages that say something new, as our table has them.

Source: Zeek, scripts/base/protocols/ntp/main.zeek.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth, cell
from tests.oracles.support.link import at_time, flags, own_ends, time_keys
from tests.oracles.support.tool_logs import LogRow, mapped, zeek_ends, zeek_logs
from tests.oracles.support.tshark_fields import Frame, captures, first, frames, last

Values = dict[str, str]
GRAIN_NS: Final = 1_000
"""tshark's and Zeek's seconds are floating point: 1 us."""
SHORT: Final = 65_536
"""Parts of a second of the short format (RFC 5905 6)."""
MAX_ROWS: Final = 64
"""Rows of one NTP flow."""


def _ntp(root: Path) -> Truth:
    """Yield the messages that say something new, as our table has them: see the table's description."""
    for trace in captures(root):
        told: list[Said] = []
        before: dict[str, tuple[str, ...]] = {}
        rows: Counter[str] = Counter()
        for frame in frames(root / trace):
            if not frame["ntp.flags"] or first(frame, "ntp.flags.mode") == "0":
                continue
            version = 6 if frame["ipv6.src"] else 4
            sender, receiver = own_ends(frame, version)
            side = f"{sender}:{last(frame, 'udp.srcport')}>{receiver}:{last(frame, 'udp.dstport')}"
            both = "|".join(sorted(side.split(">")))
            mode = first(frame, "ntp.flags.mode")
            said = tuple(first(frame, f"ntp.{name}") for name in ("flags", "stratum", "ppoll", "precision", "refid"))
            if mode not in ("6", "7") and before.get(side) == said:
                continue
            before[side] = said
            rows[both] += 1
            if rows[both] <= MAX_ROWS:
                told.append((at_time(frame, sender), _ntp_values(frame, mode)))
        yield trace, told


def _ntp_values(frame: Frame, mode: str) -> Values:
    values = {"ntp_version": first(frame, "ntp.flags.vn"), "ntp_mode": mode}
    if mode in ("6", "7"):
        code, response = ("ctrl.flags2.opcode", "ctrl.flags2.r") if mode == "6" else ("priv.reqcode", "priv.flags.r")
        return values | {"request_code": first(frame, f"ntp.{code}")} | flags(frame, {f"ntp.{response}": "is_response"})
    stratum = first(frame, "ntp.stratum")
    values |= {"leap": first(frame, "ntp.flags.li"), "stratum": stratum, "poll": first(frame, "ntp.ppoll")}
    values |= {"precision": str((int(first(frame, "ntp.precision")) + 128) % 256 - 128)}
    for theirs, ours in (("rootdelay", "root_delay_ns"), ("rootdispersion", "root_dispersion_ns")):
        values[ours] = str(int(first(frame, f"ntp.{theirs}")) / SHORT)
    raw = bytes.fromhex(first(frame, "ntp.refid").replace(":", ""))
    values["ref_id"] = str(IPv4Address(raw)) if int(stratum) > 1 else _escaped(raw.rstrip(b"\0"))
    return values


def _escaped(raw: bytes) -> str:
    return "".join(chr(octet) if 32 <= octet < 127 else f"\\x{octet:02x}" for octet in raw)


def _ntp_cell(row: Row, name: str, said: str) -> str:
    if name.endswith("_ns") and said != "-" and row[name] is not None:
        return said if abs(row[name] - float(said) * 1e9) <= GRAIN_NS else str(row[name])
    if name == "xmit_time" and row[name] is not None:
        microsecond = (row[name] - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
        return said if abs(microsecond - float(said)) <= 2 * GRAIN_NS / 1e9 else f"{microsecond:.6f}"
    if name in ("poll", "precision") and "." in said:
        return said if abs(2.0 ** row[name] - float(said)) < 1e-6 else str(row[name])
    return cell(row, name, said)


NTP_ZEEK: Final[Mapping[str, str]] = {
    "version": "ntp_version",
    "mode": "ntp_mode",
    "stratum": "stratum",
    "poll": "poll",
    "precision": "precision",
    "root_delay": "root_delay_ns",
    "root_disp": "root_dispersion_ns",
    "ref_id": "ref_id",
    "xmt_time": "xmit_time",
}


def _ntp_zeek(root: Path) -> Truth:
    """Yield the rows of ntp.log that say something new, as our table has them."""
    for trace, rows in zeek_logs(root, "ntp"):
        before: dict[str, tuple[str, ...]] = {}
        told: list[Said] = []
        for row in rows:
            side = f"{'|'.join(sorted(zeek_ends(row).split('>')))} {row['mode']}"
            said = tuple(row[name] for name in ("version", "stratum", "poll", "precision", "ref_id"))
            if before.get(side) != said:
                before[side] = said
                told.append((side, _ntp_row(row)))
        yield trace, told


def _ntp_row(row: LogRow) -> Values:
    values = mapped(row, NTP_ZEEK)
    if float(values["xmit_time"]) == 0:
        values["xmit_time"] = "-"
    values["ref_id"] = values["ref_id"].replace("\\x00", "")
    return values


def _ntp_keys(row: Row) -> Iterator[str]:
    if row["root_delay_ns"] is not None:
        both = "|".join(sorted(f"{row[end]}:123" for end in ("sender_ip", "receiver_ip")))
        yield f"{both} {row['ntp_mode']}"


COMPARISONS: Final = (
    Comparison("tshark ntp", 501, "ntp", _ntp, time_keys, _ntp_cell),
    Comparison("zeek ntp", 31, "ntp", _ntp_zeek, _ntp_keys, _ntp_cell),
)
