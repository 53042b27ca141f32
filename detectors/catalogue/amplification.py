"""Whom do reflectors drown, and which of our servers reflects? Detector D34 of detectors.md.

An attacker asks servers in the name of a victim; their answers, larger than the questions, hit the victim. The victim's
alert needs many servers that answer what was never asked. The reflector's alert is something to repair: a server of
ours answers strangers with many times what they sent, and hears nothing more of them.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text, unicast_sql
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._scans import ports_text
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

PORTS: Final = (19, 53, 123, 161, 389, 1900, 3283, 3702, 5353, 10001, 11211)
"""Services known to amplify (US-CERT TA14-017A: chargen, DNS, NTP, SNMP, CLDAP, SSDP, ARMS, WSD, mDNS, Ubiquiti,
memcached)."""

_TCP_PORTS: Final = (21, 22, 23, 25, 80, 443, 8080)
"""Servers whose SYN/ACKs are reflected in practice (Kuehrer et al., USENIX Security 2014)."""

_VICTIM_SQL: Final = f"""
WITH answer AS (
    SELECT DISTINCT src_ip AS victim, dst_ip AS server, dst_port AS port, ip_proto,
        coalesce(flow_root_uid, flow_uid) AS root_uid, ts_start, dst_pkts AS pkts, dst_bytes_ip AS size
    FROM flow WHERE src_pkts = 0 AND dst_pkts > 0 AND {unicast_sql("src_ip")}
        AND ((ip_proto = 17 AND dst_port IN {PORTS}) OR (ip_proto = 6 AND dst_port IN {_TCP_PORTS}
            AND dst_bytes_payload = 0 AND (dst_tcp_flags & 18) = 18))
    UNION
    SELECT dst_ip, src_ip, src_port, ip_proto, root_uid, ts_start, src_pkts, src_bytes_ip
    FROM conversation WHERE src_pkts > 0 AND dst_pkts = 0 AND {unicast_sql("dst_ip")}
        AND ((ip_proto = 17 AND src_port IN {PORTS} AND dst_port > 1023) OR (ip_proto = 6 AND src_port IN {_TCP_PORTS}
            AND (src_flags_first & 18) = 18 AND src_bytes_payload = 0))
),
known AS (SELECT DISTINCT src_ip AS victim, dst_ip AS server, dst_port AS port FROM flow WHERE src_pkts > 0),
stray AS (SELECT * FROM answer ANTI JOIN known USING (victim, server, port)),
bin AS (
    SELECT victim, ip_proto, port, time_bucket(to_seconds(10), ts_start) AS bin_ts, count(DISTINCT server) AS servers,
        sum(pkts) AS pkts FROM stray GROUP BY ALL
    HAVING count(DISTINCT server) >= $min_reflectors AND sum(pkts) >= $min_packets
)
SELECT victim, ip_proto, port, count(DISTINCT server) AS servers, sum(stray.pkts)::BIGINT AS pkts,
    sum(size)::BIGINT AS size,
    min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT root_uid) AS flows,
    list_transform(min({{'t': ts_start, 'u': root_uid}}, 200), lambda x: x.u) AS uids
FROM stray JOIN bin USING (victim, ip_proto, port) WHERE time_bucket(to_seconds(10), ts_start) = bin.bin_ts
GROUP BY victim, ip_proto, port ORDER BY start_ts, victim, port
"""

_REFLECTOR_SQL: Final = f"""
WITH served AS (
    SELECT DISTINCT dst_ip AS server, dst_port AS port, src_ip AS victim, root_uid AS uid,
        ts_start, src_bytes_payload AS asked, dst_bytes_payload AS sent, src_pkts
    FROM conversation WHERE ip_proto = 17 AND dst_port IN {PORTS} AND dst_home AND NOT src_home AND src_pkts > 0
),
pair AS (
    SELECT server, port, victim, sum(asked) AS asked, sum(sent) AS sent, sum(src_pkts) AS requests,
        min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT uid) AS flows,
        list_transform(min({{'t': ts_start, 'u': uid}}, 200), lambda x: x.u) AS uids
    FROM served GROUP BY ALL
)
SELECT *, sent / greatest(asked, 1) AS factor FROM pair
WHERE sent >= $min_factor * greatest(asked, 1) AND sent >= $min_sent AND requests >= $min_requests
QUALIFY row_number() OVER (PARTITION BY server, port ORDER BY sent DESC, victim) <= 10
ORDER BY start_ts, server, port, victim
"""

_TITLE: Final = Text(
    "Reflected flood against {target} from {servers} servers", "{target} 遭受 {servers} 台服务器的反射攻击"
)
_EVIDENCE: Final = Text(
    "{servers} servers ({service} port {port}) sent {target} {packets} answers ({megabytes} MB) to questions that were"
    " never seen, within {seconds} s from {start} on.",
    "自 {start} 起 {seconds} 秒内，{servers} 台服务器（{service} 端口 {port}）向 {target} 发送了 {packets} 个应答报文"
    "（{megabytes} MB），而未见任何相应请求。",
)
_TITLE_OPEN: Final = Text(
    "Our server {actor} amplifies port {port} traffic", "本单位服务器 {actor} 的 {port} 端口可被用于放大攻击"
)
_EVIDENCE_OPEN: Final = Text(
    "{actor} answered {requests} requests on port {port} in the name of {target} with {factor} times their size"
    " ({kilobytes} kB) within {seconds} s from {start} on.",
    "自 {start} 起 {seconds} 秒内，{actor} 在端口 {port} 上以 {target} 名义收到 {requests} 个请求，"
    "返回了其 {factor} 倍的数据（{kilobytes} kB）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find victims of reflection and reflectors of the site.

    Args:
        tables: ``conversation`` by responder and ``flow`` by originator: the host judged is in one bucket of both.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (victim, port), and one per (reflector, port, victim).
    """
    inputs = {"conversation": tables["conversation"], "flow": tables["flow"]}
    alerts = AlertRows(DETECTOR)
    for row in rows(_VICTIM_SQL, inputs, {name: params[name] for name in ("min_reflectors", "min_packets")}):
        alerts.add(_victim(row, params))
    wanted = ("min_factor", "min_sent", "min_requests")
    for row in rows(_REFLECTOR_SQL, inputs, {name: params[name] for name in wanted}):
        alerts.add(_reflector(row))
    return alerts.table()


def _victim(row: dict[str, Any], params: Params) -> Finding:
    target = ip_text(row["victim"])
    is_strong = row["servers"] >= DETECTOR.confidence.saturation
    said = {
        "target": target,
        "servers": row["servers"],
        "service": "TCP" if row["ip_proto"] == 6 else "UDP",
        "port": row["port"],
        "packets": row["pkts"],
        "megabytes": f"{(row['size'] or 0) / 1e6:.3g}",
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
    }
    return Finding(
        key=("victim", target, str(row["ip_proto"]), str(row["port"])),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.HIGH if is_strong else Severity.MEDIUM,
        confidence=DETECTOR.confidence.of(row["servers"], params["min_reflectors"]),
        title=_TITLE.fill(target=target, servers=row["servers"]),
        evidence=_EVIDENCE.fill(**said),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(target=row["victim"], ip_proto=row["ip_proto"], target_port=row["port"]),
        target=row["victim"],
        target_port=row["port"],
        ip_proto=row["ip_proto"],
        attack=("T1498.002",),
    )


def _reflector(row: dict[str, Any]) -> Finding:
    actor, target = ip_text(row["server"]), ip_text(row["victim"])
    said = {
        "actor": actor,
        "target": target,
        "port": ports_text([row["port"]]),
        "requests": row["requests"],
        "factor": f"{row['factor']:.3g}",
        "kilobytes": f"{row['sent'] / 1000:.3g}",
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
    }
    return Finding(
        key=("reflector", actor, str(row["port"]), target),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.MEDIUM,
        confidence=0.7,
        title=_TITLE_OPEN.fill(actor=actor, port=row["port"]),
        evidence=_EVIDENCE_OPEN.fill(**said),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["server"], target=row["victim"], ip_proto=17, target_port=row["port"]),
        actor=row["server"],
        target=row["victim"],
        target_port=row["port"],
        ip_proto=17,
        attack=("T1498.002",),
        lost_bytes=int(row["sent"]),
    )


DETECTOR: Final = Detector(
    id="amplification",
    version=1,
    title=Text("Reflection and amplification", "反射放大攻击"),
    question=Text(
        "Whom do reflectors drown, and which of our servers reflects?", "谁被反射流量淹没，本单位哪台服务器被利用？"
    ),
    needs={
        "conversation": (
            *("root_uid", "ts_start", "src_ip", "dst_ip", "src_port", "dst_port", "ip_proto", "src_pkts", "dst_pkts"),
            *("src_bytes_ip", "src_bytes_payload", "dst_bytes_payload", "src_flags_first", "src_home", "dst_home"),
        ),
        "flow": (
            *("flow_uid", "flow_root_uid", "ts_start", "src_ip", "dst_ip", "dst_port", "ip_proto"),
            *("src_pkts", "dst_pkts", "dst_bytes_ip", "dst_bytes_payload", "dst_tcp_flags"),
        ),
    },
    partition_by={"conversation": "dst_ip", "flow": "src_ip"},
    window_s=10,
    params={
        "min_reflectors": Param(20, "hosts", 2, 1e5, "answering one host unasked in 10 s", "detectors.md D34: 20"),
        "min_packets": Param(
            200, "packets", 1, 1e6, "in 10 s: less is the noise of scans in our name", "own: a tenth of a flood of D33"
        ),
        "min_factor": Param(
            10, "times", 2, 1e5, "ordinary answers are a few times the question", "detectors.md D34: 10"
        ),
        "min_sent": Param(50_000, "B", 1000, 1e9, "less hurts nobody", "own"),
        "min_requests": Param(50, "packets", 1, 1e6, "a resolver or a walk is asked this seldom", "own"),
    },
    attack=("T1498.002",),
    severity=Severity.MEDIUM,
    impact=60,
    confidence=Confidence(0.7, 0.95, 500),
    innocent=(
        Text("A tap that sees answers only: every server looks unasked.", "镜像只含应答方向：所有服务器都像未被请求。"),
        Text(
            "A network management station with a one-sided tap; give it the role monitor.",
            "单向镜像下的网管站：请登记为 monitor 角色。",
        ),
        Text("Large transfers of a partner that asks by SNMP or DNS.", "合作方通过 SNMP 或 DNS 正常查询大量数据。"),
    ),
    next_steps=next_steps("reflection"),
    source="detectors.md D34; US-CERT TA14-017A",
    run=run,
    roles_exempt=("scanner",),
    family="availability",
)
