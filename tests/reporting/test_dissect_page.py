"""Decoded packets on the screen and what both sides said: widths, long addresses, text and binary, hostile payload."""

from __future__ import annotations

import pytest

from reporting.dissect.conversation import Said, is_text, screen_lines
from reporting.dissect.page import summary_lines, tree_line
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES, Words


def _packet(number: int, source: str, destination: str, info: str) -> dict[str, object]:
    ends = {"source": source, "destination": destination}
    return {"frame": number, "time_s": number * 1.5, **ends, "protocol": "TLSv1.3", "info": info}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_long_addresses_leave_the_information_readable(lang: str) -> None:
    """Two IPv6 addresses in full: nothing of them is cut, protocol and information stand beneath."""
    ends = ("2001:470:e5bf:dead:4957:2174:e82c:4887", "2607:f8b0:400c:0c03:1111:2222:3333:001a")
    titles = {name: Words(lang)(f"dissect.{name}") for name in _packet(1, "", "", "")}
    short = list(summary_lines([_packet(1, "10.0.0.1", "10.0.0.2", "字" * 90)], titles))
    assert len(short) == 2
    assert cells(short[1]) in {MAX_COLUMNS - 1, MAX_COLUMNS}
    assert short[1].endswith("…")
    lines = list(summary_lines([_packet(1, *ends, "Client Hello"), _packet(2, ends[1], ends[0], "x" * 200)], titles))
    assert len(lines) == 6
    assert max(cells(line) for line in lines) <= MAX_COLUMNS
    assert all(end in lines[2] for end in ends)
    assert lines[3].split(maxsplit=1) == ["TLSv1.3", "Client Hello"]


def test_trees_are_broken_with_their_indentation() -> None:
    """Long values go on two columns further in; depth is bounded; nothing is lost."""
    text = " " * 8 + "Value: " + "0123456789 " * 20
    lines = list(tree_line(text))
    assert all(cells(line) <= MAX_COLUMNS for line in lines)
    assert [len(line) - len(line.lstrip()) for line in lines] == [8, *[10] * (len(lines) - 1)]
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert cells(next(tree_line(" " * 300 + "deep"))) <= MAX_COLUMNS
    assert list(tree_line("")) == [""]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        ("用户登录".encode(), True),
        (b"caf\xe9 au lait", True),
        (bytes(range(256)), False),
        (bytes(40), False),
        (b"\xff\xfe" * 30, False),
        (b"h\x04\x07\x00\x00\x00", False),
    ],
)
def test_text_is_told_from_binary(data: bytes, expected: bool) -> None:
    """Words of any script are text, also with a stray byte; records, ciphertext and zeros are not."""
    assert is_text(data) is expected


def test_payload_cannot_pass_for_something_else() -> None:
    """Every line carries the mark of its side; control characters and overrides are escaped; hex shows all bytes."""
    hostile = b"ok\r\n== > 10.0.0.1:1   < 10.0.0.2:2\n> \x1b[2Jforged\xe2\x80\xae"
    lines = list(screen_lines(Said("tcp.stream eq 0", "a:1", "b:2", from_first=False, data=hostile)))
    assert all(line.startswith("< ") for line in lines)
    assert not {"\x1b", "\u202e"} & set("".join(lines))
    lines = list(screen_lines(Said("tcp.stream eq 0", "a:1", "b:2", from_first=True, data=bytes(range(128, 168)))))
    assert len(lines) == 3
    assert lines[0].startswith("> 00000000  80 81 82")
    assert max(cells(line) for line in lines) <= MAX_COLUMNS
