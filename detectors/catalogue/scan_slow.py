"""Who scans below every window, for days or months? Detector D03 of detectors.md.

A sequential test over the first contacts of a source (Jung et al., threshold random walk): each failure makes a scanner
likelier, each success a client, and no clock runs. Contacts that the memory holds from before count as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._probes import ATTEMPT_SQL, COLUMNS, EPHEMERAL_FROM
from detectors.catalogue._scans import hosts_text, origin_text, ports_text
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity
from store.schema.memory import HIGH_PORT, KEPT_HIGH_PORTS

_MAX_CONTACTS: Final = 5000
"""First contacts of one source that are looked at in order; a scanner is known after a few dozen (own)."""

_FOLDED: Final = f"CASE WHEN dst_port >= {HIGH_PORT} AND dst_port NOT IN {KEPT_HIGH_PORTS} THEN 0 ELSE dst_port END"

_SQL: Final = f"""
WITH {ATTEMPT_SQL},
arrival AS (SELECT src_ip, min(ts_start) AS came_ts FROM conversation WHERE src_pkts > 0 GROUP BY src_ip),
first AS (
    SELECT src_ip, dst_ip, dst_port, min(ts_start) AS ts, arg_min(root_uid, (ts_start, root_uid)) AS uid,
        any_value(src_home) AS src_home, any_value(dst_home) AS dst_home
    FROM attempt WHERE ip_proto = 6 AND fate <> 'other' GROUP BY src_ip, dst_ip, dst_port
),
judged AS (
    SELECT first.*, NOT bool_or(fate IN ('ok', 'empty')) AS failed
    FROM first JOIN attempt USING (src_ip, dst_ip, dst_port)
    WHERE ip_proto = 6 AND ts_start <= ts + to_seconds($retry) GROUP BY ALL
),
silent AS (SELECT ip AS dst_ip, max(last_ts) AS heard_ts FROM host_seen GROUP BY ip),
reached AS (
    SELECT DISTINCT src_ip, length(ltrim(hex(dst_ip), '0')) = 12 AS v4 FROM attempt
    WHERE NOT dst_home AND fate IN ('ok', 'empty')
),
newcomer AS (
    SELECT judged.*, length(ltrim(hex(dst_ip), '0')) = 12 AS v4 FROM judged
    JOIN arrival USING (src_ip) LEFT JOIN silent USING (dst_ip)
    ANTI JOIN (SELECT src_ip, dst_ip, dst_port AS folded FROM edge_before WHERE ip_proto = 6) AS known
        ON known.src_ip = judged.src_ip AND known.dst_ip = judged.dst_ip AND known.folded = {_FOLDED}
    WHERE (ts > came_ts + to_seconds($settle) OR judged.src_ip IN (SELECT ip FROM asset_seen_before))
        AND NOT (failed AND heard_ts IS NOT NULL AND heard_ts < ts)
),
wide AS (
    SELECT *, count(DISTINCT dst_ip) FILTER (failed) OVER (PARTITION BY src_ip, dst_port) AS hosts_of_port,
        count(DISTINCT dst_port) FILTER (failed) OVER (PARTITION BY src_ip, dst_ip) AS ports_of_host
    FROM newcomer
),
contact AS (
    SELECT src_ip, dst_ip, dst_port, ts, uid, failed, src_home, dst_home FROM wide LEFT JOIN reached USING (src_ip, v4)
    WHERE dst_home OR NOT failed OR (dst_port < {EPHEMERAL_FROM} AND reached.src_ip IS NOT NULL
        AND greatest(hosts_of_port, ports_of_host) >= $outside_alike)
    UNION ALL
    SELECT DISTINCT src_ip, dst_ip, dst_port, first_ts, NULL, answered = 0, NULL, NULL FROM edge_before
    WHERE ip_proto = 6 AND src_ip IN (SELECT src_ip FROM arrival)
)
SELECT src_ip, list({{'ts': ts, 'failed': failed, 'dst': dst_ip, 'port': dst_port, 'uid': uid,
        'outside': NOT dst_home}}
        ORDER BY ts, dst_ip, dst_port)[1:{_MAX_CONTACTS}] AS contacts,
    bool_or(coalesce(src_home, FALSE)) AS src_home, bool_or(coalesce(dst_home, FALSE) AND failed) AS dst_home,
    coalesce(any_value(outward), 0) AS outward
FROM contact LEFT JOIN (SELECT src_ip, count(*) AS outward FROM attempt WHERE ip_proto = 6 AND NOT dst_home
    GROUP BY ALL)
    USING (src_ip) GROUP BY src_ip HAVING count(*) FILTER (failed) >= $min_failures ORDER BY src_ip
"""

_TITLE: Final = Text("Slow scan by {actor}", "{actor} 慢速扫描")
_EVIDENCE: Final = Text(
    "Of {contacts} first contacts of {actor} ({origin}), {failed} failed ({hosts} hosts, ports {ports}; for example"
    " {examples}), {rate} per hour since {start}; {old} of them are remembered from before. The sequential test reached"
    " {score} (alarm at {limit}) at {moment}.",
    "{actor}（{origin}）的 {contacts} 次首次联系中有 {failed} 次失败（{hosts} 台主机，端口 {ports}；例如 {examples}），"
    "自 {start} 起每小时 {rate} 次；其中 {old} 次来自历史记忆。序贯检验于 {moment} 达到 {score}（告警线 {limit}）。",
)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where the walk of one source crossed the line, and what it had seen by the end of the data."""

    alarm_ts: datetime
    peak: float
    contacts: int
    failures: tuple[dict[str, Any], ...]
    series: tuple[float, ...]


def steps(params: Params) -> tuple[float, float, float]:
    """Return the step of a failure, of a success, and the floor of the walk, in log-likelihood."""
    benign, scanner = params["benign_success"], params["scanner_success"]
    failure = math.log((1 - scanner) / (1 - benign))
    return failure, math.log(scanner / benign), math.log((1 - params["detection"]) / (1 - params["false_alarm"]))


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources whose first contacts fail more than a client's would.

    Args:
        tables: ``conversation``, ``edge_before``, ``asset_seen_before`` and the policy table ``host_seen``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source.
    """
    names = ("conversation", "edge_before", "asset_seen_before", "host_seen")
    inputs = {name: tables[name] for name in names}
    wanted = {name: params[name] for name in ("retry", "settle", "outside_alike", "min_failures")}
    alerts = AlertRows(DETECTOR)
    for row in rows(_SQL, inputs, wanted):
        walk = _walk(row["contacts"], params)
        if walk is not None:
            alerts.add(_finding(row, walk, params))
    return alerts.table()


def _walk(contacts: Iterable[dict[str, Any]], params: Params) -> _Walk | None:
    """Walk over the contacts; an alarm needs a failure of this range, and failures spread over time."""
    failure, success, floor = steps(params)
    at, peak, alarm = 0.0, 0.0, None
    failures: list[dict[str, Any]] = []
    series: list[float] = []
    for contact in contacts:
        at = max(floor, at + (failure if contact["failed"] else success))
        series.append(round(at, 2))
        if not contact["failed"]:
            continue
        failures.append(contact)
        is_spread = (contact["ts"] - failures[0]["ts"]).total_seconds() >= params["min_spread"]
        if contact["uid"] is not None and is_spread and at >= params["alarm"] - 1e-9:
            alarm, peak = alarm or contact["ts"], max(peak, at)
    return None if alarm is None else _Walk(alarm, peak, len(series), tuple(failures), tuple(series[:500]))


def _severity(row: dict[str, Any], failures: Sequence[dict[str, Any]], params: Params) -> Severity:
    """A slow scan from inside is a host to look at; from outside it is weather that came in to the site.

    Who surfs for many, as an address translator does, meets dead servers all the time: failures outside that are a
    small share of what the source does outside are informational.
    """
    if not row["src_home"]:
        return Severity.LOW
    outside = sum(1 for failure in failures if failure["outside"])
    if outside > len(failures) / 2 and outside < params["outside_share"] * row["outward"]:
        return Severity.INFO
    return Severity.HIGH if len(failures) >= DETECTOR.confidence.saturation else Severity.MEDIUM


def _attack(row: dict[str, Any]) -> tuple[str, ...]:
    return ("T1046", "T1018") if row["src_home"] else ("T1595.001", "T1046")


def _finding(row: dict[str, Any], walk: _Walk, params: Params) -> Finding:
    actor, failures = ip_text(row["src_ip"]), walk.failures
    first, last = failures[0]["ts"], failures[-1]["ts"]
    hours = max((last - first).total_seconds() / 3600, 1e-6)
    origin = origin_text(src_home=row["src_home"], dst_home=row["dst_home"])
    said = {
        "contacts": walk.contacts,
        "failed": len(failures),
        "actor": actor,
        "hosts": len({f["dst"] for f in failures}),
        "ports": ports_text([f["port"] for f in failures], 5),
        "examples": hosts_text([f["dst"] for f in failures], 3),
        "rate": f"{(len(failures) - 1) / hours:.3g}",
        "start": when(first),
        "old": _old(failures),
        "score": f"{walk.peak:.1f}",
        "limit": f"{params['alarm']:g}",
        "moment": when(walk.alarm_ts),
    }
    uids = [f["uid"] for f in failures if f["uid"] is not None]
    return Finding(
        key=(actor,),
        ts_start=min(f["ts"] for f in failures if f["uid"] is not None),
        ts_end=last,
        severity=_severity(row, failures, params),
        confidence=DETECTOR.confidence.of(len(failures), params["min_failures"]),
        title=_TITLE.fill(actor=actor),
        evidence=Text(_EVIDENCE.en.format(origin=origin.en, **said), _EVIDENCE.zh.format(origin=origin.zh, **said)),
        flow_uids=uids,
        flow_count=len(uids),
        display_filter=display_filter(actor=row["src_ip"], ip_proto=6, extra="tcp.flags.syn == 1"),
        actor=row["src_ip"],
        target_count=len({f["dst"] for f in failures}),
        ip_proto=6,
        attack=_attack(row),
        details={"walk": list(walk.series), "alarm_after_contacts": _until(walk)},
    )


def _old(failures: Sequence[dict[str, Any]]) -> int:
    return sum(1 for failure in failures if failure["uid"] is None)


def _until(walk: _Walk) -> int:
    return sum(1 for failure in walk.failures if failure["ts"] <= walk.alarm_ts)


DETECTOR: Final = Detector(
    id="scan_slow",
    version=1,
    title=Text("Slow scan", "慢速扫描"),
    question=Text("Who scans below every window, for days or months?", "谁在数天乃至数月里以低于任何窗口的速度扫描？"),
    needs={
        "conversation": COLUMNS,
        "edge_before": ("src_ip", "dst_ip", "ip_proto", "dst_port", "first_ts", "answered"),
        "asset_seen_before": ("ip",),
    },
    partition_by={"conversation": "src_ip", "edge_before": "src_ip", "asset_seen_before": "ip"},
    params={
        "benign_success": Param(0.8, "ratio", 0.5, 0.99, "a client's first contacts succeed", "Jung et al., S&P 2004"),
        "scanner_success": Param(0.2, "ratio", 0.01, 0.5, "a scanner's mostly fail", "Jung et al., S&P 2004"),
        "false_alarm": Param(
            1e-6,
            "ratio",
            1e-9,
            0.1,
            "the published 0.01 alarms on 12.9 % of hosts that fail at 0.3",
            "detectors.md D03",
        ),
        "detection": Param(
            0.99, "ratio", 0.5, 0.9999, "sets the floor: a long good record buys little", "detectors.md"
        ),
        "alarm": Param(13.8, "nat", 1, 50, "ten net failures", "detectors.md D03: ln(0.99 / 1e-6)"),
        "min_failures": Param(10, "contacts", 2, 1000, "fewer cannot reach the alarm", "detectors.md D03"),
        "min_spread": Param(
            600,
            "s",
            0,
            86400,
            "failures closer together are the windows' business (D01, D02)",
            "own: two windows of D01",
        ),
        "retry": Param(
            300, "s", 0, 3600, "a lost SYN is sent again; success then is success", "own: TCP gives up by then"
        ),
        "settle": Param(
            600,
            "s",
            0,
            86400,
            "a machine that just arrived asks for the servers of where it came from",
            "own: roaming laptops; autostarted programs have asked by then",
        ),
        "outside_alike": Param(
            3,
            "targets",
            1,
            1000,
            "outside, a failure counts when it repeats a port or a host: peers of file sharing have any port",
            "own",
        ),
        "outside_share": Param(
            0.5,
            "ratio",
            0.0,
            1.0,
            "of the connections to outside that fail: below it, a busy client",
            "as scan_horizontal",
        ),
    },
    attack=("T1046", "T1018"),
    severity=Severity.MEDIUM,
    impact=75,
    confidence=Confidence(0.6, 0.95, 40),
    innocent=(
        Text(
            "A monitoring or inventory system: give it the role monitor.", "监控或资产清点系统：请登记为 monitor 角色。"
        ),
        Text("A host list full of servers that no longer exist.", "主机清单中有大量已下线的服务器。"),
        Text("A tap that sees one direction only.", "镜像只含单向流量。"),
    ),
    next_steps=next_steps("slowscan"),
    source="detectors.md D03; Jung et al., S&P 2004 (10.1109/SECPRI.2004.1301325)",
    run=run,
    roles_exempt=("scanner", "monitor", "proxy", "nat"),
    family="scan",
    is_slow=True,
)
