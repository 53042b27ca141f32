"""Why a frame became no flow, said to people; the counters' names stay what programs read (``-o json``).

One text per reason of ``wire/src/decode/reason.rs`` (held by a test), and the usual names of protocols that are neither
IP nor metered as layer-2 flows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from store.text import Text

REASONS: Final[Mapping[str, Text]] = {
    "link_type_unknown": Text("link type not decoded (Wi-Fi, USB …)", "链路类型不支持（如 Wi-Fi、USB）"),
    "link_truncated": Text("cut off inside the link-layer header", "链路层头不完整"),
    "layers_exceeded": Text("more than 16 headers inside each other", "嵌套的头超过 16 层"),
    "null_family": Text("loopback header names neither IPv4 nor IPv6", "回环头的协议族既非 IPv4 也非 IPv6"),
    "raw_ip_version": Text("raw IP frame of neither version 4 nor 6", "裸 IP 帧的版本既非 4 也非 6"),
    "pppoe_header": Text("impossible PPPoE header", "PPPoE 头有误"),
    "ipv4_truncated": Text("cut off inside the IPv4 header", "IPv4 头不完整"),
    "ipv4_header": Text("impossible IPv4 header", "IPv4 头自相矛盾"),
    "ipv6_truncated": Text("cut off inside the IPv6 header", "IPv6 头不完整"),
    "ipv6_header": Text("impossible IPv6 header", "IPv6 头自相矛盾"),
    "ipv6_extension": Text("IPv6 extension headers cut off or too many", "IPv6 扩展头不完整或过多"),
}
"""Text of ``decode_error.<reason>``."""

ETHERTYPES: Final[Mapping[str, Text]] = {
    "0x0842": Text("Wake-on-LAN", "网络唤醒（Wake-on-LAN）"),
    "0x22ea": Text("stream reservation (SRP)", "流预留协议（SRP）"),
    "0x22f0": Text("audio and video transport (AVTP)", "音视频传输（AVTP）"),
    "0x6002": Text("DEC MOP", "DEC MOP"),
    "0x6003": Text("DECnet", "DECnet"),
    "0x8021": Text("PPP control of IPv4 (IPCP)", "PPP 的 IPv4 控制（IPCP）"),
    "0x8057": Text("PPP control of IPv6 (IPV6CP)", "PPP 的 IPv6 控制（IPV6CP）"),
    "0x809b": Text("AppleTalk", "AppleTalk"),
    "0x80f3": Text("AppleTalk address resolution", "AppleTalk 地址解析"),
    "0x80fd": Text("PPP compression control (CCP)", "PPP 压缩控制（CCP）"),
    "0x8137": Text("Novell IPX", "Novell IPX"),
    "0x8808": Text("Ethernet flow control", "以太网流量控制"),
    "0x8809": Text("slow protocols (LACP, OAM)", "慢速协议（LACP、OAM）"),
    "0x8847": Text("MPLS", "MPLS"),
    "0x8848": Text("MPLS multicast", "MPLS 组播"),
    "0x8863": Text("PPPoE discovery", "PPPoE 发现"),
    "0x8864": Text("PPPoE session control", "PPPoE 会话控制"),
    "0x8899": Text("Realtek loop detection", "Realtek 环路检测"),
    "0x88a2": Text("ATA over Ethernet", "ATA over Ethernet"),
    "0x88ab": Text("Ethernet POWERLINK", "Ethernet POWERLINK"),
    "0x88cd": Text("SERCOS III", "SERCOS III"),
    "0x88e1": Text("HomePlug AV", "HomePlug AV"),
    "0x88e5": Text("MACsec, encrypted", "MACsec 加密帧"),
    "0x88f5": Text("VLAN registration (MVRP)", "VLAN 注册（MVRP）"),
    "0x88f6": Text("multicast registration (MMRP)", "组播注册（MMRP）"),
    "0x88f7": Text("precision time (PTP)", "精确时间协议（PTP）"),
    "0x88fb": Text("parallel redundancy (PRP)", "并行冗余协议（PRP）"),
    "0x8902": Text("connectivity fault management", "连通性故障管理（CFM）"),
    "0x8906": Text("Fibre Channel over Ethernet", "以太网光纤通道（FCoE）"),
    "0x8914": Text("FCoE initialisation", "FCoE 初始化"),
    "0x892f": Text("seamless redundancy (HSR)", "高可用无缝冗余（HSR）"),
    "0x893a": Text("home network control (IEEE 1905.1)", "家庭网络控制（IEEE 1905.1）"),
    "0x9000": Text("loopback test", "回路测试"),
    "0xc021": Text("PPP link control (LCP)", "PPP 链路控制（LCP）"),
    "0xc023": Text("PPP password login (PAP)", "PPP 口令认证（PAP）"),
    "0xc223": Text("PPP challenge login (CHAP)", "PPP 质询认证（CHAP）"),
}
"""Name of ``non_flow.<type>``.

Source: IEEE RA, EtherType registry; IANA, PPP DLL Protocol Numbers (inside PPP the counter holds that number).
"""

_DECODE: Final = "decode_error."
_NON_FLOW: Final = "non_flow."


def reason_text(counter: str) -> Text:
    """Return what a counter of unreadable frames means; one that is not known here is shown as it is.

    Args:
        counter: ``decode_error.<reason>`` or ``non_flow.<type as 0xhhhh>``.
    """
    if counter.startswith(_DECODE):
        own = counter.removeprefix(_DECODE)
        return REASONS.get(own, Text(own, own))
    if counter.startswith(_NON_FLOW):
        kind = counter.removeprefix(_NON_FLOW)
        name = ETHERTYPES.get(kind)
        if name is None:
            return Text(f"neither IP nor metered: type {kind}", f"非 IP 且不计量：类型 {kind}")
        return Text(f"neither IP nor metered: {name.en} ({kind})", f"非 IP 且不计量：{name.zh}（{kind}）")
    return Text(counter, counter)
