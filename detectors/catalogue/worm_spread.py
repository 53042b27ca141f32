"""What spreads from host to host by itself? Detector D25 of detectors.md.

A host that was reached on a port by a sweeping host, and within a day sweeps for the same port itself, has caught it.
Three generations of that, or five hosts caught from one, are a worm. A sweep is mostly failures, which sets it apart
from servers that speak one protocol both ways (mail, directories).
"""

from __future__ import annotations

import math
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_SQL: Final = f"""
WITH attempt AS (
    SELECT src_ip, ip_proto, dst_port, dst_ip, min(ts_start) AS ts, bool_or(dst_bytes_payload > 0) AS is_answered
    FROM conversation WHERE ip_proto IN (6, 17) AND dst_port IS NOT NULL AND src_home AND src_ip <> dst_ip
        AND src_pkts > 0 AND {unicast_sql("dst_ip")}
    GROUP BY src_ip, ip_proto, dst_port, dst_ip
),
sweeper AS (
    SELECT src_ip, ip_proto, dst_port, count(*) AS targets, min(ts) FILTER (NOT is_answered) AS start_ts FROM attempt
    GROUP BY ALL HAVING count(*) >= $min_targets AND count(*) FILTER (NOT is_answered) >= $failed_share * count(*)
),
reached AS (
    SELECT DISTINCT c.src_ip AS parent, c.dst_ip AS child, c.ip_proto, c.dst_port, c.ts_start AS ts, c.root_uid
    FROM conversation AS c
    JOIN sweeper AS p ON p.src_ip = c.src_ip AND p.ip_proto = c.ip_proto AND p.dst_port = c.dst_port
    JOIN sweeper AS k ON k.src_ip = c.dst_ip AND k.ip_proto = c.ip_proto AND k.dst_port = c.dst_port
    WHERE c.src_bytes_payload > 0 AND c.dst_bytes_payload > 0 AND c.ts_start >= p.start_ts AND c.ts_start <= k.start_ts
        AND epoch_us(k.start_ts) - epoch_us(c.ts_start) <= $within * 3.6e9
),
caught AS (
    SELECT ip_proto, dst_port, child, arg_min(parent, (ts, parent)) AS parent, min(ts) AS ts,
        arg_min(root_uid, (ts, parent, root_uid)) AS uid
    FROM reached GROUP BY ALL
)
SELECT caught.*, p.start_ts AS root_ts FROM caught
JOIN sweeper AS p ON p.src_ip = parent AND p.ip_proto = caught.ip_proto AND p.dst_port = caught.dst_port
ORDER BY caught.ip_proto, caught.dst_port, ts, child
"""

_TITLE: Final = Text(
    "Worm on {service}: {count} hosts in {generations} generations from {actor}",
    "{service} 上的蠕虫：自 {actor} 起 {generations} 代感染 {count} 台主机",
)
_EVIDENCE: Final = Text(
    "Starting with {actor}, {count} host(s) were reached on {service} by a sweeping host and swept for {service}"
    " themselves within {within} h: {generations} generation(s), up to {fan_out} hosts from one, from {start} to {end}"
    " ({path}).{growth}",
    "自 {actor} 起，{count} 台主机被扫描者经 {service} 连通后 {within} 小时内自身也开始扫描 {service}："
    "共 {generations} 代，单机最多传染 {fan_out} 台，自 {start} 至 {end}（{path}）。{growth}",
)
_GROWTH: Final = Text(" The number doubled every {minutes} min.", "感染数每 {minutes} 分钟翻一番。")

Row = dict[str, Any]


def run(tables: Tables, params: Params) -> pa.Table:
    """Find trees of infection.

    Args:
        tables: ``conversation``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per port and first host.
    """
    asked = {name: params[name] for name in ("min_targets", "failed_share", "within")}
    alerts = AlertRows(DETECTOR)
    for tree in _trees(rows(_SQL, {"conversation": tables["conversation"]}, asked)):
        if tree["generations"] >= params["generations"] or tree["fan_out"] >= params["fan_out"]:
            alerts.add(_finding(tree, params))
    return alerts.table()


def _trees(caught: list[Row]) -> list[Row]:
    """Return the trees of infection: per port and first host, the hosts caught in order of time, and their depth."""
    roots: dict[tuple[int, int, bytes], tuple[bytes, int]] = {}
    trees: dict[tuple[int, int, bytes], Row] = {}
    for row in caught:
        port = (row["ip_proto"], row["dst_port"])
        first, depth = roots.get((*port, row["parent"]), (row["parent"], 1))
        roots[*port, row["child"]] = (first, depth + 1)
        tree = trees.setdefault((*port, first), {"first": first, "rows": [], "generations": 1, "children": {}})
        tree["rows"].append(row)
        tree["generations"] = max(tree["generations"], depth + 1)
        tree["children"].setdefault(row["parent"], set()).add(row["child"])
    for tree in trees.values():
        tree["fan_out"] = max(len(children) for children in tree["children"].values())
    return [trees[key] for key in sorted(trees)]


def _doubling_min(tree: Row) -> float | None:
    """Return the minutes in which the number of hosts doubled, None when it is too few to tell."""
    found = tree["rows"]
    seconds = (found[-1]["ts"] - found[0]["ts"]).total_seconds()
    if len(found) < 4 or seconds <= 0:
        return None
    return float(seconds / 60 / math.log2((len(found) + 1) / 2))


def _finding(tree: Row, params: Params) -> Finding:
    found, actor = tree["rows"], ip_text(tree["first"])
    port, proto = found[0]["dst_port"], found[0]["ip_proto"]
    service = f"{port}/{'tcp' if proto == 6 else 'udp'}"
    minutes = _doubling_min(tree)
    growth = _GROWTH.fill(minutes=f"{minutes:.3g}") if minutes else Text("", "")
    shown = [f"{ip_text(row['parent'])} -> {ip_text(row['child'])}" for row in found[:5]]
    said = {
        "actor": actor,
        "count": len(found),
        "service": service,
        "within": f"{params['within']:g}",
        "generations": tree["generations"],
        "fan_out": tree["fan_out"],
        "start": when(found[0]["ts"]),
        "end": when(found[-1]["ts"]),
        "path": ", ".join(shown) + (" …" if len(found) > 5 else ""),
    }
    return Finding(
        key=(actor, service),
        ts_start=min(found[0]["ts"], found[0]["root_ts"]),
        ts_end=found[-1]["ts"],
        severity=Severity.CRITICAL if tree["generations"] >= params["generations"] else Severity.HIGH,
        confidence=DETECTOR.confidence.of(len(found), params["generations"] - 1),
        title=_TITLE.fill(**{name: said[name] for name in ("service", "count", "generations", "actor")}),
        evidence=Text(_EVIDENCE.en.format(growth=growth.en, **said), _EVIDENCE.zh.format(growth=growth.zh, **said)),
        flow_uids=[row["uid"] for row in found],
        flow_count=len(found),
        display_filter=display_filter(ip_proto=proto, target_port=port),
        actor=tree["first"],
        target_port=port,
        target_count=len(found),
        ip_proto=proto,
        succeeded=True,
        details={
            "infected": [[f"{row['ts']:%Y-%m-%dT%H:%M:%SZ}", ip_text(row["child"])] for row in found[:500]],
            "doubling_minutes": None if minutes is None else round(minutes, 1),
        },
    )


DETECTOR: Final = Detector(
    id="worm_spread",
    version=1,
    title=Text("Spread from host to host", "蠕虫式扩散"),
    question=Text("What spreads from host to host by itself?", "什么在主机间自行扩散？"),
    needs={
        "conversation": (
            *("root_uid", "ts_start", "src_ip", "dst_ip", "dst_port", "ip_proto", "src_pkts"),
            *("src_bytes_payload", "dst_bytes_payload", "src_home"),
        )
    },
    partition_by={"conversation": "dst_port"},
    params={
        "min_targets": Param(10, "hosts", 3, 10000, "a sweep of one port", "bro-simple-scan: 10; detectors.md D01"),
        "failed_share": Param(0.5, "ratio", 0.0, 1.0, "a sweep mostly fails", "Jung et al., S&P 2004 (TRW): midway"),
        "within": Param(24, "h", 0.1, 168, "a worm goes on at once, or after a day", "detectors.md D25: 24 h"),
        "generations": Param(3, "generations", 2, 20, "twice handed on is no coincidence", "detectors.md D25: 3"),
        "fan_out": Param(5, "hosts", 2, 1000, "five hosts that turn from one", "detectors.md D25: 5"),
    },
    attack=("T1210", "T1570", "T0866"),
    severity=Severity.CRITICAL,
    impact=90,
    confidence=Confidence(0.8, 0.97, 10),
    innocent=(
        Text(
            "A peer-to-peer program on several machines, whose lists of peers are old.",
            "多台机器上的点对点程序，其节点列表已过期。",
        ),
        Text("Scanners that scan each other: give them the role scanner.", "互相扫描的扫描器：请登记为 scanner 角色。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w worm.pcap", "taishi packets {incident} -w worm.pcap"),
    ),
    source="detectors.md D25; Maltrail infection heuristic",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="lateral",
)
