"""Which industrial functions were used that stop, reprogram, blind or explore a device? Detector D38 of detectors.md.

The functions are data: ``rules/ics/*.csv``, one sid per row. Ordinary commands are dangerous only from a station that
appeared shortly before; functions that restart, reprogram or change the mode are dangerous from everybody, but from a
master that has polled the station all along they are most likely maintenance.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, capped, display_filter, when
from detectors.catalogue._masters import KNOWN_S, KNOWN_SHARE, POLLS, Standing, standings
from detectors.catalogue.ics_rogue_master import NEEDS, PROTOCOL_FILTER, some
from detectors.model import SEVERITY_RANK, Confidence, Detector, Params, Tables, Text
from detectors.sql import query, rows
from store.schema import Severity

_RULE_FILES: Final = {"iec104": "ics/iec104.csv", "modbus": "ics/modbus.csv"}

CLASS_95: Final = ("file", "mode", "restart", "program")
"""Classes that detectors.md D36 rates 95: program, firmware, mode; files and restarts belong to them (D38)."""

_RULES_SQL: Final = """
SELECT try_cast(sid AS INTEGER) AS sid, try_cast(func AS INTEGER) AS func, try_cast(subfunc AS INTEGER) AS subfunc,
    qualifier, name_en, name_zh, class, severity, attack FROM rule
"""

_SQL: Final = f"""
WITH asked AS (
    SELECT DISTINCT station_ip, sender_ip AS master_ip, ts, flow_uid, func, subfunc, unit, is_test, ics_proto,
        object_address, receiver_port, outcome FROM ics WHERE from_master
),
control AS (SELECT ics_proto, func FROM rule WHERE class IN ('command', 'parameter') AND func IS NOT NULL),
hit AS (
    SELECT asked.*, rule.* EXCLUDE (func, subfunc, ics_proto) FROM asked JOIN rule ON rule.ics_proto = asked.ics_proto
        AND CASE WHEN rule.func IS NULL
            THEN EXISTS (FROM control WHERE control.ics_proto = asked.ics_proto AND control.func = asked.func)
            ELSE rule.func = asked.func AND (rule.subfunc IS NULL OR rule.subfunc = asked.subfunc) END
        AND CASE rule.qualifier
            WHEN 'broadcast' THEN asked.unit = CASE asked.ics_proto WHEN 'iec104' THEN 65535 ELSE 0 END
            WHEN 'test_bit' THEN asked.is_test ELSE TRUE END
)
SELECT station_ip, master_ip, standing, lead_s, ics_proto, class, min(ts) AS start_ts, max(ts) AS end_ts,
    count(DISTINCT (ts, flow_uid, func, object_address)) AS messages, list_sort(list(DISTINCT sid)) AS sids,
    list_sort(list(DISTINCT name_en)) AS names_en, list_sort(list(DISTINCT name_zh)) AS names_zh,
    list(DISTINCT severity) AS severities, list_sort(list(DISTINCT attack)) AS attacks,
    list_sort(list(DISTINCT object_address)) AS objects, bool_or(outcome = 'ok') AS worked,
    min(receiver_port) AS port, count(DISTINCT flow_uid) AS flows,
    list_sort(list(DISTINCT flow_uid))[1:{MAX_FLOW_UIDS}] AS uids
FROM hit JOIN standing USING (station_ip, master_ip)
GROUP BY station_ip, master_ip, standing, lead_s, ics_proto, class ORDER BY start_ts, station_ip, master_ip, class
"""

_NOTHING: Final = None
_CEILING: Final[dict[str, dict[Standing, Severity | None]]] = {
    "95": {
        Standing.KNOWN: Severity.INFO,
        Standing.ESTABLISHED: Severity.MEDIUM,
        Standing.UNDECIDED: Severity.CRITICAL,
        Standing.NEW: Severity.CRITICAL,
    },
    "parameter": {
        Standing.KNOWN: _NOTHING,
        Standing.ESTABLISHED: Severity.INFO,
        Standing.UNDECIDED: Severity.MEDIUM,
        Standing.NEW: Severity.MEDIUM,
    },
    "command": {
        Standing.KNOWN: _NOTHING,
        Standing.ESTABLISHED: _NOTHING,
        Standing.UNDECIDED: _NOTHING,
        Standing.NEW: Severity.MEDIUM,
    },
    "other": {
        Standing.KNOWN: _NOTHING,
        Standing.ESTABLISHED: Severity.INFO,
        Standing.UNDECIDED: Severity.LOW,
        Standing.NEW: Severity.MEDIUM,
    },
}
"""Highest severity per class and standing; the rule's own severity may be lower. No alert where there is none.

Commands of stations that are not new are ics_rogue_master's ("undecided"); saying them twice helps nobody. Recon,
clock and diagnostics ("other") harm nothing by themselves.
"""

_CONFIDENCE: Final = {Standing.KNOWN: 0.1, Standing.ESTABLISHED: 0.5, Standing.UNDECIDED: 0.7, Standing.NEW: 0.85}
"""That the use is unwanted, by standing (own estimates; detectors.md D36 gives 0.9 against a signed baseline)."""

_TITLE: Final = Text(
    "Dangerous function on {station} by {master}: {name}", "{master} 对 {station} 使用危险功能：{name}"
)
_TITLE_COMMAND: Final = Text("Command to {station} by {master}: {name}", "{master} 对 {station} 下发命令：{name}")
_EVIDENCE: Final = Text(
    "{master} sent {names} to {station} ({proto}, {messages} in all, from {start} on; objects {objects}; rules"
    " {sids}; class {cls}). The sender is {standing}.",
    "自 {start} 起，{master} 向 {station} 发送 {messages} 条 {proto} 报文：{names}（对象 {objects}；规则 {sids}；"
    "类别 {cls}）。发送方为{standing}。",
)
_STANDING_TEXT: Final = {
    Standing.KNOWN: Text("a declared master", "已登记主站"),
    Standing.ESTABLISHED: Text(
        "not declared, but was its master when the data begin or has polled it for long",
        "未登记、但数据开始时即为其主站或已长期轮询的站点",
    ),
    Standing.UNDECIDED: Text("not the usual master of this station", "非该站常用主站"),
    Standing.NEW: Text("a newcomer on this network", "本网新出现的站点"),
}


def run(tables: Tables, params: Params) -> pa.Table:
    """Find uses of the functions in the rule tables and weigh them by who used them.

    Args:
        tables: ``ics`` (NEEDS), the policy tables ``host_seen``, ``capture_span`` and ``site_master``, and the rule
            tables of ``DETECTOR.rules``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (station, master, class of function).
    """
    alerts = AlertRows(DETECTOR)
    inputs = {"ics": tables["ics"], "standing": standings(tables, params), "rule": _rules(tables)}
    for row in rows(_SQL, inputs):
        ceiling = _CEILING[_group(row["class"])][Standing(row["standing"])]
        if ceiling is not None:
            strongest = max((Severity(name) for name in row["severities"]), key=SEVERITY_RANK.__getitem__)
            alerts.add(_finding(row, capped(strongest, ceiling)))
    return alerts.table()


def _group(class_: str) -> str:
    return "95" if class_ in CLASS_95 else class_ if class_ in ("parameter", "command") else "other"


def _rules(tables: Tables) -> pa.Table:
    parts = []
    for proto, name in _RULE_FILES.items():
        part = query(_RULES_SQL, {"rule": tables[f"rules/{name}"]})
        parts.append(part.append_column("ics_proto", pa.array([proto] * part.num_rows, pa.string())))
    return pa.concat_tables(parts)


def _finding(row: dict[str, Any], severity: Severity) -> Finding:
    standing = Standing(row["standing"])
    master, station = ip_text(row["master_ip"]), ip_text(row["station_ip"])
    form = _TITLE_COMMAND if row["class"] == "command" else _TITLE
    title = Text(
        form.en.format(station=station, master=master, name=some(row["names_en"], 2)),
        form.zh.format(station=station, master=master, name=some(row["names_zh"], 2)),
    )
    said = {
        "master": master,
        "station": station,
        "messages": row["messages"],
        "proto": row["ics_proto"].upper(),
        "start": when(row["start_ts"]),
        "objects": some(row["objects"]),
        "sids": some(row["sids"]),
        "cls": row["class"],
    }
    who = _STANDING_TEXT[standing]
    return Finding(
        key=(station, master, row["ics_proto"], row["class"]),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=severity,
        confidence=_CONFIDENCE[standing],
        title=title,
        evidence=Text(
            _EVIDENCE.en.format(names=some(row["names_en"]), standing=who.en, **said),
            _EVIDENCE.zh.format(names=some(row["names_zh"]), standing=who.zh, **said),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["master_ip"], target=row["station_ip"], extra=PROTOCOL_FILTER.get(row["ics_proto"], "")
        ),
        actor=row["master_ip"],
        target=row["station_ip"],
        target_port=row["port"],
        ip_proto=6,
        attack=tuple(sorted({technique for text in row["attacks"] for technique in text.split()})),
        succeeded=bool(row["worked"]),
    )


DETECTOR: Final = Detector(
    id="ics_dangerous_function",
    version=1,
    title=Text("Dangerous industrial function", "危险工控功能"),
    question=Text(
        "Which functions were used that stop, reprogram, blind or explore a device?",
        "谁使用了可停机、改程序、致盲或探测设备的功能？",
    ),
    needs={"ics": NEEDS},
    partition_by={"ics": "station_ip"},
    params={"known_s": KNOWN_S, "known_share": KNOWN_SHARE, "polls": POLLS},
    attack=("T0855",),
    severity=Severity.HIGH,
    impact=95,
    confidence=Confidence(0.7, 0.9, 1),
    innocent=(
        Text(
            "Maintenance, commissioning or a firmware update with a ticket.",
            "有工单的检修、调试或固件升级。",
        ),
        Text(
            "An asset inventory tool that asks devices for their identity.",
            "资产盘点工具读取设备标识。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w functions.pcap", "taishi packets {incident} -w functions.pcap"),
    ),
    source="detectors.md D38; Quickdraw Modbus sids 1111001-1111014; IEC 60870-5-101/104",
    run=run,
    rules=tuple(_RULE_FILES.values()),
    family="ics_function",
)
