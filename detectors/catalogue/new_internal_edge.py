"""Who administers a machine that it never administered before? Detector D23 of detectors.md.

After two weeks of learning, the first session of an administrative service between two hosts is an event. Most are
somebody's ordinary day; what is told are those that nobody's custom explains. Before that time they are undecided.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _edges as edges
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("First {service} session from {actor} to {target}", "{actor} 首次以 {service} 登入 {target}")
_TITLE_MANY: Final = Text(
    "First administrative sessions from {actor} to {count} hosts", "{actor} 首次登入管理 {count} 台主机"
)
_EVIDENCE: Final = Text(
    "{actor} opened {service} to {target} at {start} for the first time in {days} days that are known. {users} of"
    " {hosts} hosts use {service} as clients, {clients} use it on {target}: {bits} bits of surprise.{more}{state}",
    "{actor} 于 {start} 首次以 {service} 连接 {target}，已知历史 {days} 天。"
    "{hosts} 台主机中 {users} 台使用 {service}，其中 {clients} 台连接 {target}：意外程度 {bits} 比特。{more}{state}",
)
_MORE: Final = Text(" {count} such sessions within a day: {list}.", "一天内共有 {count} 条此类会话：{list}。")
_UNDECIDED: Final = Text(" Undecided: too little is known of this site yet.", "尚不能判定：对本网了解的时间过短。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find rare administrative edges that appeared in the range.

    Args:
        tables: ``conversation`` (whose edges are judged), the policy tables and ``rules/admin_services.csv``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and day.
    """
    late = edges.late_edges(tables, params)
    own, limit = edges.owned(tables), edges.threshold(late, params["min_bits"])
    found = [row for row in late if row["is_new"] and row["rarity"] >= limit and row["src_ip"] in own]
    found = [row for row in found if row["hosts"] >= params["min_hosts"]]
    found.sort(key=lambda row: (row["src_ip"], row["first_ts"], row["dst_ip"], row["dst_port"]))
    known = edges.history(tables)
    days = (known[1] - known[0]).total_seconds() / 86400 if known else 0.0
    alerts, names = AlertRows(DETECTOR), edges.services(tables)
    for _, group in groupby(found, key=lambda row: (row["src_ip"], row["first_ts"].date())):
        alerts.add(_finding(list(group), names, days, is_learned=edges.is_learned(tables, params), params=params))
    return alerts.table()


def _severity(found: list[dict[str, Any]], params: Params, *, is_learned: bool) -> Severity:
    """One such edge is a lead; several of one source within a day are a way through the network."""
    if not is_learned:
        return Severity.INFO
    return Severity.MEDIUM if len({row["dst_ip"] for row in found}) >= params["many"] else Severity.LOW


def _finding(
    found: list[dict[str, Any]], names: dict[int, dict[str, str]], days: float, *, is_learned: bool, params: Params
) -> Finding:
    first = max(found, key=lambda row: (row["rarity"], row["dst_ip"]))
    actor, target, service = ip_text(first["src_ip"]), ip_text(first["dst_ip"]), names[first["dst_port"]]
    listed = ", ".join(f"{ip_text(row['dst_ip'])}:{row['dst_port']}" for row in found[:6])
    more = _MORE.fill(count=len(found), list=listed) if len(found) > 1 else Text("", "")
    state = Text("", "") if is_learned else _UNDECIDED
    said = {"actor": actor, "target": target, "start": when(first["first_ts"]), "days": f"{days:.0f}"}
    said |= {name: first[name] for name in ("users", "hosts", "clients")} | {"bits": f"{first['rarity']:.1f}"}
    title = _TITLE if len(found) == 1 else _TITLE_MANY
    uids = [row["uid"] for row in found if row["uid"] is not None]
    counts = {"actor": actor, "target": target, "count": len({row["dst_ip"] for row in found})}
    return Finding(
        key=(actor, target, str(first["dst_port"])),
        ts_start=found[0]["first_ts"],
        ts_end=found[-1]["first_ts"],
        severity=_severity(found, params, is_learned=is_learned),
        confidence=DETECTOR.confidence.of(first["rarity"], params["min_bits"]),
        title=Text(
            title.en.format(service=service["name_en"], **counts), title.zh.format(service=service["name_zh"], **counts)
        ),
        evidence=Text(
            _EVIDENCE.en.format(service=service["name_en"], more=more.en, state=state.en, **said),
            _EVIDENCE.zh.format(service=service["name_zh"], more=more.zh, state=state.zh, **said),
        ),
        flow_uids=uids,
        flow_count=sum(row["sessions"] for row in found),
        display_filter=display_filter(
            actor=first["src_ip"], target=first["dst_ip"], ip_proto=6, target_port=first["dst_port"]
        ),
        actor=first["src_ip"],
        target=first["dst_ip"],
        target_port=first["dst_port"],
        target_count=len({row["dst_ip"] for row in found}),
        ip_proto=6,
        attack=tuple(dict.fromkeys(names[row["dst_port"]]["attack"] for row in found)),
        baseline_days=days,
        details={
            "edges": [
                {"target": ip_text(row["dst_ip"]), "port": row["dst_port"], "bits": round(row["rarity"], 2)}
                for row in found[:50]
            ]
        },
    )


DETECTOR: Final = Detector(
    id="new_internal_edge",
    version=1,
    title=Text("First administrative session between two hosts", "两台主机间首次出现管理会话"),
    question=Text("Who administers a machine that it never administered before?", "谁首次登入管理从未管理过的机器？"),
    needs={"conversation": edges.OWNER},
    partition_by={"conversation": "src_ip"},
    params={
        "learn": edges.LEARN,
        "min_bits": edges.MIN_BITS,
        "many": Param(3, "hosts", 2, 100, "one or two new targets are a new task", "own"),
        "min_hosts": Param(20, "hosts", 2, 10000, "among few hosts nothing is rare", "own; 2 log2(20) = 8.6 bits"),
    },
    attack=("T1021", "T1021.001", "T1021.002", "T1021.004", "T1021.006", "T0886", "T0859"),
    severity=Severity.MEDIUM,
    impact=35,
    confidence=Confidence(0.5, 0.8, 16),
    innocent=(
        Text("A new administrator, or a new task of one.", "新到岗的管理员，或管理员的新任务。"),
        Text("A change or a repair in its window: compare with the tickets.", "变更或抢修窗口内的操作：请核对工单。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w edge.pcap", "taishi packets {incident} -w edge.pcap"),
    ),
    source="detectors.md D23; ntopng service map (states)",
    run=run,
    min_history_s=14 * 86400.0,
    short_mode=True,
    roles_exempt=edges.EXEMPT,
    rules=("admin_services.csv",),
    family="lateral",
)
