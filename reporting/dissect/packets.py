"""The packets that tshark gets: selected into a private folder, open and without a name before anything reads them."""

from __future__ import annotations

import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from sensor.packets import select_packets
from store.lake import Lake


@dataclass(frozen=True, slots=True)
class Picked:
    """The packets out of one capture; ``scratch`` is an empty private folder for whoever reads them."""

    capture: Path
    frames: int
    file: BinaryIO
    scratch: Path


@contextlib.contextmanager
def picked_packets(lake: Lake, case: str, uids: Iterable[bytes]) -> Iterator[list[Picked]]:
    """Yield the packets of flows, one open file per capture they lie in; nothing is left on the disk afterwards.

    The files lose their names as soon as they are written: even a process killed on the spot leaves no packet behind.
    A polite end (SIGTERM) while they are being written removes the folder too.

    Args:
        lake: Lake that holds the flows.
        case: Case to look in.
        uids: flow_uids.

    Raises:
        TaishiError: as ``select_packets``.
    """
    with (
        _ended_politely(),
        tempfile.TemporaryDirectory(prefix="taishi-dissect-", ignore_cleanup_errors=True) as name,
        contextlib.ExitStack() as files,
    ):
        folder, scratch = Path(name), Path(name) / "tshark"
        scratch.mkdir(mode=0o700)
        found = []
        for one in select_packets(lake, case, uids, folder / "packets.pcap"):
            file = files.enter_context(one.out.open("rb"))
            one.out.unlink()
            found.append(Picked(one.capture, int(str(one.counts.get("written", 0))), file, scratch))
        yield found


@contextlib.contextmanager
def _ended_politely() -> Iterator[None]:
    """Turn SIGTERM into an ordinary end of the program, so that what was begun is cleared away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
