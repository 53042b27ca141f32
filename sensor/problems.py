"""What the core says of a damaged capture, in both languages.

The core writes its problems in English, from a fixed set of sentences with numbers in them (``wire/src/source``), and
lakes keep them so. This module knows those sentences: a stored problem of any age gets its Chinese text here, and a
test holds that the core has no sentence that is missing. One that is unknown all the same is shown as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from store.text import Text

FOUND: Final = (
    Text("a captured length of {n} bytes", "捕获长度为 {n} 字节"),
    Text("a block of {n} bytes", "块长度为 {n} 字节"),
    Text(
        "the file ends inside a record or header, {n} bytes of it are there",
        "文件在记录或文件头中间结束，只有其中 {n} 字节",
    ),
    Text("the file cannot be read ({why})", "文件无法读取（{why}）"),
    Text("the {kind} stream breaks off ({why})", "{kind} 压缩流中断（{why}）"),
    Text("an empty file", "空文件"),
    Text("a snoop capture (first bytes {hex})", "snoop 抓包（起始字节 {hex}）"),
    Text("a bzip2 file (first bytes {hex})", "bzip2 文件（起始字节 {hex}）"),
    Text("an xz file (first bytes {hex})", "xz 文件（起始字节 {hex}）"),
    Text("an lz4 file (first bytes {hex})", "lz4 文件（起始字节 {hex}）"),
    Text("a zip archive (first bytes {hex})", "zip 压缩包（起始字节 {hex}）"),
    Text("an unknown file format (first bytes {hex})", "未知的文件格式（起始字节 {hex}）"),
    Text("pcap version {version}", "pcap 版本 {version}"),
    Text("a packet of interface {n}", "接口 {n} 的报文"),
    Text("a section of pcapng version {n}", "pcapng 版本 {n} 的节"),
    Text("one interface more", "又多出一个接口"),
    Text("a block of type {kind} with {n} bytes of content", "类型 {kind} 的块，内容只有 {n} 字节"),
    Text("byte-order mark {hex}", "字节序标记 {hex}"),
    Text("a block that says {n} bytes at its start and {m} at its end", "块首标明 {n} 字节，块尾标明 {m} 字节"),
)
"""What was found, with ``{name}`` where the core fills in a value."""

ALLOWED: Final = (
    Text("{low} to {high} are allowed", "可用：{low} 至 {high}"),
    Text("a file ends after a whole record", "文件应在完整记录之后结束"),
    Text("a readable file", "需要可读的文件"),
    Text("whole {kind} streams, one after the other", "需要完整的 {kind} 压缩流，可以多个相接"),
    Text(
        "pcap and pcapng are read, plain or compressed with gzip or zstd",
        "可用：pcap 和 pcapng，不压缩或用 gzip、zstd 压缩",
    ),
    Text("versions from 2.0 are read", "可用：2.0 及以上版本"),
    Text("the section describes {n} interfaces", "本节只描述了 {n} 个接口"),
    Text("version 1 is read", "可用：版本 1"),
    Text("{n} interfaces are allowed in one file", "一个文件最多 {n} 个接口"),
    Text("its fixed fields need more", "其固定字段需要更多字节"),
    Text("1a2b3c4d or 4d3c2b1a", "应为 1a2b3c4d 或 4d3c2b1a"),
    Text("both must be equal", "二者必须相等"),
)
"""What is allowed."""

ADVICE: Final = (
    Text(
        "the file is damaged from here on: the frames before were read, capture or copy it again",
        "文件自此处起已损坏：此前的帧已读出，请重新抓包或复制",
    ),
    Text(
        "the frames before were read; if it was still being written, wait, else copy it again",
        "此前的帧已读出；若仍在写入请等待，否则请重新复制",
    ),
    Text("the frames before were read; copy or compress the file again", "此前的帧已读出；请重新复制或压缩该文件"),
    Text("capture again", "请重新抓包"),
    Text("convert it: editcap -F pcap IN OUT", "请转换：editcap -F pcap IN OUT"),
    Text("decompress it first: bunzip2 FILE", "请先解压：bunzip2 FILE"),
    Text("decompress it first: unxz FILE", "请先解压：unxz FILE"),
    Text("decompress it first: unlz4 FILE", "请先解压：unlz4 FILE"),
    Text("unpack it first: unzip FILE", "请先解包：unzip FILE"),
    Text(
        "if it is a capture of another kind (ERF, NetMon, …), convert it: editcap -F pcap IN OUT",
        "若是其他类型的抓包（ERF、NetMon 等），请转换：editcap -F pcap IN OUT",
    ),
    Text(
        "the file is damaged or older than 1989: convert it with editcap", "文件已损坏或早于 1989 年：请用 editcap 转换"
    ),
    Text("write the file again with editcap -F pcapng", "请用 editcap -F pcapng 重新写出"),
    Text("split the file into its sections", "请按节拆分该文件"),
)
"""What to do."""


def in_both(problem: str) -> Text:
    """Return a problem of the core in both languages; what is no sentence of the core stays as it is in both."""
    return next((Text(problem, text) for text in _readings(problem)), Text(problem, problem))


def _readings(problem: str) -> Iterable[str]:
    """Yield the Chinese texts a problem can be read as; parts hold semicolons, so all ways to cut it are tried."""
    head = re.fullmatch(r"offset (\d+), record (\d+): (.*)", problem, re.DOTALL)
    if head is None:
        return
    cuts = [match.start() for match in re.finditer("; ", head[3])]
    for first in cuts:
        for second in (cut for cut in cuts if cut > first):
            pieces = (head[3][:first], head[3][first + 2 : second], head[3][second + 2 :])
            said = [translated(piece, known) for piece, known in zip(pieces, (FOUND, ALLOWED, ADVICE), strict=True)]
            if all(said):
                yield f"偏移 {head[1]}，记录 {head[2]}：{'；'.join(text for text in said if text)}"


def translated(piece: str, known: Iterable[Text]) -> str | None:
    """Return the Chinese of one part of a problem, or None when no known sentence fits it."""
    for text in known:
        fixed = re.split(r"\{\w+\}", text.en)
        names = re.findall(r"\{(\w+)\}", text.en)
        match = re.fullmatch("(.+)".join(re.escape(part) for part in fixed), piece, re.DOTALL)
        if match is not None:
            return text.zh.format(**dict(zip(names, match.groups(), strict=True)))
    return None
