"""Who drowns a host in packets? Detector D33 of detectors.md: SYN, UDP and ICMP floods and slow requests.

The same from a home source is told as such: an infected host of ours takes part in an attack.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._floods import BIN_S, FLOOD_SQL, SLOW_SQL
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_NAMES: Final[Mapping[str, Text]] = {
    "syn": Text("SYN flood", "SYN 洪泛"),
    "udp": Text("UDP flood", "UDP 洪泛"),
    "icmp": Text("ICMP flood", "ICMP 洪泛"),
    "slow": Text("Slow-request flood", "慢速请求攻击"),
}
_IP_PROTO: Final = {"syn": 6, "udp": 17, "slow": 6}
_FILTER: Final = {"syn": "tcp.flags.syn == 1", "udp": "udp", "icmp": "icmp || icmpv6", "slow": "tcp"}
_TITLE: Final = Text("{name} against {target}", "{target} 遭受{name}")
_TITLE_OUT: Final = Text("{name} against {target} by our host {actor}", "本单位主机 {actor} 对 {target} 发起{name}")
_EVIDENCE: Final = Text(
    "{rate} packets per second reached {target} ({where}) from {sources} sources (entropy {bits} bits, {own} of them"
    " ours) within {seconds} s from {start} on{half}; the first window of {bin} s tells it.",
    "自 {start} 起 {seconds} 秒内，{sources} 个来源（熵 {bits} 比特，其中本单位 {own} 个）以每秒 {rate} 个报文冲击"
    " {target}（{where}）{half}；首个 {bin} 秒窗口即可判定。",
)
_HALF: Final = Text("; {share} % of the connections stayed half open", "；{share}% 的连接停留在半开状态")
_EVIDENCE_SLOW: Final = Text(
    "{held} requests to {target} ({where}) were held open at once by {sources} sources ({own} of them ours), each"
    " slower than {rate} B/s and none answered, {seconds} s from {start} on.",
    "自 {start} 起 {seconds} 秒内，{sources} 个来源（其中本单位 {own} 个）同时占住"
    " {target}（{where}）的 {held} 个请求，"
    "每个慢于 {rate} B/s 且均未得到应答。",
)
_FLOOD_ONLY: Final = ("min_rate", "times_usual", "half_open", "min_sources", "min_bins")
_SLOW_ONLY: Final = ("slow_flows", "slow_rate", "slow_seconds")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find hosts that are flooded.

    Args:
        tables: ``conversation``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per target and kind of flood.
    """
    inputs = {"conversation": tables["conversation"]}
    alerts = AlertRows(DETECTOR)
    for row in rows(FLOOD_SQL, inputs, {name: params[name] for name in _FLOOD_ONLY}):
        alerts.add(_finding(row, row["kind"], _evidence(row), row["rate"] / params["min_rate"]))
    for row in rows(SLOW_SQL, inputs, {name: params[name] for name in _SLOW_ONLY}):
        strength = row["held_open"] / params["slow_flows"]
        alerts.add(_finding(row, "slow", _slow_evidence(row, params), strength))
    return alerts.table()


def _where(row: dict[str, Any], kind: str) -> Text:
    if kind == "icmp":
        return Text("echo requests", "回显请求")
    if row.get("ports", 1) > 1:
        return Text(f"{row['ports']} ports", f"{row['ports']} 个端口")
    return Text(f"port {row['port']}", f"端口 {row['port']}")


def _evidence(row: dict[str, Any]) -> Text:
    where = _where(row, row["kind"])
    share = f"{100 * (row['half'] or 0):.0f}"
    half = _HALF.fill(share=share) if row["kind"] == "syn" else Text("", "")
    said = _said(row) | {"rate": f"{row['rate']:.0f}", "bits": f"{abs(row['bits']):.1f}", "bin": BIN_S}
    return Text(
        _EVIDENCE.en.format(where=where.en, half=half.en, **said),
        _EVIDENCE.zh.format(where=where.zh, half=half.zh, **said),
    )


def _slow_evidence(row: dict[str, Any], params: Params) -> Text:
    where = _where(row, "slow")
    said = _said(row) | {"held": row["held_open"], "rate": f"{params['slow_rate']:g}"}
    return Text(_EVIDENCE_SLOW.en.format(where=where.en, **said), _EVIDENCE_SLOW.zh.format(where=where.zh, **said))


def _said(row: dict[str, Any]) -> dict[str, object]:
    return {
        "target": ip_text(row["dst_ip"]),
        "sources": row["sources"],
        "own": row["own"],
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
    }


def _finding(row: dict[str, Any], kind: str, evidence: Text, strength: float) -> Finding:
    target, top = ip_text(row["dst_ip"]), ip_text(row["top"])
    name = _NAMES[kind]
    is_ours = row["own"] > 0 and row["own"] >= row["sources"] / 2
    title = _TITLE_OUT if is_ours else _TITLE
    single = row["sources"] == 1 or is_ours
    return Finding(
        key=(kind, target, str(row["port"]) if kind == "slow" else ""),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.HIGH if strength >= DETECTOR.confidence.saturation or is_ours else Severity.MEDIUM,
        confidence=DETECTOR.confidence.of(strength, 1.0),
        title=Text(
            title.en.format(name=name.en, target=target, actor=top),
            title.zh.format(name=name.zh, target=target, actor=top),
        ),
        evidence=evidence,
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(target=row["dst_ip"], extra=f"({_FILTER[kind]})"),
        actor=row["top"] if single else None,
        target=row["dst_ip"],
        target_port=row["port"] if row.get("ports", 1) == 1 else None,
        ip_proto=_IP_PROTO.get(kind),
        attack=("T1499.002",) if kind == "slow" else ("T1498.001", "T1499.001") if kind == "syn" else ("T1498.001",),
        details={"packets_per_bin": [float(n) for n in row.get("series") or ()], "bin_s": BIN_S},
    )


DETECTOR: Final = Detector(
    id="flood",
    version=1,
    title=Text("Flood", "洪泛攻击"),
    question=Text("Who drowns a host in packets?", "谁在用海量报文淹没主机？"),
    needs={
        "conversation": (
            *("root_uid", "ts_start", "ts_end", "duration_s", "src_ip", "dst_ip", "dst_port", "ip_proto", "icmp_type"),
            *("app_proto", "src_pkts", "dst_pkts", "src_syn", "src_bytes_payload", "dst_bytes_payload"),
            *("src_tcp_flags", "src_flags_first", "src_home", "dst_home"),
        )
    },
    partition_by={"conversation": "dst_ip"},
    window_s=BIN_S,
    params={
        "min_rate": Param(200, "1/s", 10, 1e6, "a busy server takes fewer new connections", "detectors.md D33: 200/s"),
        "times_usual": Param(
            10,
            "times",
            1,
            1000,
            "of the host's own 0.99 quantile before, where there is one",
            "detectors.md D33: 10 q99",
        ),
        "half_open": Param(0.8, "ratio", 0.1, 1.0, "clients finish the handshake they begin", "detectors.md D33: 0.8"),
        "min_sources": Param(
            100, "hosts", 1, 1e6, "a stream of video or logs has one source and one port", "own: what tells UDP floods"
        ),
        "min_bins": Param(30, "bins", 1, 1e5, "a quantile of fewer bins of 10 s says nothing", "own: five minutes"),
        "slow_flows": Param(100, "flows", 10, 1e5, "requests held open at once", "detectors.md D33: 100"),
        "slow_rate": Param(50, "B/s", 1, 1e5, "the slowest modem sends faster", "detectors.md D33: 50 B/s"),
        "slow_seconds": Param(
            30, "s", 5, 3600, "servers time requests out after 20 to 60 s", "Apache RequestReadTimeout"
        ),
    },
    attack=("T1498.001", "T1499.001", "T1499.002"),
    severity=Severity.MEDIUM,
    impact=70,
    confidence=Confidence(0.6, 0.95, 5),
    innocent=(
        Text("A load test.", "压力测试。"),
        Text(
            "An authorised scanner at full speed; give it the role scanner.",
            "全速运行的授权扫描器：请登记为 scanner 角色。",
        ),
        Text(
            "A tap that sees one direction only makes handshakes look half open.",
            "镜像只含单向流量时，握手会显得半开。",
        ),
    ),
    next_steps=next_steps("flood"),
    source="detectors.md D33; RFC 4987",
    run=run,
    roles_exempt=("scanner",),
    family="availability",
)
