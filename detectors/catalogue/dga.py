"""Who looks for its controller by made-up names? Detector D12 of detectors.md.

A program that makes names by an algorithm asks for many that do not exist until one does. Two kinds of evidence: a
burst of registered domains that do not exist, and names that look generated to a trained lexical model
(``rules/models/dga.csv``). Either alone is weak; together, and with a name of the same kind that does resolve, they are
a machine that found its controller.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors.addresses import in_ranges, ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._lexical import Lexical, label_of, lexical
from detectors.catalogue._names import MACHINE_ZONES, RARE_HOSTS, zones
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_HOUR_S: Final = 3600.0
_COLUMNS: Final = (
    *("flow_uid", "ts", "sender_ip", "receiver_ip", "service", "opcode", "has_response", "rcode", "answers"),
    *("sender_home", "domain"),
)

_SQL: Final = r"""
WITH asked AS (
    SELECT sender_ip, domain, min(ts) AS ts, max(ts) AS last_ts, min(flow_uid) AS uid, min(receiver_ip) AS receiver_ip,
        bool_or(rcode = 3) AND NOT bool_or(rcode = 0) AS missing,
        bool_or(rcode = 0 AND len(coalesce(answers, [])) > 0) AS found
    FROM dns
    WHERE service = 'dns' AND coalesce(opcode, 0) = 0 AND has_response AND domain IS NOT NULL
        AND NOT ends_with(domain, '.arpa') AND domain NOT IN (SELECT zone FROM zones)
        AND regexp_extract(domain, '[^.]+\.[^.]+$') NOT IN (SELECT zone FROM zones)
    GROUP BY sender_ip, domain
),
-- Only names that could reach the alarm are worth the model: unpronounceable, or letters and digits mixed.
suspect AS (
    SELECT sender_ip FROM asked GROUP BY ALL
    HAVING count(*) FILTER (missing) >= least($min_missing, $min_generated)
        OR count(*) FILTER (
            length(split_part(domain, '.', 1)) >= 10
            AND regexp_matches(split_part(domain, '.', 1), '[bcdfghjklmnpqrstvwxz]{5}|[0-9][a-z]+[0-9]')
        ) >= $min_generated
)
SELECT asked.* FROM asked SEMI JOIN suspect USING (sender_ip) ORDER BY sender_ip, ts, domain
"""

_TITLE: Final = Text("Made-up names: {actor} looks for a controller", "算法生成域名：{actor} 疑似寻找控制端")
_EVIDENCE: Final = Text(
    "{actor} asked for {missing} registered domains that do not exist within an hour, from {start} on ({share:.0f} % of"
    " what it asked for then); {generated} of all its names look generated (probability 0.95 and more), for example"
    " {examples}; {contact}.",
    "{actor} 自 {start} 起一小时内查询了 {missing} 个不存在的注册域名（占当时查询的 {share:.0f}%）；其全部查询中有"
    " {generated} 个域名像是算法生成（概率不低于 0.95），例如 {examples}；{contact}。",
)
_FOUND: Final = Text(
    "{name}, of the same kind, does resolve: it may have found it", "同类域名 {name} 可以解析：可能已找到"
)
_NOT_FOUND: Final = Text("none of that kind resolved", "同类域名均未解析成功")


@dataclass(frozen=True, slots=True)
class _Client:
    """One client's names with what the model says, and its worst hour."""

    ip: bytes
    names: tuple[dict[str, Any], ...]
    missing: int
    share: float
    start: datetime
    is_unusual: bool

    def generated(self, level: float, *, only: str = "") -> list[dict[str, Any]]:
        """Return the names that look generated; ``only`` names a flag that must hold."""
        return [row for row in self.names if row["p"] >= level and (not only or row[only])]


def run(tables: Tables, params: Params) -> pa.Table:
    """Find clients that ask for names that an algorithm made.

    Args:
        tables: ``dns_site``, the model ``dga``, the zones of ``rules/names/machine_zones.csv`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per client.
    """
    alerts = AlertRows(DETECTOR)
    hosts = {row["domain"]: row["hosts"] for row in tables["domain_hosts"].to_pylist()}
    roles = tables["site_role"].to_pylist()
    resolvers = [(row["ip_lo"], row["ip_hi"]) for row in roles if row["role"] in {"resolver", "proxy"}]
    for client in _clients(tables, lexical(tables["model/dga"]), params):
        contact = _contact(client, hosts, params)
        severity = _severity(client, contact, params)
        if severity is None or (severity is Severity.INFO and in_ranges(client.ip, resolvers)):
            continue
        alerts.add(_finding(client, severity, contact, params))
    return alerts.table()


def _clients(tables: Tables, model: Lexical, params: Params) -> Iterator[_Client]:
    inputs = {"dns": tables["dns_site"], "zones": zones(tables)}
    found = rows(_SQL, inputs, {name: params[name] for name in ("min_missing", "min_generated")})
    labels = sorted({label for row in found if (label := label_of(row["domain"]))})
    chance = dict(zip(labels, model.probability(labels), strict=True))
    held: dict[bytes, list[dict[str, Any]]] = {}
    for row in found:
        own = row | {"p": chance.get(label_of(row["domain"]) or "", 0.0), "size": len(row["domain"].split(".")[0])}
        held.setdefault(row["sender_ip"], []).append(own)
    for ip, names in held.items():
        yield _client(ip, tuple(names), params)


def _client(ip: bytes, names: tuple[dict[str, Any], ...], params: Params) -> _Client:
    """Return a client with the hour in which most names did not exist."""
    seconds = np.array([row["ts"].timestamp() for row in names])
    missing = np.array([bool(row["missing"]) for row in names])
    after = np.searchsorted(seconds, seconds + _HOUR_S, side="left")
    sums = np.concatenate([[0], np.cumsum(missing)])
    inside = sums[after] - sums[np.arange(len(seconds))]
    best = int(inside.argmax())
    worst, asked = int(inside[best]), int(after[best]) - best
    hours = np.unique(seconds // _HOUR_S)
    distant = [hour for hour in hours if abs(hour * _HOUR_S - seconds[best]) > _HOUR_S]
    others = [missing[seconds // _HOUR_S == hour].mean() for hour in distant]
    # A day of other hours is a history; without one only a plain majority is unusual.
    usual = float(np.quantile(others, 0.995)) if len(others) >= 24 else params["min_share"] / 100
    return _Client(ip, names, worst, worst / max(1, asked), names[best]["ts"], worst / max(1, asked) >= usual)


def _contact(client: _Client, hosts: dict[str, int], params: Params) -> str | None:
    """Return a rare name that did resolve, after the first that did not, and is like those that did not."""
    missing = [row for row in client.names if row["missing"]]
    made = [row for row in missing if row["p"] >= params["probability"]]
    kind = made if len(made) >= params["min_generated"] else missing
    if not kind:
        return None
    # The one name need not be as sure as those that count: the same algorithm made it.
    sizes, level = {row["size"] for row in kind}, 0.5 if kind is made else 0.0
    like = [
        row
        for row in client.names
        if row["found"]
        and min(sizes) <= row["size"] <= max(sizes)
        and kind[0]["ts"] <= row["ts"]
        and row["p"] >= level
        and hosts.get(row["domain"], 1) <= params["rare_hosts"]
    ]
    return max(like, key=lambda row: (row["p"], row["domain"]))["domain"] if like else None


def _severity(client: _Client, contact: str | None, params: Params) -> Severity | None:
    """Return how grave it is, None when nothing is to be said."""
    level = params["probability"]
    made = len(client.generated(level, only="missing"))
    missing = sum(bool(row["missing"]) for row in client.names)
    if made >= params["min_generated"] and made >= params["made_share"] / 100 * missing:
        return Severity.HIGH if contact else Severity.MEDIUM
    if client.missing >= params["min_missing"] and client.is_unusual:
        return Severity.LOW if contact and made >= params["min_generated"] else Severity.INFO
    every = len(client.generated(level))
    return Severity.INFO if every >= params["min_generated"] and every >= 0.1 * len(client.names) else None


def _finding(client: _Client, severity: Severity, contact: str | None, params: Params) -> Finding:
    made = client.generated(params["probability"])
    shown = made or [row for row in client.names if row["missing"]]
    kind = sorted(shown, key=lambda row: (-row["p"], row["domain"]))
    actor, told = ip_text(client.ip), _FOUND.fill(name=contact) if contact else _NOT_FOUND
    numbers = {"missing": client.missing, "share": 100 * client.share, "generated": len(made)}
    texts = {"actor": actor, "start": when(client.start), "examples": ", ".join(row["domain"] for row in kind[:4])}
    uids = [row["uid"] for row in sorted(shown, key=lambda row: (row["ts"], row["domain"]))]
    return Finding(
        key=(actor,),
        ts_start=min(row["ts"] for row in shown),
        ts_end=max(row["last_ts"] for row in shown),
        severity=severity,
        confidence=DETECTOR.confidence.of(len(made), params["min_generated"]),
        title=_TITLE.fill(actor=actor),
        evidence=Text(
            _EVIDENCE.en.format(**numbers, **texts, contact=told.en),
            _EVIDENCE.zh.format(**numbers, **texts, contact=told.zh),
        ),
        flow_uids=uids,
        flow_count=len(set(uids)),
        display_filter=display_filter(actor=client.ip, extra="dns"),
        actor=client.ip,
        target_count=len(shown),
        target_port=53,
        ip_proto=17,
        indicators=(f"domain:{contact}",) if contact and severity is Severity.HIGH else (),
        details={**numbers, "names": len(client.names), "contact": contact or ""},
    )


DETECTOR: Final = Detector(
    id="dga",
    version=1,
    title=Text("Generated domain names", "算法生成域名"),
    question=Text("Who looks for its controller by made-up names?", "谁在用算法生成的域名寻找控制端？"),
    needs={"dns_site": _COLUMNS},
    partition_by={"dns_site": "sender_ip"},
    window_s=_HOUR_S,
    params={
        "rare_hosts": RARE_HOSTS,
        "min_missing": Param(10, "domains", 2, 10000, "registered domains that do not exist, in an hour", "Slips: 10"),
        "min_share": Param(
            30,
            "%",
            1,
            100,
            "of the names asked for, where the client has no day of history",
            "own: browsing stays below 5",
        ),
        "min_generated": Param(5, "domains", 1, 1000, "names that look generated", "detectors.md D12: >= 5 distinct"),
        "made_share": Param(
            30, "%", 1, 100, "of the missing names look generated; of ordinary ones 0.8 % do", "own: model's figures"
        ),
        "probability": Param(
            0.95, "probability", 0.5, 1, "from which on a name looks generated", "detectors.md D12: p >= .95"
        ),
    },
    attack=("T1568.002",),
    severity=Severity.HIGH,
    impact=80,
    confidence=Confidence(0.6, 0.95, 25),
    innocent=(
        Text(
            "A mail server that looks up the sender domains of spam, many of which do not exist.",
            "邮件服务器查询垃圾邮件的发件域名，其中许多并不存在。",
        ),
        Text(
            "Content networks, advertising and telemetry whose domains are made by machines.",
            "内容分发、广告和遥测使用机器生成的域名。",
        ),
        Text(
            "A program with a list of dead domains, such as an old block-list checker.",
            "程序内置了已失效域名的列表，例如旧的黑名单检查工具。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w dns.pcap", "taishi packets {incident} -w dns.pcap"),
    ),
    source="detectors.md D12; Slips (10 NXDOMAIN an hour)",
    run=run,
    rules=(MACHINE_ZONES,),
    models=("dga",),
    blind_without=("dns_site",),
    family="c2",
)
