"""Who has been calling home quietly for weeks, months, years? Detector D08 of detectors.md.

RITA's sub-scores over 7, 30 and 90 days and a year instead of one day: a call every six hours or every week is as
regular there as one a minute is in a day. The times come from the memory of edges, so that they reach back years.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors import beaconing
from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _marks as marks
from detectors.catalogue import _slow_calls as slow
from detectors.catalogue.beacon import SERVANTS
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("{actor} has been calling {place} for {days} days", "{actor} 持续 {days} 天低频回连 {place}")
_EVIDENCE: Final = Text(
    "{actor} called {place} {calls} times on {day_count} days, from {start} to {end}, every {period} (half of the"
    " pauses within {mad} of that). Score {score} over {scale} days (beacon {beacon}, persistence {persistence});"
    " over one day, as RITA looks, {rita}. {marks}",
    "{actor} 自 {start} 至 {end} 在 {day_count} 天内回连 {place} 共 {calls} 次，间隔约 {period}（半数间隔偏差不超过"
    " {mad}）。{scale} 天尺度评分 {score}（信标 {beacon}，持续性 {persistence}）；按 RITA 的一天窗口：{rita}。{marks}",
)
_RITA: Final = Text("the score is {score}", "评分 {score}")
_RITA_NONE: Final = Text("it is not analysed at all", "不予分析")
_NO_MARKS: Final = Text(
    "Nothing else speaks against it: software that polls looks the same.", "除此之外未见异常：轮询类软件亦有此表现。"
)
_MARKS: Final = Text("What sets it apart: {list}.", "可疑之处：{list}。")
_UNIT: Final = ((86400.0, "d", "天"), (3600.0, "h", "小时"), (60.0, "min", "分钟"), (0.0, "s", "秒"))


def run(tables: Tables, params: Params) -> pa.Table:
    """Find edges that are regular over weeks and longer, and weigh what is known of them.

    Args:
        tables: the tables of ``DETECTOR.needs`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per edge that was used in the range.
    """
    found = slow.slow_edges(tables, params)
    alerts = AlertRows(DETECTOR)
    prevalence = marks.Prevalence(tables)
    for row, known in zip(found, marks.known(tables, found), strict=True):
        own = tuple(mark for mark in known.marks if mark != "new_rare")
        severity = _severity(row, own, params, prevalence)
        if severity is not None:
            alerts.add(_finding(row, known, own, severity))
    return alerts.table()


def _severity(
    row: dict[str, Any], own: tuple[str, ...], params: Params, prevalence: marks.Prevalence
) -> Severity | None:
    """Return how grave an edge is, None when it is not worth a line.

    The score is multiplied by how rare the destination is. With a mark the lower threshold does; without one, the
    destination must be known to be rare.
    """
    share = prevalence.share(row["dst_ip"], row["domain"])
    factor = 1.0 if share is None or share <= 0.02 else 0.7 if share <= 0.1 else 0.3 if share >= 0.5 else 0.5
    score = row["score"] * factor
    if prevalence.has_role(row["dst_ip"], SERVANTS) or (share is not None and share >= 0.5):
        return None
    if row["dst_home"]:
        return Severity.INFO if score >= params["min_score"] else None
    # A timer that leaves ten hours of the clock empty has pauses of that order; shorter ones are a day's work.
    is_timer = row["ts_score"] >= params["timer_times"] and _period(row) >= 1800 * params["max_quiet"]
    is_person = row["quiet_h"] > params["max_quiet"] and not is_timer
    if score >= params["min_score"]:
        if is_person or (share is None and not own):
            return Severity.INFO
        return Severity.HIGH if len(own) >= 2 else Severity.MEDIUM
    return Severity.MEDIUM if own and score >= params["rare_score"] and not is_person else None


def _period(row: dict[str, Any]) -> float:
    return float(np.median(beaconing.intervals(beaconing.groups(row["times"])).values))


def _finding(row: dict[str, Any], known: marks.Known, own: tuple[str, ...], severity: Severity) -> Finding:
    actor, port = ip_text(row["src_ip"]), row["dst_port"] or None
    place = marks.place(row, known, port)
    pauses = beaconing.intervals(beaconing.groups(row["times"]))
    period, mad = float(np.median(pauses.values)), float(beaconing.deviation(pauses, 1.0)[0][0])
    days = (row["last_ts"] - row["first_ts"]).days
    values = {
        **{n: f"{row[n]:.3g}" for n in ("score", "beacon", "persistence", "scale")},
        "actor": actor,
        "place": place,
        "calls": row["calls"],
        "day_count": row["day_count"],
        "start": when(row["first_ts"]),
        "end": when(row["last_ts"]),
    }
    return Finding(
        key=(actor, ip_text(row["dst_ip"]), str(row["ip_proto"]), str(row["dst_port"])),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(row["score"], DETECTOR.params["rare_score"].default),
        title=_TITLE.fill(actor=actor, place=place, days=days),
        evidence=_evidence(row, known, (period, mad), values),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"], target_port=port
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=port,
        ip_proto=row["ip_proto"],
        context=tuple(name for name in known.context if name not in {"new", "old"}),
        indicators=known.indicators,
        details={
            **{n: round(row[n], 3) for n in ("score", "beacon", "persistence", "scale", "ts_score", "quiet_h")},
            "rita_24h": row["rita"],
            "period_s": period,
            "spread_s": mad,
            "marks": list(own),
            "since": row["since"],
            "calls_per_bin": row["bins"],
            "times": [round(t) for t in row["times"][-500:]],
        },
    )


def _evidence(row: dict[str, Any], known: marks.Known, pace: tuple[float, float], values: dict[str, Any]) -> Text:
    rita = _RITA_NONE if row["rita"] is None else _RITA.fill(score=f"{row['rita']:.3g}")
    said = _NO_MARKS
    if known.words:
        said = Text(
            _MARKS.en.format(list="; ".join(word.en for word in known.words)),
            _MARKS.zh.format(list="；".join(word.zh for word in known.words)),
        )
    period, mad = (_pause(seconds) for seconds in pace)
    return Text(
        _EVIDENCE.en.format(marks=said.en, rita=rita.en, period=period.en, mad=mad.en, **values),
        _EVIDENCE.zh.format(marks=said.zh, rita=rita.zh, period=period.zh, mad=mad.zh, **values),
    )


def _pause(seconds: float) -> Text:
    size, en, zh = next(unit for unit in _UNIT if seconds >= 2 * unit[0])
    number = f"{seconds / (size or 1):.3g}"
    return Text(f"{number} {en}", f"{number} {zh}")


DETECTOR: Final = Detector(
    id="beacon_slow",
    version=1,
    title=Text("Slow beacon", "低频长期回连"),
    question=Text(
        "Who has been calling home quietly for weeks, months or years?", "谁在数周、数月乃至数年间悄悄回连外部主机？"
    ),
    needs={
        "conversation": slow.CONVERSATION,
        "edge_day_before": slow.EDGE_DAY,
        "edge_before": ("src_ip", "dst_ip", "first_ts", "last_ts"),
        "tls": marks.TLS,
        "http": marks.HTTP,
        "dns": marks.DNS,
    },
    partition_by={
        "conversation": "src_ip",
        "edge_day_before": "src_ip",
        "edge_before": "src_ip",
        "tls": "sender_ip",
        "http": "sender_ip",
        "dns": "sender_ip",
    },
    min_history_s=7 * slow.DAY_S,
    params={
        "min_calls": Param(8, "calls", 5, 1000, "fewer calls are alike by chance", "detectors.md D08: n >= 8"),
        "min_days": Param(4, "d", 2, 366, "a slow caller is there on several days", "own: twice a week for two weeks"),
        "max_per_day": Param(24, "calls/d", 1, 1e5, "more is the daily beacon's matter", "detectors.md 1.1: hourly"),
        "min_span": Param(518400, "s", 86400, 3.2e7, "six days: the shortest scale is a week", "detectors.md D08: 7 d"),
        "min_score": Param(
            0.86, "score", 0, 1, "the worst of 1 200 benign diurnal pairs scored 0.852", "detectors.md 1.1"
        ),
        "rare_score": Param(0.7, "score", 0, 1, "enough for a destination with a mark", "detectors.md D08"),
        "max_quiet": Param(
            10,
            "h",
            1,
            24,
            "a day of work leaves more of the clock empty than calls with jitter do, in any time zone",
            "own: seeded simulation in test_beacon_slow.py",
        ),
        "timer_times": Param(
            0.8,
            "score",
            0,
            1,
            "pauses this even are a timer, although it keeps to some hours of the day",
            "own: a person's pauses score at most 0.7 in the seeded simulation",
        ),
        "min_times": Param(
            0.6,
            "score",
            0,
            1,
            "pauses of chance score 0.5, uniform jitter of 90 % scores 0.75: even hours alone are no beacon",
            "own: seeded simulation in test_beacon_slow.py",
        ),
    },
    attack=("T1071.001", "T1029"),
    severity=Severity.MEDIUM,
    impact=50,
    confidence=Confidence(0.5, 0.9, 0.97),
    innocent=(
        Text(
            "Weekly or nightly jobs: updates, certificate lists, backups to a cloud, licence checks.",
            "每周或每夜的任务：更新、证书吊销列表、云备份、许可校验。",
        ),
        Text("A device that reports to its maker at fixed hours.", "设备按固定时刻向厂商上报。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w slow.pcap", "taishi packets {incident} -w slow.pcap"),
    ),
    source="detectors.md 1.1 and D08; Giroire et al., RAID 2009 (persistence)",
    run=run,
    roles_exempt=("scanner", "monitor", "resolver", "ntp", "update_server"),
    family="command and control",
    is_slow=True,
)
