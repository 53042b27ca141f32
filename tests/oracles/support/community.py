"""Hold the Community ID of our flows against the baselines of the specification's authors.

Source: community-id-spec, baseline/baseline_deflt.json (version 1, seed 0, base64): one entry per packet that has an
identifier, with ICMP type and code as ports.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def baseline(root: Path) -> dict[str, set[tuple[int, frozenset[str]]]]:
    """Return identifier to the (protocol, addresses) that have it."""
    path = root / "oracles" / "community-id" / "baseline" / "baseline_deflt.json"
    known: dict[str, set[tuple[int, frozenset[str]]]] = {}
    for entry in json.loads(path.read_text(encoding="utf-8")):
        ends = frozenset((entry["saddr"], entry["daddr"]))
        known.setdefault(entry["communityid"], set()).add((entry["proto"], ends))
    return known


def text(raw: bytes) -> str:
    """Return the identifier as text, version 1."""
    return "1:" + base64.b64encode(raw).decode("ascii")


def ours(conversations: Iterable[Mapping[str, Any]]) -> dict[str, set[tuple[int, frozenset[str]]]]:
    """Return identifier to the (protocol, addresses) of our conversations that have it."""
    known: dict[str, set[tuple[int, frozenset[str]]]] = {}
    for row in conversations:
        if row["community_id"] is not None:
            ends = frozenset((row["src_ip"], row["dst_ip"]))
            known.setdefault(text(row["community_id"]), set()).add((row["ip_proto"], ends))
    return known
