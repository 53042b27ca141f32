"""Every sentence of the report in both languages, as data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reporting.result import Text

TEXTS: Final[Mapping[str, Text]] = {
    "title": Text("Network situation report", "网络安全态势报告"),
    "case": Text("Case", "案例"),
    "period": Text("Period", "时段"),
    "span": Text("Span", "时长"),
    "frames": Text("Frames", "帧"),
    "flows": Text("Flows", "流"),
    "conversations": Text("Conversations", "会话"),
    "hosts": Text("Hosts", "主机"),
    "volume": Text("Volume", "流量"),
    "no_traffic": Text("no traffic", "无流量"),
    "zone": Text("All times are {zone}.", "所有时间均为 {zone}。"),
    "contents": Text("Contents", "目录"),
    "traffic": Text("Traffic over time", "流量随时间变化"),
    "traffic_alt": Text(
        "Throughput and packet rate from {first} to {last}; peak {peak} at {when}; {marked} incidents marked.",
        "{first} 至 {last} 的吞吐量和包速率；峰值 {peak}，出现于 {when}；标出 {marked} 个事件。",
    ),
    "traffic_note": Text(
        "One column is {bucket}. Numbered marks above are incidents, from their first to their last packet; "
        "shaded bands carry them down into the curves.",
        "每格为 {bucket}。上方带编号的标记是事件，从其首个报文到末个报文；阴影带把它们投到曲线上。",
    ),
    "traffic_none": Text("No packet was read, so there is nothing to draw.", "没有读到任何报文，无图可画。"),
    "traffic_unmarked": Text("{n} more incidents are not marked.", "另有 {n} 个事件未标出。"),
    "axis_bits": Text("Throughput, {unit}", "吞吐量，{unit}"),
    "axis_packets": Text("Packets, {unit}", "包速率，{unit}"),
    "incidents": Text("Incidents", "事件"),
    "incidents_none": Text(
        "No incident. What could not be judged stands under “Coverage”.",
        "没有事件。无法研判的内容见“覆盖情况”。",
    ),
    "incidents_more": Text(
        "{n} more incidents are not shown here; list them:", "另有 {n} 个事件未在此列出；列出它们："
    ),
    "score": Text("Score", "分值"),
    "score_of": Text("{score} of 100", "{score}（满分 100）"),
    "who": Text("Who", "何人"),
    "what": Text("What", "何事"),
    "when": Text("When", "何时"),
    "evidence": Text("Evidence", "证据"),
    "innocent": Text("Innocent explanations", "无害的解释"),
    "next": Text("Next command", "下一步命令"),
    "filter": Text("Wireshark display filter", "Wireshark 显示过滤器"),
    "alerts": Text("Alerts", "告警"),
    "coverage": Text("Coverage: what could not be seen", "覆盖情况：未能看到的内容"),
    "home": Text("Home networks assumed", "所认定的本单位网络"),
    "network": Text("Network", "网络"),
    "why": Text("Why", "依据"),
    "home_none": Text(
        "None: nothing counts as inside, directions were not judged.", "无：没有任何地址算作内部，未判断方向。"
    ),
    "blind": Text("Not seen", "未看到"),
    "blind_none": Text("No loss, no one-sided traffic, no cut packets.", "无丢包，无单向流量，无截断报文。"),
    "blind_empty": Text(
        "Nothing was read, so nothing could be seen or judged.", "没有读到任何内容，因此既无所见，也无从研判。"
    ),
    "scope": Text("What this version looks for", "本版本的检测范围"),
    "covered": Text("Looked for:", "已查："),
    "not_covered": Text("Not looked for:", "未查："),
    "not_assessed": Text("Not judged, or judged on little", "未研判或依据不足"),
    "not_assessed_none": Text("Every detector had the data it needs.", "每个检测器都有所需的数据。"),
    "detector": Text("Detector", "检测器"),
    "status": Text("Status", "状态"),
    "reason": Text("Reason", "原因"),
    "seen": Text("Seen", "已见"),
    "needed": Text("Needed", "所需"),
    "status.short": Text("short mode", "短时模式"),
    "status.no_data": Text("nothing of the kind seen", "未见此类流量"),
    "status.not_assessed": Text("not assessed", "未研判"),
    "status.assessed": Text("assessed", "已研判"),
    "talkers": Text("Talkers", "通信大户"),
    "address": Text("Address", "地址"),
    "place": Text("Place", "位置"),
    "inside": Text("home", "内部"),
    "outside": Text("outside", "外部"),
    "sent": Text("Sent", "发送"),
    "received": Text("Received", "接收"),
    "share": Text("Share of all sent", "占总发送量"),
    "peers": Text("Peers", "对端数"),
    "matrix": Text("Who uses what", "谁在用什么"),
    "matrix_note": Text(
        "Bytes both ways per address and service; the darker, the more (each step is tenfold). An empty cell is none.",
        "每个地址在每种服务上的双向字节数；颜色越深越多（每级十倍）。空格表示没有。",
    ),
    "matrix_none": Text("No address used a service.", "没有地址使用任何服务。"),
    "legend": Text("Legend", "图例"),
    "spoken": Text("What was spoken", "所用协议"),
    "protocol": Text("Protocol", "协议"),
    "known_by": Text("Known by", "识别依据"),
    "by_content": Text("content", "内容"),
    "by_port": Text("port only", "仅端口"),
    "unknown": Text("not recognised", "未识别"),
    "layer_2": Text("layer 2", "二层"),
    "bytes": Text("Bytes", "字节"),
    "protection": Text("Protection of the traffic", "流量的加密保护"),
    "protection_note": Text(
        "Conversations with payload; the weakest handshake of each counts.",
        "有数据的会话；每个会话以最弱的一次握手为准。",
    ),
    "protection_kind": Text("Cryptography", "算法"),
    "protection_share": Text("Share of bytes", "占字节数"),
    "told": Text("What was said", "协议记录"),
    "told_facts": Text("What the records say", "记录内容"),
    "logins": Text("Logins", "登录"),
    "logins_note": Text(
        "Attempts by what the server answered; of these, how many showed their password to whoever listens.",
        "按服务器答复统计的登录尝试；其中有多少次口令可被旁听者读出。",
    ),
    "service": Text("Service", "服务"),
    "let_in": Text("Let in", "成功"),
    "refused": Text("Refused", "失败"),
    "not_known": Text("Not known", "未知"),
    "readable": Text("Password readable", "口令可读"),
    "unreadable": Text("Unreadable frames", "无法读取的帧"),
    "unreadable_none": Text("Every frame was read.", "每一帧都已读取。"),
    "provenance": Text("Provenance", "来源与出处"),
    "files": Text("Capture files", "抓包文件"),
    "file": Text("File", "文件"),
    "size": Text("Size", "大小"),
    "outcome": Text("Outcome", "结果"),
    "outcome.read": Text("read wholly", "全部读完"),
    "outcome.known": Text("known, not read again", "已读过，未重读"),
    "outcome.partial": Text("read in part", "读了一部分"),
    "outcome.failed": Text("not read", "未能读取"),
    "counted": Text("Where every frame went", "每一帧的去向"),
    "counter": Text("Counter", "计数项"),
    "count": Text("Count", "数量"),
    "law_decoded": Text(
        "delivered {delivered} = decoded {decoded} + filtered {filtered} + unreadable {errors}",
        "收到 {delivered} = 解码 {decoded} + 过滤 {filtered} + 无法读取 {errors}",
    ),
    "law_flows": Text(
        "decoded {decoded} = in flows {flows} + duplicates {dup} + other than flows {other}",
        "解码 {decoded} = 归入流 {flows} + 重复 {dup} + 非流 {other}",
    ),
    "law_holds": Text("holds", "成立"),
    "law_broken": Text("does not hold: report this as a defect", "不成立：请作为缺陷报告"),
    "made_by": Text("Made by", "生成者"),
    "version": Text("Program", "程序"),
    "wire_version": Text("Wire core", "解析核心"),
    "schema_version": Text("Schema version", "表结构版本"),
    "feature_version": Text("Flow definitions version", "流定义版本"),
    "config_hash": Text("Configuration hash", "配置哈希"),
    "written": Text("Written", "生成时间"),
}
"""Keys are used by the templates; a test holds that each is used and each used one exists."""


def pick(lang: str) -> Mapping[str, str]:
    """Return all texts in one language (``zh-CN`` or ``en``)."""
    return {key: text.zh if lang == "zh-CN" else text.en for key, text in TEXTS.items()}
