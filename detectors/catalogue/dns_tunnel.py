"""Who carries data in the names of DNS questions? Detector D11 of detectors.md.

Counts, for each client and registered domain, the distinct names and the information in them (length times the entropy
of their characters), in sliding windows of an hour and of a day and over up to 30 days. What many hosts ask for, names
that the client then contacts, look-up services and network-made names are no tunnels.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import in_ranges, ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._dns_names import CARRIERS, COLUMNS, EXOTIC, Channel, channels
from detectors.catalogue._names import COMMON, MACHINE_ZONES, MIN_CENSUS, RARE_HOSTS, home_hosts, hosts_text, is_common
from detectors.catalogue._names import prevalence as seen_by
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_HOUR_S: Final = 3600.0
_DAY_S: Final = 86400.0
_SLOW_S: Final = 30 * _DAY_S

_TITLE: Final = Text("DNS tunnel suspected: {actor} below {zone}", "疑似 DNS 隧道：{actor} 查询 {zone}")
_EVIDENCE: Final = Text(
    "{actor} asked for {names} different names below {zone} from {start} on, {size:.0f} characters long on average with"
    " {entropy:.1f} bits each: {information:.1f} kB of information, {rate:.2f} B/s in the busiest hour ({signs});"
    " {carriers:.0f} % of the questions were of types that carry data, {contacted:.0f} % of the names were contacted"
    " afterwards; {prevalence}; for example {example}.",
    "{actor} 自 {start} 起查询了 {zone} 下 {names} 个不同的名称，平均长 {size:.0f} 个字符、每字符 {entropy:.1f} 比特："
    "共 {information:.1f} kB 信息量，最忙一小时 {rate:.2f} B/s（{signs}）；{carriers:.0f}% 的查询为可携带数据的类型，"
    "事后实际访问的名称占 {contacted:.0f}%；{prevalence}；例如 {example}。",
)
_SIGNS: Final = {
    "volume": Text("many names in a day", "一天内名称多"),
    "rate": Text("steady flow of information", "信息持续外流"),
    "shape": Text("long random names", "名称长而随机"),
    "size": Text("oversized questions or answers", "查询或应答超长"),
    "slow": Text("much information over weeks", "数周累计信息量大"),
    "types": Text("question types without ordinary use", "查询类型无正常用途"),
}


def run(tables: Tables, params: Params) -> pa.Table:
    """Find clients that carry data in names.

    Args:
        tables: ``dns_site``, the tables that name servers, ``rules/names/machine_zones.csv`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per client and zone.
    """
    alerts = AlertRows(DETECTOR)
    census = home_hosts(tables)
    hosts = {row["domain"]: row["hosts"] for row in tables["domain_hosts"].to_pylist()}
    resolvers = [(r["ip_lo"], r["ip_hi"]) for r in tables["site_role"].to_pylist() if r["role"] == "resolver"]
    for channel in channels(tables, params):
        signs = _signs(channel, hosts.get(channel.zone, 1), params)
        if not signs or 100 * channel.share("contacted") > params["max_contacted"]:
            continue
        is_weak = is_common(hosts.get(channel.zone, 1), census, params) or in_ranges(channel.client, resolvers)
        severity = _severity(channel, set(signs), params, is_weak=is_weak)
        alerts.add(_finding(channel, signs, severity, hosts.get(channel.zone, 1), census, params))
    return alerts.table()


def _signs(channel: Channel, hosts: int, params: Params) -> tuple[str, ...]:
    """Return which of the thresholds a channel reaches."""
    day_names, day_information, _ = channel.most(_DAY_S)
    hour_names, hour_information, _ = channel.most(_HOUR_S)
    large = sum(
        row["query_len"] > params["max_query"] or (row["answer_len"] or 0) > params["max_answer"]
        for row in channel.names
    )
    is_long = channel.mean("size") > params["min_sub_len"] and channel.mean("entropy") > params["min_entropy"]
    reached = {
        "volume": day_names >= params["min_names"] and day_information >= params["min_information"] * 1000,
        "rate": hour_information >= params["min_rate"] * _HOUR_S,
        "shape": hour_names > params["min_shaped"] and is_long,
        "size": large >= params["min_large"],
        "slow": hosts <= params["rare_hosts"] and channel.most(_SLOW_S)[1] >= params["slow_information"] * 1000,
        "types": hour_names > params["min_shaped"] and _asked(channel, EXOTIC) >= 0.5,
    }
    return tuple(name for name, is_reached in reached.items() if is_reached)


def _unique(channel: Channel) -> float:
    """Return the share of questions that asked for a name for the first time: a tunnel never asks twice."""
    return len(channel.names) / max(1, sum(int(row["times"]) for row in channel.names))


def _asked(channel: Channel, types: tuple[str, ...]) -> float:
    """Return the share of the names asked for by questions of some types."""
    return sum(row["qtype"] in types for row in channel.names) / len(channel.names)


def _severity(channel: Channel, signs: set[str], params: Params, *, is_weak: bool) -> Severity:
    """Return how grave a channel is: information that flows in names that look like data, and how it is carried."""
    is_dense = channel.mean("size") >= params["dense_len"] and channel.mean("entropy") >= params["dense_entropy"]
    if is_weak or channel.share("is_lookup") >= 0.5 or 100 * _unique(channel) < params["min_unique"]:
        return Severity.INFO
    if "types" in signs:
        return Severity.HIGH if len(signs) > 1 else Severity.MEDIUM
    if not is_dense:
        return Severity.INFO
    carries = _asked(channel, CARRIERS) >= 0.5
    if signs & {"volume", "rate", "slow"}:
        return Severity.HIGH if carries and signs & {"shape", "size"} else Severity.MEDIUM
    if carries and "shape" in signs:
        return Severity.MEDIUM if "size" in signs else Severity.LOW
    return Severity.LOW if {"shape", "size"} <= signs else Severity.INFO


def _finding(
    channel: Channel, signs: tuple[str, ...], severity: Severity, hosts: int, census: int, params: Params
) -> Finding:
    _, hour_information, _ = channel.most(_HOUR_S)
    first, last = channel.names[0]["ts"], max(row["last_ts"] for row in channel.names)
    information = float(channel.information.sum())
    example = max(channel.names, key=lambda row: (row["size"], row["sub"]))["sub"]
    numbers = {
        "names": len(channel.names),
        "size": channel.mean("size"),
        "entropy": channel.mean("entropy"),
        "information": information / 1000,
        "rate": hour_information / _HOUR_S,
        "carriers": 100 * _asked(channel, CARRIERS),
        "contacted": 100 * channel.share("contacted"),
    }
    texts = {"actor": ip_text(channel.client), "zone": channel.zone, "start": when(first), "example": example[:60]}
    said, clause = [_SIGNS[sign] for sign in signs], hosts_text(hosts, census, params)
    return Finding(
        key=(ip_text(channel.client), channel.zone),
        ts_start=first,
        ts_end=last,
        severity=severity,
        confidence=DETECTOR.confidence.of(len(signs), 1),
        title=_TITLE.fill(**texts),
        evidence=Text(
            _EVIDENCE.en.format(**numbers, **texts, signs=", ".join(s.en for s in said), prevalence=clause.en),
            _EVIDENCE.zh.format(**numbers, **texts, signs="、".join(s.zh for s in said), prevalence=clause.zh),
        ),
        flow_uids=sorted({row["uid"] for row in channel.names})[:200],
        flow_count=len({row["uid"] for row in channel.names}),
        display_filter=display_filter(
            actor=channel.client, extra=f'dns.qry.name contains "{channel.zone.removesuffix(".*")}"'
        ),
        actor=channel.client,
        target=channel.names[0]["receiver_ip"],
        target_port=53,
        ip_proto=17,
        context=seen_by(hosts, census, params),
        indicators=(f"domain:{channel.zone}",) if severity is not Severity.INFO and ".*" not in channel.zone else (),
        lost_bytes=int(information) if severity is not Severity.INFO else None,
        details={**numbers, "signs": list(signs), "unique": _unique(channel), **_delay(channel, params)},
    )


def _delay(channel: Channel, params: Params) -> dict[str, Any]:
    """Return after how many seconds the information of the last hour first reached the rate."""
    total, start = 0.0, 0
    for end, moment in enumerate(channel.seconds):
        total += channel.information[end]
        while channel.seconds[start] <= moment - _HOUR_S:
            total -= channel.information[start]
            start += 1
        if total >= params["min_rate"] * _HOUR_S:
            return {"reached_after_s": float(moment - channel.seconds[0])}
    return {}


DETECTOR: Final = Detector(
    id="dns_tunnel",
    version=1,
    title=Text("DNS tunnel", "DNS 隧道"),
    question=Text("Who carries data in the names of DNS questions?", "谁在用 DNS 查询名称传送数据？"),
    needs={
        "dns_site": COLUMNS,
        "tls_site": ("sender_ip", "server_name"),
        "quic_site": ("sender_ip", "server_name"),
        "http_site": ("sender_ip", "host"),
    },
    partition_by=dict.fromkeys(("dns_site", "tls_site", "quic_site", "http_site"), "sender_ip"),
    window_s=_DAY_S,
    params={
        "min_census": MIN_CENSUS,
        "common": COMMON,
        "rare_hosts": RARE_HOSTS,
        "min_names": Param(100, "names", 10, 100000, "distinct names below one domain in 24 h", "RITA: 100 subdomains"),
        "min_information": Param(
            4, "kB", 0.1, 10000, "with min_names; short names of many hosts hold less", "detectors.md D11: I >= 4 kB"
        ),
        "min_rate": Param(0.7, "B/s", 0.05, 1000, "information of an hour, spread over it", "ibHH, arXiv 2307.02614"),
        "min_shaped": Param(
            8, "names", 1, 10000, "more distinct names than this in an hour", "jbaggs/anomalous-dns: 8"
        ),
        "min_sub_len": Param(30, "characters", 8, 250, "mean length of long names", "detectors.md D11"),
        "min_entropy": Param(3.5, "bits", 1, 6, "mean entropy of the characters of a name", "Maltrail: 3.5 bits"),
        "max_query": Param(90, "characters", 30, 255, "longer questions are oversized", "jbaggs/anomalous-dns: 90"),
        "max_answer": Param(544, "B", 100, 65535, "longer answers are oversized", "jbaggs/anomalous-dns: 544"),
        "min_large": Param(10, "names", 1, 10000, "oversized names or answers", "detectors.md D11: repeated >= 10"),
        "slow_information": Param(64, "kB", 1, 100000, "information in 30 days to a rare domain", "detectors.md D11"),
        "max_contacted": Param(
            30, "%", 1, 100, "names that are then contacted are names of servers", "RITA: no direct connection"
        ),
        "min_unique": Param(
            30, "%", 1, 100, "questions for a new name; data is never the same twice", "own: iodine asks 1 to 3 times"
        ),
        "dense_len": Param(16, "characters", 4, 200, "mean length of names that are data", "own: 10 B in base 32"),
        "dense_entropy": Param(
            3.0, "bits", 1, 6, "mean entropy of such names", "own: 16 characters of base 32 give 3.4"
        ),
    },
    attack=("T1071.004", "T1572", "T1048.003", "T1132"),
    severity=Severity.HIGH,
    impact=85,
    confidence=Confidence(0.55, 0.95, 4),
    innocent=(
        Text(
            "Look-ups of an anti-virus or mail filter that put hashes or addresses into names: name the zone in"
            " rules/names/machine_zones.csv.",
            "防病毒或邮件过滤产品把哈希或地址放进名称查询：请把该区域写入 rules/names/machine_zones.csv。",
        ),
        Text(
            "Telemetry or advertising that makes a name for each visit, asked in advance and never contacted.",
            "遥测或广告为每次访问生成名称，仅预取解析而不访问。",
        ),
        Text(
            "An inventory or monitoring system that resolves every host of a domain.",
            "资产清点或监控系统逐台解析某域下的主机名。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w dns.pcap", "taishi packets {incident} -w dns.pcap"),
    ),
    source="detectors.md D11; ibHH arXiv 2307.02614; RITA; jbaggs/anomalous-dns; Maltrail",
    run=run,
    rules=(MACHINE_ZONES,),
    blind_without=("dns_site",),
    family="tunnel",
)
