"""Who speaks a protocol where nobody expects it? Detector D10 of detectors.md, its first part.

Two kinds: a protocol that was recognised by its content on a port that is not one of its own, and content that is not
that of the port's service. Software does both, so that this is an alert only together with a mark of the destination.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import MAX_FLOW_UIDS, AlertRows, Finding, display_filter, when
from detectors.catalogue import _marks as marks
from detectors.catalogue._ports import USUAL_PORTS
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

COLUMNS: Final = (
    *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto", "server_name"),
    *("server_domain", "ja4", "src_pkts", "src_flags_first", "src_bytes_payload", "dst_bytes_payload"),
    *("src_data_pkts", "dst_data_pkts", "src_gap_bytes", "dst_gap_bytes", "src_home", "dst_home"),
)
_FLOW: Final = ("flow_uid", "src_ip", "app_basis")

_TAKEN: Final = ("http", "tls", "ssh", "smtp", "dns", "ftp", "imap", "pop3", "rdp", "smb")
"""Services whose content is recognised whenever it is there: a port of theirs without it carries something else."""

_OTHERS_PORTS: Final = (53, 80, 443)
"""Ports that every firewall lets out: a shell or screen on them wants to get through."""

_SHELLS: Final = ("ssh", "rdp", "telnet", "smb", "ftp", "rfb")

_USUAL: Final = " OR ".join(
    f"(app_proto = '{proto}' AND dst_port NOT IN ({', '.join(map(str, sorted(ports)))}))"
    for proto, ports in sorted(USUAL_PORTS.items())
)

_SQL: Final = f"""
WITH kind AS (
    SELECT DISTINCT call.*, app_basis FROM (SELECT * FROM conversation
        WHERE ip_proto = 6 AND (src_flags_first & 2) = 2 AND src_bytes_payload >= $min_bytes
            AND dst_bytes_payload >= $min_bytes AND {unicast_sql("dst_ip")} AND dst_port IS NOT NULL
            AND NOT (coalesce(dst_home, FALSE) AND NOT coalesce(src_home, FALSE)) AND app_proto IS NOT NULL) AS call
    JOIN (SELECT DISTINCT flow_uid, app_basis FROM flow) AS basis ON basis.flow_uid = call.root_uid
),
odd AS (
    SELECT *, 'odd_port' AS mismatch FROM kind WHERE app_basis = 'parsed' AND ({_USUAL})
    UNION ALL
    SELECT *, 'other_content' FROM kind WHERE app_basis = 'port_guess' AND app_proto IN {_TAKEN!r}
        AND src_data_pkts >= 2 AND dst_data_pkts >= 2 AND coalesce(src_gap_bytes, 0) = 0
        AND coalesce(dst_gap_bytes, 0) = 0
)
SELECT src_ip, dst_ip, dst_port, app_proto, mismatch, min(ip_proto) AS ip_proto, count(DISTINCT root_uid) AS flows,
    min(ts_start) AS first_ts, max(ts_end) AS last_ts, min(lower(server_name)) AS name, min(server_domain) AS domain,
    list(DISTINCT app_proto ORDER BY app_proto) AS protos, list(DISTINCT ja4 ORDER BY ja4)[:5] AS ja4s,
    bool_and(coalesce(dst_home, FALSE)) AS dst_home, count(DISTINCT root_uid) AS answered, [dst_port] AS ports,
    list_transform(min(DISTINCT {{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM odd GROUP BY src_ip, dst_ip, dst_port, app_proto, mismatch ORDER BY src_ip, dst_ip, dst_port, app_proto, mismatch
"""

_TITLES: Final = {
    "odd_port": Text(
        "{proto} on port {port} from {actor} to {place}", "{actor} 在端口 {port} 上使用 {proto}（{place}）"
    ),
    "other_content": Text(
        "No {proto} on its port {port}, from {actor} to {place}",
        "{actor} 在 {proto} 端口 {port} 上传输其他内容（{place}）",
    ),
}
_EVIDENCES: Final = {
    "odd_port": Text(
        "{actor} spoke {proto} with {place} on port {port} in {flows} connections from {start} on; that port is not"
        " one of its own. {marks}",
        "{actor} 自 {start} 起与 {place} 在端口 {port} 上以 {proto} 通信 {flows} 次；该端口不是其常用端口。{marks}",
    ),
    "other_content": Text(
        "{flows} connections of {actor} with {place} on port {port} from {start} on carried something that is not"
        " {proto}. {marks}",
        "{actor} 自 {start} 起与 {place} 在端口 {port} 上的 {flows} 次连接内容并非 {proto}。{marks}",
    ),
}
_NO_MARKS: Final = Text("Nothing else speaks against it.", "除此之外未见异常。")
_MARKS: Final = Text("What sets it apart: {list}.", "可疑之处：{list}。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find connections whose protocol and port do not go together, and weigh what is known of them.

    Args:
        tables: the tables of ``DETECTOR.needs`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, destination, port, protocol).
    """
    inputs = {"conversation": tables["conversation"], "flow": tables["flow"]}
    found = rows(_SQL, inputs, {"min_bytes": params["min_bytes"]})
    alerts = AlertRows(DETECTOR)
    for row, known in zip(found, marks.known(tables, found), strict=True):
        alerts.add(_finding(row, known))
    return alerts.table()


def _severity(row: dict[str, Any], own: list[str], known: marks.Known) -> Severity:
    """A mismatch alone is information, a shell on a port that is open everywhere low; a mark makes it medium."""
    if row["dst_home"] or "common" in known.context:
        return Severity.INFO
    is_shell = row["app_proto"] in _SHELLS and row["mismatch"] == "odd_port" and row["dst_port"] in _OTHERS_PORTS
    if not own:
        return Severity.LOW if is_shell else Severity.INFO
    return Severity.MEDIUM


def _finding(row: dict[str, Any], known: marks.Known) -> Finding:
    actor, port, proto = ip_text(row["src_ip"]), row["dst_port"], row["app_proto"].upper()
    place = row["name"] or (known.query or "").rstrip(".") or ip_text(row["dst_ip"])
    words = [(m, w) for m, w in zip(known.marks, known.words, strict=True) if m not in {"odd_port", "new_rare"}]
    said = _NO_MARKS
    if words:
        said = Text(
            _MARKS.en.format(list="; ".join(word.en for _, word in words)),
            _MARKS.zh.format(list="；".join(word.zh for _, word in words)),
        )
    values = {"actor": actor, "place": place, "proto": proto, "port": port}
    counts = {"flows": row["flows"], "start": when(row["first_ts"])}
    text = _EVIDENCES[row["mismatch"]]
    severity = _severity(row, [mark for mark, _ in words], known)
    return Finding(
        key=(actor, ip_text(row["dst_ip"]), str(port), proto, row["mismatch"]),
        ts_start=row["first_ts"],
        ts_end=row["last_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(1 + len(words), 1),
        title=_TITLES[row["mismatch"]].fill(**values),
        evidence=Text(
            text.en.format(marks=said.en, **values, **counts), text.zh.format(marks=said.zh, **values, **counts)
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"], target_port=port
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=port,
        ip_proto=row["ip_proto"],
        context=known.context,
        indicators=known.indicators if severity is Severity.MEDIUM else (),
        details={"mismatch": row["mismatch"], "protocol": row["app_proto"], "marks": [mark for mark, _ in words]},
    )


DETECTOR: Final = Detector(
    id="protocol_mismatch",
    version=1,
    title=Text("Protocol on the wrong port", "协议与端口不符"),
    question=Text("Who speaks a protocol where nobody expects it?", "谁在非常规端口上使用某种协议？"),
    needs={
        "conversation": COLUMNS,
        "flow": _FLOW,
        "tls": marks.TLS,
        "http": marks.HTTP,
        "dns": marks.DNS,
        "edge_before": ("src_ip", "dst_ip", "first_ts", "last_ts"),
    },
    partition_by={
        "conversation": "src_ip",
        "flow": "src_ip",
        "tls": "sender_ip",
        "http": "sender_ip",
        "dns": "sender_ip",
        "edge_before": "src_ip",
    },
    params={
        "min_bytes": Param(
            64, "B", 1, 1e6, "each side has said enough to be recognised", "own: a TLS hello has more than 64 B"
        ),
    },
    attack=("T1571", "T1095"),
    severity=Severity.MEDIUM,
    impact=40,
    confidence=Confidence(0.5, 0.8, 3),
    innocent=(
        Text("A service of the site or a partner on a port of its own.", "本单位或合作方的服务使用自定义端口。"),
        Text("An application with its own protocol on port 443.", "使用 443 端口的专有协议应用。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w port.pcap", "taishi packets {incident} -w port.pcap"),
    ),
    source="detectors.md D10; IANA Service Name and Transport Protocol Port Number Registry",
    run=run,
    roles_exempt=("scanner", "proxy"),
    family="command and control",
)
