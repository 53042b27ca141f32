"""Talkers and what was spoken: protocols, their protection, what their records say, and who logged in."""

from __future__ import annotations

from rich.text import Text as Line

from reporting.figures import bytes_text, count_text, share_text
from reporting.result import LAYER_2, ScanResult
from reporting.screen._lines import columns, facts_of, heading
from reporting.width import cells
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


def protection_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return how much was said under national, modern, obsolete and no cryptography."""
    if not result.protection:
        return []
    total = sum(item.bytes for item in result.protection)
    rows = [
        (
            words(f"protection.{item.kind}"),
            count_text(item.flows),
            bytes_text(item.bytes),
            share_text(item.bytes, total),
        )
        for item in result.protection
    ]
    titles = [words(f"protection.{name}") for name in ("kind", "flows", "bytes", "share")]
    return [heading(words("screen.protection")), *columns(rows, titles, (False, True, True, True))]


def told_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return what the records say of each protocol, one paragraph each."""
    if not result.told:
        return []
    width = max(cells(item.protocol) for item in result.told)
    lines = [heading(words("screen.told"))]
    for item in result.told:
        counted = (("told.conversations", item.conversations), ("told.hosts", item.hosts))
        facts = [words(key, n=count_text(n)) for key, n in counted]
        facts += [words.pick(fact.text.en, fact.text.zh) for fact in item.facts]
        lines += facts_of(item.protocol, facts, indent=2, label_columns=width)
    return lines


def login_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return the logins by service, with those whose password could be read."""
    if not result.logins:
        return []
    rows = [
        (item.service, *(count_text(n) for n in (item.ok, item.negative, item.unknown, item.readable)))
        for item in result.logins
    ]
    titles = [words(f"login_sum.{name}") for name in ("service", "ok", "negative", "unknown", "readable")]
    return [heading(words("screen.logins")), *columns(rows, titles, (False, True, True, True, True))]


def _protocol(name: str, words: Words) -> str:
    """Return a protocol's name, in the reader's language where it is none but a description."""
    if name == LAYER_2:
        return words("spoken.layer_2")
    return name or words("spoken.unknown")
