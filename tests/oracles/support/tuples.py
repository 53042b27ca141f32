"""Sums per capture and 5-tuple: the form in which flows of tools with other time-outs can be compared.

Both ends are ordered as text, so that it does not matter who is called the originator.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tests.oracles.support.agreement import Measured

Sums = dict[str, list[int]]
"""5-tuple as text to [packets low to high, packets high to low, frame bytes low to high, frame bytes high to low]."""
PROTO_NAMES: Final = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 58: "icmpv6", 132: "sctp"}


def add(
    sums: Sums, proto: str, ends: tuple[tuple[str, int], tuple[str, int]], counts: tuple[int, int, int, int]
) -> None:
    """Add (packets a to b, packets b to a, bytes a to b, bytes b to a) of a flow between ends a and b."""
    a, b = (f"{address}:{port}" for address, port in ends)
    if a > b:
        a, b, counts = b, a, (counts[1], counts[0], counts[3], counts[2])
    total = sums.setdefault(f"{proto} {a}|{b}", [0, 0, 0, 0])
    for index, count in enumerate(counts):
        total[index] += count


def of_conversations(
    conversations: Iterable[Mapping[str, Any]], protocols: frozenset[int], spell: Callable[[str], str] = str
) -> Sums:
    """Return the sums of our conversations of some IP protocols; flows without ports count with port 0.

    Args:
        conversations: one mapping per root flow.
        protocols: IP protocol numbers to keep.
        spell: how the other side writes an address.
    """
    sums: Sums = {}
    for row in conversations:
        proto = row["ip_proto"]
        if proto not in protocols:
            continue
        ends = ((spell(row["src_ip"]), row["src_port"] or 0), (spell(row["dst_ip"]), row["dst_port"] or 0))
        counts = (row["src_pkts"], row["dst_pkts"], row["src_bytes_l2"], row["dst_bytes_l2"])
        add(sums, PROTO_NAMES.get(proto, str(proto)), ends, counts)
    return sums


def measured(sums: Sums) -> list[Measured]:
    """Return the sums as comparable flows."""
    return [Measured(key, tuple(values)) for key, values in sums.items()]
