"""Which station commands that nobody declared? Detector D37 of detectors.md.

Without a signed baseline the answer is graded: a declared master never alarms, a station that was on the wire well
before it commands is informational ("undecided"), one that appeared shortly before is medium. Only a second indicator
makes it high: here a new link address of its IP address; a scan or a dangerous function by the same station is joined
in ``detectors.correlate``.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.catalogue._masters import KNOWN_S, KNOWN_SHARE, POLLS, Standing, standings
from detectors.model import Confidence, Detector, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

NEEDS: Final = (
    "flow_uid",
    "ts",
    "ics_proto",
    "sender_ip",
    "sender_mac",
    "receiver_port",
    "station_ip",
    "from_master",
    "unit",
    "func",
    "subfunc",
    "func_name",
    "object_address",
    "value_text",
    "is_test",
    "is_command",
    "outcome",
)
"""Columns of ``ics`` that the industrial detectors read."""

_SQL: Final = f"""
WITH command AS (
    SELECT DISTINCT station_ip, sender_ip AS master_ip, ts, flow_uid, func, func_name, object_address, ics_proto,
        receiver_port, outcome FROM ics WHERE from_master AND is_command
),
answer AS (
    SELECT station_ip, receiver_ip AS master_ip, func, count(*) FILTER (outcome = 'ok') AS oks,
        count(*) FILTER (outcome IN ('negative', 'exception')) AS refusals
    FROM reply GROUP BY ALL
),
answered AS (
    SELECT station_ip, master_ip, sum(oks) AS oks, sum(refusals) AS refusals FROM answer
    SEMI JOIN (SELECT DISTINCT station_ip, master_ip, func FROM command) AS asked USING (station_ip, master_ip, func)
    GROUP BY ALL
)
SELECT standing.*, count(*) AS commands, max(command.ts) AS last_ts,
    list_sort(list(DISTINCT func_name)) AS names, list_sort(list(DISTINCT object_address)) AS objects,
    count(*) FILTER (outcome = 'ok') + coalesce(any_value(oks), 0) AS oks,
    count(*) FILTER (outcome IN ('negative', 'exception')) + coalesce(any_value(refusals), 0) AS refusals,
    min(receiver_port) AS port, min(ics_proto) AS ics_proto, count(DISTINCT flow_uid) AS flows,
    list_sort(list(DISTINCT flow_uid))[1:{MAX_FLOW_UIDS}] AS uids
FROM command JOIN standing USING (station_ip, master_ip) LEFT JOIN answered USING (station_ip, master_ip)
WHERE standing <> 'known'
GROUP BY ALL ORDER BY first_command_ts, station_ip, master_ip
"""
"""One row per (station, master) with commands. GROUP BY ALL groups by every column of ``standing``."""

_REPLY_SQL: Final = """
SELECT DISTINCT station_ip, receiver_ip, ts, func, object_address, outcome FROM ics WHERE NOT from_master
"""

_TITLE: Final = Text("Undeclared station {master} commands {station}", "未登记的主站 {master} 向 {station} 下发命令")
_TITLE_INFO: Final = Text(
    "{master} commands {station}; not declared as its master", "{master} 向 {station} 下发命令，尚未登记为其主站"
)
_EVIDENCE: Final = Text(
    "{master} commanded {station} over {proto} {commands} times ({names}; objects {objects}), first at {first};"
    " {oks} confirmed, {refusals} refused. {standing}{mac}",
    "{master} 向 {station} 下发 {commands} 条 {proto} 命令（{names}；对象 {objects}），首条在 {first}；"
    "确认 {oks} 条，拒绝 {refusals} 条。{standing}{mac}",
)
_STANDING: Final = {
    Standing.ESTABLISHED: Text(
        "It was already speaking to the station when the data begin, or has polled it for long: undecided.",
        "数据开始时它已与该站通信，或长期轮询：待确认。",
    ),
    Standing.UNDECIDED: Text(
        "It had been on the wire for {lead} s before its first command, {absent} s after the data begin: undecided.",
        "首条命令前它已在网上出现 {lead} 秒（数据开始后 {absent} 秒首次出现）：待确认。",
    ),
    Standing.NEW: Text(
        "It was first seen only {lead} s before its first command, {absent} s after the data begin.",
        "它在首条命令前仅 {lead} 秒才首次出现，此前 {absent} 秒数据中从未出现。",
    ),
}
_MAC: Final = Text(" Its address had another link address before.", "其 IP 地址此前使用另一 MAC 地址。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find masters that command without being declared.

    Args:
        tables: ``ics`` (NEEDS) and the policy tables ``host_seen``, ``capture_span`` and ``site_master``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (station, master) with commands.
    """
    alerts = AlertRows(DETECTOR)
    inputs = {"ics": tables["ics"], "standing": standings(tables, params)}
    for row in rows(_SQL.replace("FROM reply", f"FROM ({_REPLY_SQL})"), inputs):
        alerts.add(_finding(row))
    return alerts.table()


def _finding(row: dict[str, Any]) -> Finding:
    standing = Standing(row["standing"])
    is_new = standing is Standing.NEW
    severity = Severity.HIGH if row["mac_changed"] else Severity.MEDIUM if is_new else Severity.INFO
    master, station = ip_text(row["master_ip"]), ip_text(row["station_ip"])
    title = _TITLE_INFO if severity is Severity.INFO else _TITLE
    return Finding(
        key=(station, master),
        ts_start=row["first_command_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=_CONFIDENCE[standing],
        title=title.fill(master=master, station=station),
        evidence=_evidence(row, standing),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["master_ip"], target=row["station_ip"], extra=PROTOCOL_FILTER.get(row["ics_proto"], "")
        ),
        actor=row["master_ip"],
        target=row["station_ip"],
        target_port=row["port"],
        ip_proto=6,
        succeeded=row["oks"] > 0,
    )


PROTOCOL_FILTER: Final = {"iec104": "iec60870_asdu", "modbus": "modbus"}
"""Wireshark's names of the protocols."""

_CONFIDENCE: Final = {Standing.ESTABLISHED: 0.05, Standing.UNDECIDED: 0.15, Standing.NEW: 0.6}
"""Detectors.md D37 gives 0.9 against a signed baseline; without one a newcomer is a maintenance laptop two times in
five (own estimate), and a long-known station almost always its master."""


def _evidence(row: dict[str, Any], standing: Standing) -> Text:
    how = _STANDING[standing].fill(lead=f"{row['lead_s']:.0f}", absent=f"{row['absent_s']:.0f}")
    mac = _MAC if row["mac_changed"] else Text("", "")
    said = {
        "master": ip_text(row["master_ip"]),
        "station": ip_text(row["station_ip"]),
        "commands": row["commands"],
        "proto": row["ics_proto"].upper(),
        "names": some(row["names"]),
        "objects": some(row["objects"]),
        "first": when(row["first_command_ts"]),
        "oks": row["oks"],
        "refusals": row["refusals"],
    }
    return Text(
        _EVIDENCE.en.format(standing=how.en, mac=mac.en, **said),
        _EVIDENCE.zh.format(standing=how.zh, mac=mac.zh, **said),
    )


def some(values: list[Any] | None, limit: int = 5) -> str:
    """Return the first values as a list, ``-`` when there are none."""
    shown = [str(value) for value in values or () if value is not None]
    return (", ".join(shown[:limit]) + (" …" if len(shown) > limit else "")) or "-"


DETECTOR: Final = Detector(
    id="ics_rogue_master",
    version=1,
    title=Text("Undeclared master", "未登记主站"),
    question=Text("Which station commands that nobody declared?", "哪个未登记的站点在下发控制命令？"),
    needs={"ics": (*NEEDS, "receiver_ip")},
    partition_by={"ics": "station_ip"},
    min_span_s=300,
    short_mode=True,
    params={"known_s": KNOWN_S, "known_share": KNOWN_SHARE, "polls": POLLS},
    attack=("T0848", "T0855"),
    severity=Severity.MEDIUM,
    impact=90,
    confidence=Confidence(0.6, 0.9, 1),
    innocent=(
        Text(
            "A new or replaced engineering station, or maintenance with a ticket: declare it in known_masters.",
            "新装或更换的工程师站，或有工单的检修：请登记到 known_masters。",
        ),
        Text("A standby control centre that took over.", "备用调度主站接管。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w commands.pcap", "taishi packets {incident} -w commands.pcap"),
    ),
    source="detectors.md D37 and note 5; Quickdraw rules with !MODBUS_CLIENT",
    run=run,
    family="ics_master",
)
