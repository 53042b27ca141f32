"""Who asks for the name of every address? The name part of D04 of detectors.md: PTR, LLMNR and NetBIOS.

Reverse look-ups of neighbouring addresses in bursts, or by the hundred in an hour, and NetBIOS status questions from
host to host, are how tools learn names. A server that looks up who called it asks for addresses all over the world.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.alerts import AlertRows, Finding, display_filter
from detectors.catalogue._probes import distinct_sql
from detectors.catalogue._steps import next_steps
from detectors.catalogue._sweeps import BURST_SQL, GAP, Row, finding
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import query, rows
from store.schema import Severity

_ASKED_SQL: Final = r"""
SELECT DISTINCT sender_ip AS src_ip, ts AS ts_start, flow_uid, 'ptr' AS way, query AS item,
    coalesce(regexp_extract(query, '^\d+\.(\d+\.\d+\.\d+)\.in-addr\.arpa$', 1), '') AS net, rcode = 3 AS unknown
FROM dns WHERE has_query AND query LIKE '%.in-addr.arpa' AND (qtype = 12 OR qtype IS NULL)
    AND regexp_matches(query, '^\d+\.\d+\.\d+\.\d+\.in-addr\.arpa$')
UNION
SELECT DISTINCT sender_ip, ts, flow_uid, 'status', hex(receiver_ip), '', NOT has_response
FROM dns WHERE has_query AND service = 'netbios-ns' AND qtype = 33
"""

_KEY: Final = "src_ip, way, net"


def _sql(window: str, least: str, way: str) -> str:
    """Return the statement for one way of asking, its window and its least number of names."""
    episodes = distinct_sql(_KEY, "item", {"hosts": "TRUE"}, f"hosts >= ${least}").replace("$window", f"${window}")
    return f"""
WITH candidate AS (SELECT * FROM asked WHERE way = '{way}'),
{episodes}
SELECT {_KEY}, count(DISTINCT item) AS hosts, count(DISTINCT item) FILTER (unknown) AS silent, {BURST_SQL}
FROM candidate JOIN episode USING ({_KEY}) WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY {_KEY}, episode ORDER BY start_ts, {_KEY}
"""


_TITLE: Final = Text("Sweep of names by {actor}", "{actor} 批量查询主机名")
_EVIDENCE: Final = Text(
    "{actor} asked for the names of {hosts} addresses {where} within {seconds} s from {start} on; {silent} have none.",
    "自 {start} 起 {seconds} 秒内，{actor} 查询了{where_zh} {hosts} 个地址的名称，其中 {silent} 个没有名称。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that ask for the names of many addresses.

    Args:
        tables: ``dns``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, way, network) and burst; the hourly count speaks where no burst did.
    """
    asked = query(_ASKED_SQL, {"dns": tables["dns"]})
    alerts = AlertRows(DETECTOR)
    told: set[tuple[object, ...]] = set()
    for window, least, way in (
        ("burst_window", "min_burst", "ptr"),
        ("hour_window", "min_hour", "ptr"),
        ("status_window", "min_status", "status"),
    ):
        wanted = {name: params[name] for name in (window, least, "gap")}
        for row in rows(_sql(window, least, way), {"asked": asked}, wanted):
            mark = (row["src_ip"], row["way"], row["net"])
            if mark not in told:
                alerts.add(_finding(row, params[least], params))
            told.add(mark)
    return alerts.table()


def _is_private(net: str) -> bool:
    """Tell whether a network is one of RFC 1918; the text is a stranger's and may be no network at all."""
    first, second = net.split(".")[:2]
    is_middle = first == "172" and len(second) == 2 and 16 <= int(second) <= 31
    return first == "10" or (first, second) == ("192", "168") or is_middle


def _severity(row: Row, net: str, *, is_burst: bool, params: Params) -> Severity:
    """Names that do not exist by the dozen, in one breath and of a private network, are medium.

    Programs resolve what they show, and servers resolve their callers, who are outside: informational.
    """
    is_strong = row["hosts"] >= params["min_status"] and row["silent"] >= row["hosts"] / 2
    if row["way"] == "status":
        return Severity.MEDIUM if is_strong else Severity.LOW
    if not is_strong or not _is_private(net):
        return Severity.INFO
    return Severity.MEDIUM if is_burst else Severity.LOW


def _finding(row: Row, least: float, params: Params) -> Finding:
    net = ".".join(reversed(row["net"].split("."))) + ".0/24" if row["net"] else ""
    return finding(
        DETECTOR,
        row,
        key=(row["way"], net),
        severity=_severity(row, net, is_burst=least == params["min_burst"], params=params),
        threshold=least,
        title=_TITLE,
        evidence=_EVIDENCE,
        display_filter=display_filter(actor=row["src_ip"], extra="nbns" if row["way"] == "status" else "dns"),
        where=f"of {net}" if net else "by NetBIOS",
        where_zh=f" {net} 中" if net else "（NetBIOS 状态查询）",
    )


DETECTOR: Final = Detector(
    id="sweep_names",
    version=1,
    title=Text("Sweep of names", "主机名批量查询"),
    question=Text("Who asks for the name of every address?", "谁在逐个查询地址对应的主机名？"),
    needs={
        "dns": (
            *("flow_uid", "ts", "sender_ip", "receiver_ip", "service", "query", "qtype", "rcode"),
            *("has_query", "has_response"),
        )
    },
    partition_by={"dns": "sender_ip"},
    window_s=3600,
    blind_without=("dns",),
    params={
        "gap": GAP,
        "burst_window": Param(2, "s", 0.1, 60, "a tool asks in one breath", "detectors.md D04: 2 s"),
        "min_burst": Param(10, "names", 2, 1000, "of one /24 in that window", "detectors.md D04: 10"),
        "hour_window": Param(3600, "s", 60, 86400, "the patient way", "detectors.md D04: 1 h"),
        "min_hour": Param(200, "names", 10, 10000, "of one /24 in that window", "detectors.md D04: 200"),
        "status_window": Param(300, "s", 10, 3600, "as for other sweeps", "detectors.md D04: 5 min"),
        "min_status": Param(25, "hosts", 2, 10000, "hosts asked for their NetBIOS status", "detectors.md D04: 25"),
    },
    attack=("T1018", "T1016"),
    severity=Severity.LOW,
    impact=40,
    confidence=Confidence(0.5, 0.9, 200),
    innocent=(
        Text(
            "A log or mail server that looks up who called it; give it the role monitor.",
            "查询来访者名称的日志或邮件服务器：请登记为 monitor 角色。",
        ),
        Text(
            "A resolver that asks for others; give it the role resolver.",
            "代他人查询的解析器：请登记为 resolver 角色。",
        ),
    ),
    next_steps=next_steps("names"),
    source="detectors.md D04; RFC 1035 3.5, RFC 1002 4.2.17",
    run=run,
    roles_exempt=("scanner", "monitor", "resolver"),
    family="scan",
)
