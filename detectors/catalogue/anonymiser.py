"""Who hides where he goes, or lets others in? Detector D18 of detectors.md.

Tor, proxies, private networks, tunnel services, remote access tools and encrypted DNS past the site's resolver. All of
them are ordinary programs, so by itself each is a matter of policy (informational). It becomes a finding where there is
no honest use: from a zone of controllers, from a server of the site, or Tor from anywhere.
"""

from __future__ import annotations

import re
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, capped, display_filter, when
from detectors.catalogue._ways_out import CONVERSATION, HTTP, RULES, TLS, roles_of, ways
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_OT_ZONE: Final = re.compile(
    r"(^|[^a-z])(ot|ics|scada|plc|rtu|dcs|control|process|field|substation|dispatch|protection)([^a-z]|$)"
    r"|工控|生产控制|控制区|调度|变电|安全[ⅠI一]区|安全[ⅡII二]区",
    re.IGNORECASE,
)
"""Names of zones in which machines are controlled; the site names its zones itself."""

_SERVER_ROLES: Final = frozenset({"domain_controller", "backup", "update_server", "ntp", "monitor", "scanner"})
"""Roles of servers on which nobody browses."""

_TITLE: Final = Text("{what} used by {actor}: {product}", "{actor} 使用{what}：{product}")
_EVIDENCE: Final = Text(
    "{actor} ({place}) used {product} ({what}) in {flows} conversation(s) with {targets} host(s), for example"
    " {example}, from {start} on: {up:.1f} kB out, {down:.1f} kB in, the longest {longest:.0f} s; told by {basis}.",
    "{actor}（{place}）自 {start} 起通过 {flows} 次会话使用 {product}（{what}），对端 {targets} 台主机，"
    "例如 {example}：发出 {up:.1f} kB、收到 {down:.1f} kB，最长 {longest:.0f} 秒；依据：{basis}。",
)
_WHAT: Final = {
    "tor": Text("anonymity network", "匿名网络"),
    "proxy": Text("proxy", "代理"),
    "vpn": Text("private network", "虚拟专用网"),
    "tunnel_service": Text("tunnel service", "内网穿透服务"),
    "remote_access": Text("remote access tool", "远程控制工具"),
    "encrypted_dns": Text("encrypted DNS", "加密 DNS"),
}
_BASIS: Final = {
    1: Text("port", "端口"),
    2: Text("name of the server", "服务器名称"),
    3: Text("protocol", "协议"),
    4: Text("invented certificate", "虚构的证书"),
}
_ATTACK: Final = {
    "tor": ("T1090.003", "T1572"),
    "proxy": ("T1090",),
    "vpn": ("T1572",),
    "tunnel_service": ("T1572", "T1090"),
    "remote_access": ("T1219",),
    "encrypted_dns": ("T1572", "T1071.004"),
}


def run(tables: Tables, params: Params) -> pa.Table:
    """List who uses which way out, and from where it must not be.

    Args:
        tables: ``conversation``, ``tls_site``, ``http_site``, ``edge_before``, the rules and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per client and product.
    """
    alerts = AlertRows(DETECTOR)
    known = {(row["src_ip"], row["dst_ip"]) for row in tables["edge_before"].to_pylist()}
    for row in ways(tables):
        roles = roles_of(row["src_ip"], tables["site_role"])
        is_new = bool(known) and not any((row["src_ip"], example) in known for example in row["examples"])
        alerts.add(_finding(row, _severity(row, roles, params), is_new=is_new))
    return alerts.table()


def _is_controlled(zone: str | None) -> bool:
    return bool(zone) and _OT_ZONE.search(zone or "") is not None


def _severity(row: dict[str, Any], roles: set[str], params: Params) -> Severity:
    """Return how grave a use is: where it comes from decides; a port alone never makes more than low."""
    ceiling = Severity.LOW if row["strength"] == 1 else Severity.CRITICAL
    is_much = row["up"] + row["down"] >= params["min_bytes"] * 1000
    if not row["src_home"]:
        return Severity.INFO
    if _is_controlled(row["zone"]):
        return capped(Severity.HIGH if is_much else Severity.MEDIUM, ceiling)
    if roles & _SERVER_ROLES and row["class"] != "encrypted_dns":
        return capped(Severity.MEDIUM, ceiling)
    return Severity.MEDIUM if row["class"] == "tor" and row["strength"] == 4 else Severity.INFO


def _place(row: dict[str, Any]) -> Text:
    if not row["src_home"]:
        return Text("from outside", "来自外部")
    if row["zone"]:
        return Text(f"zone {row['zone']}", f"区域 {row['zone']}")
    return Text("home network", "本单位网络")


def _finding(row: dict[str, Any], severity: Severity, *, is_new: bool) -> Finding:
    actor, what = ip_text(row["src_ip"]), _WHAT[row["class"]]
    basis, place = _BASIS[row["strength"]], _place(row)
    numbers = {"up": row["up"] / 1000, "down": row["down"] / 1000, "longest": row["longest_s"]}
    example = row["name"] or ip_text(row["examples"][0])
    said = {**numbers, "actor": actor, "product": row["product"], "flows": row["flows"], "targets": row["targets"]}
    said |= {"example": example, "start": when(row["start_ts"])}
    attack = _ATTACK[row["class"]] if row["src_home"] else ("T1133",)
    if _is_controlled(row["zone"]):
        attack = (*attack, "T0822" if row["class"] in {"remote_access", "vpn"} else "T0884")
    one = row["examples"][0] if row["targets"] == 1 else None
    return Finding(
        key=(actor, row["product"], str(row["src_home"])),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=severity,
        confidence=DETECTOR.confidence.of(row["strength"], 1),
        title=Text(
            _TITLE.en.format(what=what.en[0].upper() + what.en[1:], actor=actor, product=row["product"]),
            _TITLE.zh.format(what=what.zh, actor=actor, product=row["product"]),
        ),
        evidence=Text(
            _EVIDENCE.en.format(what=what.en, basis=basis.en, place=place.en, **said),
            _EVIDENCE.zh.format(what=what.zh, basis=basis.zh, place=place.zh, **said),
        ),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], target=one or row["examples"][0]),
        actor=row["src_ip"],
        target=one,
        target_port=row["port"],
        target_count=row["targets"],
        ip_proto=row["ip_proto"],
        attack=attack,
        context=("new",) if is_new and severity is not Severity.INFO else (),
        details={"product": row["product"], "class": row["class"], "strength": row["strength"], **numbers},
    )


DETECTOR: Final = Detector(
    id="anonymiser",
    version=1,
    title=Text("Hidden ways out and in", "隐蔽的出入通道"),
    question=Text("Who hides where he goes, or lets others in?", "谁在隐藏去向，或让外人进来？"),
    needs={
        "conversation": CONVERSATION,
        "tls_site": TLS,
        "http_site": HTTP,
        "edge_before": ("src_ip", "dst_ip"),
    },
    partition_by={"conversation": "src_ip", "tls_site": "sender_ip", "http_site": "sender_ip", "edge_before": "src_ip"},
    params={
        "min_bytes": Param(10, "kB", 0, 1000000, "payload from which on it was used, not only tried", "own"),
    },
    attack=("T1090.003", "T1090", "T1572", "T1219", "T1133", "T1071.004", "T0822", "T0884"),
    severity=Severity.HIGH,
    impact=65,
    confidence=Confidence(0.3, 0.85, 4),
    innocent=(
        Text(
            "Remote access or a private network that the organisation has approved: suppress it by product or server,"
            " with owner and expiry.",
            "经本单位批准的远程访问或虚拟专用网：请按产品或服务器设置抑制，并注明负责人与有效期。",
        ),
        Text(
            "Browsers that ask a public resolver over HTTPS by default.",
            "浏览器默认通过 HTTPS 使用公共解析服务。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w way-out.pcap", "taishi packets {incident} -w way-out.pcap"),
    ),
    source="detectors.md D18",
    run=run,
    rules=(RULES,),
    family="policy",
)
