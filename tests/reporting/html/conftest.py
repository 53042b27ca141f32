"""Scan results for the report: a rich one counted from the demo's own packets, and an empty one."""

from __future__ import annotations

import ipaddress
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reporting.demo import write_demo
from reporting.html import Figures
from reporting.result import (
    Blind,
    FileResult,
    HomeNetwork,
    IncidentLine,
    NotAssessed,
    ScanResult,
    Scope,
    Spoken,
    Talker,
    Text,
    Totals,
    Unreadable,
)

BUCKET_S = 300
SERVICES = {
    443: "tls",
    80: "http",
    2404: "iec104",
    502: "modbus",
    21: "ftp",
    22: "ssh",
    53: "dns",
    123: "ntp",
    9100: "jetdirect",
}


def iso(at_s: float) -> str:
    """Return an epoch time as the scan's object writes it."""
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


def _frames(path: Path) -> list[tuple[int, bytes]]:
    data, at, out = path.read_bytes(), 24, []
    while at < len(data):
        length = int.from_bytes(data[at + 8 : at + 12], "little")
        out.append((int.from_bytes(data[at : at + 4], "little"), data[at + 16 : at + 16 + length]))
        at += 16 + length
    return out


def _incident(
    number: int, severity: str, first: float, last: float, title: Text, evidence: tuple[Text, ...]
) -> IncidentLine:
    innocent = (
        Text(
            "An authorised vulnerability scan: ask who ordered one for this evening.",
            "经授权的漏洞扫描：请询问当晚是否有人安排。",
        ),
        Text("Maintenance of the outstation from a spare laptop.", "使用备用笔记本维护厂站。"),
    )
    return IncidentLine(
        incident_id=f"INC-4F2A{number:02}",
        severity=severity,
        score=96.0 - 17 * number,
        title=title,
        who="10.20.1.147 (b8:27:eb:67:3a:3d)",
        what=Text("Scanned, guessed a password, and opened breakers", "扫描、猜中口令并断开断路器"),
        first=iso(first),
        last=iso(last),
        evidence=evidence,
        innocent=innocent,
        alerts=6 - number,
        display_filter="ip.addr == 10.20.1.147 && tcp.port in {21, 22, 2404}",
        next=(f"taishi incident show INC-4F2A{number:02}", f"taishi packets INC-4F2A{number:02} -w evidence.pcap"),
    )


RICH_EVIDENCE = (
    Text(
        "253 addresses of 10.20.8.0/24 were probed on tcp/21 in 15 s; 246 did not answer.",
        "15 秒内在 tcp/21 上探测了 10.20.8.0/24 的 253 个地址；246 个无应答。",
    ),
    Text(
        "54 logins as “dispatch” at 10.20.8.21 (FTP) failed in 74 s, then one worked.",
        "74 秒内以“dispatch”登录 10.20.8.21（FTP）失败 54 次，随后成功一次。",
    ),
    Text(
        "C_SC_NA_1 off at addresses 24577–24579 and C_RP_NA_1 to 10.20.40.11, which only 10.20.8.50 commanded before.",
        "向 10.20.40.11 的地址 24577–24579 发出 C_SC_NA_1 断开命令并发出 C_RP_NA_1；此前仅 10.20.8.50 对其下令。",
    ),
)


@pytest.fixture(scope="session")
def rich(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Figures]:
    """The demo day with three incidents, gaps in coverage, and a file that ended early."""
    path = tmp_path_factory.mktemp("report") / "demo.pcap"
    truth = write_demo(path)
    frames = _frames(path)
    volume: Counter[int] = Counter()
    packets: Counter[int] = Counter()
    sent: Counter[str] = Counter()
    received: Counter[str] = Counter()
    cells: Counter[tuple[str, str]] = Counter()
    peers: dict[str, set[str]] = {}
    for at, frame in frames:
        volume[at // BUCKET_S] += len(frame)
        packets[at // BUCKET_S] += 1
        if frame[12:14] != b"\x08\x00" or frame[23] not in {6, 17}:
            continue
        src, dst = (str(ipaddress.IPv4Address(frame[n : n + 4])) for n in (26, 30))
        sport, dport = (int.from_bytes(frame[n : n + 2], "big") for n in (34, 36))
        service = SERVICES.get(dport) or SERVICES.get(sport)
        sent[src] += len(frame)
        received[dst] += len(frame)
        peers.setdefault(src, set()).add(dst)
        if service:
            cells[src, service] += len(frame)
            cells[dst, service] += len(frame)
    names = [name for name in SERVICES.values() if any(s == name for _, s in cells)]
    top = [ip for ip, _ in (sent + received).most_common(14)]
    if truth.intruder not in top:
        top.append(truth.intruder)
    start, end = truth.first_ns / 1e9, truth.last_ns / 1e9
    acts = truth.acts
    incidents = (
        _incident(
            1,
            "critical",
            acts[0].start_ns / 1e9,
            acts[-1].end_ns / 1e9,
            Text("A station that never commanded opened breakers", "从未下令的站点断开了断路器"),
            RICH_EVIDENCE,
        ),
        _incident(
            2,
            "medium",
            acts[4].start_ns / 1e9,
            acts[4].end_ns / 1e9,
            Text("Password guessing over SSH without success", "SSH 口令猜测，未成功"),
            RICH_EVIDENCE[1:2],
        ),
        _incident(
            3,
            "low",
            start + 37_000,
            start + 41_000,
            Text("An employee mistyped a password twice", "员工两次输错口令"),
            RICH_EVIDENCE[:1],
        ),
    )
    result = ScanResult(
        case="demo-2026-03-12",
        program="taishi",
        severity="critical",
        verdict=Text(
            "Act now: 10.20.1.147 got in and commanded an outstation that was never its own.",
            "请立即处置：10.20.1.147 已侵入，并对不属于它的厂站下达了命令。",
        ),
        files=(
            FileResult("captures/demo.pcap", "9f2c" * 16, path.stat().st_size, truth.frames, "read"),
            FileResult(
                "captures/cut.pcapng",
                "07be" * 16,
                88_214,
                411,
                "partial",
                "cut.pcapng: block 412 ends after the file; a whole block is needed; copy the file again",
            ),
        ),
        totals=Totals(truth.frames, 3_412, 3_100, 31, sum(volume.values()), iso(start), iso(end), end - start),
        home_networks=(
            HomeNetwork(
                "10.20.0.0/16",
                Text(
                    "private range with 29 talking hosts and a DHCP server",
                    "私有地址段，有 29 台通信主机和一台 DHCP 服务器",
                ),
                "dhcp",
            ),
            HomeNetwork("fe80::/10", Text("link-local", "链路本地地址"), "default"),
        ),
        blind=(
            Blind(
                "loss",
                Text(
                    "0.4 % of acknowledged bytes were never seen: the tap lost packets.",
                    "0.4 % 的已确认字节从未出现：探针有丢包。",
                ),
            ),
            Blind(
                "one_sided",
                Text("2 % of TCP conversations were seen in one direction only.", "2 % 的 TCP 会话只看到一个方向。"),
            ),
        ),
        scope=Scope(Text("scans, password guessing", "扫描、口令猜测"), Text("ARP sweeps, floods", "ARP 扫描、洪泛")),
        not_assessed=(
            NotAssessed(
                "ics_rogue_master",
                Text("Undeclared master", "未登记主站"),
                "short",
                Text("no signed baseline; history of one day only", "没有已签署的基线；仅有一天的历史"),
                86_400.0,
                604_800.0,
            ),
            NotAssessed(
                "beacon_slow",
                Text("Slow beacon", "慢速外联"),
                "not_assessed",
                Text("needs a week of history", "需要一周的历史"),
                86_400.0,
                604_800.0,
            ),
        ),
        incidents=incidents,
        incident_count=5,
        alerts={"critical": 1, "high": 2, "medium": 1, "low": 1, "info": 3},
        talkers=tuple(
            Talker(
                ip, ip.startswith("10."), sent[ip], received[ip], 20 * len(peers.get(ip, ())), len(peers.get(ip, ()))
            )
            for ip in top[:10]
        ),
        spoken=(
            *(
                Spoken(
                    name, name == "jetdirect", 40 + len(name), sum(n for (_, s), n in cells.items() if s == name) // 2
                )
                for name in names
            ),
            Spoken("", False, 12, 30_000),
        ),
        unreadable=(Unreadable("decode_error.ipv4_header", 3), Unreadable("non_flow.0x9000", 17)),
    )
    figures: Figures = {
        "series": {
            "bucket_s": BUCKET_S,
            "points": [{"ts": iso(n * BUCKET_S), "bytes": volume[n], "packets": packets[n]} for n in sorted(volume)],
        },
        "matrix": {
            "peers": [{"ip": ip, "home": ip.startswith("10.")} for ip in top],
            "services": names,
            "cells": [[cells[ip, name] for name in names] for ip in top],
        },
        "run": {
            "version": "0.1.0",
            "wire_version": "0.1.0",
            "schema_version": 1,
            "feature_defs_version": 1,
            "config_hash": "5b1d7e90c3aa4412",
            "counters": {
                "frames.delivered": truth.frames,
                "frames.decoded": truth.frames - 3,
                "frames.filtered": 0,
                "decode_error.ip_header": 3,
                "flow.packets": truth.frames - 20,
                "flow.dup_suppressed": 0,
                "non_flow.0x9000": 17,
            },
            "written": "2026-03-13T01:12:00Z",
        },
    }
    return result.as_json(), figures


@pytest.fixture(scope="session")
def benign() -> tuple[dict[str, Any], Figures]:
    """A file that held nothing at all."""
    result = ScanResult(
        case="empty",
        program="taishi",
        severity=None,
        verdict=Text("Nothing to report: no packet was read.", "无可报告：没有读到任何报文。"),
        files=(FileResult("empty.pcap", "e3b0" * 16, 24, 0, "read"),),
        totals=Totals(),
        home_networks=(),
        blind=(),
        scope=Scope(Text("scans", "扫描"), Text("floods", "洪泛")),
        not_assessed=(),
        incidents=(),
        incident_count=0,
        alerts={},
        talkers=(),
        spoken=(),
        unreadable=(),
    )
    figures: Figures = {
        "series": {"bucket_s": 60, "points": []},
        "matrix": {"peers": [], "services": [], "cells": []},
        "run": {
            "version": "0.1.0",
            "wire_version": "0.1.0",
            "schema_version": 1,
            "feature_defs_version": 1,
            "config_hash": "0" * 16,
            "counters": {"frames.delivered": 0},
            "written": "2026-03-13T01:12:00Z",
        },
    }
    return result.as_json(), figures
