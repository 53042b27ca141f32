"""The two-way text of streams: what each side said, in order, from tshark's reassembly."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from reporting.clean import clean
from reporting.dissect.tshark import Tshark
from reporting.width import MAX_COLUMNS, wrap

MAX_STREAMS: Final = 16
"""Streams shown of one selection (1 … 100): each costs tshark one more listener; the rest are counted."""

TEXT_SHARE: Final = 0.7
"""Least share of readable characters of what is shown as text (0 … 1); below it is binary and shown in hex.

Source: own; file(1) and less(1) go by similar shares of control bytes, text with stray bytes has above 0.9, ciphertext
and length-prefixed records about 0.4 (95 of 256 bytes are printable).
"""

_ROW_BYTES: Final = 16
"""Bytes per line of hex, as od(1) and Wireshark print."""

_PROTOCOLS: Final = (("tcp", "len", 0), ("udp", "length", 8))
"""Protocols that tshark numbers streams of, the field that tells how much a packet carries, and its value when that is
nothing (RFC 768: the length counts the header of eight bytes)."""


@dataclass(frozen=True, slots=True)
class Said:
    """Bytes that one side of a stream sent in one piece; ``from_first``: by the side that spoke first on the wire."""

    stream: str
    sender: str
    receiver: str
    from_first: bool
    data: bytes

    def as_row(self) -> dict[str, Any]:
        """Return the row of the list forms; ``text`` is null for binary, ``hex`` always holds all."""
        text = self.data.decode("utf-8", "backslashreplace") if is_text(self.data) else None
        ends = {"sender": self.sender, "receiver": self.receiver}
        return {"stream": self.stream, **ends, "bytes": len(self.data), "text": text, "hex": self.data.hex()}


def streams(tshark: Tshark) -> list[tuple[str, int]]:
    """Return the streams that carry data, in the order of their first data: protocol and tshark's number."""
    fields = [part for name, length, _ in _PROTOCOLS for part in ("-e", f"{name}.stream", "-e", f"{name}.{length}")]
    found: dict[tuple[str, int], None] = {}
    for line in tshark.lines(("-T", "fields", *fields)):
        # Of packets inside packets the outermost counts.
        values = [int(cell) if cell.isdecimal() else -1 for cell in (part.split(",")[0] for part in line.split("\t"))]
        for (name, _, empty), number, length in zip(_PROTOCOLS, values[::2], values[1::2], strict=False):
            if number >= 0 and length > empty:
                found[name, number] = None
    return list(found)


def said(tshark: Tshark, wanted: list[tuple[str, int]]) -> Iterator[Said]:
    """Yield what was said in some streams, stream by stream in the order asked for; all of it is held meanwhile.

    tshark prints payload as hex, the second side's lines behind a tab: no payload can pass for a frame of the output.
    Source: Wireshark, ui/cli/tap-follow.c.
    """
    arguments = ["-q"]
    for name, number in wanted:
        arguments += ["-z", f"follow,{name},raw,{number}"]
    held: dict[str, list[Said]] = {f"{name}.stream eq {number}": [] for name, number in wanted}
    stream, ends = "", ["", ""]
    for line in tshark.lines(arguments):
        head, _, rest = line.partition(": ")
        if head == "Filter":
            stream = rest
        elif head in ("Node 0", "Node 1"):
            ends[int(head[-1])] = rest
        else:
            data = _payload(line)
            if data:
                second = line.startswith("\t")
                held.setdefault(stream, []).append(Said(stream, ends[second], ends[not second], not second, data))
    # tshark's own order of several listeners depends on its version.
    for parts in held.values():
        yield from parts


def _payload(line: str) -> bytes:
    try:
        return bytes.fromhex(line.strip())
    except ValueError:
        return b""


def is_text(data: bytes) -> bool:
    """Return whether most of ``data`` reads as text."""
    text = data.decode("utf-8", "replace")
    readable = sum(char in "\r\n\t" or (unicodedata.category(char)[0] not in "CZ" or char == " ") for char in text)
    return text.count("\ufffd") * 2 < len(text) and readable - text.count("\ufffd") >= TEXT_SHARE * len(text)


def screen_lines(one: Said) -> Iterator[str]:
    """Yield the lines of one run of bytes: ``>`` from the first side, ``<`` from the second; escaped, wrapped."""
    mark = "> " if one.from_first else "< "
    room = MAX_COLUMNS - len(mark)
    if is_text(one.data):
        text = one.data.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
        for line in text.removesuffix("\n").split("\n"):
            for piece in wrap(clean(line.expandtabs(8)), room):
                yield mark + piece
        return
    for place in range(0, len(one.data), _ROW_BYTES):
        row = one.data[place : place + _ROW_BYTES]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
        yield f"{mark}{place:08x}  {row.hex(' '):<{3 * _ROW_BYTES - 1}}  {shown}"
