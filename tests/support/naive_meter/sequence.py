"""Sequence space of one direction: bytes sent, retransmissions, holes, gaps (flow-semantics.md 5).

Positions are unbounded integers relative to the initial sequence number: the SYN is 0, the first byte of data 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_HOLES: Final = 4
LARGE_JUMP: Final = 1 << 20
"""An ACK of exactly 0, or a SYN, further away than this is a broken field, bytes (Zeek TOO_LARGE_SEQ_DELTA)."""

MAX_WINDOW: Final = 65_535 << 14
"""Largest window there can be, bytes (RFC 7323, 2.3): numbers further ahead are forged and move nothing."""


def signed32(number: int) -> int:
    """Return the number modulo 2^32 as a signed difference."""
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


@dataclass(slots=True)
class Sequence:
    """What one side has sent, as far as it was seen."""

    isn: int | None = None
    """Sequence number of the SYN; midstream the number before the first one seen."""
    fin_seen: bool = False
    high: int = 0
    acked: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)
    gap: int = 0
    retransmitted: int = 0
    filled: int = 0

    def start(self, seq: int, *, syn: bool) -> None:
        """Begin (or, at a SYN with another number, begin anew) after a SYN or before the first byte seen."""
        self.isn = seq if syn else (seq - 1) % 2**32
        self.fin_seen = False
        self.high = self.acked = 1
        self.holes = []

    def position(self, seq: int) -> int:
        """Return the position of a 32-bit number: the one nearest to the highest sent."""
        assert self.isn is not None
        return self.high + signed32(seq - self.isn - self.high)

    def sent(self, seq: int, length: int, *, syn: bool, fin: bool) -> bool:
        """Account a segment that was sent and return whether it carried payload without advancing."""
        begin = self.position((seq + syn) % 2**32)
        end = begin + length + fin
        ahead = end - self.high
        if (ahead > MAX_WINDOW and not (fin and self.high == 1)) or (syn and abs(ahead) > LARGE_JUMP):
            return False
        self.fin_seen = self.fin_seen or fin
        filled = bool(length) and begin < self.high and self._fill(begin, begin + length)
        self.filled += filled
        old = length > 0 and ahead <= 0
        self.retransmitted += old and not filled
        if begin > self.high:
            self._open(max(self.high, self.acked), begin)
        self.high = max(self.high, end)
        return old

    def _open(self, begin: int, end: int) -> None:
        if begin >= end:
            return
        if len(self.holes) < MAX_HOLES:
            self.holes.append((begin, end))
        else:
            self.holes[-1] = (self.holes[-1][0], end)

    def _fill(self, begin: int, end: int) -> bool:
        """Take [begin, end) out of the holes; a hole that would become a fifth one stays whole."""
        touched = False
        holes: list[tuple[int, int]] = []
        left = len(self.holes)
        for low, high in self.holes:
            left -= 1
            if end <= low or begin >= high:
                holes.append((low, high))
                continue
            touched = True
            rest = [(a, b) for a, b in ((low, min(begin, high)), (max(end, low), high)) if a < b]
            holes.extend(rest if len(holes) + len(rest) + left <= MAX_HOLES else [(low, high)])
        self.holes = holes
        return touched

    def acknowledged(self, ack: int) -> bool:
        """Account an ACK by the peer and return whether it covers bytes that were never seen."""
        if self.isn is None:
            return False
        position = self.position(ack)
        ahead = position - self.high
        if ahead > MAX_WINDOW or (ack == 0 and ahead > LARGE_JUMP):
            return False
        missing = max(position - max(self.high, self.acked), 0)
        rest: list[tuple[int, int]] = []
        for low, high in self.holes:
            missing += max(min(high, position) - low, 0)
            if high > position:
                rest.append((max(low, position), high))
        self.holes = rest
        self.acked = max(self.acked, position)
        self.gap += missing
        return missing > 0

    def stream(self) -> int:
        """Return the bytes of the stream so far: highest end or ACK, without SYN and FIN."""
        size = max(self.high, self.acked, 0)
        size -= size > 0
        return size - (self.fin_seen and size > 0)
