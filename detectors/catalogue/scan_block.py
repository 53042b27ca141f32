"""Who tries the same few services on a handful of hosts?

The case between scan_horizontal and scan_vertical: three hosts times seven ports is neither 25 hosts nor 15 ports, yet
no client does it. Counted are distinct (host, port) pairs that failed, each tried only once or twice: a client whose
servers are down comes back to the same few, a scanner moves on.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter
from detectors.catalogue import _scans as scans
from detectors.catalogue._probes import (
    ATTEMPT_SQL,
    BURST_SQL,
    COLUMNS,
    EPHEMERAL_FROM,
    FAILED_SHARE,
    GAP,
    WINDOW,
    distinct_sql,
    tried_sql,
)
from detectors.catalogue._scans import Row
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_SQL: Final = f"""
WITH {ATTEMPT_SQL},
pair AS (
    SELECT *, ip_proto * 65536 + dst_port AS service, hash(dst_ip, ip_proto, dst_port) AS spot FROM fresh
    WHERE fate = 'failed' AND (ip_proto = 6 OR dst_port < {EPHEMERAL_FROM})
),
candidate AS (
    SELECT pair.* FROM pair SEMI JOIN
        (SELECT src_ip FROM pair GROUP BY ALL HAVING count(DISTINCT spot) >= $min_pairs) AS large USING (src_ip)
),
{distinct_sql("src_ip", "spot", {"spots": "TRUE"}, "spots >= $min_pairs")},
member AS (
    SELECT candidate.*, episode FROM candidate JOIN episode USING (src_ip) WHERE ts_start BETWEEN from_ts AND to_ts
),
repeated AS (
    SELECT src_ip, episode, count(*) AS wide_ports FROM (
        SELECT src_ip, episode, service FROM member GROUP BY ALL HAVING count(DISTINCT dst_ip) >= 2
    ) GROUP BY ALL
),
deepest AS (
    SELECT src_ip, episode, max(ports) AS deepest FROM (
        SELECT src_ip, episode, dst_ip, count(DISTINCT service) AS ports FROM member GROUP BY ALL
    ) GROUP BY ALL
),
{tried_sql("src_ip", "hash(dst_ip, ip_proto, dst_port)")}
SELECT src_ip, count(DISTINCT spot) AS spots, count(DISTINCT dst_ip) AS hosts, any_value(wide_ports) AS wide_ports,
    list(DISTINCT dst_port) AS port_list, list(DISTINCT dst_ip) AS host_list, {BURST_SQL}
FROM member JOIN repeated USING (src_ip, episode) JOIN deepest USING (src_ip, episode)
    JOIN tried USING (src_ip, episode)
GROUP BY src_ip, episode
HAVING wide_ports >= $min_ports AND hosts <= $max_hosts AND any_value(deepest) <= $max_ports
    AND spots >= $failed_share * any_value(tried) AND flows <= $max_tries * spots
ORDER BY start_ts, src_ip
"""

_TITLE: Final = Text("{hosts} hosts probed for the same services by {actor}", "{actor} 对 {hosts} 台主机试探相同服务")
_EVIDENCE: Final = Text(
    "{actor} ({origin}) failed on {spots} host-port pairs of {hosts} hosts ({examples}) within {seconds} s from {start}"
    " on; {wide} ports were tried on more than one of them ({list}).",
    "{actor}（{origin}）自 {start} 起 {seconds} 秒内在 {hosts} 台主机（{examples}）的 {spots} 个主机端口上失败；"
    "其中 {wide} 个端口在多台主机上被试探（{list}）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that fail with the same services on a few hosts, moving on each time.

    Args:
        tables: ``conversation`` (COLUMNS) and the policy table ``host_seen``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source and burst.
    """
    alerts = AlertRows(DETECTOR)
    for row in scans.bursts(_SQL, tables, params):
        alerts.add(_finding(row, params))
    return alerts.table()


def _finding(row: Row, params: Params) -> Finding:
    actor, ports = ip_text(row["src_ip"]), row["port_list"]
    said = {"spots": row["spots"], "hosts": row["hosts"], "wide": row["wide_ports"], "list": scans.ports_text(ports)}
    return scans.finding(
        [row],
        key=(actor,),
        severity=scans.severity(row, is_strong=False),
        confidence=DETECTOR.confidence.of(row["spots"], params["min_pairs"]),
        title=_TITLE.fill(actor=actor, hosts=row["hosts"]),
        evidence=scans.sentence(_EVIDENCE, row, examples=scans.hosts_text(row["host_list"]), **said),
        display_filter=display_filter(actor=row["src_ip"]),
        target_count=row["hosts"],
        attack=scans.techniques(row, ports, inbound=("T1595.001", "T1046"), otherwise=("T1046",)),
    )


DETECTOR: Final = Detector(
    id="scan_block",
    version=1,
    title=Text("Service probing of a few hosts", "少量主机的服务试探"),
    question=Text("Who tries the same few services on a handful of hosts?", "谁在几台主机上试探同一批服务？"),
    needs={"conversation": COLUMNS},
    partition_by={"conversation": "src_ip"},
    window_s=WINDOW.default,
    params={
        "window": WINDOW,
        "gap": GAP,
        "failed_share": FAILED_SHARE,
        "min_pairs": Param(
            15, "pairs", 2, 10000, "as many failures as make a port scan of one host", "Zeek scan.zeek: 15 in 5 min"
        ),
        "min_ports": Param(
            3, "ports", 1, 1000, "tried on two hosts or more; a client uses one or two services of a kind", "own"
        ),
        "max_hosts": Param(24, "hosts", 2, 10000, "more is scan_horizontal's", "scan_horizontal.min_hosts - 1"),
        "max_ports": Param(14, "ports", 2, 65536, "more on one host is scan_vertical's", "scan_vertical.min_ports - 1"),
        "max_tries": Param(
            1.5,
            "ratio",
            1,
            100,
            "connections per pair: a client retries its dead servers, a scanner moves on",
            "own; 1.0 in the shared scan captures",
        ),
    },
    attack=("T1046",),
    severity=Severity.MEDIUM,
    impact=66,
    confidence=Confidence(0.62, 0.85, 100),
    innocent=(
        Text(
            "A client that looks for its domain controllers or file servers from a network that cannot reach them.",
            "客户端在无法连通的网络中寻找域控或文件服务器。",
        ),
        Text(
            "Asset inventory or monitoring: give it the role scanner or monitor.",
            "资产盘点或监控：请登记为 scanner 或 monitor 角色。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w probes.pcap", "taishi packets {incident} -w probes.pcap"),
    ),
    source="ncsa/bro-simple-scan classes of scans; thresholds of Zeek scan.zeek",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="scan",
)
