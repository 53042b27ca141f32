"""Talkers and what was spoken, as small tables."""

from __future__ import annotations

from rich.text import Text as Line

from reporting.figures import bytes_text, count_text
from reporting.result import LAYER_2, ScanResult
from reporting.screen._lines import columns, heading
from reporting.words import Words


def talker_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return the addresses with the most bytes; nothing when no IP was spoken."""
    if not result.talkers:
        return []
    rows = [
        (
            talker.ip,
            words("talker.home" if talker.home else "talker.away"),
            bytes_text(talker.sent_bytes),
            bytes_text(talker.received_bytes),
            count_text(talker.flows),
            count_text(talker.peers),
        )
        for talker in result.talkers
    ]
    titles = [words(f"talker.{name}") for name in ("ip", "where", "sent", "received", "flows", "peers")]
    table = columns(rows, titles, (False, False, True, True, True, True))
    return [heading(words("screen.talkers")), *table]


def spoken_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return the application protocols by bytes; those known by the port alone are marked."""
    if not result.spoken:
        return []
    rows = [
        (
            _protocol(item.app_proto, words),
            words("spoken.guessed") if item.guessed else "",
            count_text(item.flows),
            bytes_text(item.bytes),
        )
        for item in result.spoken
    ]
    titles = [words("spoken.proto"), "", words("spoken.flows"), words("spoken.bytes")]
    return [heading(words("screen.spoken")), *columns(rows, titles, (False, False, True, True))]


def _protocol(name: str, words: Words) -> str:
    """Return a protocol's name, in the reader's language where it is none but a description."""
    if name == LAYER_2:
        return words("spoken.layer_2")
    return name or words("spoken.unknown")
