"""Who goes from host to host? Paths of detector D24 of detectors.md.

A rare first session to B, and within a day a rare first session from B to C: whoever entered B goes on. Each step alone
may be somebody's ordinary day; their order and their rarity together are not. Score: bits of rarity times length.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue import _edges as edges
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

Path = list[dict[str, Any]]

_ICS: Final = frozenset({"T0886"})

_TITLE: Final = Text(
    "Way through {count} hosts from {actor} to {target}", "{actor} 经 {count} 台主机横向移动至 {target}"
)
_EVIDENCE: Final = Text(
    "{steps} first-time administrative sessions follow each other: {path}. Each began within {within} h of a session to"
    " its starting host; together {bits} bits of surprise (score {score}).{state}",
    "{steps} 次首次出现的管理会话前后相接：{path}。每一步都在登入其出发主机后 {within} 小时内开始；"
    "意外程度合计 {bits} 比特（评分 {score}）。{state}",
)
_UNDECIDED: Final = Text(" Undecided: too little is known of this site yet.", "尚不能判定：对本网了解的时间过短。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find paths of rare first sessions.

    Args:
        tables: ``conversation`` (whose paths are judged), the policy tables and ``rules/admin_services.csv``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per first step: the longest path from it.
    """
    late = [row for row in edges.late_edges(tables, params) if row["rarity"] >= params["step_bits"]]
    own, alerts, names = edges.owned(tables), AlertRows(DETECTOR), edges.services(tables)
    is_learned = edges.is_learned(tables, params)
    if not late or late[0]["hosts"] < params["min_hosts"]:
        return alerts.table()
    for path in _longest(_unusual(late, params), params["within"]):
        if path[0]["src_ip"] in own and sum(row["rarity"] for row in path) >= params["path_bits"]:
            alerts.add(_finding(path, names, params, is_learned=is_learned))
    return alerts.table()


def _unusual(late: Path, params: Params) -> Path:
    """Return the edges that may be steps: new ones, and those of the memory that were used on few days only."""
    return [row for row in late if row["is_new"] or row["known_days"] <= params["few_days"]]


def _follows(one: dict[str, Any], other: dict[str, Any], within_h: float) -> bool:
    """Tell whether the second edge first appears within some hours after a session of the first, and goes on."""
    if one["dst_ip"] != other["src_ip"] or one["src_ip"] == other["dst_ip"] or not other["is_new"]:
        return False
    moments: list[datetime] = [one["first_ts"], *one["moments"]]
    if one["last_known_ts"] is not None:
        moments.append(one["last_known_ts"])
    return any(0 < (other["first_ts"] - moment).total_seconds() <= within_h * 3600 for moment in moments)


def _longest(steps: Path, within_h: float) -> list[Path]:
    """Return for every step that follows none the longest path from it, of two steps or more, by bits where equal."""
    by_source: dict[bytes, list[int]] = {}
    for n, row in enumerate(steps):
        by_source.setdefault(row["src_ip"], []).append(n)
    best: dict[int, Path] = {}
    has_before: set[int] = set()
    for n in reversed(range(len(steps))):
        row = steps[n]
        tails = [m for m in by_source.get(row["dst_ip"], []) if m > n and _follows(row, steps[m], within_h)]
        has_before.update(tails)
        options = [best[m] for m in tails]
        tail = max(options, key=lambda path: (len(path), sum(r["rarity"] for r in path)), default=[])
        best[n] = [row, *tail]
    return [best[n] for n in range(len(steps)) if n not in has_before and len(best[n]) > 1]


def _severity(path: Path, names: dict[int, dict[str, str]], params: Params, *, is_learned: bool) -> Severity:
    """Two steps are suspicious, three are no accident; control equipment at the end makes it critical."""
    if not is_learned:
        return Severity.INFO
    if len(path) < params["sure_steps"]:
        return Severity.MEDIUM
    return Severity.CRITICAL if names[path[-1]["dst_port"]]["attack"] in _ICS else Severity.HIGH


def _finding(path: Path, names: dict[int, dict[str, str]], params: Params, *, is_learned: bool) -> Finding:
    first, last = path[0], path[-1]
    actor, target = ip_text(first["src_ip"]), ip_text(last["dst_ip"])
    bits = sum(row["rarity"] for row in path)
    shown = [actor] + [f"-{names[row['dst_port']]['service']}-> {ip_text(row['dst_ip'])}" for row in path]
    state = Text("", "") if is_learned else _UNDECIDED
    said = {
        "steps": len(path),
        "path": " ".join(shown) + f" ({when(first['first_ts'])} – {when(last['first_ts'])})",
        "within": f"{params['within']:g}",
        "bits": f"{bits:.1f}",
        "score": f"{bits * len(path):.0f}",
    }
    hosts = list(dict.fromkeys(row["dst_ip"] for row in path))
    attack = dict.fromkeys([*(names[row["dst_port"]]["attack"] for row in path), "T1570"])
    return Finding(
        key=(actor, *(f"{ip_text(row['dst_ip'])}:{row['dst_port']}" for row in path)),
        ts_start=first["first_ts"],
        ts_end=last["first_ts"],
        severity=_severity(path, names, params, is_learned=is_learned),
        confidence=DETECTOR.confidence.of(bits * len(path), params["path_bits"]),
        title=_TITLE.fill(actor=actor, target=target, count=len(hosts)),
        evidence=Text(_EVIDENCE.en.format(state=state.en, **said), _EVIDENCE.zh.format(state=state.zh, **said)),
        flow_uids=[row["uid"] for row in path if row["uid"] is not None],
        flow_count=sum(row["sessions"] for row in path),
        display_filter=" || ".join(
            f"({display_filter(actor=r['src_ip'], target=r['dst_ip'], ip_proto=6, target_port=r['dst_port'])})"
            for r in path
        ),
        actor=first["src_ip"],
        target=last["dst_ip"],
        target_port=last["dst_port"],
        target_count=len(hosts),
        ip_proto=6,
        attack=tuple(attack),
        succeeded=True,
        details={"score": round(bits * len(path), 1), "bits": [round(row["rarity"], 2) for row in path]},
    )


DETECTOR: Final = Detector(
    id="lateral_chain",
    version=1,
    title=Text("Way from host to host", "逐台横向移动"),
    question=Text("Who goes from host to host?", "谁在逐台主机横向移动？"),
    needs={"conversation": edges.OWNER},
    partition_by={"conversation": "src_ip"},
    params={
        "learn": edges.LEARN,
        "within": Param(24, "h", 0.1, 168, "an intruder goes on the same day", "detectors.md D24: 24 h"),
        "step_bits": Param(4, "bits", 0, 60, "what one host in sixteen might do is no step", "own"),
        "path_bits": Param(12, "bits", 0, 200, "together one in 4000", "own: seeded paths in offices of 40"),
        "few_days": Param(3, "d", 0, 30, "who was there on three days is no usual administrator", "own; D24"),
        "sure_steps": Param(3, "steps", 2, 20, "a path of three first sessions within days is no accident", "D24"),
        "min_hosts": Param(20, "hosts", 2, 10000, "among few hosts nothing is rare", "own; 2 log2(20) = 8.6 bits"),
    },
    attack=("T1021", "T1021.001", "T1021.002", "T1021.004", "T1570", "T0886", "T0867"),
    severity=Severity.HIGH,
    impact=70,
    confidence=Confidence(0.65, 0.95, 90),
    innocent=(
        Text(
            "A new administrator, or work through a new jump host: compare with the tickets.",
            "新管理员，或经新跳板机作业：请核对工单。",
        ),
        Text("Moved addresses: the same machines under new ones.", "地址变更：相同的机器换了地址。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w path.pcap", "taishi packets {incident} -w path.pcap"),
    ),
    source="detectors.md D24; Ho et al., Hopper, USENIX Security 2021",
    run=run,
    min_history_s=14 * 86400.0,
    short_mode=True,
    roles_exempt=edges.EXEMPT,
    rules=("admin_services.csv",),
    family="lateral",
)
