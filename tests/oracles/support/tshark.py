"""Load what tshark says about every stream of every capture, summed per 5-tuple."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.oracles.support.truth import rows_of
from tests.oracles.support.tuples import Sums, add

PROTOCOLS: Final = frozenset({6, 17})
"""tshark numbers streams of TCP and UDP."""


def streams(root: Path) -> Mapping[str, Sums]:
    """Return capture (path below the data folder) to sums per 5-tuple."""
    captures: dict[str, Sums] = {}
    for row in rows_of(root / "truth" / "tshark-streams.csv.gz"):
        sums = captures.setdefault(row["file"], {})
        ends = ((address(row["a_ip"]), int(row["a_port"])), (address(row["b_ip"]), int(row["b_port"])))
        counts = (
            *(int(row["pkts_ab"]), int(row["pkts_ba"])),
            *(int(row["frame_bytes_ab"]), int(row["frame_bytes_ba"])),
        )
        add(sums, row["proto"], ends, counts)
    return captures


def address(text: str) -> str:
    """Return an address in the one form used for comparing (mapped IPv4 as IPv4)."""
    parsed = ipaddress.ip_address(text)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
