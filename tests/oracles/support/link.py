"""ARP, neighbour discovery, ICMP and DHCPv6 records against the fields of tshark.

Both sides have the time of the packet, so rows find each other by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth
from tests.oracles.support.record_rows import plain
from tests.oracles.support.tshark_fields import Frame, captures, first, frames, last, microseconds

Values = dict[str, str]
ETHERNET: Final = "1"
IPV4: Final = "0x0800"
NDP: Final = frozenset({"133", "134", "135", "136", "137"})
REPORTS: Final = {4: frozenset({"3", "4", "5", "11", "12"}), 6: frozenset({"1", "2", "3", "4"})}
"""Types that report on a packet, by version of IP (RFC 792, RFC 4443)."""
PREFIX: Final = "3"
ROUTE: Final = "24"
"""Options of router advertisements (RFC 4861 4.6.2, RFC 4191 2.3)."""
PREFERENCES: Final = {"0": "medium", "1": "high", "3": "low"}
"""Router preference (RFC 4191 2.1)."""
CLIENT: Final = "1"
SERVER: Final = "2"
"""Options of DHCPv6 with the identifiers of both (RFC 8415 21.2, 21.3)."""


def _tshark(values: Callable[[Frame], Said | None], root: Path) -> Truth:
    for trace in captures(root):
        yield trace, [said for frame in frames(root / trace) if (said := values(frame)) is not None]


def at_time(frame: Frame, sender: str) -> str:
    """Return the key of a frame."""
    return f"{microseconds(frame)} {sender}"


def flags(frame: Frame, names: Mapping[str, str]) -> Values:
    """Return flags of a frame in our words."""
    return {ours: {"1": "T", "0": "F"}.get(last(frame, theirs), "-") for theirs, ours in names.items()}


def own_ends(frame: Frame, version: int, at: int = -1) -> tuple[str, str]:
    """Return sender and receiver of the innermost IP header, or of the one before it."""
    sources, targets = ("ip.src", "ip.dst") if version == 4 else ("ipv6.src", "ipv6.dst")
    if len(frame[sources]) < -at:
        return "-", "-"
    return str(ip_address(frame[sources][at])), str(ip_address(frame[targets][at]))


def _arp(frame: Frame) -> Said | None:
    if first(frame, "arp.hw.type") != ETHERNET or first(frame, "arp.proto.type") != IPV4:
        return None
    names = {"arp.opcode": "arp_op", "arp.src.hw_mac": "sender_mac", "arp.src.proto_ipv4": "sender_ip"}
    names |= {"arp.dst.hw_mac": "target_mac", "arp.dst.proto_ipv4": "target_ip"}
    return at_time(frame, first(frame, "arp.src.proto_ipv4")), {
        ours: first(frame, theirs) for theirs, ours in names.items()
    }


def _ndp(frame: Frame) -> Said | None:
    kind = last(frame, "icmpv6.type")
    if kind not in NDP or len(frame["icmpv6.type"]) > 1:
        return None
    sender, receiver = own_ends(frame, 6)
    values = {"icmp_type": kind, "receiver_ip": receiver}
    values |= {"sender_mac": first(frame, "eth.src")} if frame["eth.src"] else {}  # other link layers
    targets = ("icmpv6.nd.ns.target_address", "icmpv6.nd.na.target_address", "icmpv6.nd.rd.target_address")
    values["target_ip"] = last(frame, *targets)
    values["link_mac"] = first(frame, "icmpv6.opt.linkaddr")
    values["mtu"] = last(frame, "icmpv6.opt.mtu")
    if kind == "136":
        names = {"r": "is_router", "s": "is_solicited", "o": "is_override"}
        values |= flags(frame, {f"icmpv6.nd.na.flag.{flag}": name for flag, name in names.items()})
    if kind == "134":
        values |= _advertisement(frame)
    if kind == "137":
        values["destination_ip"] = last(frame, "icmpv6.rd.na.destination_address")
    return at_time(frame, sender), values


def _advertisement(frame: Frame) -> Values:
    values = flags(frame, {"icmpv6.nd.ra.flag.m": "is_managed", "icmpv6.nd.ra.flag.o": "is_other"})
    values |= {"hop_limit": last(frame, "icmpv6.nd.ra.cur_hop_limit")}
    values |= {"preference": PREFERENCES.get(last(frame, "icmpv6.nd.ra.flag.prf"), "-")}
    values |= {"router_lifetime_s": last(frame, "icmpv6.nd.ra.router_lifetime")}
    # tshark gives the routes of RFC 4191 under the same names.
    kinds = [kind for kind in frame["icmpv6.opt.type"] if kind in (PREFIX, ROUTE)]
    found = zip(kinds, frame["icmpv6.opt.prefix"], frame["icmpv6.opt.prefix.length"], strict=False)
    values |= {"prefixes": ",".join(f"{prefix}/{length}" for kind, prefix, length in found if kind == PREFIX)}
    values |= {"prefix_valid_s": ",".join(frame["icmpv6.opt.prefix.valid_lifetime"])}
    uses = zip(frame["icmpv6.opt.prefix.flag.l"], frame["icmpv6.opt.prefix.flag.a"], strict=False)
    values |= {"prefix_flags": ",".join("L" * int(on) + "A" * int(make) for on, make in uses)}
    values |= {"dns_servers": ",".join(frame["icmpv6.opt.rdnss"])}
    values |= {"dns_lifetime_s": first(frame, "icmpv6.opt.rdnss.lifetime")}
    return values | {"domain_name": first(frame, "icmpv6.opt.dnssl")}


def _version(frame: Frame) -> int:
    return 6 if frame["icmpv6.type"] else 4


def _report(frame: Frame) -> Said | None:
    version = _version(frame)
    kinds, codes = ("icmpv6.type", "icmpv6.code") if version == 6 else ("icmp.type", "icmp.code")
    kind = first(frame, kinds)
    if kind not in REPORTS[version]:
        return None
    # An error inside of an error is never sent (RFC 1122 3.2.2): two types are two ICMP headers, quoted echoes.
    names = ("ip.src", "ip.dst") if version == 4 else ("ipv6.src", "ipv6.dst")
    quoted = len(frame[names[0]]) > 1
    sender, receiver = own_ends(frame, version, -2 if quoted else -1)
    source, target = own_ends(frame, version) if quoted else ("-", "-")
    protocol = last(frame, "ip.proto" if version == 4 else "ipv6.nxt") if quoted else "-"
    if protocol == FRAGMENT:
        protocol = last(frame, "ipv6.fraghdr.nxt")
    values = {"icmp_type": kind, "icmp_code": first(frame, codes), "receiver_ip": receiver}
    values |= {"quoted_src_ip": source, "quoted_dst_ip": target, "quoted_proto": protocol}
    values |= {"quoted_src_port": last(frame, "udp.srcport", "tcp.srcport")}
    values |= {"quoted_dst_port": last(frame, "udp.dstport", "tcp.dstport")}
    values |= {"gateway_ip": first(frame, "icmp.redir_gw"), "mtu": first(frame, "icmp.mtu")}
    if version == 6:
        values["mtu"] = first(frame, "icmpv6.mtu")
    return at_time(frame, sender), values


FRAGMENT: Final = "44"
"""Fragment header (RFC 8200 4.5)."""
REQUESTS: Final = {4: {"0": "8", "14": "13", "16": "15", "18": "17"}, 6: {"129": "128"}}
"""Types of replies and of their requests, by version of IP."""


def _exchanges(root: Path) -> Truth:
    """Yield sums of messages per pair of ends and type: our rows are sums too."""
    for trace in captures(root):
        counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for frame in frames(root / trace):
            version = _version(frame)
            kind = first(frame, "icmpv6.type" if version == 6 else "icmp.type")
            if kind == "-" or kind in REPORTS[version] or (version == 6 and kind in NDP):
                continue
            replies = REQUESTS[version]
            pair = "|".join(sorted(own_ends(frame, version)))
            counts[pair, f"v{version} {replies.get(kind, kind)}"]["replies" if kind in replies else "requests"] += 1
        yield (
            trace,
            [
                (f"{pair} {kind}", {name: str(count[name]) for name in ("requests", "replies")})
                for (pair, kind), count in counts.items()
            ],
        )


def _summed(rows: Sequence[Row]) -> list[dict[str, Any]]:
    done: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["requests"] is not None:
            pair = "|".join(sorted((row["sender_ip"], row["receiver_ip"])))
            version = 6 if ":" in row["sender_ip"] else 4
            key = f"{pair} v{version} {row['icmp_type']}"
            whole = done.setdefault(key, {"key": key, "requests": 0, "replies": 0})
            whole["requests"] += row["requests"]
            whole["replies"] += row["replies"] or 0
    return list(done.values())


def _sum_keys(row: Row) -> Iterator[str]:
    yield row["key"]


def _dhcpv6(frame: Frame) -> Said | None:
    if not frame["dhcpv6.msgtype"]:
        return None
    sender, receiver = own_ends(frame, 6)
    values = {"receiver_ip": receiver, "msg_type": last(frame, "dhcpv6.msgtype")}
    values["relays"] = str(len(frame["dhcpv6.msgtype"]) - 1)
    values["xid"] = str(int(last(frame, "dhcpv6.xid"), 16)) if frame["dhcpv6.xid"] else "-"
    values |= {"relay_ip": last(frame, "dhcpv6.linkaddr"), "peer_ip": last(frame, "dhcpv6.peeraddr")}
    owners = [kind for kind in frame["dhcpv6.option.type"] if kind in (CLIENT, SERVER)]
    identifiers = dict(zip(owners, map(_with_colons, frame["dhcpv6.duid.bytes"]), strict=False))
    values |= {"client_duid": identifiers.get(CLIENT, "-"), "server_duid": identifiers.get(SERVER, "-")}
    values["addresses"] = ",".join(frame["dhcpv6.iaaddr.ip"])
    pairs = zip(frame["dhcpv6.iaprefix.pref_addr"], frame["dhcpv6.iaprefix.pref_len"], strict=False)
    values["prefixes"] = ",".join(f"{prefix}/{length}" for prefix, length in pairs)
    values["dns_servers"] = ",".join(frame["dhcpv6.dns_server"])
    values |= {
        "client_fqdn": last(frame, "dhcpv6.client_domain", "dhcpv6.tld"),
        "domain_name": first(frame, "dhcpv6.search_list_entry"),
    }
    values |= {"vendor_id": first(frame, "dhcpv6.vendorclass.enterprise")}
    values |= {"vendor_class": first(frame, "dhcpv6.vendorclass.data")}
    values["param_list"] = ",".join(frame["dhcpv6.requested_option_code"])
    return at_time(frame, sender), values


def _with_colons(digits: str) -> str:
    return bytes.fromhex(digits).hex(":")


def _dhcpv6_shown(name: str, value: str) -> str:
    return plain(value.rstrip(".") if name in ("client_fqdn", "domain_name") else value)


def time_keys(row: Row) -> Iterator[str]:
    """Yield the time of the packet and its sender."""
    yield f"{(row['ts'] - datetime(1970, 1, 1, tzinfo=UTC)) // _MICROSECOND} {row['sender_ip']}"


_MICROSECOND: Final = datetime(1970, 1, 1, microsecond=1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)


def _report_keys(row: Row) -> Iterator[str]:
    if row["requests"] is None:
        yield from time_keys(row)


COMPARISONS: Final = (
    Comparison("tshark arp", 4_295, "arp", partial(_tshark, _arp), time_keys),
    Comparison("tshark ndp", 264, "ndp", partial(_tshark, _ndp), time_keys),
    Comparison("tshark icmp", 325, "icmp", partial(_tshark, _report), _report_keys),
    Comparison("tshark icmp_sums", 370, "icmp", _exchanges, _sum_keys, prepared=_summed),
    Comparison("tshark dhcpv6", 92, "dhcpv6", partial(_tshark, _dhcpv6), time_keys, shown=_dhcpv6_shown),
)
