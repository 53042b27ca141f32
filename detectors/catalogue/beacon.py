"""Who calls home at regular times? Detector D07 of detectors.md.

RITA's beacon score over a day, of pairs inside the site and across zones too. Regular calls are what half of all
software makes, so that the score alone is information; what makes it an alert are marks of the destination
(``_marks``): no name led to it, the protocol is on an odd port or unknown, no public authority signed its certificate.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors import beaconing
from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _beacon_pairs as pairs
from detectors.catalogue import _marks as marks
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

SERVANTS: Final = ("update_server", "ntp", "resolver", "proxy", "domain_controller", "backup", "monitor", "scanner")
"""Roles of destinations that are called regularly by design."""

_STRONG: Final = 2
"""Marks that make a beacon high: two indicators that agree."""

_TITLE: Final = Text("{actor} calls {place} at regular times", "{actor} 定时回连 {place}")
_EVIDENCE: Final = Text(
    "{actor} called {place} {calls} times from {start} on, every {period} s (half of the pauses within {mad} s of"
    " that), {size} B each ({answered} answered). Beacon score {score} (times {times}, sizes {sizes_score}, duration"
    " {duration}, histogram {histogram}; RITA's threat score {threat}). {marks}",
    "{actor} 自 {start} 起回连 {place} 共 {calls} 次，间隔约 {period} 秒（半数间隔偏差不超过 {mad} 秒），每次"
    " {size} 字节（{answered} 次有应答）。信标评分 {score}（时间 {times}，大小 {sizes_score}，持续 {duration}，"
    "直方图 {histogram}；RITA 威胁分 {threat}）。{marks}",
)
_NO_MARKS: Final = Text(
    "Nothing else speaks against it: software that polls looks the same.", "除此之外未见异常：轮询类软件亦有此表现。"
)
_MARKS: Final = Text("What sets it apart: {list}.", "可疑之处：{list}。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs with a high beacon score and weigh what is known of them.

    Args:
        tables: the tables of ``DETECTOR.needs`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per pair, of its most regular window.
    """
    found = pairs.regular_pairs(tables, params)
    named = {"tls": tables["tls"], "http": tables["http"], "dns": tables["dns"]}
    alerts = AlertRows(DETECTOR)
    prevalence = marks.Prevalence(tables)
    for row, known in zip(found, marks.known({**tables, **named}, found), strict=True):
        severity = _severity(row, known, params, prevalence)
        if severity is not Severity.INFO or row["score"] >= params["info_score"]:
            alerts.add(_finding(row, known, severity))
    return alerts.table()


def _severity(row: dict[str, Any], known: marks.Known, params: Params, prevalence: marks.Prevalence) -> Severity:
    """Regularity alone is information; one mark makes medium, two high; inside the site, two make low."""
    count = len(known.marks)
    if not count or "common" in known.context or prevalence.has_role(row["dst_ip"], SERVANTS):
        return Severity.INFO
    if row["dst_home"]:
        return Severity.LOW if count >= _STRONG else Severity.INFO
    if not row["answered"] or len(row["seconds"]) < params["min_sure_calls"]:
        return Severity.LOW
    return Severity.HIGH if count >= _STRONG else Severity.MEDIUM


def _finding(row: dict[str, Any], known: marks.Known, severity: Severity) -> Finding:
    actor = ip_text(row["src_ip"])
    port = row["ports"][0] if len(row["ports"]) == 1 else None
    place = marks.place(row, known, port)
    pauses = beaconing.intervals(beaconing.groups(row["seconds"]))
    details = _details(row, pauses, known)
    said = {n: f"{row[n]:.3g}" for n in ("times", "sizes_score", "duration", "histogram", "score")}
    evidence = {
        "actor": actor,
        "place": place,
        "calls": len(row["seconds"]),
        "start": when(row["first_ts"]),
        "period": f"{details['period_s']:.3g}",
        "mad": f"{details['spread_s']:.3g}",
        "size": f"{np.median(row['sizes']):.0f}",
        "answered": row["answered"],
        "threat": f"{details['threat']:.2g}",
    }
    said_marks = _said(known)
    return Finding(
        key=(actor, place, row["name"] or ""),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(row["score"], DETECTOR.params["min_score"].default),
        title=_TITLE.fill(actor=actor, place=place),
        evidence=Text(
            _EVIDENCE.en.format(marks=said_marks.en, **said, **evidence),
            _EVIDENCE.zh.format(marks=said_marks.zh, **said, **evidence),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"], target_port=port
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=port,
        target_count=len(row["dst_ips"]),
        ip_proto=row["ip_proto"],
        attack=_techniques(row, known),
        context=known.context,
        indicators=known.indicators,
        details=details,
    )


def _said(known: marks.Known) -> Text:
    if not known.words:
        return _NO_MARKS
    return Text(
        _MARKS.en.format(list="; ".join(word.en for word in known.words)),
        _MARKS.zh.format(list="；".join(word.zh for word in known.words)),
    )


def _details(row: dict[str, Any], pauses: beaconing.Groups, known: marks.Known) -> dict[str, Any]:
    """Return the sub-scores, the period, and what a plot needs: calls per bin and a histogram of the pauses."""
    top = float(np.quantile(pauses.values, 0.99)) + 1
    counts, edges = np.histogram(np.minimum(pauses.values, top), bins=30, range=(0, top))
    return {
        "score": row["score"],
        "times": round(row["times"], 3),
        "sizes": round(row["sizes_score"], 3),
        "duration": round(row["duration"], 3),
        "histogram": round(row["histogram"], 3),
        "threat": round(beaconing.bucketed(100 * row["score"], beaconing.BEACON_CUTS), 3),
        "period_s": float(np.median(pauses.values)),
        "spread_s": float(beaconing.deviation(pauses, 1.0)[0][0]),
        "window_s": [row["since"], row["until"]],
        "calls_per_bin": row["bins"],
        "pause_edges_s": [round(float(edge), 1) for edge in edges],
        "pauses": [int(n) for n in counts],
        "marks": list(known.marks),
    }


def _techniques(row: dict[str, Any], known: marks.Known) -> tuple[str, ...]:
    """Return the techniques by what is spoken; an odd port has one of its own."""
    protos = {proto for proto in row["protos"] if proto}
    spoken = ("T1071.001",) if protos & {"tls", "http", "quic"} else ("T1095",)
    hidden = ("T1573",) if protos & {"tls", "quic"} else ()
    return spoken + hidden + (("T1571",) if {"odd_port", "unknown_protocol"} & set(known.marks) else ())


DETECTOR: Final = Detector(
    id="beacon",
    version=1,
    title=Text("Beacon", "周期性回连"),
    question=Text("Who calls home at regular times?", "谁在定时回连外部主机？"),
    needs={
        "conversation": pairs.COLUMNS,
        "tls": marks.TLS,
        "http": marks.HTTP,
        "dns": marks.DNS,
        "edge_before": ("src_ip", "dst_ip", "first_ts", "last_ts"),
    },
    partition_by={
        "conversation": "src_ip",
        "tls": "sender_ip",
        "http": "sender_ip",
        "dns": "sender_ip",
        "edge_before": "src_ip",
    },
    window_s=86400,
    min_span_s=21600,
    short_mode=True,
    params={
        "window": Param(86400, "s", 3600, 604800, "a day of calls", "RITA: last 24 h"),
        "min_window": Param(30, "s", 1, 3600, "less than that holds no regularity", "own: half a minute"),
        "min_calls": Param(6, "calls", 4, 1000, "five pauses: fewer are alike by chance", "RITA: 4 unique times; own"),
        "min_sure_calls": Param(
            10, "calls", 4, 1000, "a retry loop ends before; fewer calls are low at most", "own: nine pauses"
        ),
        "min_score": Param(0.7, "score", 0.0, 1.0, "RITA's threat score 0.4, its medium", "RITA default_config: 70"),
        "min_times": Param(
            0.6,
            "score",
            0.0,
            1.0,
            "pauses of chance score 0.5, uniform jitter of 90 % scores 0.75: even sizes and hours alone are no beacon",
            "own: seeded simulation, as in beacon_slow",
        ),
        "info_score": Param(
            0.9,
            "score",
            0.0,
            1.0,
            "without a mark only what RITA calls high is worth a line",
            "RITA default_config: 90",
        ),
        "strobe": Param(86400, "calls", 100, 1e7, "one a second is a strobe, no beacon", "RITA: strobe 86400"),
    },
    attack=("T1071.001", "T1573", "T1095", "T1571"),
    severity=Severity.MEDIUM,
    impact=45,
    confidence=Confidence(0.5, 0.9, 0.98),
    innocent=(
        Text(
            "Software that polls: updates, telemetry, monitoring, chat, certificate checks; look at who made it.",
            "轮询类软件：更新、遥测、监控、即时通信、证书校验；请确认软件来源。",
        ),
        Text(
            "A device that reports to its maker's cloud by a fixed address; have the address confirmed.",
            "设备按固定地址向厂商云端上报；请核实该地址。",
        ),
        Text(
            "A monitoring or update server of the site: give it its role.",
            "本单位的监控或更新服务器：请登记其角色。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w beacon.pcap", "taishi packets {incident} -w beacon.pcap"),
    ),
    source="detectors.md 1.1 and D07; RITA v5 analysis/beacons.go",
    run=run,
    roles_exempt=("scanner", "monitor", "resolver", "ntp", "update_server"),
    family="command and control",
)
