"""Signatures of SYN and SYN+ACK as p0f 3 writes them for a capture, and as our meter does."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.oracles.support.agreement import Measured
from tests.oracles.support.meter import address_text
from tests.oracles.support.truth import absent, rows_of

SECONDS: Final = 120
"""Longer p0f is not waited for, s; the largest capture takes it a few."""

OBSERVED: Final = re.compile(r"mod=(syn|syn\+ack)\|cli=([^|]+)/(\d+)\|srv=([^|]+)/(\d+)\|.*raw_sig=(.+)$")
DISTANT: Final = re.compile(r"^(\d):(\d+)\+(\d+|\?):")


def captures(root: Path) -> Iterator[str]:
    """Yield the captures with TCP streams that libpcap can read, as paths below the folder."""
    for row in rows_of(root / "truth" / "tshark-files.csv"):
        if int(row["tcp_streams"] or 0) and not row["file"].endswith((".gz", ".zst")):
            yield row["file"]


def program() -> str:
    """Return the path of p0f, or skip the test (fail it in CI)."""
    found = shutil.which("p0f", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    return found or absent("p0f is not installed: apt-get install -y p0f")


def observed(path: Path) -> list[Measured]:
    """Return what p0f says of a capture; what it wrote before it gave up counts too."""
    with tempfile.TemporaryDirectory() as place:
        log = Path(place) / "p0f.log"
        asked = [program(), "-r", str(path), "-o", str(log)]
        subprocess.run(asked, capture_output=True, timeout=SECONDS, check=False)
        lines = log.read_text(encoding="ascii", errors="replace").splitlines() if log.exists() else []
    found = (OBSERVED.search(line) for line in lines)
    return [_measured(*match.groups()) for match in found if match is not None]


def _measured(kind: str, client: str, client_port: str, server: str, server_port: str, signature: str) -> Measured:
    return Measured(f"{kind} {client}:{client_port}>{server}:{server_port}", (_without_distance(signature),))


def _without_distance(signature: str) -> str:
    """Return the signature with the TTL it started from: p0f writes what it saw plus a distance, or ``+?``."""
    match = DISTANT.match(signature)
    assert match is not None, signature
    version, seen, distance = match.groups()
    start = next(top for top in (32, 64, 128, 255) if int(seen) <= top)
    assert distance == "?" or int(seen) + int(distance) == start, signature
    return f"{version}:{start}:{signature[match.end() :]}"


def metered(path: Path) -> list[Measured]:
    """Return the signatures of our flows, each flow's once."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    wire = importlib.import_module("sensor._wire")
    meter = wire.Meter(str(path), source_id=bytes(32), options_json=json.dumps({"ext": True}))
    ends: dict[bytes, str] = {}
    signed: list[tuple[bytes, str, str]] = []
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name == "flow":
                names = ["flow_uid", "segment_seq", "src_ip", "src_port", "dst_ip", "dst_port"]
                for row in pa.record_batch(batch).select(names).to_pylist():
                    if row["segment_seq"] == 0:
                        src, dst = _text(row["src_ip"]), _text(row["dst_ip"])
                        ends[row["flow_uid"]] = f"{src}:{row['src_port']}>{dst}:{row['dst_port']}"
            elif name == "flow_ext":
                for row in pa.record_batch(batch).select(["flow_uid", "src_syn_sig", "dst_syn_sig"]).to_pylist():
                    kinds = (("syn", row["src_syn_sig"]), ("syn+ack", row["dst_syn_sig"]))
                    signed += [(row["flow_uid"], kind, text) for kind, text in kinds if text is not None]
    return [Measured(f"{kind} {ends[uid]}", (text,)) for uid, kind, text in signed if uid in ends]


def _text(raw: bytes | None) -> str:
    """Return an address as p0f prints it: IPv6 in eight groups without leading zeros."""
    text = address_text(raw) or "-"
    if ":" not in text:
        return text
    assert raw is not None
    return ":".join(f"{int.from_bytes(raw[at : at + 2], 'big'):x}" for at in range(0, 16, 2))
