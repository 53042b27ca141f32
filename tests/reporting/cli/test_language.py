"""What goes wrong is told in the language of the run, wherever in the program it is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def _has_chinese(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


COMMANDS = {
    "a statement that writes": ("sql", "DROP VIEW flow"),
    "a statement that does not parse": ("sql", "selec"),
    "a column that does not exist": ("sql", "SELECT nothing FROM flow"),
    "an unknown incident": ("incident", "show", "I-1999-0001"),
    "no capture": ("scan", "absent.pcap"),
    "no case name": ("scan", "{folder}/day.pcap", "--into", "-x"),
    "no network": ("scan", "{folder}/day.pcap", "--home-net", "10.0.0.1/8"),
    "an unknown key": ("key", "trust", "{folder}/day.pcap"),
    "a place that refuses": ("packets", "I-2026-0001", "-w", "/proc/none/x.pcap"),
}
"""Command lines that end in an error of ``store``, ``sensor`` or ``reporting``."""


@pytest.mark.parametrize("name", COMMANDS)
def test_errors_come_in_the_language_of_the_run(scanned: Path, over: Callable[[Path], Run], name: str) -> None:
    """The same mistake is explained in Chinese or in English, four parts each, with the same exit code."""
    run = over(scanned / "home")
    words = [word.format(folder=scanned) for word in COMMANDS[name]]
    english, chinese = run(*words, "--lang", "en"), run(*words, "--lang", "zh-CN")
    assert english.exit_code == chinese.exit_code != 0
    assert not _has_chinese(english.stderr)
    assert _has_chinese(chinese.stderr)
    assert english.stderr.count("; ") >= 2
    assert chinese.stderr.count("；") >= 2


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_a_hostile_file_name_cannot_drive_the_terminal(over: Callable[[Path], Run], tmp_path: Path, lang: str) -> None:
    """Controls in a name are shown as text in the message, whichever module words it."""
    result = over(tmp_path / "home")("scan", tmp_path / "x\x1b[31m\u202e.pcap", "--lang", lang)
    assert result.exit_code == 3
    assert not {"\x1b", "\u202e"} & set(result.stderr)
    assert "\\x1b[31m" in result.stderr


def test_mistakes_of_the_site_policy_are_told_in_chinese(own_home: Path, over: Callable[[Path], Run]) -> None:
    """Every line of the list is Chinese."""
    (own_home / "site.toml").write_text('homenet = 1\n[[zones]]\nname = "a"\n', encoding="utf-8")
    told = over(own_home)("sql", "SELECT 1", "--lang", "zh-CN").stderr
    assert told.count("\n") >= 3
    assert all(_has_chinese(line) for line in told.splitlines())


def test_a_damaged_capture_is_told_in_both(scanned: Path, over: Callable[[Path], Run], tmp_path: Path) -> None:
    """The problem that the core found is Chinese on the Chinese screen; JSON holds both."""
    cut = tmp_path / "cut.pcap"
    cut.write_bytes((scanned / "day.pcap").read_bytes()[:100_000])
    run = over(tmp_path / "home")
    screen = run("scan", cut, "--lang", "zh-CN").stdout
    assert "文件在记录或文件头中间结束" in screen
    assert "the file ends" not in screen
    (file,) = json.loads(run("scan", cut, "-o", "json").stdout)["files"]
    assert file["problem"].startswith("offset ")
    assert file["problem_zh"].startswith("偏移 ")
    metered = run("meter", cut, "--out", tmp_path / "lake", "--lang", "zh-CN")
    assert "文件在记录或文件头中间结束" in metered.stdout
