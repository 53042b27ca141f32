"""Print jobs: PJL over the raw port of the office printer."""

from __future__ import annotations

from typing import Final

from reporting.demo.conversation import Conversation
from reporting.demo.network import PRINTER, Host
from reporting.demo.tap import MILLISECOND, SECOND, Tap

RAW_PRINT_PORT: Final = 9100
_ESCAPE: Final = b"\x1b%-12345X"


def print_document(tap: Tap, client: Host, at: int) -> None:
    """Let ``client`` print one to six pages."""
    talk = Conversation(tap, client, PRINTER, RAW_PRINT_PORT, at).open()
    pages = tap.rng.randint(1, 6)
    head = _ESCAPE + b"@PJL SET RESOLUTION=600\r\n@PJL ENTER LANGUAGE=PCL\r\n\x1bE\x1b&l26A"
    for page in range(pages):
        raster = b"".join(b"\x1b*b%dW" % 80 + tap.rng.randbytes(80) for _ in range(tap.rng.randint(60, 160)))
        talk.request((head if page == 0 else b"") + raster + b"\x0c")
        talk.acknowledge()
        talk.wait(tap.jitter(200 * MILLISECOND, 2 * SECOND))
    talk.request(b"\x1bE" + _ESCAPE + b"@PJL EOJ\r\n" + _ESCAPE)
    talk.acknowledge()
    talk.close()
