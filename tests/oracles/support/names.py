"""Names of protocols, ours and nDPI's, flow by flow.

Source: ndpiReader's flow lines carry ``[proto: 91.126/TLS.Google]`` (transport first, then what runs in it) and
``[Confidence: DPI]`` where the content decided; names guessed from ports or addresses carry another confidence.
"""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.oracles.support import ndpi
from tests.oracles.support.meter import address_text
from tests.oracles.support.truth import EXCEPTIONS_DIR, absent, rows_of
from tests.oracles.support.tuples import PROTO_NAMES

CERTAIN: Final = frozenset({"DPI"})
"""Confidences of nDPI that rest on the content of the flow itself."""
MAPPING: Final = EXCEPTIONS_DIR / "ndpi_names.csv"
"""nDPI's names of the protocols that we claim (CSV: ndpi, ours, why); ``ours`` lists one or more."""
TRANSPORTS: Final = frozenset({"tcp", "udp"})
"""Of other IP protocols the number is the name, not an application."""
_NAME: Final = re.compile(r"\[proto: [0-9.]+/([^\]]+)\]")
_CONFIDENCE: Final = re.compile(r"\[Confidence: ([^\]]+)\]")
_ADDRESS: Final = r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+)"
_ENDS: Final = re.compile(rf"^\t\d+\t(\S+) {_ADDRESS} (?:<->|->) {_ADDRESS} ")

Mapped = Mapping[str, frozenset[str]]
Line = tuple[str, str, str, str]


def mapping() -> Mapped:
    """Return nDPI's name to the names of ours that mean the same."""
    return {row["ndpi"]: frozenset(row["ours"].split()) for row in rows_of(MAPPING)}


def key(proto: str, ends: tuple[tuple[str, int], tuple[str, int]]) -> str:
    """Return a 5-tuple as text, both ends in order."""
    return f"{proto} " + "|".join(sorted(f"{address}:{port}" for address, port in ends))


def of_ndpi(result: Path) -> dict[str, set[str]]:
    """Return the names that nDPI is certain of, by 5-tuple; all parts of a name, the transport first."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in result.read_text(encoding="utf-8", errors="replace").splitlines():
        ends, name, confidence = _ENDS.match(line), _NAME.search(line), _CONFIDENCE.search(line)
        if ends is None or name is None or confidence is None or confidence[1] not in CERTAIN:
            continue
        proto, a6, a4, a_port, b6, b4, b_port = ends.groups()
        pair = ((ndpi.spelled(a6 or a4), int(a_port)), (ndpi.spelled(b6 or b4), int(b_port)))
        found[key(ndpi.NAMES.get(proto, proto.lower()), pair)].add(name[1])
    return dict(found)


def of_ours(capture: Path) -> dict[str, set[str]]:
    """Return our names that rest on content, by 5-tuple; flows without a name have an empty set."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    try:
        wire = importlib.import_module("sensor._wire")
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    columns = ["src_ip", "dst_ip", "src_port", "dst_port", "ip_proto", "app_proto", "app_basis"]
    meter = wire.Meter(str(capture), source_id=bytes(32), options_json=json.dumps({}))
    found: dict[str, set[str]] = {}
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name != "flow":
                continue
            for row in pa.record_batch(batch).select(columns).to_pylist():
                ips = (address_text(row["src_ip"]), address_text(row["dst_ip"]))
                ends = tuple(ndpi.spelled(ip or "") for ip in ips)
                pair = ((ends[0], row["src_port"] or 0), (ends[1], row["dst_port"] or 0))
                names = found.setdefault(key(PROTO_NAMES.get(row["ip_proto"], str(row["ip_proto"])), pair), set())
                if row["app_basis"] in ("parsed", "signature"):
                    names.add(row["app_proto"])
    return found


@dataclass(slots=True)
class Named:
    """Agreement of names: counts per name of ours, and every difference as capture, 5-tuple, nDPI's name, our names."""

    equal: Counter[str] = field(default_factory=Counter)
    differing: list[Line] = field(default_factory=list)
    unconfirmed: list[Line] = field(default_factory=list)
    """The same of flows that nDPI calls by a name outside of the mapping, mostly the application inside."""

    @property
    def total(self) -> int:
        """Number of flows that either side claims."""
        return self.equal.total() + len(self.differing)

    @property
    def share(self) -> float:
        """Share of the claimed flows with the same name on both sides."""
        return self.equal.total() / self.total if self.total else 1.0

    def add(self, trace: str, theirs: Mapping[str, set[str]], ours: Mapping[str, set[str]], mapped: Mapped) -> None:
        """Compare the flows of one capture that both sides have and that nDPI names with certainty."""
        for flow, names in theirs.items():
            if flow not in ours or flow.split()[0] not in TRANSPORTS:
                continue
            parts = {part for name in names for part in name.split(".")}
            wanted = frozenset[str]().union(*(mapped.get(part, frozenset()) for part in parts))
            line = (trace, flow, " ".join(sorted(names)), " ".join(sorted(ours[flow])) or "nothing")
            if wanted & ours[flow]:
                self.equal[min(wanted & ours[flow])] += 1
            elif wanted:
                self.differing.append(line)
            elif ours[flow]:
                self.unconfirmed.append(line)

    def table(self) -> str:
        """Return the counts per name, equal and differing, for the record."""
        lost = Counter(line[2] for line in self.differing)
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.equal.items()))
        missed = ", ".join(f"{name} {count}" for name, count in sorted(lost.items()))
        return f"{self.equal.total()} of {self.total} ({self.share:.1%}): {counts}; differing: {missed or 'none'}"


def compare(root: Path) -> Named:
    """Compare all captures that nDPI's results name."""
    named, mapped = Named(), mapping()
    folder = root / "oracles" / "ndpi"
    for result in sorted((folder / "result").glob("*.out")):
        capture = folder / "pcap" / result.name.removesuffix(".out")
        if capture.exists():
            named.add(str(capture.relative_to(root)), of_ndpi(result), of_ours(capture), mapped)
    return named
