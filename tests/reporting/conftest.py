"""Fixtures: a full scan result with hostile wire strings, an empty one, and a runner of the command line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from click.testing import CliRunner, Result

from reporting.cli._root import ROOT
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

HOSTILE = "\x1b[31mred\x1b[0m [bold]markup[/bold] \u202egnp.exe"
"""A string as an attacker would put on the wire: terminal control, rich markup, right-to-left override."""


def incident(number: int, severity: str = "critical") -> IncidentLine:
    """Return an incident with long texts in both languages."""
    return IncidentLine(
        incident_id=f"INC-{number:08x}",
        severity=severity,
        score=95.0 - number,
        title=Text(
            "Control command to a power-dispatch station from a host that never commanded, after a password guess",
            "从未下达过命令的主机在猜中口令之后向电力调度站点下达控制命令，并且随后又扫描了整个控制网段的多个端口",
        ),
        who="203.0.113.66 → 10.20.0.5:2404",
        what=Text(f"scan, guess, command {HOSTILE}", f"扫描、猜口令、下达命令 {HOSTILE}"),
        first="2026-11-20T14:02:11.000000Z",
        last="2026-11-20T14:31:59.000000Z",
        evidence=(
            Text(
                "256 addresses asked on tcp/22 in 40 s, 251 silent.",
                "40 秒内向 256 个地址的 tcp/22 发起连接，251 个无应答。",
            ),
            Text("121 logins refused, then one accepted.", "121 次登录被拒绝，随后一次成功。"),
            Text("C_DC_NA_1 to address 4001, value 2.", "向信息体地址 4001 下达 C_DC_NA_1，值为 2。"),
            Text("A fourth sentence.", "第四句。"),
        ),
        innocent=(Text("An inspection that was announced.", "事先通知过的检查。"),),
        alerts=4,
        display_filter="ip.addr == 203.0.113.66",
        next=(
            f"taishi incident show INC-{number:08x}",
            f"taishi packets INC-{number:08x} -w INC-{number:08x}.pcap",
        ),
    )


@pytest.fixture
def result() -> ScanResult:
    """A scan with something in every section."""
    return ScanResult(
        case="office-3f2a9c01",
        program="taishi",
        severity="critical",
        verdict=Text(
            "2 incidents, the worst from 203.0.113.66: a control command from a host that never commanded before.",
            "2 个事件，最严重的来自 203.0.113.66：从未下达过命令的主机下达了控制命令。",
        ),
        files=(
            FileResult("office.pcap", "3f" * 32, 1_234_567, 8123, "read"),
            FileResult(
                f"cut{HOSTILE}.pcap",
                "ab" * 32,
                4096,
                12,
                "partial",
                "cut.pcap: record 12 is cut off; allowed: …",
                "cut.pcap：记录 12 不完整；可用：……",
            ),
        ),
        totals=Totals(8135, 1400, 1234, 57, 9_876_543, "2026-11-20T00:00:01.5Z", "2026-11-20T23:59:59Z", 86398.5),
        home_networks=(
            HomeNetwork(
                "10.0.0.0/8",
                Text("private range (RFC 1918); 41 addresses seen", "私有地址（RFC 1918）；看到 41 个地址"),
                "default",
            ),
            HomeNetwork(
                "fe80::/10",
                Text("link-local range (RFC 4291); 3 addresses seen", "链路本地地址；看到 3 个地址"),
                "default",
            ),
        ),
        blind=(
            Blind(
                "loss", Text("1.2 MB were acknowledged but never seen (0.4 %)", "1.2 MB 已被确认却没有看到（0.4 %）")
            ),
        ),
        scope=Scope(Text("scans, password guessing", "扫描、口令猜测"), Text("ARP sweeps, floods", "ARP 扫描、洪泛")),
        not_assessed=(
            NotAssessed(
                "scan_slow",
                Text("Slow scan", "慢速扫描"),
                "not_assessed",
                Text("not assessed: 24 h seen, 7 d needed", "未评估：已观测24小时，需要7天"),
                1,
                2,
            ),
        ),
        incidents=(incident(1), incident(2, "medium")),
        incident_count=5,
        alerts={"critical": 1, "high": 2, "medium": 1, "low": 0, "info": 3},
        talkers=(
            Talker("10.20.0.5", True, 123_456_789, 2_345, 120, 14),
            Talker("2001:db8:1234:5678:9abc:def0:1234:5678", False, 1, 999, 1, 1),
        ),
        spoken=(Spoken("http", False, 400, 5_000_000), Spoken("iec104", True, 3, 12_345), Spoken("", False, 9, 99)),
        unreadable=(Unreadable("decode_error.ipv4_header", 12),),
        report="report.html",
    )


@pytest.fixture
def empty_result() -> ScanResult:
    """A scan of a capture without a frame."""
    return ScanResult(
        case="empty-e3b0c442",
        program="taishi --home /srv/x",
        severity=None,
        verdict=Text("nothing above informational was found", "未发现提示级以上的异常"),
        files=(FileResult("empty.pcap", "e3" * 32, 24, 0, "read"),),
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


@pytest.fixture
def run() -> Callable[[Sequence[str]], Result]:
    """Run ``taishi`` with these words in an English locale."""

    def invoke(args: Sequence[str]) -> Result:
        return CliRunner(env={"LC_ALL": "C.UTF-8", "TAISHI_HOME": ""}).invoke(ROOT, list(args))

    return invoke
