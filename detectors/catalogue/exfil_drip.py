"""Who leaks a little, day after day? Detector D22 of detectors.md.

What no limit of an hour sees: a few megabytes every day to a place that nobody else uses. Per source and destination,
days are held against what this source sends to single destinations in a day, and the excess is summed (CUSUM); beside
it counts what went there in all. Built on days, so that the memory serves as well as the range.
"""

from __future__ import annotations

import math
from datetime import datetime
from statistics import median
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter
from detectors.catalogue import _exfil as exfil
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_PAIRS_SQL: Final = f"""
WITH big AS (
    SELECT src_ip, dst_ip FROM (
        SELECT src_ip, dst_ip, src_bytes_payload AS up, date_trunc('day', ts_start) AS day FROM conversation
        WHERE src_home AND NOT dst_home
        UNION ALL
        SELECT src_ip, dst_ip, src_bytes, day FROM edge_day_before WHERE NOT {exfil.PRIVATE_SQL}
    ) GROUP BY ALL HAVING sum(up) >= $min_total AND count(DISTINCT day) >= $min_days
),
{exfil.pair_day_sql("SEMI JOIN big USING (src_ip, dst_ip)")}
SELECT src_ip, dst_ip, sum(up) AS up, sum(down) AS down, bool_or(is_now) AS is_now,
    list({{'day': day, 'up': up}} ORDER BY day) AS days FROM (
    SELECT src_ip, dst_ip, day, sum(up) AS up, sum(down) AS down, bool_or(is_now) AS is_now FROM pair_day GROUP BY ALL
) GROUP BY src_ip, dst_ip
HAVING bool_or(is_now) AND sum(up) >= $min_total AND count(*) >= $min_days
    AND sum(up) - sum(down) >= $pcr * (sum(up) + sum(down))
ORDER BY src_ip, dst_ip
"""

_SOURCE_SQL: Final = f"""
WITH {exfil.pair_day_sql("SEMI JOIN found USING (src_ip)")},
day AS (SELECT src_ip, dst_ip, day, sum(up) AS up FROM pair_day GROUP BY ALL)
SELECT src_ip, median(ln(1 + up)) AS middle, mad(ln(1 + up)) AS spread, list(DISTINCT day ORDER BY day) AS days
FROM day GROUP BY src_ip
"""

_FLOWS_SQL: Final = f"""
SELECT src_ip, dst_ip, count(DISTINCT root_uid) AS flows, mode(dst_port) AS dst_port, mode(ip_proto) AS ip_proto,
    max(ts_start) AS last_ts,
    list_transform(min(DISTINCT {{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM conversation SEMI JOIN found USING (src_ip, dst_ip) GROUP BY src_ip, dst_ip
"""

_REST_Z: Final = -1.5
_MOST_Z: Final = 4.0
"""A day counts for at least and at most so many deviations: one huge day is another detector's business, and one day
off does not undo a week (own)."""

_TITLE: Final = Text(
    "Steady leak from {actor} to {target}: {volume} so far", "{actor} 持续向 {target} 小量外传，累计 {volume}"
)
_EVIDENCE: Final = Text(
    "{actor} has sent {volume} to {target} on {active} of {days} days since {since}, {typical} on a usual day (PCR"
    " {pcr}); it sends {own} to a destination on a usual day. The summed excess was enough on {found} and went up to"
    " {cusum} deviations. {users} of {hosts} hosts use this destination.",
    "自 {since} 起 {days} 天中的 {active} 天，{actor} 共向 {target} 发送 {volume}，通常每天 {typical}（PCR {pcr}）；"
    "该主机平日对单个目的地仅发送 {own}。累积超量于 {found} 越限，最高达 {cusum} 个标准差。"
    "{hosts} 台主机中有 {users} 台访问该目的地。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs whose daily pushes exceed the source's custom for long.

    Args:
        tables: ``conversation``, ``edge_day_before``, and the policy tables ``census`` and ``peer_hosts_ever``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and destination that was active in the range.
    """
    inputs = {name: tables[name] for name in ("conversation", "edge_day_before")}
    asked = {name: params[name] for name in ("min_total", "min_days", "pcr")}
    pairs = rows(_PAIRS_SQL, inputs, asked)
    users = exfil.users_of(tables, (row["dst_ip"] for row in pairs))
    hosts = exfil.home_hosts(tables)
    pairs = [row for row in pairs if users[row["dst_ip"]] <= params["max_users"]]
    alerts = AlertRows(DETECTOR)
    if pairs:
        form = pa.schema([tables["conversation"].schema.field(name) for name in ("src_ip", "dst_ip")])
        found = [{"src_ip": row["src_ip"], "dst_ip": row["dst_ip"]} for row in pairs]
        inputs["found"] = pa.Table.from_pylist(found, schema=form)
        flows = {(row["src_ip"], row["dst_ip"]): row for row in rows(_FLOWS_SQL, inputs)}
        sources = {row["src_ip"]: row for row in rows(_SOURCE_SQL, inputs)}
        for pair in pairs:
            one = pair | flows[pair["src_ip"], pair["dst_ip"]] | _summed(pair, sources[pair["src_ip"]], params)
            one |= {"users": users[pair["dst_ip"]], "hosts": hosts}
            if one["found"] is not None:
                alerts.add(_finding(one, params))
    return alerts.table()


def _summed(pair: dict[str, Any], source: dict[str, Any], params: Params) -> dict[str, Any]:
    """Return the course of the summed excess over the days on which the source was there, and when it was enough."""
    spread = max(exfil.MAD_SIGMA * source["spread"], exfil.SIGMA_FLOOR)
    sent = {point["day"]: point["up"] for point in pair["days"]}
    days = [day for day in source["days"] if day >= pair["days"][0]["day"]]
    total, highest, active, course = 0.0, 0.0, 0, []
    found: datetime | None = None
    cumulated = 0.0
    for day in days:
        z = (math.log1p(sent.get(day, 0.0)) - source["middle"]) / spread
        total = max(0.0, total + min(_MOST_Z, max(_REST_Z, z)) - params["slack"])
        cumulated += sent.get(day, 0.0)
        active += day in sent
        highest = max(highest, total)
        course.append((day, round(total, 2)))
        enough = total >= params["limit"] or cumulated >= params["year_total"]
        if found is None and enough and active >= params["min_days"] and cumulated >= params["min_total"]:
            found = day
    typical = median(sent.values())
    is_much = typical >= params["factor"] * math.expm1(source["middle"])
    return {
        "found": found if is_much else None,
        "cusum": highest,
        "course": course,
        "span": (days[-1] - days[0]).days + 1,
        "typical": typical,
        "own": math.expm1(source["middle"]),
    }


def _severity(one: dict[str, Any], params: Params) -> Severity:
    """Without enough hosts nobody knows what is rare; a leak of a month or of the year's total is high."""
    if one["hosts"] < params["min_hosts"]:
        return Severity.INFO
    is_long = one["up"] >= params["year_total"] and len(one["days"]) >= params["long_days"]
    return Severity.HIGH if is_long else Severity.MEDIUM


def _finding(one: dict[str, Any], params: Params) -> Finding:
    actor, target, ratio = ip_text(one["src_ip"]), ip_text(one["dst_ip"]), exfil.pcr(one["up"], one["down"])
    said = {
        "actor": actor,
        "target": target,
        "volume": exfil.bytes_text(one["up"]),
        "active": len(one["days"]),
        "days": one["span"],
        "since": f"{one['days'][0]['day']:%Y-%m-%d}",
        "typical": exfil.bytes_text(one["typical"]),
        "own": exfil.bytes_text(one["own"]),
        "cusum": f"{one['cusum']:.1f}",
        "found": f"{one['found']:%Y-%m-%d}",
        "pcr": f"{ratio:.2f}",
        "users": one["users"],
        "hosts": one["hosts"],
    }
    return Finding(
        key=(actor, target),
        ts_start=one["days"][0]["day"],
        ts_end=one["last_ts"],
        severity=_severity(one, params),
        confidence=DETECTOR.confidence.of(len(one["days"]), params["min_days"]),
        title=_TITLE.fill(actor=actor, target=target, volume=said["volume"]),
        evidence=_EVIDENCE.fill(**said),
        flow_uids=one["uids"],
        flow_count=one["flows"],
        display_filter=display_filter(
            actor=one["src_ip"], target=one["dst_ip"], ip_proto=one["ip_proto"], target_port=one["dst_port"]
        ),
        actor=one["src_ip"],
        target=one["dst_ip"],
        target_port=one["dst_port"],
        ip_proto=one["ip_proto"],
        indicators=(f"dst:{target}",) if one["hosts"] >= params["min_hosts"] else (),
        lost_bytes=round(one["up"]),
        details={
            "pcr": round(ratio, 3),
            "cusum": [[f"{day:%Y-%m-%d}", total] for day, total in one["course"][-400:]],
            "daily_up": exfil.series((point["day"], point["up"]) for point in one["days"][-400:]),
        },
    )


DETECTOR: Final = Detector(
    id="exfil_drip",
    version=1,
    title=Text("Steady small leak", "持续小量外传"),
    question=Text("Who leaks a little, day after day?", "谁在日复一日地少量外传？"),
    needs={"conversation": exfil.CONVERSATION, "edge_day_before": exfil.DAYS},
    partition_by={"conversation": "src_ip", "edge_day_before": "src_ip"},
    params={
        "limit": Param(6, "deviations", 1, 100, "summed excess of some days in a row", "detectors.md D22: S >= 6"),
        "slack": Param(
            0.5, "deviations", 0, 5, "excess that a day may have for free", "detectors.md 1.8: CUSUM k = .5"
        ),
        "min_days": Param(7, "d", 2, 365, "a week of leaking, not a single upload", "own; found by day 30 is asked"),
        "min_total": Param(20e6, "B", 1e4, 1e12, "less is mail", "detectors.md D21: 20 MB"),
        "year_total": Param(200e6, "B", 1e6, 1e13, "much for a place nobody else uses", "detectors.md D22: 200 MB"),
        "long_days": Param(20, "d", 2, 365, "a working month", "own"),
        "factor": Param(
            30, "times", 1, 1e6, "a usual leak day against what goes to one destination", "own: 1.5 decades"
        ),
        "max_users": Param(
            2, "hosts", 1, 1000, "a destination of more hosts is a service", "detectors.md D22: <= 2 hosts"
        ),
        "min_hosts": exfil.MIN_HOSTS,
        "pcr": exfil.PCR,
    },
    attack=("T1030", "T1029", "T1020", "T1048"),
    severity=Severity.HIGH,
    impact=60,
    confidence=Confidence(0.6, 0.92, 30),
    innocent=(
        Text(
            "A camera, a measuring station or a phone that reports to its maker, alone of its kind here.",
            "本网唯一一台、向厂商回传数据的摄像头、测量站或手机。",
        ),
        Text(
            "A backup or synchronisation of one person to a place of their own: ask them, or give the role backup.",
            "个人自备的备份或同步：请询问本人，或登记为 backup 角色。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w leak.pcap", "taishi packets {incident} -w leak.pcap"),
    ),
    source="detectors.md D22, 1.8 (CUSUM)",
    run=run,
    min_history_s=7 * 86400.0,
    roles_exempt=("backup", "proxy", "nat"),
    family="exfiltration",
    is_slow=True,
)
