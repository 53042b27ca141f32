"""Problems of the core have a Chinese text: all sentences in its sources, and those real damage brings out."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path

import pytest
from capture.files import Shot, write_pcap

from sensor import _wire
from sensor.problems import ADVICE, ALLOWED, FOUND, in_both, translated
from store.text import Text

SOURCES = Path(__file__).parents[2] / "wire" / "src" / "source"
SPEAKING = ("problem.rs", "pcap.rs", "pcapng.rs")
"""Files of the core that word problems."""

COMPOSED = {
    "offset {offset}, record {record}: {found}; {allowed}; {advice}",
    "{found}{shown}",
    " (first bytes {magic})",
    "{what} of {found} bytes",
    "a block",
    "a captured length",
}
"""Pieces that other sentences are put together from."""


def _literals(name: str) -> list[str]:
    """Return the string literals with more than one word that a Rust source holds outside comments."""
    text = re.sub(r"^\s*//.*$", "", (SOURCES / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [re.sub(r"\\\n\s*", "", found) for found in re.findall(r'"((?:[^"\\]|\\.|\\\n)*)"', text) if " " in found]


@pytest.mark.parametrize("name", SPEAKING)
def test_no_sentence_of_the_core_is_unknown(name: str) -> None:
    """Every literal of the sources fits a known sentence once its fields are filled in."""
    unknown = []
    for literal in _literals(name):
        filled = re.sub(r"\{\w*(:\w+)?\}", "7", literal)
        said = any(translated(f"{filled}{tail}", (*FOUND, *ALLOWED, *ADVICE)) for tail in ("", " (first bytes 00)"))
        if not said and literal not in COMPOSED:
            unknown.append(literal)
    assert unknown == []


@pytest.mark.parametrize("text", [*FOUND, *ALLOWED, *ADVICE], ids=lambda text: text.en[:40])
def test_both_languages_fill_in_the_same(text: Text) -> None:
    """No number of a sentence is lost in the other language."""
    assert sorted(re.findall(r"\{\w+\}", text.en)) == sorted(re.findall(r"\{\w+\}", text.zh))


def _problem(path: Path) -> str:
    meter = _wire.Meter(str(path), source_id=bytes(32), options_json="{}")
    while meter.read() is not None:
        pass
    return str(meter.info()["problem"])


def _block(kind: int, body: bytes, trailer: int | None = None) -> bytes:
    size = 12 + len(body)
    return struct.pack("<II", kind, size) + body + struct.pack("<I", size if trailer is None else trailer)


SECTION = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
INTERFACE = _block(1, struct.pack("<HHI", 1, 0, 0))
PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
GZIPPED = zlib.compressobj(wbits=31)
DAMAGED = {
    "empty": b"",
    "text": b"not a capture",
    "snoop": b"snoop\0\0\0" + bytes(40),
    "bzip2": b"BZh91AY" + bytes(40),
    "xz": b"\xfd7zXZ\0" + bytes(40),
    "lz4": b"\x04\x22\x4d\x18" + bytes(40),
    "zip": b"PK\x03\x04" + bytes(40),
    "old": struct.pack("<IHHiIII", 0xA1B2C3D4, 1, 0, 0, 0, 65535, 1),
    "cut header": PCAP[:20],
    "cut record": PCAP + struct.pack("<IIII", 1, 0, 60, 60) + bytes(10),
    "long record": PCAP + struct.pack("<IIII", 1, 0, 1 << 30, 60),
    "gzip cut": (GZIPPED.compress(PCAP + bytes(5000)) + GZIPPED.flush())[:-12],
    "section version": _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 2, 0, -1)),
    "byte order": _block(0x0A0D0D0A, struct.pack("<IHHq", 0x11223344, 1, 0, -1)),
    "block length": SECTION + struct.pack("<II", 6, 4) + bytes(40),
    "trailer": SECTION + _block(1, struct.pack("<HHI", 1, 0, 0), trailer=99),
    "no interface": SECTION + _block(6, struct.pack("<IIIII", 0, 0, 0, 4, 4) + bytes(4)),
    "short block": SECTION + INTERFACE + _block(6, bytes(4)),
    "captured length": SECTION + INTERFACE + _block(6, struct.pack("<IIIII", 0, 0, 0, 400, 400) + bytes(4)),
}
"""One file for each way the reading can end early."""


@pytest.mark.parametrize("name", DAMAGED)
def test_real_damage_is_told_in_chinese(name: str, tmp_path: Path) -> None:
    """What the core really says of a damaged file comes out in Chinese, with every number in it."""
    path = tmp_path / "damaged.pcap"
    path.write_bytes(DAMAGED[name])
    english = _problem(path)
    said = in_both(english)
    assert said.en == english
    assert said.zh != english, english
    assert said.zh.startswith("偏移 ")
    assert sorted(re.findall(r"\d+", said.zh)) == sorted(re.findall(r"\d+", english))


def test_a_whole_file_has_no_problem(tmp_path: Path) -> None:
    """The way of asking is right: a good file has none."""
    assert _problem(write_pcap(tmp_path / "whole.pcap", [Shot(1, bytes(60))])) == "None"


@pytest.mark.parametrize("text", ["", "something else", "offset 1, record 2: new; allowed; do", "offset 1, record 2: "])
def test_what_is_unknown_stays_as_it_is(text: str) -> None:
    """A sentence of a newer core is shown in English rather than not at all."""
    assert in_both(text) == Text(text, text)
