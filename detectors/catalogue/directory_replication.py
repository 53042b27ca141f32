"""Who has the directory's secrets replicated to itself? DCSync, of D24 of detectors.md.

Only domain controllers ask each other for changes of the directory (DRSGetNCChanges); whoever else does takes the
password hashes of the domain. A controller is known by its role in the site policy, or because others ask it for
Kerberos or LDAP, now or in the memory.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.addresses import in_ranges
from detectors.alerts import AlertRows, Finding
from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import NEXT
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_SERVES_SQL: Final = """
SELECT DISTINCT dst_ip FROM conversation
WHERE dst_port IN (88, 389, 636, 3268, 3269) AND dst_bytes_payload > 0 AND src_ip <> dst_ip
UNION
SELECT DISTINCT dst_ip FROM edge_before WHERE dst_port IN (88, 389, 636, 3268, 3269) AND answered > 0 AND dst_bytes > 0
"""
"""Hosts that answer for Kerberos, LDAP or the global catalogue (IANA)."""

_TITLE: Final = Text("Directory replicated from {target} to {actor}", "{actor} 从 {target} 复制目录机密")
_EVIDENCE: Final = Text(
    "{actor} asked {target} {calls} time(s) for changes of the directory (DRSGetNCChanges) within {seconds} s from"
    " {start} on, and never answered Kerberos or LDAP itself: it is no domain controller that we know.",
    "{actor} 自 {start} 起 {seconds} 秒内向 {target} 请求目录变更（DRSGetNCChanges）{calls} 次，"
    "而其自身从未应答 Kerberos 或 LDAP：并非已知的域控制器。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find hosts that replicate the directory without being seen as a domain controller.

    Args:
        tables: ``dce_rpc``, ``conversation``, ``edge_before``, ``site_role``, ``capture_span`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    found = rpc.calls(tables, "replication")
    if not found:
        return AlertRows(DETECTOR).table()
    serves = {row["dst_ip"] for row in rows(_SERVES_SQL, {n: tables[n] for n in ("conversation", "edge_before")})}
    roles = [(r["ip_lo"], r["ip_hi"]) for r in tables["site_role"].to_pylist() if r["role"] == "domain_controller"]
    spans = tables["capture_span"].to_pylist()
    is_long = tables["memory_span"].num_rows > 0 or (spans and spans[0]["span_s"] >= params["min_span"])
    alerts = AlertRows(DETECTOR)
    strangers = [call for call in found if call["sender_ip"] not in serves and not in_ranges(call["sender_ip"], roles)]
    for one in rpc.episodes(tables, strangers, params["gap"]):
        alerts.add(_finding(one, is_long=bool(is_long)))
    return alerts.table()


def _finding(one: rpc.Episode, *, is_long: bool) -> Finding:
    """A short capture may not hold the moment in which a controller serves somebody: medium then."""
    return rpc.finding(
        [one],
        severity=Severity.CRITICAL if is_long else Severity.MEDIUM,
        confidence=DETECTOR.confidence.at_saturation if is_long else DETECTOR.confidence.at_threshold,
        title=_TITLE,
        evidence=_EVIDENCE,
        attack=DETECTOR.attack,
        succeeded=is_long,
    )


DETECTOR: Final = Detector(
    id="directory_replication",
    version=1,
    title=Text("Directory replicated to a host that is no controller", "向非域控主机复制目录"),
    question=Text("Who has the directory's secrets replicated to itself?", "谁把目录机密复制给自己？"),
    needs={
        "dce_rpc": rpc.COLUMNS,
        "conversation": ("src_ip", "dst_ip", "dst_port", "dst_bytes_payload"),
        "edge_before": (*rpc.EDGE_COLUMNS, "dst_bytes"),
    },
    partition_by={"dce_rpc": "sender_ip", "conversation": "dst_ip", "edge_before": "dst_ip"},
    params={
        "gap": rpc.GAP,
        "min_span": Param(
            900, "s", 0, 86400, "controllers are asked every few minutes by somebody", "own: Kerberos and LDAP traffic"
        ),
    },
    attack=("T1003.006",),
    severity=Severity.CRITICAL,
    impact=95,
    confidence=Confidence(0.6, 0.92, 2),
    innocent=(
        Text(
            "A domain controller that nobody asked in this data, or that is asked at another tap: give it its role.",
            "本次数据中无人访问、或由其他探点监听的域控制器：请登记其角色。",
        ),
        Text(
            "Directory synchronisation to a cloud (Entra Connect) replicates by design: give its server the role"
            " domain_controller.",
            "目录云同步（Entra Connect）按设计会复制：请将其服务器登记为 domain_controller 角色。",
        ),
    ),
    next_steps=NEXT,
    source="detectors.md D24; mitre-attack/bzar; MS-DRSR 4.1.10",
    run=run,
    roles_exempt=("domain_controller",),
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
