"""QUIC records against Zeek's quic.log, Suricata's quic events, nDPI's flows and FoxIO's JA4; DTLS against nDPI.

Source: Zeek, src/analyzer/protocol/quic; Suricata, doc/userguide/output/eve; nDPI, example/reader_util.c.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth, cell, ends
from tests.oracles.support.record_rows import plain
from tests.oracles.support.tls_rows import masked
from tests.oracles.support.tool_logs import Event, eve_ends, eve_events, mapped, zeek_ends, zeek_logs

ZEEK: Final[Mapping[str, str]] = {
    "version": "version",
    "client_initial_dcid": "dcid",
    "client_scid": "scid",
    "server_scid": "server_scid",
    "server_name": "server_name",
    "client_protocol": "alpn_offered",
}
VERSIONS: Final[Mapping[str, str]] = {
    "quicv2": "2",
    "V-1": "1",
    "V-2": "2",
    "faceb002": "mvfst-02",
    "faceb00e": "mvfst-0e",
    "MVFST-27": "mvfst-02",
    "MVFST-EXP": "mvfst-0e",
}
"""Spellings of versions, in our words: nDPI names those of mvfst after the draft they follow."""
NDPI_FLOW: Final = re.compile(r"^\t\d+\t(TCP|UDP) \[?([^\]\s]+?)\]?:(\d+) (?:<->|->) \[?([^\]\s]+?)\]?:(\d+) ")
NDPI_FIELDS: Final[Mapping[str, str]] = {
    "server_name": "Hostname/SNI",
    "version": "QUIC ver",
    "ja4": "JA4",
    "ja3": "JA3C",
    "ja3s": "JA3S",
    "cipher": "Cipher",
}
"""What nDPI calls our columns."""


def _zeek(root: Path) -> Truth:
    for trace, rows in zeek_logs(root, "quic"):
        yield trace, [(_pair(zeek_ends(row)), mapped(row, ZEEK)) for row in rows]


def _eve(root: Path) -> Truth:
    for trace, events in eve_events(root, "quic"):
        yield trace, [(_pair(eve_ends(event)), _eve_values(event["quic"])) for event in events]


def _eve_values(said: Event) -> dict[str, str]:
    values = {"version": said["version"]} | {name: said[name]["hash"] for name in ("ja3", "ja3s") if name in said}
    values |= {ours: said[theirs] for theirs, ours in (("sni", "server_name"), ("ua", "user_agent")) if theirs in said}
    for extension in said.get("extensions", []):
        if extension.get("name") == "alpn" and "ja3s" not in said and "values" in extension:
            values["alpn_offered"] = ",".join(extension["values"])
    return values


def _ndpi(is_wanted: Callable[[str], bool], root: Path) -> Truth:
    folder = root / "oracles" / "ndpi"
    for result in sorted((folder / "result").glob("*.out")):
        capture = folder / "pcap" / result.name.removesuffix(".out")
        if capture.is_file():
            lines = filter(is_wanted, result.read_text(errors="replace").splitlines())
            yield str(capture.relative_to(root)), [said for line in lines if (said := _ndpi_flow(line)) is not None]


def _ndpi_flow(line: str) -> Said | None:
    flow = NDPI_FLOW.match(line)
    named = {ours: re.search(rf"\[{theirs}: ([^\]]+)\]", line) for ours, theirs in NDPI_FIELDS.items()}
    values = {ours: found[1].split(" (")[0] for ours, found in named.items() if found}
    if flow is None or flow[1] != "UDP" or not values:
        return None
    return _pair(f"{ip_address(flow[2])}:{flow[3]}>{ip_address(flow[4])}:{flow[5]}"), values


def _is_quic(line: str) -> bool:
    return "QUIC ver:" in line


def _is_dtls(line: str) -> bool:
    return "[JA4: d" in line or ("/DTLS" in line.split("]")[0] and "JA3" in line)


def _foxio(root: Path) -> Truth:
    folder = root / "oracles" / "ja4"
    for capture in sorted((folder / "pcap").iterdir()):
        snapshot = folder / "expected" / f"ja4__insta@{capture.name}.snap"
        text = snapshot.read_text(encoding="utf-8") if snapshot.is_file() else ""
        said: list[Said] = []
        for stream in text.split("\n- stream:")[1:]:
            named = dict(re.findall(r"^  (\w+): (.+)$", stream, re.MULTILINE))
            if named.get("transport") == "udp" and "ja4" in named:
                addresses = [f"{named[end]}:{named[f'{end}_port']}".replace("'", "") for end in ("src", "dst")]
                values = {"ja4": named["ja4"], "server_name": named.get("tls_server_name", "-")}
                said.append((_pair(">".join(addresses)), values))
        yield str(capture.relative_to(root)), said


def _pair(text: str) -> str:
    """Return both ends in alphabetical order: not every tool knows which of them is the client."""
    return "|".join(sorted(text.split(">")))


def _keys(row: Row) -> Iterator[str]:
    yield _pair(ends(row))


def _cell(row: Row, name: str, said: str) -> str:
    value = cell(row, name, said)
    if name == "alpn_offered" and "," not in said:
        return value.split(",")[0]  # Zeek logs the first
    return value


def _shown(name: str, value: str) -> str:
    if name != "version":
        return plain(value.replace("(empty)", ""))
    if re.fullmatch("ff0000[0-9a-f]{2}", value):
        return f"draft-{int(value[6:], 16)}"
    if re.fullmatch("5[0-9a-f](3[0-9]){3}", value):  # Google's are four letters
        return bytes.fromhex(value).decode()
    return VERSIONS.get(value, value).replace("Draft", "draft")


def _masked(name: str, value: str) -> str:
    return masked(value) if name == "ja4" and value != "-" else _shown(name, value)


def _of(name: str, least: int, truth: Callable[[Path], Truth], shown: Any = _shown, *, reuses: bool) -> Comparison:  # noqa: ANN401 - a function
    return Comparison(name, least, "quic", truth, _keys, _cell, shown, reuses)


COMPARISONS: Final = (
    _of("zeek quic", 8, _zeek, reuses=False),
    # One row of ours has what the events of both sides say.
    _of("suricata quic", 74, _eve, reuses=True),
    _of("ndpi quic", 24, lambda root: _ndpi(_is_quic, root), _masked, reuses=False),
    _of("foxio quic", 4, _foxio, reuses=False),
    Comparison("ndpi dtls", 11, "tls", lambda root: _ndpi(_is_dtls, root), _keys, _cell, _masked),
)
