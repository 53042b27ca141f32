"""What the tables of a case say in sum: totals, talkers, what was spoken, what could not be seen.

Counted by DuckDB on the lake, so that memory does not grow with the capture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from detectors import registry
from reporting.figures import share_text, span_text
from reporting.result import (
    LAYER_2,
    Blind,
    FileResult,
    HomeNetwork,
    LoginSum,
    NotAssessed,
    Protection,
    Scope,
    Spoken,
    Talker,
    Text,
    Told,
    Totals,
    Unreadable,
)
from reporting.scan import spoken
from reporting.words import CHINESE, ENGLISH, Words
from store.lake import LakeReader
from store.schema import Quality
from store.site import SitePolicy

TALKERS: Final = 10
"""Addresses shown, those with most bytes first (1 … 100): what fits a screen with the rest of the answer."""

SPOKEN: Final = 15
"""Application protocols shown, those with most bytes first."""

ONE_SIDED_SHARE: Final = 0.5
"""Share of TCP conversations with data in one direction only (0 … 1) from which the tap is said to see one side:
unanswered scans stay below it because they carry no data; an asymmetric tap lies near 1 (flows.md 10, item 14)."""

LOSS_SHARE: Final = 0.01
"""Share of TCP stream bytes acknowledged but never seen (0 … 1) from which loss is said: 1 % (detectors.md D48; Zeek
warns at 10 %)."""

SHORT_SPAN_S: Final = 900.0
"""Span, s, below which the capture is said to be short: 15 min is Zeek's unit for capture loss, and less than any
window of the slow detectors."""

_TOTALS: Final = """
SELECT count(*) FILTER (WHERE segment_seq = 0) AS conversations, count(*) AS flows,
coalesce(sum(src_bytes_l2 + dst_bytes_l2), 0)::BIGINT AS bytes,
min(epoch_us(ts_start)) AS first, max(epoch_us(ts_end)) AS last FROM flow
"""

_NOBODY: Final = "from_hex('00000000000000000000ffff00000000')"
"""0.0.0.0 as stored: what ARP probes claim before they have an address (RFC 5227)."""

HEARD: Final = (
    "SELECT src_ip AS ip FROM flow WHERE src_pkts > 0 UNION SELECT dst_ip FROM flow WHERE dst_pkts > 0 "
    f"UNION SELECT sender_ip FROM arp WHERE sender_ip <> {_NOBODY}"
)
"""Addresses that sent something: IP packets, or ARP."""

_HOSTS: Final = f"""
SELECT count(*) AS n FROM ({HEARD}) WHERE ip IS NOT NULL
"""

_TALKERS: Final = """
WITH ends AS NOT MATERIALIZED (
    SELECT src_ip AS ip, src_home AS home, dst_ip AS peer, src_bytes_l2 AS sent, dst_bytes_l2 AS received, segment_seq
    FROM flow UNION ALL
    SELECT dst_ip, dst_home, src_ip, dst_bytes_l2, src_bytes_l2, segment_seq FROM flow
),
top AS MATERIALIZED (
    SELECT ip, bool_or(home) AS home, sum(sent)::BIGINT AS sent, sum(received)::BIGINT AS received,
    count(*) FILTER (WHERE segment_seq = 0) AS flows
    FROM ends WHERE ip IS NOT NULL GROUP BY ip ORDER BY sum(sent) + sum(received) DESC, ip LIMIT ?
),
met AS (SELECT ip, count(DISTINCT peer) AS peers FROM ends WHERE ip IN (SELECT ip FROM top) GROUP BY ip)
SELECT ip_text(ip) AS ip, home, sent, received, flows, peers FROM top JOIN met USING (ip)
ORDER BY sent + received DESC, top.ip
"""
"""The peers of those shown only: all pairs of addresses would have to be held at once."""

_SPOKEN: Final = f"""
SELECT coalesce(app_proto, CASE WHEN ip_version = 0 THEN '{LAYER_2}' ELSE '' END) AS name,
coalesce(app_basis = 'port_guess', false) AS guessed, count(*) FILTER (WHERE segment_seq = 0) AS flows,
sum(src_bytes_l2 + dst_bytes_l2)::BIGINT AS bytes
FROM flow GROUP BY ALL ORDER BY bytes DESC, name, guessed LIMIT ?
"""

_QUALITY: Final = """
SELECT count(*) AS flows,
count(*) FILTER (WHERE ip_proto = 6 AND src_data_pkts + dst_data_pkts > 0) AS tcp,
count(*) FILTER (WHERE ip_proto = 6 AND src_data_pkts + dst_data_pkts > 0 AND least(src_pkts, dst_pkts) = 0)
AS one_sided,
coalesce(sum(src_gap_bytes + dst_gap_bytes), 0)::BIGINT AS gaps,
coalesce(sum(src_bytes_seq + dst_bytes_seq) FILTER (WHERE ip_proto = 6), 0)::BIGINT AS stream,
count(*) FILTER (WHERE quality_flags & {TRUNCATED} <> 0) AS truncated,
count(*) FILTER (WHERE quality_flags & {BAD_CHECKSUM} <> 0) AS bad_checksum,
count(*) FILTER (WHERE quality_flags & {OFFLOAD} <> 0) AS offload,
count(*) FILTER (WHERE quality_flags & {TABLE_FULL} <> 0) AS evicted,
count(*) FILTER (WHERE quality_flags & {CLOCK_STEP} <> 0) AS clock_step,
count(*) FILTER (WHERE quality_flags & {TUNNEL_DEPTH} <> 0) AS tunnel_depth,
count(*) FILTER (WHERE quality_flags & {MIDSTREAM} <> 0) AS midstream
FROM flow
""".format(**{name: getattr(Quality, name) for name in dir(Quality) if name.isupper()})

_HOME: Final = f"""
SELECT n.cidr, n.why_en, n.why_zh, count(*) AS hosts FROM
({HEARD}) AS h
JOIN site_net AS n ON h.ip BETWEEN n.ip_lo AND n.ip_hi GROUP BY ALL ORDER BY hosts DESC, n.cidr
"""


_COUNTED: Final = (
    ("truncated", "flows hold packets cut by the snap length", "条流含被抓包长度截断的包"),
    (
        "bad_checksum",
        "flows hold wrong checksums (often offload on the capturing machine)",
        "条流含错误校验和（常因抓包主机的校验卸载）",
    ),
    (
        "offload",
        "flows hold frames assembled by the capturing machine (GRO/TSO)",
        "条流含抓包主机合并的大帧（GRO/TSO）",
    ),
    ("clock_step", "flows span a backward step of the capture clock", "条流跨越抓包时钟回拨"),
    ("tunnel_depth", "flows are nested in more tunnels than are followed", "条流的隧道嵌套层数超出解析范围"),
    ("evicted", "flows were written early because the flow table was full", "条流因流表已满被提前写出"),
)
"""Oddities counted over flows: column of the quality query, and what it means."""


SCOPE: Final = Scope(
    Text(
        "scans fast and slow, sweeps, password guessing and spraying, spoofed and rogue servers, floods and reflection,"
        " beacons of minutes to months, tunnels, mining, odd names, certificates and ports, exfiltration, lateral"
        " movement, machines that are new or wake up, departures from habit, readable passwords, gaps in what the taps"
        " saw; IEC-104 and Modbus commands",
        "快速与慢速扫描、探测、口令猜测与喷洒、欺骗与冒充的服务器、洪泛与反射、周期数分钟至数月的外联、隧道、挖矿、"
        "异常域名、证书与端口、数据外传、横向移动、新出现或苏醒的主机、偏离习惯、明文口令、监听盲区；"
        "IEC-104 与 Modbus 命令",
    ),
    Text(
        "contents of files, exploits of programs (take in Suricata's alerts), other industrial protocols, bridges"
        " between isolated networks, indicators of intelligence",
        "文件内容、程序漏洞利用（可导入 Suricata 告警）、其他工控协议、隔离网之间的桥接、威胁情报指标",
    ),
)
"""What the present detectors cover, and what they do not."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything a screen says besides incidents."""

    totals: Totals
    home_networks: tuple[HomeNetwork, ...]
    blind: tuple[Blind, ...]
    talkers: tuple[Talker, ...]
    spoken: tuple[Spoken, ...]
    unreadable: tuple[Unreadable, ...]
    protection: tuple[Protection, ...]
    told: tuple[Told, ...]
    logins: tuple[LoginSum, ...]


def summarise(
    reader: LakeReader, policy: SitePolicy, files: Sequence[FileResult], counters: Mapping[str, int]
) -> Summary:
    """Count a case.

    Args:
        reader: Reader of the case with the policy joined.
        policy: Policy in force.
        files: The captures of the scan.
        counters: Terms of the conservation law.
    """
    row = reader.arrow(_TOTALS).to_pylist()[0]
    first, last = row["first"], row["last"]
    span = 0.0 if first is None else (last - first) / 1e6
    totals = Totals(
        frames=sum(file.frames for file in files),
        flows=row["flows"],
        conversations=row["conversations"],
        hosts=reader.arrow(_HOSTS).to_pylist()[0]["n"],
        bytes=row["bytes"],
        first=None if first is None else iso_time(first),
        last=None if last is None else iso_time(last),
        span_s=span,
    )
    return Summary(
        totals,
        _home(reader, policy),
        _blind(reader, totals, files, counters),
        tuple(
            Talker(r["ip"], bool(r["home"]), r["sent"], r["received"], r["flows"], r["peers"])
            for r in reader.arrow(_TALKERS, [TALKERS]).to_pylist()
        ),
        tuple(
            Spoken(r["name"], r["guessed"], r["flows"], r["bytes"]) for r in reader.arrow(_SPOKEN, [SPOKEN]).to_pylist()
        ),
        _unreadable(counters),
        spoken.protection(reader),
        spoken.told(reader),
        spoken.logins(reader),
    )


def iso_time(micros: int) -> str:
    """Return microseconds since the epoch as ISO 8601 UTC text."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def not_assessed(rows: Sequence[Mapping[str, Any]]) -> tuple[NotAssessed, ...]:
    """Return the detectors that could not judge, or only in their short mode."""
    return tuple(
        NotAssessed(
            str(row["detector"]),
            _name(str(row["detector"])),
            str(row["status"]),
            Text(str(row["reason_en"]), str(row["reason_zh"])),
            row["seen_s"],
            row["needed_s"],
        )
        for row in sorted(rows, key=lambda row: str(row["detector"]))
        if row["status"] not in ("assessed", "no_data")
    )


def _name(detector: str) -> Text:
    """Return what a detector is called; its id when the catalogue does not have it (any more)."""
    known = registry().get(detector)
    return Text(detector, detector) if known is None else Text(known.title.en, known.title.zh)


def _home(reader: LakeReader, policy: SitePolicy) -> tuple[HomeNetwork, ...]:
    """Return the home networks in which an address was heard; all of them when people declared them."""
    seen = {row["cidr"]: row for row in reader.arrow(_HOME).to_pylist()}
    shown = []
    for network in policy.home:
        row = seen.get(str(network.network))
        if row is None and not policy.is_home_declared:
            continue
        hosts = 0 if row is None else row["hosts"]
        why = Text(f"{network.why.en}; {hosts} address(es) heard", f"{network.why.zh}；听到 {hosts} 个地址")
        shown.append((-hosts, HomeNetwork(str(network.network), why, network.basis.value)))
    return tuple(one for _, one in sorted(shown, key=lambda pair: (pair[0], pair[1].cidr)))


def _unreadable(counters: Mapping[str, int]) -> tuple[Unreadable, ...]:
    lost = [(name, n) for name, n in counters.items() if name.startswith(("decode_error.", "non_flow.")) and n]
    return tuple(Unreadable(name, n) for name, n in sorted(lost, key=lambda pair: (-pair[1], pair[0])))


def _blind(
    reader: LakeReader, totals: Totals, files: Sequence[FileResult], counters: Mapping[str, int]
) -> tuple[Blind, ...]:
    row = reader.arrow(_QUALITY).to_pylist()[0]
    flows = row["flows"]
    found: list[Blind] = []

    def say(kind: str, en: str, zh: str) -> None:
        found.append(Blind(kind, Text(en, zh)))

    for file in files:
        if file.problem is not None:
            say(f"file_{file.status}", f"{file.path}: {file.problem}", f"{file.path}：{file.problem_zh}")
    if row["tcp"] and row["one_sided"] >= ONE_SIDED_SHARE * row["tcp"]:
        share = share_text(row["one_sided"], row["tcp"])
        say(
            "one_sided",
            f"{share} of the TCP conversations with data were heard on one side only: the tap sees one direction",
            f"{share} 的有数据 TCP 会话只听到一侧：采集点只看到单向流量",
        )
    whole = row["stream"] + row["gaps"]
    if whole and row["gaps"] >= LOSS_SHARE * whole:
        share = share_text(row["gaps"], whole)
        say(
            "loss",
            f"{share} of the TCP bytes were acknowledged but never seen: the capture lost packets",
            f"{share} 的 TCP 字节已被确认却从未看到：抓包有丢失",
        )
    if totals.conversations and totals.span_s < SHORT_SPAN_S:
        english, chinese = (span_text(totals.span_s, Words(lang)) for lang in (ENGLISH, CHINESE))
        say(
            "short",
            f"only {english} of traffic: slow scans, beacons and habits cannot be judged",
            f"只有 {chinese}的流量：慢速扫描、周期外联和行为习惯无法判断",
        )
    for kind, en, zh in _COUNTED:
        if row[kind]:
            share = share_text(row[kind], flows)
            say(kind, f"{row[kind]} {en} ({share})", f"{row[kind]} {zh}（{share}）")
    if counters.get("record.dropped"):
        n = counters["record.dropped"]
        say("records_dropped", f"{n} protocol records were dropped", f"{n} 条协议记录被丢弃")
    return tuple(found)
