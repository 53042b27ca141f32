"""The flow table: clock, fragments, duplicates, expiry, reuse, segments (flow-semantics.md 3, 7)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from naive_meter.flow import Entry, Flow
from naive_meter.fragments import FragmentCache
from naive_meter.key import Key, key_of
from naive_meter.packet import Frame, Packet, Quality
from naive_meter.row import Row, make_row
from naive_meter.timeouts import Timeouts, limit_s

NS: Final = 1_000_000_000
STEP_NS: Final = NS
"""A backward step of the clock beyond this is a clock step, ns; below it is reordering."""

REMEMBERED: Final = 64
"""Frames that a duplicate may be a copy of."""


@dataclass(slots=True)
class Clock:
    """The sweep clock: highest packet time, made monotonic over steps backward."""

    high_ns: int | None = None
    shift_ns: int = 0

    def tick(self, ts_ns: int) -> bool:
        """Take in a packet's time and return whether the capture clock stepped back."""
        if self.high_ns is None:
            self.high_ns = ts_ns
            return False
        if self.high_ns - ts_ns > STEP_NS:
            self.shift_ns += self.high_ns - ts_ns
            self.high_ns = ts_ns
            return True
        self.high_ns = max(self.high_ns, ts_ns)
        return False

    def sweep_ns(self) -> int:
        """Return the sweep clock."""
        return (self.high_ns or 0) + self.shift_ns


@dataclass(slots=True)
class FlowTable:
    """All live flows and the rows written so far."""

    source_id: bytes
    timeouts: Timeouts
    active_ns: int
    dedup_ns: int = 0
    rows: list[Row] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    clock: Clock = field(default_factory=Clock)
    fragments: FragmentCache = field(default_factory=FragmentCache)
    live: dict[Key, Flow] = field(default_factory=dict)
    recent: list[tuple[int, int, bytes]] = field(default_factory=list)

    def add(self, frame: Frame, packet: Packet) -> None:
        """Give a packet to its flow, ending and beginning flows as its time and its flags demand."""
        stepped = self.clock.tick(frame.ts_ns)
        now = self.clock.sweep_ns()
        who = self.fragments.resolve(packet, frame.ts_ns)
        key, side = key_of(packet, who)
        entry = Entry(frame, packet, who, side)
        flow = self.live.get(key)
        if flow is not None and now - flow.last_sweep_ns > self._limit_ns(flow):
            self._end(key, self._expired_reason(flow))
            flow = None
        if self._is_duplicate(frame, packet) and flow is not None:
            flow.dup_pkts += 1
            self.counters["flow.dup_suppressed"] += 1
            return
        if flow is not None and flow.is_reused_by(entry, now - flow.last_sweep_ns):
            self._end(key, "reuse")
            flow = None
        if flow is None:
            flow = self.live[key] = Flow.begin(key, entry)
            self.counters["flow.created"] += 1
        elif frame.ts_ns - flow.entries[0].frame.ts_ns >= self.active_ns:
            self._write(flow, "active")
            flow.cut()
            self.counters["flow.created"] += 1
        flow.absorb(entry)
        flow.last_sweep_ns = now
        if stepped:
            flow.extra |= Quality.CLOCK_STEP
        self.counters["flow.packets"] += 1

    def finish(self) -> None:
        """Write all flows that are still live at the end of the input."""
        now = self.clock.sweep_ns()
        for key, flow in list(self.live.items()):
            if now - flow.last_sweep_ns > self._limit_ns(flow) or flow.standing().closed:
                self._end(key, self._expired_reason(flow))
            else:
                self._end(key, "shutdown")

    def _limit_ns(self, flow: Flow) -> int:
        return round(limit_s(flow.standing(), self.timeouts) * NS)

    @staticmethod
    def _expired_reason(flow: Flow) -> str:
        return "end" if flow.standing().closed else "idle"

    def _end(self, key: Key, reason: str) -> None:
        self._write(self.live.pop(key), reason)

    def _write(self, flow: Flow, reason: str) -> None:
        self.rows.append(make_row(flow, self.source_id, reason))
        self.counters["flow.rows"] += 1

    def _is_duplicate(self, frame: Frame, packet: Packet) -> bool:
        """Return whether the frame copies one of the last frames; otherwise remember it."""
        if self.dedup_ns == 0 or packet.version == 0:
            return False
        for ts_ns, length, body in self.recent:
            if length == packet.ip_len and body == packet.body and frame.ts_ns - ts_ns <= self.dedup_ns:
                return True
        self.recent = [*self.recent, (frame.ts_ns, packet.ip_len, packet.body)][-REMEMBERED:]
        return False
