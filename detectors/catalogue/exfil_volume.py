"""Who pushes unusually much out of the site? Detector D21 of detectors.md.

Per source and destination outside: payload by hour and day. A push counts when it is large, lopsided (PCR), goes where
few others go, and stands out both from what this host sends elsewhere and from what the site's pairs send; half a
gigabyte in an hour counts by itself. Backup servers and proxies have roles.
"""

from __future__ import annotations

import math
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.catalogue import _exfil as exfil
from detectors.catalogue._edges import history
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_PAIR_SQL: Final = f"""
WITH big AS (
    SELECT src_ip, dst_ip FROM conversation WHERE src_home AND NOT dst_home GROUP BY ALL
    HAVING sum(src_bytes_payload) >= $min_up
),
{exfil.pair_day_sql("SEMI JOIN big USING (src_ip, dst_ip)")},
large AS (
    SELECT src_ip, dst_ip, max(up) AS day_up, sum(up) AS up, sum(down) AS down FROM pair_day WHERE is_now
    GROUP BY ALL HAVING max(up) >= $min_up AND sum(up) - sum(down) >= $pcr * (sum(up) + sum(down))
),
hour_share AS (
    SELECT src_ip, dst_ip, up, unnest(range(0, 1 + least(720, floor(duration_s / 3600)::BIGINT))) AS n, ts_start,
        greatest(duration_s, 1e-6) AS duration_s FROM each SEMI JOIN large USING (src_ip, dst_ip)
),
hourly AS (
    SELECT src_ip, dst_ip, date_trunc('hour', ts_start + to_hours(n)) AS hour,
        sum(up * CASE WHEN duration_s <= 3600 THEN 1 ELSE least(3600, duration_s - n * 3600) / duration_s END) AS up
    FROM hour_share GROUP BY ALL
)
SELECT src_ip, dst_ip, any_value(day_up) AS day_up, any_value(large.up) AS up, any_value(large.down) AS down,
    list({{'hour': hour, 'up': hourly.up}} ORDER BY hour) AS hours, max(hourly.up) AS hour_up
FROM large JOIN hourly USING (src_ip, dst_ip) GROUP BY ALL ORDER BY src_ip, dst_ip
"""

_FLOWS_SQL: Final = f"""
SELECT src_ip, dst_ip, min(ts_start) AS start_ts, max(ts_start + to_microseconds((duration_s * 1e6)::BIGINT)) AS end_ts,
    count(DISTINCT root_uid) AS flows, mode(dst_port) AS dst_port, mode(ip_proto) AS ip_proto,
    min(server_name::VARCHAR) AS name,
    list_transform(max(DISTINCT {{'b': src_bytes_payload, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM conversation SEMI JOIN found USING (src_ip, dst_ip) WHERE src_bytes_payload > 0 GROUP BY src_ip, dst_ip
"""

_DAYS_SQL: Final = f"""
WITH {exfil.pair_day_sql("SEMI JOIN found USING (src_ip)")}
SELECT src_ip, dst_ip, day, sum(up) AS up, bool_or(is_now) AS is_now FROM pair_day GROUP BY ALL
"""

_TITLE: Final = Text("{volume} pushed from {actor} to {target}", "{actor} 向 {target} 外传 {volume}")
_EVIDENCE: Final = Text(
    "{actor} sent {volume} to {target}{name} and got {down} back (PCR {pcr}) from {start} on; at most {hour} in an hour"
    " and {day} in a day. {users} of {hosts} hosts use this destination; that is {own} deviations above what the host"
    " sends elsewhere and {site} above the site's pairs.",
    "{actor} 自 {start} 起向 {target}{name} 发送 {volume}，收回 {down}（PCR {pcr}）；单小时最多 {hour}，"
    "单日最多 {day}。{hosts} 台主机中有 {users} 台访问该目的地；高出该主机发往其他目的地的水平 {own} 个稳健标准差，"
    "高出全网水平 {site} 个。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pairs that push much.

    Args:
        tables: ``conversation``, ``edge_day_before``, and the policy tables ``census``, ``peer_hosts_ever`` and
            ``upload_pairs``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and destination.
    """
    inputs = {name: tables[name] for name in ("conversation", "edge_day_before")}
    pairs = rows(_PAIR_SQL, inputs, {"min_up": params["min_up"], "pcr": params["pcr"]})
    users = exfil.users_of(tables, (row["dst_ip"] for row in pairs))
    hosts, level = exfil.home_hosts(tables), exfil.site_level(tables)
    pairs = [row | {"users": users[row["dst_ip"]]} for row in pairs]
    pairs = [row for row in pairs if exfil.is_rare(row["users"], hosts, params["max_share"])]
    known = history(tables)
    days_known = (known[1] - known[0]).total_seconds() / 86400 if known else 0.0
    alerts = AlertRows(DETECTOR)
    if pairs:
        form = pa.schema([tables["conversation"].schema.field(name) for name in ("src_ip", "dst_ip")])
        found = pa.Table.from_pylist([{"src_ip": r["src_ip"], "dst_ip": r["dst_ip"]} for r in pairs], schema=form)
        inputs["found"] = found
        flows = {(row["src_ip"], row["dst_ip"]): row for row in rows(_FLOWS_SQL, inputs)}
        days: dict[bytes, list[dict[str, Any]]] = {}
        for row in rows(_DAYS_SQL, inputs):
            days.setdefault(row["src_ip"], []).append(row)
        for pair in pairs:
            one = pair | flows[pair["src_ip"], pair["dst_ip"]] | _judged(pair, days[pair["src_ip"]], level)
            one["history"] = days_known
            if _is_push(one, params):
                alerts.add(_finding(one, hosts, params))
    return alerts.table()


def _judged(pair: dict[str, Any], days: list[dict[str, Any]], level: list[float]) -> dict[str, Any]:
    """Return the deviations from the source's other destinations and from the site, and the pair's own past."""
    elsewhere = [math.log1p(row["up"]) for row in days if row["dst_ip"] != pair["dst_ip"]]
    before = [row["up"] for row in days if row["dst_ip"] == pair["dst_ip"] and not row["is_now"]]
    value = math.log1p(pair["day_up"])
    return {
        "own": exfil.robust_z(value, elsewhere),
        "site": exfil.robust_z(value, level),
        "days_before": len(before),
        "most_before": max(before, default=0.0),
        "elsewhere": len(elsewhere),
    }


def _is_push(one: dict[str, Any], params: Params) -> bool:
    """Tell whether a pair stands out: by the hard rule, or against itself and the site; a usual push does not."""
    if one["days_before"] >= params["usual_days"] and one["day_up"] <= params["usual_factor"] * one["most_before"]:
        return False
    is_own_strange = one["own"] >= params["min_z"] or not one["elsewhere"]
    is_strange = is_own_strange and one["site"] >= params["min_z_site"]
    return bool(one["hour_up"] >= params["hard_hour"] or is_strange)


def _severity(one: dict[str, Any], hosts: int, params: Params) -> Severity:
    """Among few hosts nothing is rare; half a gigabyte is high; less needs two weeks of custom to be told."""
    if hosts < params["min_hosts"]:
        return Severity.INFO
    if one["hour_up"] >= params["hard_hour"]:
        return Severity.HIGH
    return Severity.MEDIUM if one["history"] >= params["learn"] else Severity.INFO


def _finding(one: dict[str, Any], hosts: int, params: Params) -> Finding:
    actor, target = ip_text(one["src_ip"]), ip_text(one["dst_ip"])
    ratio = exfil.pcr(one["up"], one["down"])
    said = {"actor": actor, "target": target} | {
        "volume": exfil.bytes_text(one["up"]),
        "down": exfil.bytes_text(one["down"]),
        "pcr": f"{ratio:.2f}",
        "hour": exfil.bytes_text(one["hour_up"]),
        "day": exfil.bytes_text(one["day_up"]),
        "users": one["users"],
        "hosts": hosts,
        "own": f"{one['own']:.1f}",
        "site": f"{one['site']:.1f}",
        "start": when(one["start_ts"]),
        "name": f" ({one['name']})" if one["name"] else "",
    }
    is_known = one["days_before"] >= params["usual_days"]
    return Finding(
        key=(actor, target),
        ts_start=one["start_ts"],
        ts_end=one["end_ts"],
        severity=_severity(one, hosts, params),
        confidence=DETECTOR.confidence.of(one["day_up"], params["min_up"]),
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
        context=("old",) if is_known else (() if one["name"] else ("no_name",)),
        indicators=(f"dst:{target}",) if hosts >= params["min_hosts"] else (),
        lost_bytes=round(one["up"]),
        details={
            "pcr": round(ratio, 3),
            "z_own": round(one["own"], 2),
            "z_site": round(one["site"], 2),
            "hourly_up": exfil.series((point["hour"], point["up"]) for point in one["hours"][:2000]),
        },
    )


DETECTOR: Final = Detector(
    id="exfil_volume",
    version=1,
    title=Text("Large push out of the site", "大流量外传"),
    question=Text("Who pushes unusually much out of the site?", "谁在异常大量地向外传送数据？"),
    needs={"conversation": exfil.CONVERSATION, "edge_day_before": exfil.DAYS},
    partition_by={"conversation": "src_ip", "edge_day_before": "src_ip"},
    params={
        "min_up": Param(20e6, "B", 1e4, 1e12, "less in a day is mail", "detectors.md D21: up >= 20 MB"),
        "hard_hour": Param(500e6, "B", 1e6, 1e13, "much in any office for one destination", "Slips: 500 MB/h/dst"),
        "min_z": Param(
            6, "deviations", 1, 50, "one of a billion if volumes were log-normal", "detectors.md D21: z >= 6"
        ),
        "min_z_site": Param(
            5,
            "deviations",
            1,
            50,
            "the site's pairs are a mixture, wider than one host's",
            "own: uploads into an office",
        ),
        "learn": Param(14, "d", 0, 365, "two working weeks show what is usual", "detectors.md D21: >= 14 d of history"),
        "pcr": exfil.PCR,
        "max_share": exfil.MAX_SHARE,
        "min_hosts": exfil.MIN_HOSTS,
        "usual_days": Param(5, "d", 1, 365, "a push on a week's working days is a habit", "own: one working week"),
        "usual_factor": Param(3, "times", 1, 100, "a habit grows slowly", "detectors.md D22: 3x"),
    },
    attack=("T1048", "T1041", "T1567.002"),
    severity=Severity.HIGH,
    impact=55,
    confidence=Confidence(0.6, 0.9, 1e9),
    innocent=(
        Text(
            "A backup to a cloud that is new: give its server the role backup.",
            "新上线的云备份：请将其服务器登记为 backup 角色。",
        ),
        Text(
            "A person who sends a film, a project or a disk image to a partner: ask them.",
            "有人向合作方发送影片、工程或磁盘镜像：请询问本人。",
        ),
        Text("Build artifacts or photographs uploaded to a new host.", "向新主机上传构建产物或照片。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w push.pcap", "taishi packets {incident} -w push.pcap"),
    ),
    source="detectors.md D21; Slips 500 MB/h; Bullard & Gerth 2014",
    run=run,
    min_span_s=86400.0,
    short_mode=True,
    roles_exempt=("backup", "proxy", "nat", "scanner"),
    family="exfiltration",
)
