"""The screen as a picture, to be looked at: one SVG file per language, drawn cell by cell as a terminal would.

``TAISHI_PICTURES=DIR make test T=tests/reporting/test_screen_picture.py`` leaves the SVG files in DIR, with PNG beside
them where ``rsvg-convert`` (Debian: librsvg2-bin, fonts-noto-cjk) is installed. What is checked here without eyes: the
picture is well-formed, and no line is drawn beyond its right edge.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME

from reporting.demo import write_demo
from reporting.result import ScanResult
from reporting.scan.pipeline import ScanRequest, scan
from reporting.screen import render
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES, Words
from store.home import Home

CELL: Final = 9
"""Width of a terminal cell, px."""

LINE: Final = 20
"""Height of a line, px."""


@pytest.fixture(scope="module")
def demo_result(tmp_path_factory: pytest.TempPathFactory) -> ScanResult:
    """Scan the demo day."""
    place = tmp_path_factory.mktemp("picture")
    write_demo(place / "day.pcap")
    return scan(ScanRequest((place / "day.pcap",)), Home.open(place / "home")).result


def picture(result: ScanResult, lang: str) -> str:
    """Return the screen of a result as SVG: every character in the terminal cell where it belongs.

    Rich's own export gives wide characters one cell and would not show whether columns of Chinese line up.
    """
    lines = render(result, Words(lang))
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=MAX_COLUMNS)
    drawn: list[str] = []
    for row, line in enumerate(lines):
        column = 0
        for offset, char in enumerate(line.plain):
            style = line.get_style_at_offset(console, offset)
            drawn += _character(char, style, column * CELL, (row + 1) * LINE)
            column += cells(char)
    width, height = MAX_COLUMNS * CELL, (len(lines) + 1) * LINE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="#222"/>', *drawn, "</svg>"])


def _character(char: str, style: Style, x: int, y: int) -> Iterator[str]:
    width = CELL * cells(char)
    if style.bgcolor is not None:
        colour = style.bgcolor.get_truecolor(SVG_EXPORT_THEME).hex
        yield f'<rect x="{x}" y="{y - LINE + 5}" width="{width}" height="{LINE}" fill="{colour}"/>'
    if not char.isspace():
        colour = "#ddd" if style.color is None else style.color.get_truecolor(SVG_EXPORT_THEME).hex
        look = f'fill="{colour}" fill-opacity="{0.6 if style.dim else 1}" font-weight="{700 if style.bold else 400}"'
        font = f'font-family="DejaVu Sans Mono, Noto Sans CJK SC" font-size="{CELL / 0.602:.1f}"'
        place = f'x="{x + width / 2:g}" y="{y}" text-anchor="middle" data-right="{x + width}"'
        yield f"<text {place} {look} {font}>{escape(char)}</text>"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_screen_can_be_drawn(demo_result: ScanResult, lang: str, tmp_path: Path) -> None:
    """Every character lies inside the frame, in both languages."""
    svg = picture(demo_result, lang)
    target = Path(os.environ.get("TAISHI_PICTURES") or tmp_path)
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"screen-{lang}.svg"
    file.write_text(svg, encoding="utf-8")
    root = ET.fromstring(svg)
    right = float(root.attrib["width"])
    pieces = [node for node in root.iter() if "data-right" in node.attrib]
    assert len(pieces) > 1000
    assert max(float(node.attrib["data-right"]) for node in pieces) <= right
    converter = shutil.which("rsvg-convert")
    if converter is not None and "TAISHI_PICTURES" in os.environ:
        subprocess.run([converter, "-o", str(file.with_suffix(".png")), str(file)], check=True)
