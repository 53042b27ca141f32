"""Who collects from our servers and then sends the lot out? The staging chain of detector D22 of detectors.md.

Before stolen data leaves it is gathered on one host: far more than usual is pulled from file servers and databases, and
within three days a push of about that size (packed: less, never much more) goes out to a place few others use.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _exfil as exfil
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_PUSH_SQL: Final = """
WITH big AS (
    SELECT src_ip, dst_ip FROM conversation WHERE src_home AND NOT dst_home GROUP BY ALL
    HAVING sum(src_bytes_payload) >= $min_push
),
each AS (
    SELECT DISTINCT root_uid, ts_start, src_ip, dst_ip, src_bytes_payload AS up, dst_bytes_payload AS down
    FROM conversation SEMI JOIN big USING (src_ip, dst_ip) WHERE src_home AND NOT dst_home
)
SELECT src_ip, dst_ip, date_trunc('day', ts_start) AS day, min(ts_start) AS start_ts, max(ts_start) AS end_ts,
    sum(up)::DOUBLE AS up, sum(down)::DOUBLE AS down, list(root_uid ORDER BY up DESC, root_uid)[:50] AS uids,
    count(*) AS flows
FROM each GROUP BY ALL HAVING sum(up) >= $min_push AND sum(up) - sum(down) >= $pcr * (sum(up) + sum(down))
ORDER BY src_ip, dst_ip, day
"""

_PULL_SQL: Final = """
WITH each AS (
    SELECT DISTINCT root_uid, ts_start, src_ip, dst_ip, dst_bytes_payload AS down FROM conversation
    SEMI JOIN source USING (src_ip) WHERE src_home AND dst_home AND dst_bytes_payload > 0
)
SELECT src_ip, dst_ip, date_trunc('hour', ts_start) AS hour, min(ts_start) AS start_ts, sum(down)::DOUBLE AS down,
    arg_max(root_uid, (down, root_uid)) AS uid
FROM each GROUP BY ALL ORDER BY src_ip, hour, dst_ip
"""

_PAST_SQL: Final = f"""
SELECT src_ip, day, sum(down)::DOUBLE AS down FROM (
    SELECT src_ip, day, dst_bytes AS down FROM edge_day_before SEMI JOIN source USING (src_ip) WHERE {exfil.PRIVATE_SQL}
) GROUP BY ALL
"""

_TITLE: Final = Text(
    "{pulled} collected by {actor} inside, then {volume} pushed to {target}",
    "{actor} 从内部汇集 {pulled} 后向 {target} 外传 {volume}",
)
_EVIDENCE: Final = Text(
    "{actor} pulled {pulled} from {count} server(s) inside ({servers}) from {start} on, {times} times its heaviest"
    " usual day ({usual}), and pushed {volume} to {target} {hours} h later: {share} of what it had collected."
    " {users} of {hosts} hosts use this destination.",
    "{actor} 自 {start} 起从内部 {count} 台服务器（{servers}）拉取 {pulled}，"
    "为其平日最高值（{usual}）的 {times} 倍；"
    "{hours} 小时后向 {target} 外传 {volume}，"
    "相当于所汇集数据的 {share}。"
    "{hosts} 台主机中有 {users} 台访问该目的地。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find pushes that a collection of the same size preceded.

    Args:
        tables: ``conversation``, ``edge_day_before``, and the policy tables ``census`` and ``peer_hosts_ever``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, destination and day of the push.
    """
    inputs = {name: tables[name] for name in ("conversation", "edge_day_before")}
    pushes = rows(_PUSH_SQL, inputs, {"min_push": params["min_push"], "pcr": params["pcr"]})
    users = exfil.users_of(tables, (row["dst_ip"] for row in pushes))
    hosts = exfil.home_hosts(tables)
    pushes = [row for row in pushes if exfil.is_rare(users[row["dst_ip"]], hosts, params["max_share"])]
    alerts = AlertRows(DETECTOR)
    if not pushes:
        return alerts.table()
    form = pa.schema([tables["conversation"].schema.field("src_ip")])
    sources = [{"src_ip": ip} for ip in sorted({row["src_ip"] for row in pushes})]
    inputs["source"] = pa.Table.from_pylist(sources, schema=form)
    pulls, past = _by_source(rows(_PULL_SQL, inputs)), _by_source(rows(_PAST_SQL, inputs))
    for push in pushes:
        own = pulls.get(push["src_ip"], [])
        chain = _collected(push, own, past.get(push["src_ip"], []), params)
        if chain is not None:
            alerts.add(_finding(push | chain | {"users": users[push["dst_ip"]], "hosts": hosts}, params))
    return alerts.table()


def _by_source(found: list[dict[str, Any]]) -> dict[bytes, list[dict[str, Any]]]:
    groups: dict[bytes, list[dict[str, Any]]] = {}
    for row in found:
        groups.setdefault(row["src_ip"], []).append(row)
    return groups


def _collected(
    push: dict[str, Any], pulls: list[dict[str, Any]], past: list[dict[str, Any]], params: Params
) -> dict[str, Any] | None:
    """Return what was collected before a push, None when it was nothing unusual or of another size."""
    since = push["start_ts"] - timedelta(hours=params["within"])
    near = [row for row in pulls if since <= row["start_ts"] <= push["start_ts"]]
    pulled = sum(row["down"] for row in near)
    if not near or not params["least_share"] <= push["up"] / max(pulled, 1.0) <= params["most_share"]:
        return None
    usual = _usual(past, [row for row in pulls if row["start_ts"] < since])
    if pulled < params["factor"] * max(usual["heaviest"], params["min_push"] / params["factor"]):
        return None
    servers: dict[bytes, float] = {}
    for row in near:
        servers[row["dst_ip"]] = servers.get(row["dst_ip"], 0.0) + row["down"]
    first = min(row["start_ts"] for row in near if servers[row["dst_ip"]] >= pulled / 20)
    return {"pulled": pulled, "servers": servers, "first_ts": first, "near": near, **usual}


def _usual(past: list[dict[str, Any]], pulls: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the heaviest usual day of pulls (99 % quantile) before the collection, and how many days are known."""
    days: dict[Any, float] = {row["day"]: row["down"] for row in past}
    for row in pulls:
        day = row["hour"].replace(hour=0)
        days[day] = days.get(day, 0.0) + row["down"]
    volumes = sorted(days.values())
    heaviest = volumes[min(len(volumes) - 1, int(0.99 * len(volumes)))] if volumes else 0.0
    return {"heaviest": heaviest, "known": len(volumes)}


def _severity(one: dict[str, Any], params: Params) -> Severity:
    """A chain against a known custom is high; without a week of custom medium; without enough hosts informational."""
    if one["hosts"] < params["min_hosts"]:
        return Severity.INFO
    return Severity.HIGH if one["known"] >= params["known_days"] else Severity.MEDIUM


def _finding(one: dict[str, Any], params: Params) -> Finding:
    actor, target = ip_text(one["src_ip"]), ip_text(one["dst_ip"])
    servers = sorted(one["servers"], key=lambda ip: (-one["servers"][ip], ip))
    said = {
        "actor": actor,
        "target": target,
        "pulled": exfil.bytes_text(one["pulled"]),
        "volume": exfil.bytes_text(one["up"]),
        "count": len(servers),
        "servers": ", ".join(ip_text(ip) for ip in servers[:4]) + (" …" if len(servers) > 4 else ""),
        "usual": exfil.bytes_text(one["heaviest"]),
        "times": f"{one['pulled'] / max(one['heaviest'], 1.0):.3g}" if one["heaviest"] else "∞",
        "hours": f"{(one['start_ts'] - one['first_ts']).total_seconds() / 3600:.3g}",
        "share": f"{one['up'] / one['pulled']:.0%}",
        "start": when(one["first_ts"]),
        "users": one["users"],
        "hosts": one["hosts"],
    }
    uids = [*one["uids"], *dict.fromkeys(row["uid"] for row in one["near"])]
    return Finding(
        key=(actor, target),
        ts_start=one["first_ts"],
        ts_end=one["end_ts"],
        severity=_severity(one, params),
        confidence=DETECTOR.confidence.of(one["known"], params["known_days"]) if one["known"] else 0.6,
        title=_TITLE.fill(actor=actor, target=target, pulled=said["pulled"], volume=said["volume"]),
        evidence=_EVIDENCE.fill(**said),
        flow_uids=uids,
        flow_count=one["flows"] + len(one["near"]),
        display_filter=display_filter(actor=one["src_ip"]),
        actor=one["src_ip"],
        target=one["dst_ip"],
        target_count=1 + len(servers),
        succeeded=True,
        indicators=(f"dst:{target}",) if one["hosts"] >= params["min_hosts"] else (),
        lost_bytes=round(one["up"]),
        details={
            "pulled": {ip_text(ip): round(one["servers"][ip]) for ip in servers[:20]},
            "heaviest_usual_day": round(one["heaviest"]),
            "hourly_down": exfil.series((row["hour"], row["down"]) for row in one["near"]),
        },
    )


DETECTOR: Final = Detector(
    id="exfil_staging",
    version=1,
    title=Text("Data collected, then sent out", "汇集数据后外传"),
    question=Text("Who collects from our servers and then sends the lot out?", "谁从内部服务器汇集数据后整批外传？"),
    needs={"conversation": exfil.CONVERSATION, "edge_day_before": exfil.DAYS},
    partition_by={"conversation": "src_ip", "edge_day_before": "src_ip"},
    params={
        "min_push": Param(50e6, "B", 1e5, 1e12, "a smaller lot is no lot", "detectors.md D21 Eval: from 50 MB"),
        "within": Param(72, "h", 1, 720, "gathered data does not lie for long", "detectors.md D22: 72 h"),
        "factor": Param(3, "times", 1, 100, "against the heaviest usual day", "detectors.md D22: 3x q99"),
        "least_share": Param(0.3, "ratio", 0.01, 1, "packed data is smaller", "detectors.md D22: 0.3"),
        "most_share": Param(
            1.2, "ratio", 0.5, 10, "more than was gathered came from elsewhere", "detectors.md D22: 1.2"
        ),
        "known_days": Param(7, "d", 1, 365, "a week shows what a host usually pulls", "own: one week"),
        "max_share": exfil.MAX_SHARE,
        "min_hosts": exfil.MIN_HOSTS,
        "pcr": exfil.PCR,
    },
    attack=("T1074.002", "T1039", "T1048"),
    severity=Severity.HIGH,
    impact=75,
    confidence=Confidence(0.8, 0.9, 30),
    innocent=(
        Text(
            "A backup or a migration to a cloud: give its server the role backup.",
            "向云端备份或迁移：请将其服务器登记为 backup 角色。",
        ),
        Text(
            "A person who hands a project over to a partner: ask them.",
            "有人向合作方移交项目资料：请询问本人。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w staging.pcap", "taishi packets {incident} -w staging.pcap"),
    ),
    source="detectors.md D22 (staging)",
    run=run,
    min_span_s=86400.0,
    short_mode=True,
    roles_exempt=("backup", "proxy", "nat"),
    family="exfiltration",
)
