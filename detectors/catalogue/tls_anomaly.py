"""Which TLS servers and certificates are not what they should be? Detector D16 of detectors.md.

Servers of the site go on a list of things to put right (informational). Servers outside are findings only where
certificate and rarity agree, or where the certificate is one that a known tool makes by default. TLS 1.3 hides
certificates: what is said of them holds for TLS 1.2 and below.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, when
from detectors.catalogue._names import MIN_CENSUS, RARE_HOSTS, home_hosts, hosts_text
from detectors.catalogue._names import prevalence as seen_by
from detectors.catalogue._tls_defects import COLUMNS, DEFECTS, defects, servers
from detectors.model import SEVERITY_RANK, Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_TOOLS: Final = "tls/tool_certs.csv"

_TITLE: Final = Text("TLS of {server}: {worst}", "{server} 的 TLS：{worst}")
_EVIDENCE: Final = Text(
    "{server} ({place}) was spoken to by {clients} host(s) in {handshakes} handshake(s) from {start} on: {defects}."
    " Certificate: subject {subject}, issuer {issuer}, valid {validity}; name asked for: {sni}; {prevalence}.",
    "{server}（{place}）自 {start} 起与 {clients} 台主机握手 {handshakes} 次：{defects}。证书：主体 {subject}，"
    "签发者 {issuer}，有效期 {validity}；请求的名称：{sni}；{prevalence}。",
)
_INSIDE: Final = Text("inside the site", "单位内部")
_OUTSIDE: Final = Text("outside", "外部")
_TOOL: Final = Text("certificate that {tool} makes by default", "{tool} 的默认证书")


def run(tables: Tables, params: Params) -> pa.Table:
    """List what is wrong with the TLS of each server.

    Args:
        tables: ``tls_site``, ``rules/tls/tool_certs.csv`` and the policy tables.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per server, port, certificate and UTC day.
    """
    alerts = AlertRows(DETECTOR)
    peers = {row["dst_ip"]: row["hosts"] for row in tables["peer_hosts"].to_pylist()}
    tools, census = tables[f"rules/{_TOOLS}"].to_pylist(), home_hosts(tables)
    for row in servers(tables["tls_site"]):
        found, tool = defects(row, params), _tool(row, tools)
        if not found and tool is None:
            continue
        hosts = max(peers.get(row["server"], 1), row["client_count"])
        severity = _severity(row, found, tool, hosts, census, params)
        alerts.add(_finding(row, found, tool, severity, hosts, census, params))
    return alerts.table()


def _tool(row: dict[str, Any], tools: list[dict[str, str]]) -> dict[str, str] | None:
    """Return the rule of the tool that makes such a certificate; implants before interception."""
    fields = {"subject": row["subject"], "issuer": row["issuer"], "sha256": row["cert"]}
    hits = [rule for rule in tools if fields[rule["field"]] and fnmatchcase(fields[rule["field"]], rule["pattern"])]
    order = ("implant", "framework", "interception", "default")
    return min(hits, key=lambda rule: (order.index(rule["class"]), rule["tool"]), default=None)


def _severity(
    row: dict[str, Any], found: tuple[str, ...], tool: dict[str, str] | None, hosts: int, census: int, params: Params
) -> Severity:
    """Return how grave it is: a known tool by itself, else only rare servers outside with an unlikely certificate."""
    if tool is not None and tool["class"] in {"implant", "framework"}:
        return Severity.HIGH if tool["class"] == "implant" else Severity.MEDIUM
    if tool is not None and tool["class"] == "interception":
        return Severity.LOW
    if row["server_home"] or not row["client_home"]:
        return Severity.INFO
    is_rare = census >= params["min_census"] and hosts <= params["rare_hosts"]
    unlikely = {"self_signed", "long_validity", "short_validity", "not_yet_valid", "name_differs", "no_name"} & set(
        found
    )
    if not is_rare or "self_signed" not in unlikely:
        return Severity.INFO
    return Severity.MEDIUM if len(unlikely) >= 3 else Severity.LOW


def _finding(
    row: dict[str, Any],
    found: tuple[str, ...],
    tool: dict[str, str] | None,
    severity: Severity,
    hosts: int,
    census: int,
    params: Params,
) -> Finding:
    server = f"{ip_text(row['server'])}:{row['port']}"
    said = _said(found, tool)
    client = row["clients"][0] if row["client_count"] == 1 else None
    is_finding = severity is not Severity.INFO
    return Finding(
        key=(server, row["cert"] or "", str(row["day"])),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=severity,
        confidence=_confidence(found, tool),
        title=Text(
            _TITLE.en.format(server=server, worst=said[0].en), _TITLE.zh.format(server=server, worst=said[0].zh)
        ),
        evidence=_evidence(row, server, said, hosts_text(hosts, census, params)),
        flow_uids=row["uids"],
        flow_count=row["handshakes"],
        display_filter=display_filter(actor=row["server"], ip_proto=6, target_port=row["port"], extra="tls.handshake"),
        actor=row["server"] if row["server_home"] else (client or row["clients"][0]),
        target=None if row["server_home"] else row["server"],
        target_port=row["port"],
        ip_proto=6,
        context=seen_by(hosts, census, params) if is_finding else (),
        indicators=(f"cert:{row['cert']}",) if is_finding and row["cert"] else (),
        details={"defects": list(found), "tool": tool["tool"] if tool else "", "clients": row["client_count"]},
    )


def _said(found: tuple[str, ...], tool: dict[str, str] | None) -> list[Text]:
    """Return what is wrong in words, the gravest first."""
    said = [_TOOL.fill(tool=tool["tool"])] if tool else []
    order = sorted(found, key=lambda name: (-SEVERITY_RANK[DEFECTS[name].weight], name))
    return said + [DEFECTS[name].said for name in order]


def _evidence(row: dict[str, Any], server: str, said: list[Text], clause: Text) -> Text:
    place, before, after = _INSIDE if row["server_home"] else _OUTSIDE, row["not_before"], row["not_after"]
    texts = {
        "server": server,
        "clients": row["client_count"],
        "handshakes": row["handshakes"],
        "start": when(row["start_ts"]),
        "subject": row["subject"] or "-",
        "issuer": row["issuer"] or "-",
        "validity": f"{before:%Y-%m-%d} … {after:%Y-%m-%d}" if before and after else "-",
        "sni": row["names"][0] if row["names"] else "-",
    }
    return Text(
        _EVIDENCE.en.format(**texts, defects=", ".join(t.en for t in said), place=place.en, prevalence=clause.en),
        _EVIDENCE.zh.format(**texts, defects="、".join(t.zh for t in said), place=place.zh, prevalence=clause.zh),
    )


def _confidence(found: tuple[str, ...], tool: dict[str, str] | None) -> float:
    return 0.9 if tool is not None else DETECTOR.confidence.of(len(found), 1)


DETECTOR: Final = Detector(
    id="tls_anomaly",
    version=1,
    title=Text("TLS servers and certificates", "TLS 服务与证书异常"),
    question=Text("Which TLS servers and certificates are not what they should be?", "哪些 TLS 服务和证书不合要求？"),
    needs={"tls_site": COLUMNS},
    partition_by={"tls_site": "receiver_ip"},
    window_s=86400.0,
    params={
        "min_census": MIN_CENSUS,
        "rare_hosts": RARE_HOSTS,
        "max_validity": Param(
            825,
            "d",
            30,
            10000,
            "no public authority may sign for longer",
            "CA/Browser Forum baseline requirements 6.3.2",
        ),
        "min_validity": Param(2, "d", 0.01, 100, "shorter ones are made for one use", "detectors.md D16"),
        "min_rsa": Param(2048, "bits", 512, 16384, "RSA and DSA keys", "Zeek ssl/weak-keys; NIST SP 800-57"),
        "min_ec": Param(224, "bits", 112, 521, "keys on elliptic curves", "NIST SP 800-57"),
    },
    attack=("T1587.003", "T1573.002", "T1557"),
    severity=Severity.MEDIUM,
    impact=55,
    confidence=Confidence(0.3, 0.7, 5),
    innocent=(
        Text(
            "Appliances, printers and management ports come with self-signed certificates that are valid for decades.",
            "设备、打印机和管理口出厂即带自签名且有效期数十年的证书。",
        ),
        Text(
            "Captive portals and inspecting proxies answer with certificates of their own.",
            "认证门户和检查型代理会用自己的证书应答。",
        ),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w tls.pcap", "taishi packets {incident} -w tls.pcap"),
    ),
    source="detectors.md D16; Zeek ssl/weak-keys, ssl/expiring-certs (suppressed for a day)",
    run=run,
    rules=(_TOOLS,),
    blind_without=("tls_site",),
    family="tls",
)
