"""Load nDPI's per-flow results, summed per 5-tuple.

Source: ndpiReader's flow lines, ``N<TAB>TCP a:p <-> b:p [...][12 pkts/3000 bytes <-> 9 pkts/4000 bytes]...``; bytes
are frame bytes, ``->`` marks a flow that was seen in one direction only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.oracles.support.tuples import Sums, add

PROTOCOLS: Final = frozenset(range(256))
"""nDPI has flows of every IP protocol."""
NAMES: Final[Mapping[str, str]] = {
    "ICMPV6": "icmpv6",
    "ESP": "50",
    "GRE": "47",
    "PIM": "103",
    "VRRP": "112",
    "AH": "51",
    "OSPF": "89",
    "IPIP": "4",
}
"""Protocol names of ndpiReader to ours; others are the lower-case name or the number."""
_ADDRESS: Final = r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+)"
_FLOW: Final = re.compile(
    rf"^\t\d+\t(\S+) {_ADDRESS} (?:<->|->) {_ADDRESS} .*?\[(\d+) pkts/(\d+) bytes (?:<->|->) (\d+) pkts/(\d+) bytes\]"
)


def spelled(address: str) -> str:
    """Return an address as ndpiReader prints it: lone zero groups of IPv6 are dropped (``ndpi_patchIPv6Address``)."""
    return address.replace(":0:", "::")


def flows(result: Path) -> Sums:
    """Return the sums per 5-tuple of one result file."""
    sums: Sums = {}
    for line in result.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _FLOW.match(line)
        if found is None:
            continue
        name, a6, a4, a_port, b6, b4, b_port, *counts = found.groups()
        ends = ((spelled(a6 or a4), int(a_port)), (spelled(b6 or b4), int(b_port)))
        packets_ab, bytes_ab, packets_ba, bytes_ba = map(int, counts)
        add(sums, NAMES.get(name, name.lower()), ends, (packets_ab, packets_ba, bytes_ab, bytes_ba))
    return sums


def results(root: Path) -> Mapping[str, Sums]:
    """Return capture (path below the data folder) to sums per 5-tuple."""
    folder = root / "oracles" / "ndpi"
    found = {}
    for result in sorted((folder / "result").glob("*.out")):
        capture = folder / "pcap" / result.name.removesuffix(".out")
        if capture.exists():
            found[str(capture.relative_to(root))] = flows(result)
    return found
