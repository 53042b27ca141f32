"""What sensor_blind_spot says, in both languages; each name is a kind of blindness, TITLES has the short form."""

from __future__ import annotations

from typing import Final

from detectors.model import Text

SILENT_ALONE: Final = Text(
    "{tap} showed nothing for {minutes} min from {start} to {end} while {others} went on as usual"
    " ({active} % of their minutes active); the tap was active in {before} % of the minutes before.",
    "{tap} 自 {start} 至 {end} 共 {minutes} 分钟没有任何报文，而 {others} 照常（{active}% 的分钟有流量）；"
    "此前该探针 {before}% 的分钟有流量。",
)
SILENT: Final = Text(
    "{tap} showed nothing in {count} stretches, the longest {minutes} min from {start} to {end}; usually it pauses for"
    " at most {usual} s. What happened in them was not seen.",
    "{tap} 有 {count} 段时间没有任何报文，最长 {minutes} 分钟（{start} 至 {end}）；平时停顿不超过 {usual} 秒。"
    "其间发生的情况未观测到。",
)
ONE_SIDED: Final = Text(
    "{tap}: in {share} % of {count} TCP conversations with data one side sent not a single packet: the tap sees one"
    " direction only, so answers, failures and volumes are not judged rightly.",
    "{tap}：{count} 个有数据的 TCP 会话中 {share}% 只有一方的报文：探针只看到单向流量，应答、失败与流量无法准确判断。",
)
GAPS: Final = Text(
    "{tap}: {share} % of the TCP payload was acknowledged and never seen ({gap} of {all} bytes): packets are lost on"
    " the way to the tap.",
    "{tap}：{share}% 的 TCP 数据已被确认但未被捕获（{all} 字节中缺 {gap} 字节）：通往探针的途中有丢包。",
)
GONE: Final = Text(
    "{what} behind {tap} was last seen at {last}, after traffic in {share} % of the hours since {first}; {hours} h"
    " without it until the end of the data.",
    "{tap} 后的{what}最后一次出现在 {last}；自 {first} 起 {share}% 的小时有流量，此后直到数据末尾共 {hours} 小时没有。",
)
CLOCK: Final = Text(
    "{tap}: the clock of the capture stepped back by more than a second in {count} conversations, first at {start}:"
    " order and intervals are uncertain there.",
    "{tap}：抓包时钟在 {count} 个会话中回拨超过 1 秒，首次在 {start}：该处的先后与间隔不可靠。",
)
ENCRYPTED: Final = Text(
    "{tap}: the encrypted share of the payload rose from {before} % in the first week to {after} % in the last one:"
    " content detectors see less.",
    "{tap}：加密流量占比由首周的 {before}% 升至末周的 {after}%：依赖内容的检测所见减少。",
)
TITLES: Final = {
    "silent_alone": Text("One tap fell silent: {tap}", "单个探针静默：{tap}"),
    "silent": Text("Times not seen by {tap}", "{tap} 存在未观测时段"),
    "one_sided": Text("One direction only: {tap}", "仅见单向流量：{tap}"),
    "gaps": Text("Lost packets: {tap}", "捕获丢包：{tap}"),
    "gone": Text("{what} disappeared from {tap}", "{tap} 后的{what}消失"),
    "clock": Text("Clock steps: {tap}", "时钟回拨：{tap}"),
    "encrypted": Text("More is encrypted: {tap}", "加密占比上升：{tap}"),
}
