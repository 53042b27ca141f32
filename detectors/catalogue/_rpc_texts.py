"""Explanations and next steps that the detectors of remote execution share."""

from __future__ import annotations

from typing import Final

from detectors.model import Text

ADMINISTRATION: Final = Text(
    "Software distribution or an administrator's tool: give its server the role update_server or monitor.",
    "软件分发系统或运维工具：请将其服务器登记为 update_server 或 monitor 角色。",
)
CREDENTIALED_SCAN: Final = Text(
    "A vulnerability scanner that logs in to look inside: give it the role scanner.",
    "登录后检查的漏洞扫描器：请登记为 scanner 角色。",
)
NEXT: Final = (
    Text("taishi incident show {incident}", "taishi incident show {incident}"),
    Text("taishi packets {incident} -w rpc.pcap", "taishi packets {incident} -w rpc.pcap"),
)
