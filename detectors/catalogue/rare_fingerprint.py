"""Which program is new here, and on one machine only? Detector D17 of detectors.md.

Fingerprints of TLS clients (JA4), of SSH clients (HASSH, banners) and User-Agent fields. A mark that at most two of
many hosts show, that was never seen before and that goes to one destination is a program that somebody brought along.
Without a population and a memory nothing is rare or new: then only marks of known tools are noted. A new version of a
browser shows on many hosts within days, so it is no finding.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._names import MIN_CENSUS, RARE_HOSTS, home_hosts
from detectors.catalogue._ways_out import roles_of
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_TOOLS: Final = "fingerprints/tools.csv"
_ENDS: Final = ("flow_uid", "ts", "sender_ip", "receiver_ip", "receiver_port", "sender_home", "receiver_home")
_SERVER_ROLES: Final = frozenset({"domain_controller", "backup", "update_server", "ntp"})

_BARE: Final = "ts, flow_uid, sender_ip, receiver_ip, receiver_port"
_SHOWN: Final = f"{_BARE}, sender_home, receiver_home"
_SQL: Final = f"""
WITH mark AS (
    SELECT 'ja4' AS kind, ja4 AS value, {_SHOWN} FROM tls WHERE ja4 IS NOT NULL
    UNION ALL SELECT 'hassh', hassh, {_SHOWN} FROM ssh WHERE hassh IS NOT NULL
    UNION ALL SELECT 'ssh_banner', client_banner, {_BARE}, NULL, NULL FROM banner WHERE client_banner IS NOT NULL
    UNION ALL SELECT 'user_agent', user_agent, {_SHOWN} FROM http WHERE user_agent IS NOT NULL AND user_agent <> ''
)
SELECT kind, value, min(ts) AS start_ts, max(ts) AS end_ts, count(DISTINCT sender_ip) AS hosts,
    min(DISTINCT sender_ip, 3) AS senders, count(DISTINCT receiver_ip) AS targets, min(receiver_ip) AS target,
    min(receiver_port) AS port, count(DISTINCT flow_uid) AS flows, min(DISTINCT flow_uid, 200) AS uids,
    coalesce(bool_or(sender_home), FALSE) AS home, bool_and(receiver_home) AS stays
FROM mark GROUP BY kind, value HAVING count(DISTINCT sender_ip) <= $rare_hosts OR kind IN ('user_agent', 'ssh_banner')
ORDER BY kind, value
"""

_KINDS: Final = {
    "ja4": Text("TLS client (JA4)", "TLS 客户端指纹（JA4）"),
    "hassh": Text("SSH client (HASSH)", "SSH 客户端指纹（HASSH）"),
    "ssh_banner": Text("SSH program", "SSH 程序标识"),
    "user_agent": Text("web program", "网页客户端标识"),
}
_TITLE: Final = Text("Rare program on {actor}: {kind}", "{actor} 上的罕见程序：{kind}")
_EVIDENCE: Final = Text(
    "{kind} {value} was shown by {hosts} of {census} home host(s), {actor} first at {start}, in {flows} connection(s)"
    " to {targets} host(s), for example {target}; {history}{tool}.",
    "{kind} {value} 仅见于本单位 {census} 台主机中的 {hosts} 台，{actor} 于 {start} 首次出现，共 {flows} 次连接、"
    "对端 {targets} 台主机，例如 {target}；{history}{tool}。",
)
_NEVER: Final = Text("never seen in {days:.0f} days before", "此前 {days:.0f} 天从未出现")
_UNKNOWN: Final = Text("whether it is new cannot be said without a memory", "尚无历史记忆，无法判断是否新出现")
_TOOL: Final = Text("; it is the default of {tool}", "；为 {tool} 的默认标识")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find fingerprints that are new and rare, and those of known tools.

    Args:
        tables: the record tables with fingerprints, ``observable_before``, the rules and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per fingerprint.
    """
    alerts = AlertRows(DETECTOR)
    inputs = {"tls": tables["tls_site"], "ssh": tables["ssh_site"], "banner": tables["ssh"]}
    found = rows(_SQL, {**inputs, "http": tables["http_site"]}, {"rare_hosts": params["rare_hosts"]})
    seen = {(row["kind"], row["value"]): row["first_ts"] for row in tables["observable_before"].to_pylist()}
    days, census, tools = _memory_days(tables), home_hosts(tables), tables[f"rules/{_TOOLS}"].to_pylist()
    for row in found:
        tool = next((r for r in tools if r["kind"] == row["kind"] and fnmatchcase(row["value"], r["pattern"])), None)
        first = seen.get((row["kind"], row["value"]))
        is_recent = first is None or (row["start_ts"] - first).total_seconds() < params["new_days"] * 86400
        has_population = census >= params["min_census"] and days >= params["min_memory"]
        is_rare = has_population and is_recent and row["home"] and row["hosts"] <= params["rare_hosts"]
        if tool is None and not (is_rare and row["targets"] == 1 and row["flows"] >= params["min_flows"]):
            continue
        on_server = any(roles_of(sender, tables["site_role"]) & _SERVER_ROLES for sender in row["senders"])
        alerts.add(_finding(row, tool, days, census, is_rare=is_rare, on_server=on_server))
    return alerts.table()


def _memory_days(tables: Tables) -> float:
    """Return how many days the memory before the range holds."""
    span = tables["memory_span"].to_pylist()
    return (span[0]["last_ts"] - span[0]["first_ts"]).total_seconds() / 86400 if span else 0.0


def _severity(row: dict[str, Any], tool: dict[str, str] | None, *, is_rare: bool, on_server: bool) -> Severity:
    """Return how grave it is: new and rare is weak evidence; on a server, or a scanner from inside, a little more."""
    if is_rare and on_server:
        return Severity.MEDIUM
    is_scanner = tool is not None and tool["class"] == "scanner" and row["home"]
    return Severity.LOW if is_scanner or (is_rare and not row["stays"]) else Severity.INFO


def _finding(
    row: dict[str, Any],
    tool: dict[str, str] | None,
    days: float,
    census: int,
    *,
    is_rare: bool,
    on_server: bool,
) -> Finding:
    actor, kind, value = ip_text(row["senders"][0]), _KINDS[row["kind"]], row["value"][:80]
    history = _NEVER.fill(days=days) if is_rare else _UNKNOWN
    by = _TOOL.fill(tool=tool["tool"]) if tool else Text("", "")
    numbers = {"hosts": row["hosts"], "census": census, "flows": row["flows"], "targets": row["targets"]}
    said = {**numbers, "actor": actor, "value": value, "start": when(row["start_ts"]), "target": ip_text(row["target"])}
    return Finding(
        key=(row["kind"], row["value"]),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=_severity(row, tool, is_rare=is_rare, on_server=on_server),
        confidence=DETECTOR.confidence.of(row["flows"], 1),
        title=Text(_TITLE.en.format(actor=actor, kind=kind.en), _TITLE.zh.format(actor=actor, kind=kind.zh)),
        evidence=Text(
            _EVIDENCE.en.format(kind=kind.en, history=history.en, tool=by.en, **said),
            _EVIDENCE.zh.format(kind=kind.zh, history=history.zh, tool=by.zh, **said),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["senders"][0], target=row["target"]),
        actor=row["senders"][0],
        target=row["target"] if row["targets"] == 1 else None,
        target_port=row["port"],
        target_count=row["targets"],
        ip_proto=6,
        context=("rare_fingerprint", "new") if is_rare else (),
        baseline_days=days if is_rare else None,
        indicators=(f"{row['kind']}:{row['value'][:120]}",) if is_rare else (),
        details={**numbers, "tool": tool["tool"] if tool else "", "memory_days": days},
    )


DETECTOR: Final = Detector(
    id="rare_fingerprint",
    version=1,
    title=Text("Rare or new program", "罕见或新出现的程序"),
    question=Text("Which program is new here, and on one machine only?", "哪个程序是新出现的，且只在个别主机上？"),
    needs={
        "tls_site": (*_ENDS, "ja4"),
        "ssh_site": (*_ENDS, "hassh"),
        "ssh": (*_ENDS[:-2], "client_banner"),
        "http_site": (*_ENDS, "user_agent"),
        "observable_before": ("kind", "value", "first_ts"),
    },
    # One table, two keys: what is judged by banner is read from the table without the home flags.
    partition_by={
        "tls_site": "ja4",
        "ssh_site": "hassh",
        "ssh": "client_banner",
        "http_site": "user_agent",
        "observable_before": "value",
    },
    params={
        "min_census": MIN_CENSUS,
        "rare_hosts": RARE_HOSTS,
        "new_days": Param(7, "d", 0.1, 365, "first seen less than this before", "detectors.md D17: first seen < 7 d"),
        "min_memory": Param(
            14, "d", 1, 3650, "memory without which nothing is new", "detectors.md 4: baseline of 14 d"
        ),
        "min_flows": Param(3, "connections", 1, 10000, "once is chance", "own"),
    },
    attack=("T1071.001", "T1036", "T1090"),
    severity=Severity.MEDIUM,
    impact=35,
    confidence=Confidence(0.3, 0.6, 100),
    innocent=(
        Text(
            "A new version of a browser or agent that reached this machine first.",
            "浏览器或代理程序的新版本最先装到了这台主机。",
        ),
        Text("A script or tool of an administrator.", "管理员的脚本或工具。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w program.pcap", "taishi packets {incident} -w program.pcap"),
    ),
    source="detectors.md D17; RITA rare signature (one destination)",
    run=run,
    rules=(_TOOLS,),
    roles_exempt=("scanner", "monitor"),
    blind_without=("tls_site", "ssh_site", "http_site"),
    family="program",
)
