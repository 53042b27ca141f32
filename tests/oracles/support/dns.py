"""Our `dns` rows, Zeek's dns.log and Suricata's dns events in the form in which they can be compared.

Source: Zeek, scripts/base/protocols/dns/main.zeek (when a field is set); Suricata 7, EVE type ``dns`` version 2.
"""

from __future__ import annotations

import gzip
import importlib
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tests.oracles.support.agreement import Measured
from tests.oracles.support.meter import address_text
from tests.oracles.support.truth import absent, rows_of

Row = dict[str, Any]
MAX_TEXT: Final = 256
"""Bytes that we keep of one answer."""
MAX_ANSWERS: Final = 64
"""Answers that we keep of one response."""
NAMED_RDATA: Final = frozenset({"A", "AAAA", "CNAME", "PTR", "NS", "MX"})
"""Types of which Suricata writes the same text as Zeek and we do."""
DNS_PORT: Final = 53
MAX_PLAIN: Final = 30
"""Characters of a name that identify it here: binary names grow by escaping, and are cut, each in its own way."""
_ESCAPE: Final = re.compile(r"\\x[0-9a-f]{2}")
RCODES: Final[Mapping[str, int]] = {
    name: code
    for code, name in enumerate(
        ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH")
    )
}


def records(path: Path) -> list[Row]:
    """Return the `dns` rows that the compiled meter makes of a capture, times in us, addresses as text."""
    import pyarrow as pa  # noqa: PLC0415 - only this function needs Arrow

    try:
        wire = importlib.import_module("sensor._wire")
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    meter = wire.Meter(str(path), source_id=bytes(32), options_json="{}")
    rows: list[Row] = []
    while (batches := meter.read()) is not None:
        for name, batch in batches:
            if name == "dns":
                table = pa.record_batch(batch)
                times = table.column("ts").cast(pa.int64()).to_pylist()
                rows += [row | {"ts": ts} for row, ts in zip(table.to_pylist(), times, strict=True)]
    for row in rows:
        row["sender_ip"], row["receiver_ip"] = address_text(row["sender_ip"]), address_text(row["receiver_ip"])
    return rows


def zeek_logs(root: Path) -> Iterator[tuple[str, list[Row]]]:
    """Yield (capture below the data folder, rows) of every dns.log, Zeek's own baselines first."""
    for row in rows_of(root / "oracles" / "zeek" / "index.csv"):
        log = root / "oracles" / "zeek" / "baseline" / row["test"] / "dns.log"
        if log.exists():
            yield row["trace"], _zeek_rows(log)
    for folder in sorted((root / "oracles" / "zeek-full").iterdir()):
        captures = [path for path in folder.iterdir() if path.suffix in (".cap", ".pcap", ".pcapng")]
        yield str(captures[0].relative_to(root)), _zeek_rows(folder / "zeek" / "dns.log")


def _zeek_rows(path: Path) -> list[Row]:
    lines = path.read_text(encoding="utf-8").splitlines()
    body = [line for line in lines if line and not line.startswith("#")]
    if body and body[0].startswith("{"):
        return [_from_json(json.loads(line)) for line in body]
    names = next(line.split("\t")[1:] for line in lines if line.startswith("#fields"))
    return [_from_tsv(dict(zip(names, line.split("\t"), strict=True))) for line in body]


def _from_json(row: Row) -> Row:
    return {name.replace("id_", "id.", 1): value for name, value in row.items()}


def _from_tsv(row: Mapping[str, str]) -> Row:
    done: Row = {name: value for name, value in row.items() if value != "-"}
    done.pop("ts")
    for name in ("AA", "RA", "RD", "TC", "rejected"):
        done[name] = done[name] == "T"
    for name in ("trans_id", "qclass", "qtype", "rcode", "Z"):
        if name in done:
            done[name] = int(done[name])
    for name in ("answers", "TTLs"):
        if name in done:
            done[name] = [part.replace("\\x2c", ",") for part in done[name].split(",")]
    return done


def of_zeek(row: Row) -> Measured:
    """Return a row of dns.log in comparable form."""
    answers = row.get("answers", [])
    key = f"{row['id.orig_h']}>{row['id.resp_h']} {row['trans_id']} {row.get('query', '-')}"
    has_query = "qtype" in row
    return Measured(
        key,
        (
            str(row.get("qclass", "-")),
            str(row.get("qtype", "-")),
            str(row.get("rcode", "-")),
            *((row["RD"], row["Z"]) if has_query else ("-", "-")),
            str(row["TC"]) if has_query and "rcode" not in row else "-",
            *((str(row["AA"]), str(row["RA"])) if answers else ("-", "-")),
            row["rejected"],
            _texts(answers),
            " ".join(str(int(float(ttl))) for ttl in row.get("TTLs", [])[:MAX_ANSWERS]),
            str(round(float(row["rtt"]) * 1e6)) if "rtt" in row else "-",
            str(round(row["ts"] * 1e6)) if "ts" in row else "-",
        ),
    )


def of_ours_as_zeek(row: Row, *, with_time: bool) -> Measured:
    """Return a row of ours in that form: without what Zeek leaves out of such a row."""
    answers = row["answers"]
    query = row["query"] if row["has_query"] or answers else None
    asked, has_query = f"{row['sender_ip']}>{row['receiver_ip']}", row["has_query"]
    return Measured(
        f"{asked} {row['trans_id']} {'-' if query is None else query}",
        (
            *((str(row["qclass"]), str(row["qtype"])) if has_query else ("-", "-")),
            "-" if row["rcode"] is None else str(row["rcode"] & 15),
            *((row["is_rd"], row["z"]) if has_query else ("-", "-")),
            str(row["is_tc"]) if has_query and not row["has_response"] else "-",
            *((str(row["is_aa"]), str(row["is_ra"])) if answers else ("-", "-")),
            row["is_rejected"],
            _texts(answers),
            " ".join(map(str, row["ttls"])),
            str(round(row["rtt_ns"] / 1e3)) if answers and row["rtt_ns"] is not None else "-",
            str(row["ts"]) if with_time else "-",
        ),
    )


def _texts(answers: Sequence[str]) -> str:
    return " ".join(answer[:MAX_TEXT] for answer in answers[:MAX_ANSWERS])


def suricata_events(root: Path) -> Iterator[tuple[str, list[Row]]]:
    """Yield (capture below the data folder, dns events) of every capture that has some."""
    folder = root / "truth" / "suricata-eve"
    for path in sorted(folder.rglob("*.eve.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            events = [json.loads(line) for line in lines if '"event_type":"dns"' in line]
        if events:
            yield str(path.relative_to(folder)).removesuffix(".eve.jsonl.gz"), events


def suricata_pair(events: Sequence[Row], rows: Sequence[Row]) -> tuple[list[Measured], list[Measured]]:
    """Return the dns events of a capture, and our rows, in comparable form.

    Where Suricata has its own words for the data of a record, only the number of records is compared. Its times are
    those of our packets to 1 us: what we store is the truncated time of the query and the exact time between.
    """
    truth = [_of_suricata(event) for event in events]
    counted = {key for key, _, texts in truth if texts is None}
    times = {values[0] for _, values, _ in truth}
    ours = [m for row in rows for m in _of_ours_as_suricata(row, counted, times)]
    wanted = []
    for key, values, texts in truth:
        known = values if texts is None or key.startswith("query") else (*values[:-1], texts)
        wanted.append(Measured(key, values if key in counted else known))
    return wanted, ours


def _of_suricata(event: Row) -> tuple[str, tuple[int | str, ...], str | None]:
    """Return identity, values and the answers as text (``None``: only countable)."""
    dns = event["dns"]
    ts = round(datetime.fromisoformat(event["timestamp"]).timestamp() * 1e6)
    ends = (event["src_ip"], event["dest_ip"])
    # Suricata gives the ends of the query with an answer too, unless it saw only the answer.
    client, server = ends[::-1] if dns["type"] == "answer" and event["src_port"] == DNS_PORT else ends
    key = f"{dns['type']} {_address(client)}>{_address(server)} {dns['id']} {_plain(dns['rrname'])}"
    if dns["type"] == "query":
        return key, (ts,), ""
    answers = dns.get("answers", [])
    flags = [bool(dns.get(name)) for name in ("aa", "tc", "ra")]
    values: tuple[int | str, ...] = (ts, str(RCODES.get(dns["rcode"], dns["rcode"])), *flags, f"{len(answers)} records")
    if not {answer["rrtype"] for answer in answers} <= NAMED_RDATA:
        return key, values, None
    return key, values, " ".join(f"{answer['ttl']} {_rdata(answer)}" for answer in answers[:MAX_ANSWERS])


def _rdata(answer: Row) -> str:
    text = str(answer["rdata"])
    return _address(text) if answer["rrtype"] == "AAAA" else text.lower()


def _address(text: str) -> str:
    return str(ipaddress.ip_address(text))


def _plain(name: str) -> str:
    """Return the start of a name without what each side escapes, drops or replaces in its own way."""
    letters = _ESCAPE.sub("", name)
    return "".join(letter for letter in letters if "!" <= letter <= "~").lower()[:MAX_PLAIN]


def _of_ours_as_suricata(row: Row, counted: Set[str], times: Set[int | str]) -> Iterator[Measured]:
    """Yield the query and the answer of a row of ours in that form."""
    rest = f"{row['sender_ip']}>{row['receiver_ip']} {row['trans_id']} {_plain(row['query'] or '')}"
    if row["has_query"]:
        yield Measured(f"query {rest}", (row["ts"],))
    if row["has_response"]:
        ts = row["ts"] + round((row["rtt_ns"] or 0) / 1e3)
        ts = next((near for near in (ts, ts + 1, ts - 1) if near in times), ts)
        texts = " ".join(f"{ttl} {answer}" for ttl, answer in zip(row["ttls"], row["answers"], strict=True))
        known = f"{row['answer_count']} records" if f"answer {rest}" in counted else texts
        yield Measured(f"answer {rest}", (ts, str(row["rcode"] & 15), row["is_aa"], row["is_tc"], row["is_ra"], known))
