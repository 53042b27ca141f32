"""What did other tools already report? Detector R2 of detectors.md: Suricata's alerts and Zeek's notices, taken in.

Their rules are theirs: nothing is judged anew. One alert per rule, sender, receiver and day, with the number of times;
its severity follows theirs, one step down, because a single rule that fires is a hint and not an incident by itself:
priority 1 is medium, 2 low, 3 and below informational. Only when rules of priority 1 that look at different things
(several rule numbers) fire between the same two hosts on one day does it become high. Notices of Zeek that speak of
an attack are low, the others (certificates, capture loss, …) informational.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import query
from store.schema import Severity

COLUMNS: Final = (
    *("flow_uid", "ts", "sender_ip", "receiver_ip", "receiver_port", "ip_proto", "engine", "rule_id", "rule_name"),
    *("category", "severity_given", "action", "technique"),
)

ATTACK_NOTICES: Final = ("Scan", "SSH", "FTP", "HTTP", "SMTP", "ATTACK", "Heartbleed", "Intel", "Signatures")
"""Families of Zeek notices that speak of an attack (the part before '::'); the others are about health or hygiene.
Source: Zeek scripts/policy, enum Notice::Type."""

_SQL: Final = """
WITH seen AS (SELECT DISTINCT *, CAST(epoch_us(ts) // 86400000000 AS BIGINT) AS day FROM foreign_alert),
grave AS (
    SELECT sender_ip, receiver_ip, day, count(DISTINCT rule_id) AS rules FROM seen
    WHERE engine = 'suricata' AND severity_given = 1 GROUP BY ALL
)
SELECT seen.engine, rule_id, seen.sender_ip, seen.receiver_ip, seen.day, arg_max(rule_name, (ts, rule_name)) AS name,
    arg_max(category, (ts, category)) AS category, min(severity_given) AS severity_given, count(*) AS times,
    min(ts) AS first_ts, max(ts) AS last_ts, min(receiver_port) AS low_port, max(receiver_port) AS high_port,
    min(ip_proto) AS ip_proto, min(technique) AS technique, coalesce(any_value(rules), 0) AS rules,
    bool_and(coalesce(action, '') IN ('blocked', 'drop', 'reject')) AS stopped,
    list(DISTINCT flow_uid ORDER BY flow_uid) FILTER (flow_uid IS NOT NULL) AS uids
FROM seen LEFT JOIN grave ON seen.sender_ip IS NOT DISTINCT FROM grave.sender_ip
    AND seen.receiver_ip IS NOT DISTINCT FROM grave.receiver_ip AND seen.day = grave.day
GROUP BY ALL ORDER BY first_ts, engine, rule_id, seen.sender_ip, seen.receiver_ip
"""

_MAP: Final = "attack_map.csv"

_TITLE: Final = Text("{tool}: {name}", "{tool}：{name}")
_EVIDENCE: Final = Text(
    "{tool} reported rule {rule} ({name}; {category}; {given}) {times} time(s) for {pair} between {first} and"
    " {last}{corroborated}.",
    "{tool} 于 {first} 至 {last} 期间对 {pair} 报告规则 {rule}（{name}；{category}；{given}）{times} 次{corroborated}。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Group what other tools reported.

    Args:
        tables: ``foreign_alert`` (COLUMNS).
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per rule, sender, receiver and day.
    """
    rows = AlertRows(DETECTOR)
    found = query(_SQL, {"foreign_alert": tables["foreign_alert"].select(COLUMNS)})
    known = frozenset(tables[f"rules/{_MAP}"]["id"].to_pylist())
    for row in found.to_pylist():
        rows.add(_finding(row, params, known))
    return rows.table()


def severity_of(row: dict[str, Any], corroborating: float) -> Severity:
    """Return our severity of a group, from that of the tool that reported it."""
    if row["engine"] == "zeek":
        is_attack = (row["category"] or "") in ATTACK_NOTICES
        return Severity.LOW if is_attack else Severity.INFO
    given = row["severity_given"]
    if given == 1:
        return Severity.HIGH if row["rules"] >= corroborating and not row["stopped"] else Severity.MEDIUM
    return Severity.LOW if given == 2 else Severity.INFO


def _finding(row: dict[str, Any], params: Params, known: frozenset[str]) -> Finding:
    port = row["low_port"] if row["low_port"] == row["high_port"] else None
    technique = row["technique"]
    level = severity_of(row, params["corroborating_rules"])
    return Finding(
        key=(row["engine"], row["rule_id"], _text(row["sender_ip"]), _text(row["receiver_ip"]), str(row["day"])),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=level,
        confidence=DETECTOR.confidence.of(row["rules"], 1)
        if level is Severity.HIGH
        else DETECTOR.confidence.at_threshold,
        title=_TITLE.fill(tool=_tool(row), name=row["name"]),
        evidence=_evidence(row, level),
        flow_uids=row["uids"] or [],
        flow_count=len(row["uids"] or []),
        display_filter=display_filter(
            actor=row["sender_ip"], target=row["receiver_ip"], ip_proto=row["ip_proto"], target_port=port
        ),
        actor=row["sender_ip"],
        target=row["receiver_ip"],
        target_port=port,
        ip_proto=row["ip_proto"],
        attack=(technique,) if technique in known else (),
        details={"engine": row["engine"], "rule_id": row["rule_id"], "times": row["times"], "rules": row["rules"]},
    )


def _evidence(row: dict[str, Any], level: Severity) -> Text:
    pair = " -> ".join(_text(row[name]) for name in ("sender_ip", "receiver_ip") if row[name] is not None) or "?"
    given = row["severity_given"]
    said = Text(f"priority {given}", f"优先级 {given}") if given is not None else Text("no priority", "未给优先级")
    more = Text("", "")
    if level is Severity.HIGH:
        rules = row["rules"]
        more = Text(
            f"; {rules} different rules of priority 1 fired between the two on that day",
            f"；当日这两台主机之间共有 {rules} 条不同的优先级 1 规则触发",
        )
    values = {
        "tool": _tool(row),
        "rule": row["rule_id"],
        "name": row["name"],
        "category": row["category"] or "-",
        "times": row["times"],
        "pair": pair,
        "first": when(row["first_ts"]),
        "last": when(row["last_ts"]),
    }
    return Text(
        _EVIDENCE.en.format(given=said.en, corroborated=more.en, **values),
        _EVIDENCE.zh.format(given=said.zh, corroborated=more.zh, **values),
    )


def _tool(row: dict[str, Any]) -> str:
    return {"zeek": "Zeek", "suricata": "Suricata"}.get(row["engine"], row["engine"])


def _text(address: bytes | None) -> str:
    return "-" if address is None else ip_text(address)


DETECTOR: Final = Detector(
    id="suricata_alert",
    version=1,
    title=Text("Reported by another tool", "其他工具的告警"),
    question=Text("What did Suricata or Zeek already report?", "Suricata 或 Zeek 已经报告了什么？"),
    needs={"foreign_alert": COLUMNS},
    partition_by={"foreign_alert": "sender_ip"},
    window_s=86_400.0,
    params={
        "corroborating_rules": Param(
            2,
            "rules",
            2,
            100,
            "one rule may misfire on a pattern; two that look at different things seldom do together",
            "detectors.md R2; section 4: high needs corroboration",
        ),
    },
    attack=(),
    severity=Severity.MEDIUM,
    impact=60,
    confidence=Confidence(0.5, 0.8, 4),
    innocent=(
        Text(
            "A rule that misfires on harmless traffic: read its text and reference; taishi suppress hides it.",
            "规则在无害流量上误报：请阅读规则说明与参考；可用 taishi suppress 屏蔽。",
        ),
        Text(
            "An authorised scanner or penetration test: give it the role scanner.",
            "经授权的扫描器或渗透测试：请登记为 scanner 角色。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi records foreign_alert", "taishi records foreign_alert"),
    ),
    source="detectors.md R2; Suricata EVE alert; Zeek notice framework",
    run=run,
    roles_exempt=("scanner",),
    blind_without=("foreign_alert",),
    rules=(_MAP,),
    family="foreign",
)
