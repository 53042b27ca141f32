"""Zeek's history letters, kept with the side that earned them and written out only when a row is made.

Source: update_history and CheckHistory in Zeek's TCPSessionAdapter.cc and Conn.cc; flow-semantics.md 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
LONGEST: Final = 64


@dataclass(slots=True)
class History:
    """Letters in order of time, each with its side (0 or 1)."""

    letters: list[tuple[str, int]] = field(default_factory=list)
    flips: int = 0
    _once: set[tuple[str, int]] = field(default_factory=set)
    _last_seq: dict[tuple[str, int], int] = field(default_factory=dict)
    _counted: dict[tuple[str, int], int] = field(default_factory=dict)

    def once(self, letter: str, side: int) -> None:
        """Add a letter unless this side has it."""
        if (letter, side) not in self._once:
            self._once.add((letter, side))
            self.letters.append((letter, side))

    def by_seq(self, slot: str, letter: str, side: int, seq: int) -> None:
        """Add a letter when this side does not have it or the slot's last sequence number was another one."""
        if (letter, side) not in self._once or self._last_seq.get((slot, side)) != seq:
            self.letters.append((letter, side))
        self._once.add((letter, side))
        self._last_seq[slot, side] = seq

    def counted(self, letter: str, side: int) -> None:
        """Count an event; its 1st, 10th, 100th … occurrence adds the letter."""
        count = self._counted.get((letter, side), 0) + 1
        self._counted[letter, side] = count
        if str(count).strip("0") == "1":
            self.letters.append((letter, side))

    def control(self, side: int, flags: int, seq: int, length: int) -> None:
        """Add the letter of a TCP segment's flags."""
        control = [bit for bit in (SYN, FIN, RST) if flags & bit]
        if len(control) > 1:
            self.once("I" if flags & FIN and flags & RST else "Q", side)
        elif flags & SYN:
            self.by_seq("S", "H" if flags & ACK else "S", side, seq)
        elif flags & FIN:
            self.by_seq("F", "F", side, (seq + length) % 2**32)
        elif flags & RST:
            self.by_seq("R", "R", side, seq)
        elif length:
            self.once("D", side)
        elif flags & ACK:
            self.once("A", side)

    def text(self, originator: int) -> str:
        """Return the history with the originator's letters in upper case."""
        letters = "".join(c if side == originator else c.lower() for c, side in self.letters)
        return ("^" * self.flips + letters)[:LONGEST]
