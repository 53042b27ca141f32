"""Ask tshark for fields of messages, frame by frame.

One run of tshark per capture and session reads all that is asked of it together. Source: tshark(1), ``-T fields``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from tests.oracles.support.truth import absent, rows_of

Frame = Mapping[str, Sequence[str]]
"""Fields of a frame: name to its values, in order; a field that the frame lacks has none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is read together: frames of these protocols, in captures where one is innermost, and their fields.

    ``only`` narrows the frames further (a display filter).
    """

    protocols: tuple[str, ...]
    fields: tuple[str, ...]
    only: str = ""

    @property
    def filter(self) -> str:
        """The display filter."""
        protocols = " || ".join(self.protocols)
        return f"({protocols}) && {self.only}" if self.only else protocols


LINK: Final = Asked(
    ("arp", "dhcpv6", "icmp", "icmpv6", "ntp"),
    (
        *(
            "frame.time_epoch",
            "ip.src",
            "ip.dst",
            "ipv6.src",
            "ipv6.dst",
            "ip.proto",
            "ipv6.nxt",
            "ipv6.fraghdr.nxt",
            "udp.srcport",
            "udp.dstport",
        ),
        *("tcp.srcport", "tcp.dstport", "eth.src"),
        *("arp.hw.type", "arp.proto.type", "arp.opcode", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac"),
        *("arp.dst.proto_ipv4", "icmp.type", "icmp.code", "icmp.mtu", "icmp.redir_gw", "icmpv6.type", "icmpv6.code"),
        *("icmpv6.mtu", "icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address", "icmpv6.nd.rd.target_address"),
        *(
            "icmpv6.rd.na.destination_address",
            "icmpv6.opt.linkaddr",
            "icmpv6.opt.type",
            "icmpv6.nd.na.flag.r",
            "icmpv6.nd.na.flag.s",
        ),
        *("icmpv6.nd.na.flag.o", "icmpv6.nd.ra.cur_hop_limit", "icmpv6.nd.ra.flag.m", "icmpv6.nd.ra.flag.o"),
        *("icmpv6.nd.ra.flag.prf", "icmpv6.nd.ra.router_lifetime", "icmpv6.opt.mtu", "icmpv6.opt.prefix"),
        *("icmpv6.opt.prefix.length", "icmpv6.opt.prefix.flag.l", "icmpv6.opt.prefix.flag.a"),
        *("icmpv6.opt.prefix.valid_lifetime", "icmpv6.opt.rdnss", "icmpv6.opt.rdnss.lifetime", "icmpv6.opt.dnssl"),
        *("dhcpv6.msgtype", "dhcpv6.xid", "dhcpv6.option.type", "dhcpv6.duid.bytes", "dhcpv6.iaaddr.ip"),
        *("dhcpv6.iaaddr.valid_lifetime", "dhcpv6.iaprefix.pref_addr", "dhcpv6.iaprefix.pref_len", "dhcpv6.dns_server"),
        *(
            "dhcpv6.client_domain",
            "dhcpv6.tld",
            "dhcpv6.search_list_entry",
            "dhcpv6.vendorclass.enterprise",
            "dhcpv6.vendorclass.data",
        ),
        *("dhcpv6.requested_option_code", "dhcpv6.status_code", "dhcpv6.linkaddr", "dhcpv6.peeraddr"),
        *("ntp.flags", "ntp.flags.vn", "ntp.flags.mode", "ntp.flags.li", "ntp.stratum", "ntp.ppoll", "ntp.precision"),
        *("ntp.rootdelay", "ntp.rootdispersion", "ntp.refid", "ntp.ctrl.flags2.opcode", "ntp.ctrl.flags2.r"),
        *("ntp.priv.reqcode", "ntp.priv.flags.r"),
    ),
)
"""Messages without a stream."""
REMOTE: Final = Asked(
    ("mysql", "pgsql", "tds", "vnc"),
    (
        *("frame.time_epoch", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport", "mysql.user", "mysql.schema"),
        *("mysql.version", "pgsql.parameter_name", "pgsql.parameter_value", "tds.7login.username"),
        *("tds.7login.clientname", "tds.7login.appname", "tds.7login.servername", "tds.7login.databasename"),
        *("vnc.server_proto_ver", "vnc.client_proto_ver"),
    ),
)
"""Logins over TCP."""
_BETWEEN: Final = "\x1f"


def captures(root: Path, asked: Asked = LINK) -> Iterator[str]:
    """Yield the captures (below the data folder) in which tshark saw one of the protocols."""
    for row in rows_of(root / "truth" / "tshark-files.csv"):
        if set(asked.protocols) & {count.split(":")[0] for count in row["last_protocol_counts"].split(";")}:
            yield row["file"]


@cache
def frames(path: Path, asked: Asked = LINK) -> tuple[Frame, ...]:
    """Return the frames of a capture that carry one of the protocols, in order."""
    tool = shutil.which("tshark") or absent("tshark is not installed")
    command = [tool, "-n", "-r", str(path), "-Y", asked.filter, "-T", "fields"]
    command += ["-E", f"aggregator={_BETWEEN}", "-E", "occurrence=a"]
    for field in asked.fields:
        command += ["-e", field]
    # tshark says with its exit code that a capture is damaged; what it read before counts.
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"TZ": "UTC"})
    lines = done.stdout.decode("utf-8", errors="replace").split("\n")
    return tuple(_frame(line, asked) for line in lines if line.count("\t") == len(asked.fields) - 1)


def _frame(line: str, asked: Asked) -> Frame:
    return {
        name: value.split(_BETWEEN) if value else () for name, value in zip(asked.fields, line.split("\t"), strict=True)
    }


def microseconds(frame: Frame) -> int:
    """Return the time of a frame, us since 1970."""
    seconds, _, part = frame["frame.time_epoch"][0].partition(".")
    return int(seconds) * 1_000_000 + int(part[:6].ljust(6, "0"))


def last(frame: Frame, *names: str) -> str:
    """Return the last value of the first of these fields that the frame has, ``-`` when it has none."""
    return next((frame[name][-1] for name in names if frame[name]), "-")


def first(frame: Frame, name: str) -> str:
    """Return the first value of a field, ``-`` when the frame lacks it."""
    return frame[name][0] if frame[name] else "-"
